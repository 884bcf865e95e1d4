"""A dry run in the terminal: how a feed was recognised, what each field comes from, what would be dropped, some items.

Knows how it looks. What reading gives lives in ``retrieval.preview``.
"""

import shlex

from rich.console import Console, Group
from rich.panel import Panel
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from chat.money import price_text
from retrieval.cleaning import visible
from retrieval.feeds import Feed
from retrieval.headings import FIELDS
from retrieval.items import Item
from retrieval.mapping import Origin
from retrieval.preview import Preview, preview

_WIDTH = 80  # of an item, whatever the terminal's
_LONGEST_DESCRIPTION = 200  # characters that a shopper reads before "more"
_MARKS = {",": "a comma (1.299,00)", ".": "a point (1,299.00)"}


def show_preview(console: Console, feed: Feed) -> Preview:
    """Read the whole feed and show what an ingest would do. Writes nothing."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(f"reading {feed.source.path.name}", total=feed.source.size)
        result = preview(feed, lambda done: bar.update(task, completed=done))
    console.print(f"{feed.source.path.name}: {feed.source}", markup=False, highlight=False)
    if feed.decimal_mark:
        console.print(f"Decimals of its prices stand after {_MARKS[feed.decimal_mark]}", highlight=False)
    console.print(_mapping(feed))
    _columns_left(console, feed, result)
    _counts(console, feed, result)
    if result.shown:
        console.print("\nAs a shopper would see them:")
    for item in result.shown:
        console.print(_card(item))
    console.print("\nNothing was written. The same command without --dry-run takes the file in.")
    return result


def _mapping(feed: Feed) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("field")
    table.add_column("comes from")
    for name in FIELDS:
        origin = feed.mapping.fields.get(name)
        table.add_row(name, Text(_origin(origin, feed) if origin else "—"))
    for name, origin in feed.mapping.attributes.items():
        table.add_row(Text(f"attributes.{name}"), Text(_origin(origin, feed)))
    for column in feed.mapping.whole:
        table.add_row("attributes", Text(_origin(Origin((column,)), feed)))
    return table


def _origin(origin: Origin, feed: Feed) -> str:
    if origin.value:
        return f"“{origin.value}” for every item"
    return ", ".join(map(feed.in_words, origin.columns)) + (f", parted at “{origin.split}”" if origin.split else "")


def _columns_left(console: Console, feed: Feed, result: Preview) -> None:
    if feed.unused:
        shown = ", ".join(map(visible, feed.unused[:30])) + (
            f" and {len(feed.unused) - 30:,} more" if len(feed.unused) > 30 else ""
        )
        console.print(f"\nColumns not used: {shown}", markup=False, highlight=False)
    if result.hints:
        options = visible(" ".join(f"--map {shlex.quote(hint)}" for hint in result.hints))
        console.print("These look like attributes; to let shoppers find by them, add:", highlight=False)
        console.print(f"  {options}", markup=False, highlight=False, soft_wrap=True)


def _counts(console: Console, feed: Feed, result: Preview) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    table.add_row(f"{result.read:,}", "rows read")
    variants = f", {result.groups:,} products of them in variants" if result.groups else ""
    table.add_row(f"{result.items:,}", f"items{variants}")
    table.add_row(f"{result.dropped:,}", "would be dropped")
    console.print()
    console.print(table)
    for one in result.reasons:
        said = f"  {one.count:,} ×  {one.reason}, " + ("in" if one.count == 1 else "the first in")
        console.print(f"{said} {feed.source.unit} {one.line:,}", markup=False, highlight=False)
    if result.notes:
        console.print("Of the items, left out or changed:")
    for note, count in result.notes.items():
        where = noted_in(feed.source.unit, result.noted_lines.get(note, []), count)
        console.print(f"  {count:,} ×  {note}{where}", markup=False, highlight=False)
    _prices(console, feed, result)


def noted_in(unit: str, lines: list[int], count: int) -> str:
    """Where something was noted, to be put after it: ", in line 7, 12, …"; "" where that is not known."""
    listed = [f"{line:,}" for line in lines] + (["…"] if count > len(lines) else [])
    return f", in {unit} {', '.join(listed)}" if lines else ""


def _prices(console: Console, feed: Feed, result: Preview) -> None:
    """What the shop would lack of prices; an update may lack all of it."""
    if feed.update:
        return
    if not {"price", "sale_price"} & feed.mapping.fields.keys():
        console.print("No column gives a price: --map price=COLUMN", style="yellow", highlight=False)
    elif result.without_currency:
        said = f"{result.without_currency:,} prices without a currency: add one, such as --currency EUR"
        console.print(said, style="yellow", highlight=False)


def _card(item: Item) -> Panel:
    """What the shop's cards and pages show of an item."""
    price = price_text(item.price, item.currency) if item.price is not None else "no price"
    stock = "" if item.in_stock else "out of stock"
    rating = f"{item.rating:g} of 5" if item.rating is not None else ""
    if rating and item.rating_count:
        rating += f" ({item.rating_count:,})"
    lines = [Text(" · ".join(part for part in (price, item.brand, rating, stock) if part), style="bold")]
    if item.category:
        lines.append(Text(" > ".join(item.category), style="dim"))
    for name, values in item.attributes.items():
        lines.append(Text(f"{name}: {', '.join(values[:8])}"))
    if item.description:
        cut = len(item.description) > _LONGEST_DESCRIPTION
        lines.append(Text(item.description[:_LONGEST_DESCRIPTION] + ("…" if cut else "")))
    lines.append(Text(item.image_url or "no picture", style="dim"))
    title, item_id = Text(item.title[:120]), Text(item.id[:60])
    return Panel(Group(*lines), title=title, title_align="left", subtitle=item_id, width=_WIDTH)
