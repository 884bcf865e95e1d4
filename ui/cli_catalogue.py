"""The command ``shoptalk ingest``: a merchant's file into the catalogue, then the index brought up to date.

Knows progress bars and how a report looks. Reading, cleaning and storing live in ``retrieval``.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from chat.settings import Settings
from retrieval.cluster import encode_on
from retrieval.embeddings import EmbeddingCache
from retrieval.encoder import MiniLMEncoder, ensure_encoder
from retrieval.feeds import Feed
from retrieval.index import item_texts
from retrieval.ingest import Ingest, Report
from retrieval.rows import Format
from retrieval.shop import open_catalogue, open_shop
from ui.feed_preview import show_preview
from ui.home import Home
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
    if dry_run:
        stated = currency or ("" if update else settings.currency)
        show_preview(Console(), Feed.open(file, map or [], format=format, currency=stated, update=update))
        return
    home = Home(settings.home)
    with home.owned():
        ingest_file(
            home, settings, file, map or [], replace=replace, update=update, currency=currency, format=format, ray=ray
        )


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
    console = console or Console()
    # An update without a currency changes the amount alone.
    currency = currency or ("" if update else settings.currency)
    feed = Feed.open(path, options or [], format=format, currency=currency, update=update)
    console.print(f"{path.name}: {feed.source}", markup=False, highlight=False)
    with open_catalogue(home.folder) as (connections, catalog):
        run = Ingest(catalog, connections, feed, home.folder / "rejected", [currency])
        try:
            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
            with Progress(*columns, console=console, transient=True) as bar:
                task = bar.add_task(f"reading {path.name}", total=feed.source.size)
                report = run.run(
                    replace=replace,
                    told=lambda done: bar.update(task, completed=done),
                    written=lambda done, of: bar.update(task, description=f"writing {done / of:.0%} of the catalogue"),
                )
                bar.update(task, completed=feed.source.size)
        except KeyboardInterrupt:
            console.print("Interrupted. What was read is kept: run the same command again to go on.")
            raise
    _show(console, report, feed)
    if ray:
        encode_catalogue(home, settings, ray, console)
    with bars(console, transient=True) as told:
        shop = open_shop(home.folder, settings.models, told)
    indexed = len(shop.index)
    shop.close()
    console.print(f"{indexed:,} items are indexed: the shop is ready.", highlight=False)
    return report


def encode_catalogue(home: Home, settings: Settings, address: str, console: Console) -> None:
    """Encode on a Ray cluster what the catalogue's items lack of vectors; opening the index then finds them all.

    Raises EncoderError.
    """
    encoder = MiniLMEncoder(ensure_encoder(settings.models))
    with open_catalogue(home.folder) as (_, catalog), bars(console, transient=True) as told:
        cache = EmbeddingCache(home.embeddings)
        try:
            texts = (text for item in catalog.all() for text in item_texts(item))
            count = encode_on(address, texts, cache, encoder, told, total=2 * catalog.size())
        finally:
            cache.close()
    console.print(f"{count:,} texts were encoded by Ray.", highlight=False)


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
    if report.resumed_after:
        console.print(f"Went on after row {report.resumed_after:,}, where an earlier run had stopped.")
    for dropped in report.first_dropped:
        console.print(f"  line {dropped['line']}: {dropped['reason']}", markup=False, highlight=False)
    if report.dropped > len(report.first_dropped):
        console.print(f"  … and {report.dropped - len(report.first_dropped):,} more")
    if report.dropped:
        console.print(f"The dropped rows are kept in {report.kept_aside}", markup=False, highlight=False)
    for note, count in sorted(report.notes.items(), key=lambda pair: -pair[1]):
        console.print(f"  {count:,} ×  {note}", markup=False, highlight=False)
    if feed.unused:
        console.print(f"Columns not used: {', '.join(feed.unused)}", markup=False, highlight=False)
