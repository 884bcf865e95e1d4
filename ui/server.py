"""The web server: one FastAPI application that serves the page, the pictures and a health check.

Knows routes and headers. Knows nothing of conversations: the Assistant is handed in.
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import gradio as gr
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from chat.assistant import Assistant
from ui.shop_page import DemoShopper, build_page, page_options

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Frame-Options": "SAMEORIGIN",
}


def create_app(
    assistant: Assistant,
    *,
    shop_name: str,
    pictures: Path,
    shoppers: Sequence[DemoShopper] = (),
    first_questions: Sequence[str] = (),
) -> FastAPI:
    """The application; ``pictures`` is a folder served under /pictures, if it is there."""
    app = FastAPI(title="Shoptalk", docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def secure(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    if pictures.is_dir():
        app.mount("/pictures", StaticFiles(directory=pictures), name="pictures")
    page = build_page(assistant, shop_name=shop_name, shoppers=shoppers, first_questions=first_questions)
    return gr.mount_gradio_app(app, page, path="/", **page_options(shop_name))  # type: ignore[no-any-return]
