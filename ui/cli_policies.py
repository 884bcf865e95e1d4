"""The command ``shoptalk policies``: what the merchant tells shoppers of returns, delivery, warranty and the rest.

Knows options and tables for people; how a file is read, ``chat.policy_file`` knows. Policies may be changed while the
shop is served: the next turn quotes the new ones.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chat.policies import Policies, Policy, PolicyError
from chat.policy_desk import CONTACT_MISSING, contact_of
from chat.policy_file import LARGEST_FILE, Aside, Read, read_policies
from chat.settings import Settings
from retrieval.database import Connections
from ui.audit import COMMAND, Audit
from ui.home import Home

LONGEST_SHOWN = 90  # characters of a section in the table
YAML_ENDINGS = (".yaml", ".yml")
LARGEST_BYTES = 4 * LARGEST_FILE  # of UTF-8

console = Console(highlight=False)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(policies)


def policies(
    file: Annotated[
        Path | None, typer.Argument(help="Markdown with a heading for each section, or YAML; replaces all before.")
    ] = None,
    remove: Annotated[str, typer.Option("--remove", help="Take the section of this heading away.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="Show the sections, as without a file.")] = False,
) -> None:
    """Load the shop's policies, which shoppers are quoted; show them, or take one away."""
    if file is not None and (remove or listed):
        raise PolicyError("Either load a file, or list the sections, or remove one: not several at once.")
    home = Home(Settings().home)
    if file is not None:
        read = load(home, file)
        console.print(f"{_counted(len(read.policies))} from {file}; shoppers are quoted them from the next turn on.")
        if read.aside:
            console.print(f"{len(read.aside)} set aside, and kept in {home.rejected}:", style="yellow")
            for one in read.aside:
                name = f"“{one.heading}”" if one.heading else "text"
                console.print(f"  line {one.line}, {name}: {one.reason}", markup=False)
        _show(read.policies)
        return
    with _opened(home) as (held, audit):
        if remove:
            gone = held.remove(remove)
            audit.write(COMMAND, "policy removed", {"sections": 1})
            console.print(f"Removed “{gone.heading}”; shoppers are no longer quoted it.", markup=False)
            return
        _show(held.all())


def load(home: Home, file: Path) -> Read:
    """Take the file's sections in the place of all that were held; what cannot be taken is kept in HOME/rejected.

    PolicyError where the file cannot be read, or nothing in it can be taken: then nothing is changed.
    """
    read = read_policies(_text(file), is_yaml=file.suffix.lower() in YAML_ENDINGS)
    if not read.policies:
        faults = "".join(f"\n  line {one.line}, “{one.heading}”: {one.reason}" for one in read.aside)
        raise PolicyError(f"{file} holds no section that shoppers could be quoted. Nothing was changed.{faults}")
    with _opened(home) as (held, audit):
        held.replace(read.policies)
        audit.write(COMMAND, "policies loaded", {"sections": len(read.policies), "set_aside": len(read.aside)})
    _keep_aside(home, file, read.aside)
    return read


def _text(file: Path) -> str:
    try:
        data = file.read_bytes() if file.stat().st_size <= LARGEST_BYTES else None
    except OSError as error:
        raise PolicyError(f"{file} cannot be read: {error.strerror or error}.") from error
    if data is None:
        raise PolicyError(f"{file} is too large: give {LARGEST_FILE:,} characters at most, in short passages.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError(f"{file} is no text in UTF-8. Save it in that encoding, and load it again.") from error


def _keep_aside(home: Home, file: Path, aside: Sequence[Aside]) -> None:
    if not aside:
        return
    home.rejected.mkdir(mode=0o700, parents=True, exist_ok=True)
    rows = [{"line": one.line, "heading": one.heading, "reason": one.reason, "raw": one.text} for one in aside]
    lines = "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows)
    key = hashlib.sha256(lines.encode()).hexdigest()[:12]
    (home.rejected / f"policies-{file.stem}-{key}.jsonl").write_text(lines, encoding="utf-8")


@contextmanager
def _opened(home: Home) -> Iterator[tuple[Policies, Audit]]:
    connections = Connections(home.database)
    try:
        yield Policies(connections), Audit(connections)
    finally:
        connections.close()


def _show(sections: Sequence[Policy]) -> None:
    if not sections:
        console.print("There are no policies. Load some, e.g.: shoptalk policies policies.md")
        return
    table = Table("section", "answers on", "passages", "begins")
    for one in sections:
        topics = ", ".join(topic.replace("_", " ") for topic in one.topics) or "its own heading"
        begins = one.passages[0]
        short = begins if len(begins) <= LONGEST_SHOWN else f"{begins[:LONGEST_SHOWN].rsplit(' ', 1)[0]} …"
        table.add_row(*map(escape, (one.heading, topics, str(len(one.passages)), short)))
    console.print(table)
    if not contact_of(sections):
        console.print(CONTACT_MISSING, style="yellow")


def _counted(number: int) -> str:
    return f"{number} section{'' if number == 1 else 's'}"
