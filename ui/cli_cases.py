"""The commands of cases: ``shoptalk prompts cases``, ``conversations`` and ``case``, which makes one of the other.

Knows options and tables for people; what a case is, ``prompts.cases`` knows, and how a conversation becomes one,
``chat.saved_cases``.
"""

import getpass
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chat.conversations import Conversations
from chat.saved_cases import SavedCases, case_text
from chat.settings import Settings
from chat.store import Store
from prompts import cases as files
from prompts.cases import DEMO, OWN
from retrieval.catalog import Catalog
from ui.home import Home, opened_database
from ui.prompt_figures import when

LONGEST = 70  # characters of first words
console = Console(highlight=False)


def cases(
    glob: Annotated[str, typer.Argument(help="Only the cases whose FILE/NAME or file this glob names.")] = "*",
) -> None:
    """List the cases that versions are scored on: those that come along and those in the home's folder cases/.

    Says file and line where one of them is not as it must be.
    """
    home = Home(Settings().home)
    table = Table("case", "shop", "messages", "from")
    come_along = {path.stem for path in files.FOLDER.glob("*.yaml")}
    for case in files.load((files.FOLDER, home.cases), glob):
        origin = "Shoptalk" if case.id.split("/")[0] in come_along else "a conversation" if case.source else "you"
        table.add_row(case.id, case.shop, str(len(case.turns)), origin)
    console.print(table)


def conversations(
    most: Annotated[int, typer.Option(min=1, max=200, help="How many of the latest.")] = 20,
    thumb: Annotated[int, typer.Option(min=-1, max=1, help="1 or -1: only those with such a thumb.")] = 0,
) -> None:
    """List the latest conversations without who it was, so that one can be made a case."""
    with opened_database() as (connections, _):
        Store(connections)
        table = Table("id", "when", "turns", "first words", "thumbs", "labels")
        for one in Conversations(connections).latest(thumb=thumb, most=most):
            words = next((turn.message for turn in one.turns if turn.message), "")[:LONGEST]
            row = (one.id, when(one.began), str(len(one.turns)), words, one.thumbs, ", ".join(one.labels))
            table.add_row(*map(escape, row))
    console.print(table)


def case(
    conversation: Annotated[str, typer.Argument(help="Its id, as shoptalk prompts conversations lists it.")],
    name: Annotated[str, typer.Argument(help="What the case's file is to be called, without its ending.")],
    by: Annotated[str, typer.Option("--by", help="Who does it; empty: the user of this machine.")] = "",
) -> None:
    """Make a conversation a case in the home's folder cases/: masked, without who it was, wanting what went well.

    Read and mend it there. An erasure of the shopper takes it away again.
    """
    with opened_database() as (connections, home):
        shop = DEMO if (home.folder / "demo.sha256").exists() else OWN
        text = case_text(Store(connections), Catalog(connections), conversation, shop)
        path = SavedCases(connections, home.cases).save(conversation, name, text, by or getpass.getuser())
    console.print(f"{path} holds it. Read and mend it there; shoptalk prompts eval runs it.", markup=False)
