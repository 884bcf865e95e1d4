"""The command ``shoptalk ingest``: a merchant's file into the catalogue, then the index brought up to date.

Knows progress bars and how a report looks. Reading, cleaning and storing live in ``retrieval``.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from chat.errors import SetupError
from chat.settings import Settings
from retrieval.cleaning import visible
from retrieval.feeds import Feed
from retrieval.ingest import Report
from retrieval.journal import CatalogueJournal
from retrieval.rows import Format
from retrieval.shop import open_catalogue, open_shop
from ui.feed_preview import noted_in, show_preview
from ui.home import Home
from ui.ingesting import Request, encoded_by_ray, handed_over, take_in
from ui.progress import bars

_FEED = "CSV, JSON Lines, Google XML or text, Shopify, WooCommerce, JSON-LD or Parquet; gzip too."


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("ingest")(ingest)


def ingest(
    file: Annotated[Path, typer.Argument(help=_FEED)],
    map: Annotated[
        list[str] | None,
        typer.Option(help="FIELD=COLUMN, attributes.NAME=COLUMN, or a mapping file (YAML); may be repeated."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Remove the items that the file doesn't hold.")] = False,
    update: Annotated[
        bool,
        typer.Option("--update", help="The file has ids and some fields only, such as price and stock: change those."),
    ] = False,
    currency: Annotated[str, typer.Option(help="ISO 4217 code of prices that name none.")] = "",
    format: Annotated[Format | None, typer.Option(help="If it is not recognised.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be read, with five items; write nothing.")
    ] = False,
    ray: Annotated[
        str, typer.Option(help="Encode on a Ray cluster: its HOST:PORT, or local. Needs the extra ray.")
    ] = "",
) -> None:
    """Take a merchant's catalogue into the shop; run again, it updates what changed.

    Interrupted, it goes on where it stopped when run again with the same file and options.
    """
    settings = Settings.model_validate({})
    home = Home(settings.home)
    request = _request(
        settings, file, map or [], replace=replace, update=update, currency=currency, format=format, ray=ray
    )
    if dry_run:
        show_preview(Console(), request.feed())
        return
    if home.served():
        hand_over(home, request)
        return
    with home.owned():
        _ingest(home, settings, request, Console())


def hand_over(home: Home, request: Request, console: Console | None = None) -> Report:
    """Have the server that owns the home ingest the file, with the same bars and report as without one.

    Raises RetrievalError with the server's reason; after Ctrl-C the server goes on, and this says so. A server encodes
    by itself, beside its shoppers: with ``ray`` this raises SetupError.
    """
    console = console or Console()
    if request.ray:
        raise SetupError(
            f"A server is running on {home.folder}, and encodes by itself: leave out --ray, or stop the server first."
        )
    feed = request.feed()  # here already: what is wrong with the file is told at once
    console.print(f"{request.path.name}: {feed.source}", markup=False, highlight=False)
    try:
        with bars(console, transient=True) as told:
            report, indexed = handed_over(
                home, request, told, lambda: console.print("The server takes it when it is done with what it is doing.")
            )
    except KeyboardInterrupt:
        console.print("The server goes on with it. Run the same command again to see what came of it.")
        raise
    _show(console, report, feed)
    _close(console, indexed)
    return report


def ingest_file(
    home: Home,
    settings: Settings,
    path: Path,
    options: list[str] | None = None,
    *,
    replace: bool = False,
    update: bool = False,
    currency: str = "",
    format: Format | None = None,
    ray: str = "",
    console: Console | None = None,
) -> Report:
    """Ingest one file and index it, with bars and a report on the console. The caller owns the home.

    Raises RetrievalError; after Ctrl-C says how to go on.
    """
    request = _request(
        settings, path, options or [], replace=replace, update=update, currency=currency, format=format, ray=ray
    )
    return _ingest(home, settings, request, console or Console())


def _request(
    settings: Settings,
    path: Path,
    options: list[str],
    *,
    replace: bool,
    update: bool,
    currency: str,
    format: Format | None,
    ray: str,
) -> Request:
    # An update without a currency changes the amount alone.
    currency = currency or ("" if update else settings.currency)
    return Request.of(path, options, replace=replace, update=update, currency=currency, format=format, ray=ray)


def _ingest(home: Home, settings: Settings, request: Request, console: Console) -> Report:
    feed = request.feed()
    console.print(f"{request.path.name}: {feed.source}", markup=False, highlight=False)
    with open_catalogue(home.folder) as (connections, catalog):
        # What a server had begun with this file is done here; it must not come again, later and older.
        CatalogueJournal(connections).give_up("path", str(request.path))
        try:
            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
            with Progress(*columns, console=console, transient=True) as bar:
                task = bar.add_task(f"reading {request.path.name}", total=feed.source.size)
                report = take_in(
                    connections,
                    catalog,
                    home,
                    request,
                    lambda what, done, of: bar.update(task, description=what, completed=done, total=of),
                )
        except KeyboardInterrupt:
            console.print("Interrupted. What was read is kept: run the same command again to go on.")
            raise
    _show(console, report, feed)
    if request.ray:
        with open_catalogue(home.folder) as (_, catalog), bars(console, transient=True) as told:
            count = encoded_by_ray(home, request.ray, catalog, settings.models, told)
        console.print(f"{count:,} texts were encoded by Ray.", highlight=False)
    with bars(console, transient=True) as told:
        shop = open_shop(home.folder, settings.models, told, chroma_url=settings.chroma_url)
    indexed = len(shop.index)
    trouble = shop.index.trouble
    shop.close()
    if trouble:
        console.print(trouble, style="yellow")
    _close(console, indexed)
    return report


def _close(console: Console, indexed: int) -> None:
    console.print(f"{indexed:,} items are indexed: the shop is ready.", highlight=False)


def _show(console: Console, report: Report, feed: Feed) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    for count, meaning in (
        (report.read, "rows read"),
        (report.new, "new items"),
        (report.changed, "changed"),
        (report.same, "the same as before"),
        (report.removed, "removed, no longer in the file"),
        (report.dropped, "dropped"),
    ):
        table.add_row(f"{count:,}", meaning)
    console.print(table)
    if report.spared:
        console.print(f"{report.spared:,} items stay as they were: their rows are among the dropped ones.")
    if report.resumed_after:
        console.print(f"Went on after row {report.resumed_after:,}, where an earlier run had stopped.")
    for dropped in report.first_dropped:
        console.print(f"  {feed.source.unit} {dropped['line']}: {dropped['reason']}", markup=False, highlight=False)
    if report.dropped > len(report.first_dropped):
        console.print(f"  … and {report.dropped - len(report.first_dropped):,} more")
    if report.dropped:
        console.print(f"The dropped rows are kept in {report.kept_aside}", markup=False, highlight=False)
    for note, count in sorted(report.notes.items(), key=lambda pair: -pair[1]):
        where = noted_in(feed.source.unit, report.noted_lines.get(note, []), count)
        console.print(f"  {count:,} ×  {note}{where}", markup=False, highlight=False)
    if feed.unused:
        console.print(f"Columns not used: {', '.join(map(visible, feed.unused))}", markup=False, highlight=False)
