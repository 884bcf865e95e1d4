"""The commands ``shoptalk rules``: what the merchant pins, buries and excludes.

Knows options and tables for people; what the rules do is in ``ranking.rules``. They may be changed while the shop is
served: the next turn obeys them.
"""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.table import Table

from chat.settings import Settings
from ranking.errors import RuleError
from ranking.rules import Action, Rule, Rules, Subject
from retrieval.catalog import Catalog
from retrieval.database import Connections
from ui.home import Home

console = Console(highlight=False)
rules = typer.Typer(help="What the merchant pins, buries and excludes.", no_args_is_help=True)
ByOption = Annotated[str, typer.Option("--by", help="Who does it, for the journal; empty: the user of this machine.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(rules, name="rules")


@rules.command("list")
def list_rules(
    journal: Annotated[bool, typer.Option("--journal", help="Also who added and removed what, and when.")] = False,
) -> None:
    """Show the rules, and whether each holds today."""
    with _opened() as (held, _):
        every, entries = held.all(), held.journal() if journal else []
    if every:
        table = Table("number", "rule", "from", "to", "today")
        for rule in every:
            now = "holds" if rule.holds_on(date.today()) else "over" if _is_over(rule) else "not yet"
            table.add_row(str(rule.number), _told(rule), str(rule.starts or ""), str(rule.ends or ""), now)
        console.print(table)
    else:
        console.print("There are no rules. Add one, e.g.: shoptalk rules add pin --item ID")
    if journal:
        table = Table("when", "who", "what", title="Journal")
        for entry in entries:
            when = f"{datetime.fromtimestamp(entry.time):%Y-%m-%d %H:%M}"
            table.add_row(when, entry.who, f"{entry.done} rule {entry.rule.number}: {_told(entry.rule)}")
        console.print(table)


@rules.command()
def add(
    action: Annotated[str, typer.Argument(help="pin, bury or exclude.")],
    item: Annotated[str, typer.Option(help="An item's id.")] = "",
    brand: Annotated[str, typer.Option(help="A brand.")] = "",
    category: Annotated[str, typer.Option(help="A category path, e.g. 'Outdoor > Tents'.")] = "",
    starts: Annotated[str, typer.Option("--from", help="First day, e.g. 2026-12-01; empty: at once.")] = "",
    ends: Annotated[str, typer.Option("--to", help="Last day, included; empty: without end.")] = "",
    sponsored: Annotated[bool, typer.Option("--sponsored", help="Someone pays: the cards say so.")] = False,
    by: ByOption = "",
) -> None:
    """Add a rule on one item, brand or category."""
    if action not in get_args(Action):
        raise RuleError(f"A rule pins, buries or excludes; {action!r} is none of {', '.join(get_args(Action))}.")
    subjects: dict[Subject, str] = {"item": item, "brand": brand, "category": category}
    given = [(subject, value) for subject, value in subjects.items() if value.strip()]
    if len(given) != 1:
        raise RuleError("Say what the rule is of: one of --item, --brand and --category.")
    rule = Rule.model_validate(
        {
            "action": action,
            "subject": given[0][0],
            "value": given[0][1],
            "starts": _day("--from", starts),
            "ends": _day("--to", ends),
            "sponsored": sponsored,
        }
    )
    with _opened() as (held, catalog):
        added = held.add(rule, by or getpass.getuser(), catalog)
    console.print(f"Rule {added.number}: {_told(added)}. It counts from the next turn on.", markup=False)


@rules.command()
def remove(
    number: Annotated[int, typer.Argument(help="The rule's number.")],
    by: ByOption = "",
) -> None:
    """Take a rule away; the journal keeps what it was."""
    with _opened() as (held, _):
        removed = held.remove(number, by or getpass.getuser())
    console.print(f"Removed rule {removed.number}: {_told(removed)}.", markup=False)


@contextmanager
def _opened() -> Iterator[tuple[Rules, Catalog]]:
    connections = Connections(Home(Settings().home).database)
    try:
        yield Rules(connections), Catalog(connections)
    finally:
        connections.close()


def _day(option: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RuleError(f"{option} {text!r} is no day. Write it as year-month-day, e.g. 2026-12-24.") from error


def _is_over(rule: Rule) -> bool:
    return rule.ends is not None and rule.ends < date.today()


def _told(rule: Rule) -> str:
    return f"{rule.action} {rule.subject} {rule.value}{' (sponsored)' if rule.sponsored else ''}"
