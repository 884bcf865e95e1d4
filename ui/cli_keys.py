"""The command ``shoptalk keys``: who may use the API.

Knows options and what to say; what keys are is in ``ui.identity``. A shop that is being served heeds every change at
once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from chat.settings import Settings
from retrieval.database import Connections
from ui.audit import COMMAND, Audit
from ui.home import Home
from ui.identity import IdentityError, Keys

console = Console(highlight=False, soft_wrap=True)
keys = typer.Typer(
    help="Keys of the API: for sites (public, with a secret to sign shoppers) and for operators.", no_args_is_help=True
)
KeyArgument = Annotated[str, typer.Argument(help="The key's id, as the list shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(keys, name="keys")


@keys.command()
def make(
    kind: Annotated[
        Literal["site", "admin"], typer.Argument(help="site: for pages and apps; admin: for the operator.")
    ],
    name: Annotated[str, typer.Option(help="By which you know it again.")],
    origin: Annotated[
        list[str] | None, typer.Option(help="Of the pages that use it, e.g. https://shop.example; several.")
    ] = None,
) -> None:
    """Make a key. What is secret of it is shown now and never again."""
    with _opened("key made") as held:
        if kind == "admin":
            if origin:
                raise IdentityError("An admin key is for no page: it has no origins.")
            _, whole = held.make_admin(name)
            console.print(f"Admin key (shown once, keep it secret): {whole}", markup=False)
            return
        site, secret = held.make_site(name, origin or ())
    pages = ", ".join(site.origins) or "none: it is for servers and apps alone"
    console.print(f"Site key (public):                        {site.id}", markup=False)
    console.print(f"Its secret (shown once, for your server): {secret}", markup=False)
    console.print(f"Pages that may use it: {pages}", markup=False)


@keys.command("list")
def list_keys() -> None:
    """Show the keys, without their secrets."""
    with _opened() as held:
        sites, admins = held.sites(), held.admins()
    if not sites and not admins:
        console.print("There are no keys. Make one: shoptalk keys make site --name NAME --origin https://shop.example")
        return
    ids = [*(site.id for site in sites), *(admin.id for admin in admins)]
    table = Table()
    # Whole, also in a narrow terminal: it is what the other commands want.
    table.add_column("key", no_wrap=True, min_width=max(map(len, ids)))
    for name in ("name", "origins", "made", "revoked"):
        table.add_column(name, overflow="fold")
    for site in sites:
        table.add_row(site.id, site.name, "\n".join(site.origins), _day(site.made), _day(site.revoked))
    for admin in admins:
        table.add_row(admin.id, admin.name, "", _day(admin.made), _day(admin.revoked))
    console.print(table)


@keys.command()
def rotate(
    key: KeyArgument,
    keep_hours: Annotated[float, typer.Option(min=0, help="How long the former secret is good; 0: no longer.")] = 24.0,
) -> None:
    """Give a key a new secret."""
    with _opened("key rotated") as held:
        secret = held.rotate(key, keep_hours * 3600)
    what = "Admin key" if key.startswith("admin_") else "Secret"
    console.print(f"{what} (shown once): {secret}", markup=False)
    console.print(f"The former one is good for {keep_hours:g} more hours." if keep_hours else "The former one is void.")


@keys.command()
def revoke(key: KeyArgument) -> None:
    """End a key, at once and for good."""
    with _opened("key revoked") as held:
        held.revoke(key)
    console.print(f"{key} is revoked.", markup=False)


@contextmanager
def _opened(change: str = "") -> Iterator[Keys]:
    """The keys; ``change``: what is done to them, for the audit, unless it fails."""
    connections = Connections(Home(Settings().home).database)
    try:
        yield Keys(connections)
        if change:
            Audit(connections).write(COMMAND, change, {})
    finally:
        connections.close()


def _day(moment: float | None) -> str:
    return "" if moment is None else f"{datetime.fromtimestamp(moment):%Y-%m-%d %H:%M}"
