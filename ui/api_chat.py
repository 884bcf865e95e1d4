"""The route of the conversation: one turn, as server-sent events or as one JSON object.

Knows the wire form of events and when to say that a stream is alive. Who runs turns and keeps them is ``ui.turns``.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter
from starlette.types import Receive, Scope, Send

from chat.events import (
    CardsEvent,
    ComparisonEvent,
    DoneEvent,
    ErrorEvent,
    NeedEvent,
    SessionEvent,
    TextEvent,
    TurnEvent,
)
from ui.admission import Admitted
from ui.api_errors import Problem, documented
from ui.api_forms import ChatAnswer, ChatBody
from ui.api_gate import Access, asker_of
from ui.limits import Asker, Limits
from ui.sessions import Owner, Sessions
from ui.turns import STOPPED, Reading, Turns

# A key that can be guessed, on a first message that can be guessed, would open another's answer: random UUIDs only.
RANDOM_UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[47][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"
ALIVE = ": waiting\n\n"

# One event of the stream, for the OpenAPI; "itemSchema" is the word that its version 3.2 has for it.
EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": ["session", "need", "cards", "comparison", "text", "done", "error"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}

_event: TypeAdapter[TurnEvent] = TypeAdapter(TurnEvent)


def chat_router(
    access: Access, assistant: Admitted, limits: Limits, sessions: Sessions, turns: Turns, heartbeat_s: float
) -> APIRouter:
    """The route, over everything that it needs."""
    router = APIRouter(tags=["conversation"])

    @router.post("/chat", response_model=None, responses=documented(404, 409) | _ANSWERS)
    async def chat(
        request: Request,
        body: ChatBody,
        owner: Annotated[Owner, Depends(access.owner)],
        idempotency_key: Annotated[
            str | None,
            Header(
                pattern=RANDOM_UUID, description="A random UUID that names this request, so that it can be repeated."
            ),
        ] = None,
    ) -> Response:
        """Answer one message of a shopper. Closing the connection stops the answer."""
        asker = asker_of(request, owner)
        if body.session_id is not None:
            await asyncio.to_thread(sessions.check, body.session_id, owner)
            limits.take(Asker(session=body.session_id), "requests")

        def begin() -> AsyncGenerator[TurnEvent]:
            if body.remove_tag is not None:
                return assistant.remove_tag(
                    body.session_id or "", body.remove_tag, personalise=body.personalise, asker=asker
                )
            return assistant.turn(
                body.message or "",
                body.session_id,
                shopper_id=owner.shopper_id or None,
                personalise=body.personalise,
                asker=asker,
            )

        reading = await turns.join(owner, idempotency_key, _fingerprint(body), body.session_id or "", begin)
        try:
            if not body.stream:
                answer = whole(await unless_gone(request, reading))
                reading.leave()
                return Response(answer.model_dump_json(), media_type="application/json")
            await reading.begun()
        except BaseException:
            reading.leave()
            raise
        return EventStream(reading, _frames(reading, heartbeat_s))

    return router


class EventStream(StreamingResponse):
    """The events of a reading, as ``frames``; however the response ends, the reading is left."""

    def __init__(self, reading: Reading, frames: AsyncIterator[str]) -> None:
        self._reading = reading
        super().__init__(
            frames,
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},  # nginx would hold the events back
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._reading.leave()


async def with_heartbeats(reading: Reading, heartbeat_s: float) -> AsyncIterator[TurnEvent | None]:
    """The events of a reading, and None after each time of silence."""
    while True:
        try:
            async with asyncio.timeout(heartbeat_s):
                event = await reading.next()
        except TimeoutError:
            yield None
            continue
        if event is None:
            return
        yield event


async def _frames(reading: Reading, heartbeat_s: float) -> AsyncIterator[str]:
    async for event in with_heartbeats(reading, heartbeat_s):
        yield ALIVE if event is None else f"event: {event.type}\ndata: {_event.dump_json(event).decode()}\n\n"


async def unless_gone(request: Request, reading: Reading) -> list[TurnEvent]:
    """Every event; whoever waits for them may go, and then nobody does."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    async def all_of() -> list[TurnEvent]:
        held = []
        while (event := await reading.next()) is not None:
            held.append(event)
        return held

    leaving, reading_on = asyncio.create_task(gone()), asyncio.create_task(all_of())
    try:
        await asyncio.wait({leaving, reading_on}, return_when=asyncio.FIRST_COMPLETED)
        if not reading_on.done():
            raise Problem(499, "closed", "The connection was closed.")  # which nobody reads
        return reading_on.result()
    finally:
        leaving.cancel()
        reading_on.cancel()


def whole(events: list[TurnEvent]) -> ChatAnswer:
    """The turn as one object, or what went wrong in it."""
    said: dict[str, Any] = {"tags": (), "cards": ()}
    sentences = []
    for event in events:
        match event:
            case SessionEvent():
                said |= event.model_dump(exclude={"type"})
            case NeedEvent():
                said["tags"] = event.tags
            case CardsEvent():
                said["cards"] = event.cards
            case ComparisonEvent():
                said["comparison"] = event.comparison
            case TextEvent():
                sentences.append(event.text)
            case DoneEvent():
                said |= event.model_dump(exclude={"type"})
            case ErrorEvent() if event.error_id == STOPPED:
                raise Problem(409, STOPPED, event.message)
            case ErrorEvent():
                raise Problem(500, "failed", event.message, error_id=event.error_id)
    return ChatAnswer.model_validate(said | {"text": " ".join(sentences)})


def _fingerprint(body: ChatBody) -> str:
    """The same for the same request, streamed or not."""
    return hashlib.sha256(body.model_dump_json(exclude={"stream"}).encode()).hexdigest()


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The events of the turn; or, with stream false, the whole of it.",
        "model": ChatAnswer,
        "content": {
            "text/event-stream": {
                "itemSchema": EVENT,
                "example": 'event: text\ndata: {"type":"text","text":"It is waterproof.","by":"llm"}\n\n',
            }
        },
    }
}
