"""The command ``shoptalk accounts``: the people who run the shop, and what they may do.

Knows options and what to say; what accounts are is in ``ui.accounts``. A shop that is being served heeds every change
at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from chat.settings import Settings
from retrieval.database import Connections
from ui.accounts import LEAST_PASSWORD, Accounts, Role
from ui.audit import COMMAND, Audit
from ui.home import Home

console = Console(highlight=False, soft_wrap=True)
accounts = typer.Typer(help="Accounts of the people who run the shop, for its pages.", no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(help="The account's name.")]
PASSWORD = f"Password (at least {LEAST_PASSWORD} characters)"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(accounts, name="accounts")


@accounts.command()
def add(
    name: NameArgument,
    role: Annotated[
        Role, typer.Option(help="writer: writes prompts; releaser: puts them live too; admin: everything.")
    ] = "writer",
) -> None:
    """Make an account; its password is asked for."""
    with _opened() as (held, audit):
        made = held.add(name, role, typer.prompt(PASSWORD, hide_input=True, confirmation_prompt=True))
        audit.write(COMMAND, "account added", {})
    console.print(f"{made.name} may sign in as {made.role}.", markup=False)


@accounts.command("list")
def list_accounts() -> None:
    """Show the accounts."""
    with _opened() as (held, _):
        made = held.all()
    if not made:
        console.print("There are no accounts. Make one: shoptalk accounts add NAME --role admin")
        return
    table = Table("name", "role", "made")
    for one in made:
        table.add_row(one.name, one.role, f"{datetime.fromtimestamp(one.made):%Y-%m-%d %H:%M}")
    console.print(table)


@accounts.command()
def remove(name: NameArgument) -> None:
    """End an account; it is signed out at once."""
    with _opened() as (held, audit):
        held.remove(name)
        audit.write(COMMAND, "account removed", {})
    console.print(f"{name} is removed.", markup=False)


@accounts.command()
def password(name: NameArgument) -> None:
    """Give an account another password; it is signed out everywhere."""
    with _opened() as (held, audit):
        held.set_password(name, typer.prompt(PASSWORD, hide_input=True, confirmation_prompt=True))
        audit.write(COMMAND, "password set", {})
    console.print(f"{name} has another password, and is signed out everywhere.", markup=False)


@contextmanager
def _opened() -> Iterator[tuple[Accounts, Audit]]:
    connections = Connections(Home(Settings().home).database)
    try:
        yield Accounts(connections), Audit(connections)
    finally:
        connections.close()
