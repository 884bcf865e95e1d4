"""The HTTP API as one application, to be mounted at /v1: its routes, its errors and its OpenAPI.

Knows which routes there are. What each does is in the ``ui.api_…`` module of its noun.
"""

from fastapi import FastAPI

from chat.store import Store
from ranking.history import Events
from ui.api_catalogue import catalogue_router
from ui.api_chat import chat_router
from ui.api_completions import completions_router
from ui.api_errors import handle_errors
from ui.api_gate import Access, Gate
from ui.api_items import items_router
from ui.api_sessions import sessions_router
from ui.api_shoppers import shoppers_router
from ui.claims import Claims
from ui.erasure import Erasure
from ui.home import Home
from ui.identity import Keys
from ui.load import Load
from ui.opening import Serving
from ui.sessions import Sessions
from ui.turns import Turns

DESCRIPTION = "What a shop's own site or app asks of Shoptalk. How to use it: docs/api.md."


def build_api(serving: Serving, load: Load, *, heartbeat_s: float = 15.0, currency: str = "") -> FastAPI:
    """The application over this shop. ``heartbeat_s``: of silence in a stream; ``currency``: where a price has none."""
    shop, limits = serving.shop, load.limits
    access, sessions = Access(Keys(shop.connections), limits), Sessions(shop.connections)
    store, events = Store(shop.connections), Events(shop.connections)
    home = Home(shop.connections.path.parent)
    erasure = Erasure(shop.connections, home)
    turns = Turns(sessions, Claims(shop.connections))
    load.metrics.watch("shoptalk_open_streams", "Answers of the API that somebody reads.", lambda: turns.readers)
    api = FastAPI(
        title="Shoptalk", version="1", description=DESCRIPTION, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    handle_errors(api)
    api.add_middleware(Gate, access=access, limits=limits)
    api.include_router(chat_router(access, load.assistant, limits, sessions, turns, heartbeat_s))
    api.include_router(completions_router(access, load.assistant, store, sessions, turns, heartbeat_s))
    api.include_router(
        sessions_router(access, serving.assistant, shop.catalog, store, events, sessions, turns, erasure)
    )
    api.include_router(shoppers_router(access, erasure, turns))
    api.include_router(catalogue_router(access, shop.catalog, shop.connections, home, currency))
    api.include_router(items_router(access, limits, shop.catalog, serving.finder, events, sessions))
    return api
