"""The commands of what is held of shoppers, and for how long: erase, export, retain, audit, backup, restore.

Knows options and what to say. All but ``restore`` work beside a running server, which needs no word of it.
"""

import json
import sqlite3
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from chat.errors import SetupError
from chat.settings import Settings
from retrieval.database import Connections
from ui import backup as backups
from ui.audit import COMMAND, Audit
from ui.backup import BackupError
from ui.erasure import Erasure
from ui.home import Home, opened_database
from ui.retention import Retention

console = Console(highlight=False, soft_wrap=True)
ShopperArgument = Annotated[str, typer.Argument(help="The shopper's id; session:ID for an anonymous one.")]
IN_WORDS = {
    "sessions": "conversations",
    "turns": "turns",
    "answers": "answers kept for repeated requests",
    "events": "events",
    "kept_aside": "dropped rows that were kept",
    "checkpoints": "checkpoint of a training that was cut off",
    "cases": "cases that were made from conversations",
    "backups": "backups",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (erase, export, retain, audit, backup, restore):
        app.command()(command)


def erase(shopper: ShopperArgument) -> None:
    """Erase everything that is held of a shopper, rows and bytes; also while the shop is open."""
    with opened_database() as (connections, home):
        done = Erasure(connections, home).shopper(shopper, COMMAND)
    _tell("Erased", asdict(done), "Nothing is held of this shopper.")


def export(
    shopper: ShopperArgument,
    to: Annotated[Path | None, typer.Option(help="A new file; without it the terminal.")] = None,
) -> None:
    """Write everything that is held of a shopper, as JSON."""
    with opened_database() as (connections, home):
        held = json.dumps(Erasure(connections, home).export(shopper, COMMAND), indent=2)
    if to is None:
        typer.echo(held)
        return
    try:
        to.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        raise SetupError(f"{to} is there already. Name a new file.") from error
    to.write_text(held + "\n", encoding="utf-8")
    console.print(f"Written to {to}, which only you can read.", markup=False)


def retain() -> None:
    """Erase what has been held for longer than the settings say; a server does so every day by itself."""
    settings = Settings()
    with opened_database() as (connections, home):
        done = Retention(connections, home, settings).run(COMMAND)
    kept_aside = {"kept_aside": "files of dropped rows"}
    _tell("Erased for its age", asdict(done), "Nothing is older than it may be.", IN_WORDS | kept_aside)


def audit(most: Annotated[int, typer.Option(min=1, help="How many of the latest lines.")] = 50) -> None:
    """Show who erased, exported, changed or copied what, and when; nothing of any shopper stands in it."""
    with opened_database() as (connections, _):
        lines = Audit(connections).lines(most)
    if not lines:
        console.print("Nothing was done yet that the audit tells of.")
        return
    table = Table("when")
    for name in ("who", "what", "how many"):
        table.add_column(name, overflow="fold")
    for line in lines:
        counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in line.counts.items())
        table.add_row(f"{datetime.fromtimestamp(line.time):%Y-%m-%d %H:%M:%S}", line.who, line.what, counts)
    console.print(table)


def backup(
    file: Annotated[
        Path | None, typer.Argument(help="A new file; without it one in the folder SHOPTALK_BACKUPS.")
    ] = None,
) -> None:
    """Copy the shop into one file, also while it is open: databases, rerankers, pictures, cases, tuned settings."""
    settings = Settings()
    if file is None:
        if settings.backups is None:
            raise BackupError("Name a file, or set SHOPTALK_BACKUPS to the folder that backups are kept in.")
        file = settings.backups / backups.default_name(time.time())
    home = Home(settings.home)
    made = backups.make(home, file)
    with opened_database() as (connections, _):
        Audit(connections).write(COMMAND, "backup", {"files": made.files, "bytes": made.size})
    console.print(f"{made.files:,} files, {made.size / 1e6:,.1f} MB: {file}", markup=False)


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    replace: Annotated[bool, typer.Option("--replace", help="Give up the shop that is in SHOPTALK_HOME.")] = False,
) -> None:
    """Make the shop in SHOPTALK_HOME what a backup is of; never while a server has it open."""
    home = Home(Settings().home)
    erasures = [] if not home.database.exists() else _erasures(home)
    made = backups.restore(home, file, replace=replace)
    with opened_database() as (connections, _):
        Audit(connections).write(COMMAND, "restore", {"files": made.files})
    console.print(
        f"{made.files:,} files of {datetime.fromtimestamp(made.made):%Y-%m-%d %H:%M}. The index is built anew when the "
        "shop is opened.",
        markup=False,
    )
    if later := sum(moment > made.made for moment in erasures):
        console.print(
            f"Since that backup {later:,} erasure{'s' if later > 1 else ''} had been asked for: whoever was erased "
            "then is in the shop again. Erase them anew.",
            style="yellow",
        )


def _erasures(home: Home) -> list[float]:
    """When shoppers were erased; none where the database cannot be read, which may be why it is restored."""
    connections = Connections(home.database)
    try:
        return Audit(connections).times("erase")
    except sqlite3.DatabaseError:
        return []
    finally:
        connections.close()


def _tell(what: str, counts: dict[str, int], nothing: str, words: dict[str, str] = IN_WORDS) -> None:
    told = [f"{count:,} {words[name]}" for name, count in counts.items() if count]
    console.print(f"{what}: {', '.join(told)}." if told else nothing, markup=False)
