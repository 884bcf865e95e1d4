"""The shopper's page: turns the assistant's typed events into what is seen, and clicks into calls of the assistant.

No logic of the shop lives here. What the page asks of an assistant is ``Talks``:

- ``turn(...)`` and ``remove_tag(...)`` are async generators of ``chat.events``. Each is read to its end by one task of
  its own, so that a timeout may span several events; Stop, a new chat and a closed tab cancel that task and close the
  generator, whose ``finally`` is then to close what lies behind it.
- ``session_id`` is None in the first turn; later ones give back what the ``SessionEvent`` said. A new chat and another
  demo shopper begin again with None (a ``shopper_id`` of None is a new shopper, without a history).
- ``feedback(...)`` is called on the event loop and should return within milliseconds; its session and turn are those
  of the turn that showed the card.

An exception that reaches the page is logged with an id, and the shopper reads a plain sentence with that id.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import quote

import gradio as gr
from fastapi import FastAPI
from starlette.routing import Mount

from chat.errors import ChatError
from chat.events import ErrorEvent, TurnEvent
from ui.admission import TooManyOpen
from ui.conversation import Conversation, DemoShopper, Exchange, Kind
from ui.limits import NOBODY, Asker, TooMuch, household
from ui.spoken_page import Spoken, SpokenBlocks
from ui.transcript import (
    LONGEST_MESSAGE,
    chosen_shopper,
    composer_html,
    header_html,
    log_html,
    need_html,
    side_html,
)
from ui.words import FALLBACK, Words, words_for, words_in

__all__ = ["PAGE_CSS", "PAGE_THEME", "DemoShopper", "Talks", "build_page", "mount_page"]

_log = logging.getLogger(__name__)
_FOLDER = Path(__file__).parent

PAGE_CSS = (_FOLDER / "shop_page.css").read_text(encoding="utf-8")
PAGE_JS = (_FOLDER / "shop_page.js").read_text(encoding="utf-8")  # runs for each part of the page (js_on_load)
# System fonts only: a theme's default ones would be fetched from another host.
PAGE_THEME = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])


class Talks(Protocol):
    """What the page asks of ``ui.admission.Admitted``; ``asker`` is whose limits count."""

    def turn(
        self,
        message: str,
        session_id: str | None = None,
        *,
        shopper_id: str | None = None,
        personalise: bool = True,
        asker: Asker = NOBODY,
    ) -> AsyncIterator[TurnEvent]:
        """Answer a message."""

    def remove_tag(
        self, session_id: str, tag_id: str, *, personalise: bool = True, asker: Asker = NOBODY
    ) -> AsyncIterator[TurnEvent]:
        """Take one constraint out of the need and show the new cards."""

    def feedback(self, session_id: str, turn_id: str, item_id: str, kind: Kind) -> None:
        """Keep what the shopper pressed on a shown card."""


def mount_page(app: FastAPI, page: SpokenBlocks, shop_name: str, language: str = FALLBACK) -> Mount:
    """Mount the page at the root of the app, in the language of each visitor. Returns where it is mounted."""
    gr.mount_gradio_app(app, page, path="/", **_options(shop_name))
    mounted = next(route for route in app.routes if isinstance(route, Mount) and route.path == "")
    mounted.app = Spoken(mounted.app, language)
    return mounted


def _options(shop_name: str) -> dict[str, Any]:
    mark = escape(shop_name[:1].upper())
    icon = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" '
        'fill="#1f5c49"/><text x="16" y="22.5" text-anchor="middle" font-family="Georgia,serif" font-size="18" '
        f'fill="#fff">{mark}</text></svg>'
    )
    return {
        "theme": PAGE_THEME,
        "head": f'<link rel="icon" href="data:image/svg+xml,{quote(icon)}"><style>{PAGE_CSS}</style>',
        "footer_links": [],
        "run_history": False,
        "show_error": False,  # what goes wrong inside is for the log, not for the shopper
        "ssr_mode": False,
    }


def build_page(
    assistant: Talks,
    *,
    shop_name: str,
    shoppers: Sequence[DemoShopper],
    first_questions: Sequence[str],
    language: str = FALLBACK,
) -> SpokenBlocks:
    """The page as Blocks, to be mounted by ``mount_page``; without demo shoppers there is nobody to choose.

    ``language``: the shop's own, for browsers that name none that there are words in.

    Every tab has a conversation of its own on the server, and any number of them talk at once.
    """
    open_tabs: dict[str, Conversation] = {}  # by Gradio's session hash, to stop the turn of a closed tab

    def words_of(request: gr.Request) -> Words:
        return words_for(dict(request.headers), dict(request.query_params), language)

    def log_of(conversation: Conversation, words: Words) -> list[str]:
        return log_html(conversation, shop_name, first_questions, shoppers, words)

    async def show(
        conversation: Conversation, exchange: Exchange, turn: AsyncIterator[TurnEvent], words: Words
    ) -> AsyncIterator[Any]:
        """Show the exchange as its events arrive; yields the log and the need."""
        conversation.exchanges.append(exchange)
        arrived, reading = _read(turn)
        conversation.turn = reading
        try:
            yield log_of(conversation, words), need_html(conversation, words)
            # Another turn, or none, once the visitor has begun anew: what still arrives of this one is not theirs.
            while (event := await arrived.get()) is not None and conversation.turn is reading:
                conversation.apply(event, exchange)
                yield log_of(conversation, words), need_html(conversation, words)
            if reading.done() and not reading.cancelled():
                reading.result()  # raises what the turn raised
        except Exception as error:
            exchange.apply(_explained(error, conversation, words))
        finally:
            reading.cancel()
            if conversation.turn is reading:
                conversation.turn = None
        if exchange.state == "running":
            exchange.state = "stopped"
        yield log_of(conversation, words), need_html(conversation, words)

    async def say(conversation: Conversation, event: gr.EventData, request: gr.Request) -> AsyncIterator[Any]:
        message = str(event._data.get("text", "")).strip()
        if conversation.busy or not message or len(message) > LONGEST_MESSAGE:
            return
        open_tabs[str(request.session_hash)] = conversation
        words = words_of(request)
        conversation.compare_none()  # the next cards are others
        turn = assistant.turn(
            message,
            conversation.session_id,
            shopper_id=conversation.shopper_id,
            personalise=conversation.personalise,
            asker=_asker(request),
        )
        async for screen in show(conversation, Exchange(said=message), turn, words):
            yield screen

    async def untag(conversation: Conversation, event: gr.EventData, request: gr.Request) -> AsyncIterator[Any]:
        tag = conversation.tag(str(event._data.get("tag", "")))
        if conversation.busy or tag is None or conversation.session_id is None:
            return
        words = words_of(request)
        turn = assistant.remove_tag(
            conversation.session_id, tag.id, personalise=conversation.personalise, asker=_asker(request)
        )
        async for screen in show(conversation, Exchange(note=words("removed", what=tag.label)), turn, words):
            yield screen

    async def feedback(conversation: Conversation, event: gr.EventData, request: gr.Request) -> Any:
        words = words_of(request)
        turn_id, item_id, kind = (str(event._data.get(name, "")) for name in ("turn", "item", "kind"))
        exchange = conversation.shown(turn_id, item_id)
        if exchange is not None and kind in ("like", "dislike", "click") and exchange.pressed.get(item_id) != kind:
            try:
                assistant.feedback(exchange.session_id, turn_id, item_id, cast(Kind, kind))
            except Exception as error:
                exchange.error = _explained(error, conversation, words)
            else:
                if kind != "click":
                    exchange.pressed[item_id] = cast(Kind, kind)
        return log_of(conversation, words), side_html(conversation, shoppers, words)

    async def compare(conversation: Conversation, event: gr.EventData, request: gr.Request) -> Any:
        conversation.compare(*(str(event._data.get(name, "")) for name in ("turn", "item")))
        words = words_of(request)
        return log_of(conversation, words), need_html(conversation, words)

    async def uncompare(conversation: Conversation, request: gr.Request) -> Any:
        conversation.compare_none()
        words = words_of(request)
        return log_of(conversation, words), need_html(conversation, words)

    async def choose(conversation: Conversation, event: gr.EventData, request: gr.Request) -> Any:
        words = words_of(request)
        wanted = str(event._data.get("value", ""))
        chosen = next((shopper for shopper in shoppers if shopper.shopper_id == wanted), None)
        note = words("nowAs", name=chosen.name if chosen else words("aNewShopper"))
        conversation.choose(chosen.shopper_id if chosen else None, note)
        return *sides_of(conversation, words), log_of(conversation, words), need_html(conversation, words)

    async def personalise(conversation: Conversation, request: gr.Request) -> Any:
        conversation.personalise = not conversation.personalise
        return side_html(conversation, shoppers, words_of(request))

    async def stop(conversation: Conversation) -> None:
        conversation.stop()

    async def renew(conversation: Conversation, request: gr.Request) -> Any:
        conversation.restart()
        words = words_of(request)
        return log_of(conversation, words), need_html(conversation, words), side_html(conversation, shoppers, words)

    async def leave(request: gr.Request) -> None:
        conversation = open_tabs.pop(str(request.session_hash), None)
        if conversation is not None:
            conversation.stop()

    def sides_of(conversation: Conversation, words: Words) -> tuple[str, str]:
        chosen = chosen_shopper(conversation, shoppers)
        return header_html(shop_name, chosen, words), side_html(conversation, shoppers, words)

    def fresh_page(words: Words) -> tuple[str, dict[str, Any]]:
        top, side = sides_of(fresh, words)
        parts = {
            "st-top": top,
            "st-side": side,
            "st-middle": log_of(fresh, words),
            "st-needs": need_html(fresh, words),
            "st-foot": composer_html(words),
        }
        return f"{shop_name} · {words('title')}", parts

    # After every event Gradio sums up its latest ones in pandas, by default 10,000 of them; we read none of it.
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "50")
    fresh = Conversation()
    title, parts = fresh_page(words_in(language))
    page = SpokenBlocks(title=title, analytics_enabled=False)
    with page:
        conversation = gr.State(fresh)
        with gr.Column(elem_id="st"):
            header = _part("st-top", parts)
            side = _part("st-side", parts)
            log = _part("st-middle", parts, template="${value.join('')}")
            need = _part("st-needs", parts)
            composer = _part("st-foot", parts)
        # No limit on how many tabs talk at once (Gradio's default is one chat at a time); the LLM's own queue decides.
        wired: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}
        own = {**wired, "inputs": [conversation]}
        for part in (log, need, composer):
            part.say(say, outputs=[log, need], trigger_mode="multiple", **own)
        need.untag(untag, outputs=[log, need], **own)
        log.feedback(feedback, outputs=[log, side], trigger_mode="multiple", **own)
        log.compare(compare, outputs=[log, need], trigger_mode="multiple", **own)
        need.uncompare(uncompare, outputs=[log, need], **own)
        side.shopper(choose, outputs=[header, side, log, need], **own)
        side.personalise(personalise, outputs=[side], **own)
        composer.stop(stop, trigger_mode="multiple", **own)
        header.renew(renew, outputs=[log, need, side], **own)
        page.unload(leave)
    page.speak = fresh_page
    return page


def _part(name: str, parts: dict[str, Any], template: str = "${value}") -> Any:
    # Gradio takes a listener for each event name that stands in quotes in js_on_load.
    return gr.HTML(parts[name], elem_id=name, html_template=template, js_on_load=PAGE_JS, apply_default_css=False)


def _asker(request: gr.Request) -> Asker:
    return Asker(address=household(request.client.host) if request.client else "")


def _read(turn: AsyncIterator[TurnEvent]) -> tuple[asyncio.Queue[TurnEvent | None], asyncio.Task[None]]:
    """Read the turn in one task; its events arrive in the queue, then None, however it ended."""
    arrived: asyncio.Queue[TurnEvent | None] = asyncio.Queue()

    async def read() -> None:
        try:
            async for event in turn:
                arrived.put_nowait(event)
        finally:
            if isinstance(turn, AsyncGenerator):
                await turn.aclose()

    reading = asyncio.create_task(read())
    reading.add_done_callback(lambda _: arrived.put_nowait(None))
    return arrived, reading


def _explained(error: Exception, conversation: Conversation, words: Words) -> ErrorEvent:
    error_id = secrets.token_hex(4)
    kept = {"error_id": error_id, "session": conversation.session_id}
    _log.error("the shopper's page could not go on (error %s)", error_id, exc_info=error, extra=kept)
    match error:
        case TooMuch():
            message = words("tooMuch", s=error.retry_s)
        case TooManyOpen():
            message = words("tooManyOpen")
        case ChatError():
            message = str(error)
        case _:
            message = words("wentWrong")
    return ErrorEvent(message=message, error_id=error_id)
