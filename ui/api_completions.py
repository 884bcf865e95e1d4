"""The conversation for tools that speak only OpenAI's chat completions: all messages in, one answer out.

Knows that form, and how a conversation is found again by what was said in it: such a client keeps no session, and sends
everything anew. What each turn is, and that it is stopped when nobody reads it, is ``ui.turns``'s as for ``/chat``.
"""

import asyncio
import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import TypeAdapter

from chat.comparison import in_lines
from chat.errors import UnknownSession
from chat.events import Card, CardsEvent, ComparisonEvent, DoneEvent, ErrorEvent, SessionEvent, TextEvent, TurnEvent
from chat.store import Store
from ui.admission import Admitted
from ui.api_chat import ALIVE, EventStream, unless_gone, whole, with_heartbeats
from ui.api_errors import Problem, documented
from ui.api_gate import Access, asker_of
from ui.completion_forms import (
    MODEL,
    AnswerMessage,
    Choice,
    ChunkChoice,
    CompletionAnswer,
    CompletionBody,
    CompletionChunk,
    Delta,
    ModelAnswer,
    ModelsAnswer,
    Usage,
)
from ui.sessions import Owner, Sessions
from ui.turns import Reading, Turns

END = "data: [DONE]\n\n"

log = logging.getLogger(__name__)
_event: TypeAdapter[TurnEvent] = TypeAdapter(TurnEvent)


def completions_router(
    access: Access, assistant: Admitted, store: Store, sessions: Sessions, turns: Turns, heartbeat_s: float
) -> APIRouter:
    """The routes, over everything that they need."""
    router = APIRouter(tags=["openai"])
    Asker = Annotated[Owner, Depends(access.owner)]  # noqa: N806 - a type
    conversations = Conversations(store, sessions)

    @router.get("/models", responses=documented())
    def list_models(owner: Asker) -> ModelsAnswer:
        """The one model that there is: the shop."""
        return ModelsAnswer(data=[ModelAnswer()])

    @router.post("/chat/completions", response_model=None, responses=documented(404, 409) | _ANSWERS)
    async def complete(request: Request, body: CompletionBody, owner: Asker) -> Response:
        """Answer the last message of a conversation, of which all messages are sent."""
        if body.model != MODEL:
            raise Problem(404, "unknown_model", f"There is one model here: {MODEL}.")
        session_id, asker = await asyncio.to_thread(conversations.resumed, body, owner), asker_of(request, owner)

        def begin() -> AsyncGenerator[TurnEvent]:
            return assistant.turn(body.messages[-1].text, session_id, shopper_id=owner.shopper_id or None, asker=asker)

        reading = await turns.join(owner, None, "", session_id or "", begin)
        answering = Answering(body, owner, conversations)
        try:
            if not body.stream:
                events = await unless_gone(request, reading)
                reading.leave()
                answer = await asyncio.to_thread(answering.whole, events)
                return Response(answer.model_dump_json(), media_type="application/json")
            await reading.begun()
        except BaseException:
            reading.leave()
            raise
        return EventStream(reading, answering.chunks(reading, heartbeat_s))

    return router


class Conversations:
    """Finds the session that a conversation's messages belong to, and names the one that they have become."""

    def __init__(self, store: Store, sessions: Sessions) -> None:
        self._store = store
        self._sessions = sessions

    def resumed(self, body: CompletionBody, owner: Owner) -> str | None:
        """Id of the session to go on in; None where the conversation begins, or is none of this owner's.

        Where another goes on from the same words, or the client asks anew from an earlier place, it is a copy of the
        session as it was then. Raises UnknownSession for a stated session that is not this owner's.
        """
        if body.metadata is not None and body.metadata.session_id is not None:
            self._sessions.check(body.metadata.session_id, owner)
            return body.metadata.session_id
        before = body.said[:-1]
        found = self._sessions.resume(_name(owner, body.user, before)) if before else None
        if found is None:
            return None
        try:
            self._sessions.check(found.session_id, owner)
            if found.alone and self._store.latest(found.session_id) == found.turn_id:
                return found.session_id
            forked = self._store.fork(found.session_id, found.turn_id)
        except UnknownSession:
            return None  # it was deleted since
        self._sessions.begin(forked.id, owner)
        return forked.id

    def named(self, body: CompletionBody, owner: Owner, answer: str, session_id: str, turn_id: str) -> None:
        """Whoever sends these messages and this answer goes on after that turn."""
        said = [*body.said, ("assistant", " ".join(answer.split()))]
        try:
            self._sessions.name_prefix(_name(owner, body.user, said), session_id, turn_id)
        except sqlite3.Error:
            # The shopper has the answer; only their next message would begin anew.
            log.exception("a conversation could not be named")

    def usage(self, session_id: str, turn_id: str) -> Usage:
        """What the turn cost."""
        row = next((row for row in reversed(self._store.turns(session_id)) if row["id"] == turn_id), None)
        calls = json.loads(row["usage"]) if row else []
        read, written = sum(call[0] for call in calls), sum(call[1] for call in calls)
        return Usage(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


class Answering:
    """One answer on its way into that form."""

    def __init__(self, body: CompletionBody, owner: Owner, conversations: Conversations) -> None:
        self._body, self._owner, self._conversations = body, owner, conversations
        self._created = int(time.time())
        self._session = SessionEvent(session_id="", turn_id="", shopper_id=None, personalised=False)
        self._written, self._spoken = "", False

    def whole(self, events: Sequence[TurnEvent]) -> CompletionAnswer:
        """The answer as one object. Problem where it failed."""
        answer = whole(list(events))
        for event in events:
            self._note(event)
        session_id, turn_id = answer.session_id, answer.turn_id
        self._conversations.named(self._body, self._owner, self._written, session_id, turn_id)
        return CompletionAnswer(
            id=f"chatcmpl-{turn_id}",
            created=self._created,
            choices=[Choice(message=AnswerMessage(content=self._written))],
            usage=self._conversations.usage(session_id, turn_id),
            shoptalk=answer,
        )

    async def chunks(self, reading: Reading, heartbeat_s: float) -> AsyncIterator[str]:
        """The answer as server-sent events; whoever hears of its end can go on from it."""
        async for event in with_heartbeats(reading, heartbeat_s):
            match event:
                case None:
                    yield ALIVE
                case ErrorEvent():
                    told = {"message": event.message, "code": "failed", "error_id": event.error_id}
                    yield f"data: {json.dumps({'error': told})}\n\n"
                case DoneEvent():
                    session_id, turn_id = self._session.session_id, self._session.turn_id
                    await asyncio.to_thread(
                        self._conversations.named, self._body, self._owner, self._written, session_id, turn_id
                    )
                    yield self._chunk(Delta(), event, ended=True)
                    if self._body.stream_options is not None and self._body.stream_options.include_usage:
                        usage = await asyncio.to_thread(self._conversations.usage, session_id, turn_id)
                        yield self._told(CompletionChunk(id=self._id, created=self._created, choices=[], usage=usage))
                case SessionEvent():
                    self._note(event)
                    yield self._chunk(Delta(role="assistant", content=""), event)
                case _:
                    piece = self._note(event)
                    yield self._chunk(Delta(content=piece) if piece else Delta(), event)
        yield END

    def _note(self, event: TurnEvent) -> str:
        """What of the event is text, in its place after what was written before."""
        piece = ""
        if isinstance(event, SessionEvent):
            self._session = event
        elif isinstance(event, CardsEvent) and event.stage == "final" and event.cards:
            piece = lines(event.cards)
        elif isinstance(event, ComparisonEvent) and event.comparison.rows:
            piece = ("\n\n" if self._written else "") + in_lines(event.comparison)
        elif isinstance(event, TextEvent):
            # After the cards an empty line; after a sentence a space.
            after = "\n\n" if self._written and not self._spoken else " " if self._written else ""
            piece, self._spoken = after + event.text, True
        self._written += piece
        return piece

    @property
    def _id(self) -> str:
        return f"chatcmpl-{self._session.turn_id}"

    def _chunk(self, delta: Delta, event: TurnEvent | None = None, *, ended: bool = False) -> str:
        told = None if event is None else _event.dump_python(event, mode="json")
        choice = ChunkChoice(delta=delta, finish_reason="stop" if ended else None)
        return self._told(CompletionChunk(id=self._id, created=self._created, choices=[choice], shoptalk=told))

    def _told(self, chunk: CompletionChunk) -> str:
        made: dict[str, Any] = chunk.model_dump(mode="json")
        for choice in made["choices"]:
            choice["delta"] = {name: value for name, value in choice["delta"].items() if value is not None}
        if chunk.usage is None:
            del made["usage"]
        if chunk.shoptalk is None:
            del made["shoptalk"]
        return f"data: {json.dumps(made, ensure_ascii=False)}\n\n"


def lines(cards: Sequence[Card]) -> str:
    """The cards as plain text, a line each; what breaks a limit of the shopper, and what is paid for, is said."""
    told: list[str] = []
    want = ""
    for card in cards:
        if card.want and card.want != want:
            told.append(f"{_plain(card.want)}:")
        want = card.want
        price = f", {card.price_text}" if card.price_text else ""
        notes = "; ".join(_plain(note) for note in (*card.outside, card.mark) if note)
        told.append(f"{card.position}. {_plain(card.title)}{price}{f' ({notes})' if notes else ''}")
    return "\n".join(told)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _name(owner: Owner, user: str | None, said: Sequence[tuple[str, str]]) -> str:
    """A digest of all that was said, and of whose it is: no other owner's is the same."""
    whose = [owner.site_id, owner.shopper_id, user or ""]
    return hashlib.sha256(json.dumps([whose, said]).encode()).hexdigest()


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; or, with stream true, its chunks as server-sent events, and [DONE].",
        "model": CompletionAnswer,
        "content": {
            "text/event-stream": {
                "itemSchema": {"type": "object", "required": ["data"], "properties": {"data": {"type": "string"}}},
                "example": 'data: {"object":"chat.completion.chunk","choices":[…]}\n\ndata: [DONE]\n\n',
            }
        },
    }
}
