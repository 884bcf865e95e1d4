"""The command of histories: ``events``, which takes them in and reports on them.

Knows files, progress and tables for people. What is read and what is found in it is in ``ranking``.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.table import Table

from chat.settings import Settings
from chat.store import Store
from ranking import reports
from ranking.errors import RankingError
from ranking.feeds import read_kind
from ranking.history import Event, Events, Kind
from ranking.intake import Intake, take_in
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.filters import Filter
from retrieval.ground import Candidate
from ui.cli_ranking import material_of
from ui.home import Home
from ui.progress import Tell, bars

LINES_SHOWN = 3  # of what was dropped, for each reason

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(events)


def events(
    file: Annotated[Path | None, typer.Argument(help="CSV with a header, or JSON Lines.")] = None,
    map: Annotated[list[str] | None, typer.Option(help="FIELD=COLUMN, e.g. shopper=user_id. May be repeated.")] = None,
    kind: Annotated[str, typer.Option(help="Kind of the rows that name none, e.g. purchase.")] = "",
    order_column: Annotated[str, typer.Option(help="Column with the order of events, in place of times.")] = "",
    report: Annotated[bool, typer.Option("--report", help="Show what there is, and what is left out and why.")] = False,
    drift: Annotated[bool, typer.Option("--drift", help="Compare the latest days with as many before.")] = False,
    days: Annotated[float, typer.Option(min=1, help="How many days --drift compares.")] = 30.0,
) -> None:
    """Take a file of shoppers' events into the shop's history; or report on all that there are."""
    settings = Settings.model_validate({})
    home = Home(settings.home)
    if file is None and not (report or drift):
        raise RankingError(
            "Name a file of events, or ask for a report on those that there are: shoptalk events --report"
        )
    mapping = {}
    for pair in map or []:
        field, equals, column = pair.partition("=")
        if not equals:
            raise RankingError(f"--map wants FIELD=COLUMN, not {pair!r}.")
        mapping[field.strip()] = column.strip()
    default = read_kind(kind) if kind else None
    if kind and default is None:
        raise RankingError(f"--kind {kind!r} is none of {', '.join(get_args(Kind))}.")
    if file is not None:
        add_events(home, settings, file, mapping=mapping, kind=default, order_column=order_column)
    if report:
        report_events(home)
    if drift:
        report_drift(home, settings, days)


def add_events(
    home: Home,
    settings: Settings,
    file: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    kind: Kind | None = None,
    order_column: str = "",
) -> Intake:
    """Read the file into the table of events and print what came of it; dropped rows are kept in HOME/rejected.

    Raises UnreadableFeed.
    """
    started = time.monotonic()
    connections = Connections(home.database)
    try:
        items = Catalog(connections).ids(Filter(in_stock_only=False))
        if not items:
            raise RankingError("The catalogue is empty, so that no event would have an item. Run: shoptalk ingest FILE")
        with bars(console) as tell:
            intake = take_in(
                file,
                Events(connections),
                items,
                home.rejected,
                mapping=mapping,
                kind=kind,
                order_column=order_column,
                progress=tell,
            )
    finally:
        connections.close()
    _report(intake, time.monotonic() - started)
    return intake


def report_events(home: Home) -> Path:
    """Print the report of all events, and write it with its charts to HOME/reports/events.html; returns that file."""
    connections = Connections(home.database)
    try:
        ids = Catalog(connections).ids(Filter(in_stock_only=False))
        stored, impressions = Events(connections), list(Store(connections).impressions())
        found = reports.look_through(stored.rows, ids, home.rejected, impressions, set(stored.of_turns("click")))
    finally:
        connections.close()
    shown = Table("Events", "", show_header=False)
    shown.columns[1].justify = "right"
    for name, value in reports.table(found):
        shown.add_row(name, value)
    console.print(shown)
    return _written(home, "events", reports.page(found))


def report_drift(home: Home, settings: Settings, days: float) -> Path:
    """Print how the latest days differ from as many before, and write HOME/reports/drift.html; returns that file.

    With a live reranker also how its scores differ. Raises TooFewEvents.
    """
    from ranking import drift
    from ranking import folder as model_folder

    live = model_folder.current(home.rerankers)
    connections = Connections(home.database)
    try:
        with bars(console, transient=True) as tell:
            score = _scorer(home, settings, Catalog(connections), live, tell) if live else None
            tell("comparing", 0, 1)
            found = drift.compare(Events(connections).rows(), days, score)
    finally:
        connections.close()
    shown = Table("", "before", "now", "change", title="Drift")
    for line in drift.table(found):
        shown.add_row(*line)
    console.print(shown)
    console.print(f"All in all: {found.verdict}.{'' if live else ' No reranker is live, so that nothing was scored.'}")
    return _written(home, "drift", drift.page(found))


def _scorer(
    home: Home, settings: Settings, catalog: Catalog, live: Path, tell: Tell
) -> Callable[[Sequence[Event], str], float | None]:
    """p(like) that the reranker in the folder gives to an item after a history; None where it cannot be ranked."""
    from ranking.reranker import Reranker

    with material_of(home, settings, tell) as material:
        table = material.table
    reranker = Reranker.load(live, catalog, lambda ids: table.vectors[[table.place[one] for one in ids]])

    def score(history: Sequence[Event], item_id: str) -> float | None:
        ranked = reranker.rank(history, [Candidate(item_id, 1.0, ())], 1, 0.0)
        return ranked[0].score if ranked else None

    return score


def _written(home: Home, name: str, page: str) -> Path:
    path = home.folder / "reports" / f"{name}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    console.print(f"With charts: {path}", highlight=False)
    return path


def _report(intake: Intake, seconds: float) -> None:
    table = Table("Events", "", show_header=True)
    table.columns[1].justify = "right"
    table.add_row("rows read", f"{intake.read:,}")
    table.add_row("new", f"{intake.new:,}")
    table.add_row("there already", f"{intake.known:,}")
    for kind, count in intake.kinds.most_common():
        table.add_row(f"  {kind}", f"{count:,}")
    table.add_row("dropped", f"{len(intake.rejected):,}")
    for reason, lines in intake.reasons():
        shown = ", ".join(str(line) for line in lines[:LINES_SHOWN]) + (", …" if len(lines) > LINES_SHOWN else "")
        table.add_row(f"  {reason} (line {shown})", f"{len(lines):,}")
    console.print(table)
    kept = f" The dropped rows are in {intake.kept}." if intake.kept else ""
    console.print(f"{seconds:.1f} s.{kept}", highlight=False)
