"""The command ``shoptalk synonyms``: a merchant's other words for the same things.

Knows options and what to say; what the lines mean is in ``retrieval.synonyms``. They may be changed while the shop is
served: its next answer uses them.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chat.errors import SetupError
from chat.settings import Settings
from retrieval.database import Connections
from retrieval.synonyms import SynonymStore, read
from ui.home import Home

console = Console(highlight=False)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("synonyms")(synonyms)


def synonyms(
    file: Annotated[
        Path | None,
        typer.Argument(help='Lines such as "sofa, couch, settee" or "telly => television"; # begins a comment.'),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Remove all of them.")] = False,
) -> None:
    """Take in a file of synonyms in the place of those there were; without one, show what holds.

    No ingest is needed: a running server uses them from its next answer on.
    """
    if file and clear:
        raise SetupError("Give either a file or --clear.")
    home = Home(Settings.model_validate({}).home)
    home.folder.mkdir(parents=True, exist_ok=True)
    connections = Connections(home.database)
    try:
        store = SynonymStore(connections)
        if file or clear:
            pairs = read(file) if file else []
            store.replace(pairs)
            console.print(f"{len(pairs):,} synonyms are in use from now on." if pairs else "There are no synonyms now.")
            return
        pairs = store.pairs()
        for said, meant in pairs:
            console.print(f"{said} => {meant}", markup=False)
        if not pairs:
            console.print("There are no synonyms. Take in a file of them: shoptalk synonyms FILE")
    finally:
        connections.close()
