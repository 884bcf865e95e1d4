"""The commands ``shoptalk prompts``: versions of the prompts, what is live, and what became of it.

Knows options and tables for people; what versions and labels are is in ``prompts.versions``. They may be changed while
the shop is served: conversations that begin from then on follow, in every process.
"""

import difflib
import getpass
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from chat.outcomes import SUCCESSES, Outcome, Outcomes
from chat.settings import Settings
from chat.store import Store
from prompts.errors import VersionError
from prompts.exchange import export, take
from prompts.library import text_of
from prompts.serving import released
from prompts.tables import Version
from prompts.versions import CANDIDATE, PRODUCTION, Versions
from ranking.history import Events
from retrieval.database import Connections
from ui.cli_cases import case, cases, conversations
from ui.cli_evaluation import evaluate, optimise
from ui.home import Home
from ui.identity import Keys
from ui.prompt_figures import conclusion, on, rows_of, told, when

console = Console(highlight=False)
prompts = typer.Typer(help="Versions of the prompts, and which are live.", no_args_is_help=True)
ByOption = Annotated[str, typer.Option("--by", help="Who does it, for the journal; empty: the user of this machine.")]
WhyOption = Annotated[str, typer.Option("--why", help="Why, for the journal.")]
SiteOption = Annotated[str, typer.Option("--site", help="Only for this site key; empty: for all without their own.")]
VersionArgument = Annotated[str, typer.Argument(help="NAME@NUMBER, NAME@LABEL, NAME (what is live), or a hash.")]
NameArgument = Annotated[str, typer.Argument(help="The prompt's name, e.g. reply.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(prompts, name="prompts")


prompts.command("eval")(evaluate)
prompts.command()(optimise)
for of_cases in (cases, conversations, case):
    prompts.command()(of_cases)


@prompts.command("list")
def list_versions(name: Annotated[str, typer.Argument(help="Only of this prompt.")] = "") -> None:
    """Show the versions, the labels that point at them, and which share of conversations tries a candidate."""
    with _opened() as (versions, _):
        table = Table("version", "hash", "by", "published", "labels")
        for one in versions.all(name):
            table.add_row(one.title, one.hash[:12], escape(one.author), when(one.time), ", ".join(one.labels))
        console.print(table)
        for (of, site), share in sorted(versions.shares().items()):
            if name in ("", of):
                console.print(f"{share:.0%} of new conversations{on(site)} get {of}@{CANDIDATE}.")


@prompts.command()
def show(version: VersionArgument) -> None:
    """Print a version's text, as it is."""
    with _opened() as (versions, _):
        typer.echo(versions.text(versions.find(version)).content, nl=False)


@prompts.command()
def diff(first: VersionArgument, second: VersionArgument) -> None:
    """Show what the second version has that the first had not, and the reverse."""
    with _opened() as (versions, _):
        one, other = (versions.find(title) for title in (first, second))
        before, after = (versions.text(version).content.splitlines() for version in (one, other))
    lines = list(difflib.unified_diff(before, after, one.title, other.title, lineterm="", n=2))
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines or ["They are the same."]:
        console.print(Text(line, style=colours.get(line[:1], "")))


@prompts.command()
def check(file: Annotated[Path, typer.Argument(help="A prompt's text.", exists=True, dir_okay=False)]) -> None:
    """Say whether the text in a file could be published, and if not, what is wrong in which line."""
    with _opened() as (versions, _):
        prompt = versions.check(text_of(file), file.name)
    console.print(f"It can be published as a version of {prompt.name}.", markup=False)


@prompts.command()
def drafts() -> None:
    """List what is being written, with where it came from."""
    with _opened() as (versions, _):
        table = Table("draft", "by", "when", "from")
        for one in versions.drafts():
            table.add_row(str(one.number), *map(escape, (one.author, when(one.time), one.note)))
    console.print(table)


@prompts.command()
def draft(number: Annotated[int, typer.Argument(help="As shoptalk prompts drafts lists it.")]) -> None:
    """Print a draft's text, as it is; publish it from a file."""
    with _opened() as (versions, _):
        found = next((one for one in versions.drafts() if one.number == number), None)
    if found is None:
        raise VersionError(f"There is no draft {number}.")
    typer.echo(found.content, nl=False)


@prompts.command()
def publish(
    file: Annotated[Path, typer.Argument(help="A prompt's text.", exists=True, dir_okay=False)],
    why: WhyOption = "",
    by: ByOption = "",
) -> None:
    """Make the text in a file a version. Nobody uses it before a label points at it."""
    with _opened() as (versions, _):
        before = len(versions.all())
        made = versions.publish(text_of(file), _who(by), why, origin=file.name)
        new = len(versions.all()) > before
    console.print(f"{made.title} is published." if new else f"{made.title} is just that already.", markup=False)


@prompts.command()
def fragment(
    file: Annotated[Path, typer.Argument(help="Its text; the file's name is its name.", exists=True, dir_okay=False)],
    why: WhyOption = "",
    by: ByOption = "",
) -> None:
    """Write a text that prompts include, and publish anew those that are live or candidates with it."""
    with _opened() as (versions, _):
        made = versions.write_fragment(file.stem, text_of(file), _who(by), why)
    console.print(f"The fragment {file.stem} is kept.", markup=False)
    for version in made:
        console.print(f"{version.title} is published with it; no label points at it yet.", markup=False)


@prompts.command()
def label(
    version: VersionArgument,
    to: Annotated[str, typer.Argument(metavar="LABEL", help=f"{PRODUCTION}, {CANDIDATE}, or a word of your own.")],
    site: SiteOption = "",
    why: WhyOption = "",
    by: ByOption = "",
) -> None:
    """Point a label at a version. What production points at is what conversations use."""
    with _opened() as (versions, connections):
        _check_site(connections, site)
        found = versions.find(version)
        versions.move(found, to, _who(by), why, site)
    console.print(f"{to}{on(site)} is {found.title}, for conversations that begin from now on.", markup=False)


@prompts.command()
def rollback(
    name: NameArgument,
    of: Annotated[str, typer.Option("--label", help="Which label.")] = PRODUCTION,
    site: SiteOption = "",
    why: WhyOption = "",
    by: ByOption = "",
) -> None:
    """Point a label at what it pointed at before."""
    with _opened() as (versions, _):
        found = versions.roll_back(name, of, _who(by), why, site)
    again = f"is {found.title} again" if found else "points nowhere again"
    console.print(f"{of}{on(site)} {again}.", markup=False)


@prompts.command()
def split(
    name: NameArgument,
    share: Annotated[
        float | None, typer.Argument(help="Share of new conversations that get the candidate: 0 to 1.")
    ] = None,
    site: SiteOption = "",
    as_everywhere: Annotated[
        bool, typer.Option("--as-everywhere", help="With --site: give up its own share, and take what all have.")
    ] = False,
    why: WhyOption = "",
    by: ByOption = "",
) -> None:
    """Let a share of new conversations try the candidate, to be watched with ``shoptalk prompts watch``."""
    if (share is None) != as_everywhere:
        raise VersionError("Give a share between 0 and 1, or --as-everywhere with --site.")
    with _opened() as (versions, connections):
        if not as_everywhere:  # a site that is gone may give up what it had
            _check_site(connections, site)
        versions.split(name, share, _who(by), why, site)
    if share is None:
        console.print(f"New conversations{on(site)} get the candidate of {name} as everywhere.", markup=False)
        return
    console.print(f"{share:.0%} of new conversations{on(site)} get the candidate of {name}.", markup=False)


@prompts.command()
def journal(name: Annotated[str, typer.Argument(help="Only of this prompt.")] = "") -> None:
    """Show who published, moved and split what, when and why."""
    with _opened() as (versions, _):
        titles = {(one.name, one.hash): one.title for one in versions.all()}
        table = Table("when", "who", "what", "why")
        for entry in versions.journal(name):
            before, after = (titles.get((entry.name, mark), mark[:12]) for mark in (entry.before, entry.after))
            table.add_row(when(entry.time), *map(escape, (entry.who, told(entry, before, after), entry.why)))
    console.print(table)


@prompts.command("export")
def export_versions(
    folder: Annotated[Path, typer.Argument(help="Where to, e.g. a folder of a git repository.")],
    name: Annotated[str, typer.Option(help="Only of this prompt.")] = "",
) -> None:
    """Write every version as a file, for review; ``import`` takes them back byte for byte."""
    with _opened() as (versions, _):
        written = export(versions, folder, name)
    console.print(f"Wrote {written.versions} versions to {folder}.", markup=False)


@prompts.command("import")
def import_versions(
    folder: Annotated[Path, typer.Argument(help="A folder as export wrote it, or of NAME/NUMBER.md files.")],
    why: WhyOption = "",
    by: ByOption = "",
) -> None:
    """Publish what a folder has and the shop has not: all of it, or, where one is wrong, nothing."""
    with _opened() as (versions, _):
        taken = take(versions, folder, _who(by), why)
    console.print(f"Read {taken.versions} prompts; {len(taken.new)} are new.", markup=False)
    for version in taken.new:
        console.print(f"{version.title} is published.", markup=False)


@prompts.command()
def watch(
    name: NameArgument,
    outcome: Annotated[str, typer.Option(help=f"What counts as a success: {', '.join(SUCCESSES)}.")] = "engaged",
    since: Annotated[str, typer.Option(help="Day, e.g. 2026-12-01; empty: since the labels last moved.")] = "",
) -> None:
    """Show what became of the conversations of each version, and whether the candidate is better. Look any day."""
    if outcome not in SUCCESSES:
        raise VersionError(f"{outcome!r} is not counted. There are: {', '.join(SUCCESSES)}.")
    with _opened() as (versions, connections):
        Store(connections)
        begun = _day(since) if since else versions.settled(name)
        found = Outcomes(connections, Events(connections)).of(name, begun)
        listed = [version for version in versions.all(name) if version.hash in found]
        arms = [versions.labelled(name, label) for label in (PRODUCTION, CANDIDATE)]
        titles = {version.hash: version.title for version in versions.all(name)}
    console.print(f"Conversations that began since {when(begun)}", markup=False)
    console.print(_outcomes(listed, found))
    production, candidate = (found.get(arm) or Outcome(arm) for arm in arms)
    if arms[1] and arms[0] != arms[1]:
        console.print(conclusion(titles[arms[0]], production, titles[arms[1]], candidate, outcome), markup=False)


def _outcomes(listed: list[Version], found: dict[str, Outcome]) -> Table:
    """A column for each version, a row for each figure."""
    table = Table("", *(version.title for version in listed))
    for name, values in rows_of([found[version.hash] for version in listed]):
        table.add_row(name, *values)
    return table


@contextmanager
def _opened() -> Iterator[tuple[Versions, Connections]]:
    connections = Connections(Home(Settings().home).database)
    try:
        versions, _ = released(connections)
        yield versions, connections
    finally:
        connections.close()


def _check_site(connections: Connections, site: str) -> None:
    """VersionError for a site that there is not: nobody would get what is live there."""
    known = [key.id for key in Keys(connections).sites()]
    if site and site not in known:
        raise VersionError(f"There is no site key {site!r}. There are: {', '.join(known) or 'none'}.")


def _who(by: str) -> str:
    return by or getpass.getuser()


def _day(text: str) -> float:
    try:
        return time.mktime(time.strptime(text, "%Y-%m-%d"))
    except ValueError as error:
        raise VersionError(f"--since {text!r} is no day. Write it as year-month-day, e.g. 2026-12-24.") from error
