"""The command that lets an assistant on this machine shop here: the catalogue tools over stdin and stdout.

Knows that stdout belongs to the protocol: whatever is told goes to the error stream.
"""

from typing import Annotated

import typer
from rich.console import Console

from chat.errors import SetupError
from chat.settings import Settings
from ranking.history import Events
from ui.home import Home
from ui.mcp_server import build_mcp_server
from ui.mcp_tools import Tools
from ui.opening import opened_finder
from ui.searching import Searching


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(mcp)


def mcp(
    shopper: Annotated[str, typer.Option(help="Shopper whose history is used; empty: nobody's.")] = "",
) -> None:
    """Answer an assistant's catalogue tools over stdin and stdout (Model Context Protocol)."""
    settings = Settings()
    home = Home(settings.home)
    if home.served():
        raise SetupError(
            f"A server owns the shop in {home.folder}, and answers the same tools at "
            f"http://{settings.host}:{settings.port}/mcp (with a site key). Use that, or stop it first."
        )
    with home.owned(), opened_finder(settings, home, Console(stderr=True)) as (shop, finder):
        tools = Tools(Searching(shop.catalog, finder), Events(shop.connections))
        build_mcp_server(tools, settings.shop_name, shopper_id=shopper).run("stdio")
