"""The web server: one FastAPI application with the API, the page, the pictures and the health checks.

Knows what is mounted where, and the headers of every answer. Knows nothing of conversations.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import gradio as gr
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat.settings import Settings
from ranking.history import Events
from ui.api import build_api
from ui.api_gate import Access, Gate
from ui.health import health_router
from ui.identity import Keys
from ui.mcp_server import McpEndpoint, build_mcp_server
from ui.mcp_tools import Tools
from ui.opening import Serving
from ui.searching import Searching
from ui.shop_page import DemoShopper, build_page, page_options

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Frame-Options": "SAMEORIGIN",
}


class SecurityHeaders:
    """ASGI middleware that adds the headers where an answer has none of its own; streams pass through as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, answer if scope["type"] == "http" else send)


def create_app(
    serving: Serving,
    settings: Settings,
    *,
    pictures: Path,
    shoppers: Sequence[DemoShopper] = (),
    first_questions: Sequence[str] = (),
) -> FastAPI:
    """The application over an open shop; ``pictures`` is a folder served under /pictures, if it is there."""
    access = Access(Keys(serving.shop.connections))
    tools = Tools(Searching(serving.shop.catalog, serving.finder), Events(serving.shop.connections))
    mcp = McpEndpoint(build_mcp_server(tools, settings.shop_name), access)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with mcp.manager.run():
            yield

    app = FastAPI(title="Shoptalk", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.add_middleware(SecurityHeaders)
    app.router.routes.append(Route("/mcp", Gate(mcp, access)))
    app.include_router(health_router(serving.shop.catalog, serving.shop.index, serving.llm))
    app.mount(
        "/v1",
        build_api(serving, open_answers=settings.api_open_answers, heartbeat_s=settings.api_heartbeat_s),
        name="api",
    )
    if pictures.is_dir():
        app.mount("/pictures", StaticFiles(directory=pictures), name="pictures")
    page = build_page(
        serving.assistant, shop_name=settings.shop_name, shoppers=shoppers, first_questions=first_questions
    )
    return gr.mount_gradio_app(app, page, path="/", **page_options(settings.shop_name))  # type: ignore[no-any-return]
