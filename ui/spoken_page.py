"""A Gradio page that comes in the language of who asks for it, from its first byte on.

Gradio makes a page once and sends the same to everybody. Knows how its parts are told apart and where its settings are
asked for; what stands in the parts is the caller's.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

import gradio as gr
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.words import Words, words_for

_asked: ContextVar[Words | None] = ContextVar("the words of the page that is asked for", default=None)


class SpokenBlocks(gr.Blocks):
    """Blocks whose parts stand there in the words of who asks.

    ``speak`` is set once the parts are there: it gives the page's title, and what stands in each part by its elem_id.
    """

    speak: Callable[[Words], tuple[str, Mapping[str, Any]]] | None = None

    @property
    def config(self) -> Any:
        """What Gradio sends with the page."""
        words = _asked.get()
        if words is None or self.speak is None:
            return self._config
        title, parts = self.speak(words)
        components = [_said(component, parts) for component in self._config["components"]]
        return self._config | {"title": title, "components": components}

    @config.setter
    def config(self, made: Any) -> None:
        self._config = made


class Spoken:
    """ASGI middleware before such a page; ``language``: the shop's own."""

    def __init__(self, app: ASGIApp, language: str) -> None:
        self._app = app
        self._language = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        words = words_for(Headers(scope=scope), QueryParams(scope["query_string"]), self._language)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers["Content-Language"] = words.language
                    headers.add_vary_header("Accept-Language")
            await send(message)

        _asked.set(words)
        await self._app(scope, receive, answer)


def _said(component: dict[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    properties = component["props"]
    name = properties.get("elem_id")
    return component | {"props": properties | {"value": parts[name]}} if name in parts else component
