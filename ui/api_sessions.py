"""The routes of what was said and done: a session read and deleted, shoppers' events, thumbs on answers.

Knows who may see which session. What is stored, and how, is ``chat.store``'s and ``ranking.history``'s.
"""

import asyncio
import hashlib
import json
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from chat.assistant import Assistant
from chat.cards import make_card
from chat.comparison import compare
from chat.events import Card
from chat.need import Need
from chat.store import Session, Shown, Store
from ranking.history import Event, Events
from retrieval.catalog import Catalog
from retrieval.items import Item
from ui.api_errors import Problem, documented
from ui.api_forms import (
    DeletedAnswer,
    EventBody,
    EventsAnswer,
    EventsBody,
    FeedbackAnswer,
    FeedbackBody,
    SessionAnswer,
    TurnAnswer,
)
from ui.api_gate import Access
from ui.audit import SHOPPER
from ui.erasure import Erasure
from ui.sessions import Owner, Sessions
from ui.turns import Turns

LATEST_TURNS = 50  # of a session; nobody scrolls further
THUMBS = {"up": 1, "down": -1}
SessionId = Annotated[str, Path(min_length=1, max_length=200)]


def sessions_router(
    access: Access,
    assistant: Assistant,
    catalog: Catalog,
    store: Store,
    events: Events,
    sessions: Sessions,
    turns: Turns,
    erasure: Erasure,
) -> APIRouter:
    """The routes, over everything that they need."""
    router = APIRouter(tags=["conversation"])
    Asker = Annotated[Owner, Depends(access.owner)]  # noqa: N806 - a type

    @router.get("/sessions/{session_id}", responses=documented(404))
    def read_session(session_id: SessionId, owner: Asker) -> SessionAnswer:
        """The conversation so far; cards are as the catalogue has them now, without what it no longer has."""
        sessions.check(session_id, owner)
        session = store.session(session_id)
        rows, shown, thumbs = store.turns(session_id)[-LATEST_TURNS:], store.shown(session_id), store.thumbs(session_id)
        return SessionAnswer(
            session_id=session_id,
            shopper_id=session.shopper_id or None,
            tags=Need.model_validate_json(session.need).tags() if session.need else (),
            turns=tuple(_turn(catalog, row, shown.get(row["id"], []), thumbs) for row in rows),
        )

    @router.delete("/sessions/{session_id}", responses=documented(404))
    async def delete_session(session_id: SessionId, owner: Asker) -> DeletedAnswer:
        """Delete the conversation, with what an anonymous shopper did, and stop what is being answered in it."""
        await asyncio.to_thread(sessions.check, session_id, owner)
        await turns.stop(session_id)
        erased = await asyncio.to_thread(erasure.session, session_id, SHOPPER)
        return DeletedAnswer(turns=erased.turns, events=erased.events)

    @router.post("/events", responses=documented(404))
    def take_events(body: EventsBody, owner: Asker) -> EventsAnswer:
        """Store what the shopper did; it changes their very next ranking."""
        if body.session_id is not None:
            sessions.check(body.session_id, owner)
        elif not owner.shopper_id:
            raise Problem(422, "invalid", "session_id: needed where there is no shopper token.")
        whose = Session(body.session_id or "", owner.shopper_id).history_id
        known = catalog.many([event.item_id for event in body.events])
        made = []
        for number, event in enumerate(body.events):
            if event.item_id not in known:
                raise Problem(404, "unknown_item", f"events.{number}.item_id: the catalogue has no such item.")
            if event.turn_id is None:
                made.append(_event(event, whose))
            elif body.session_id is None:
                raise Problem(422, "invalid", f"events.{number}.turn_id: needs the session_id of its session.")
            else:
                made.append(assistant.reaction(body.session_id, event.turn_id, event.item_id, event.kind))
        return EventsAnswer(accepted=len(made), new=events.add(made))

    @router.post("/feedback", responses=documented(404))
    def rate_answer(body: FeedbackBody, owner: Asker) -> FeedbackAnswer:
        """Keep a thumb on an answer; the latest counts."""
        sessions.check(body.session_id, owner)
        store.rate(body.session_id, body.turn_id, THUMBS[body.thumb] if body.thumb else None)
        return FeedbackAnswer(thumb=body.thumb)

    return router


def _event(event: EventBody, shopper_id: str) -> Event:
    # Named within the shopper's own, so that nobody can take the name of another's event beforehand.
    named = hashlib.sha256(json.dumps([shopper_id, event.id]).encode()).hexdigest()[:32] if event.id else ""
    return Event(
        id=f"api:{named}" if named else "",
        shopper_id=shopper_id,
        kind=event.kind,
        item_id=event.item_id,
        time=time.time(),
    )


def _turn(catalog: Catalog, row: dict[str, Any], shown: list[Shown], thumbs: dict[str, int]) -> TurnAnswer:
    thumb = thumbs.get(row["id"])
    items = catalog.many([one.item_id for one in shown])
    need = Need.model_validate_json(row["need"])
    currency = catalog.vocabulary().currency
    return TurnAnswer(
        turn_id=row["id"],
        time=row["time"],
        message=row["message"],
        text=row["answer"],
        cards=_cards(items, need, shown, currency),
        comparison=compare(list(items.values()), need.current, currency, row["message"]) if row["compared"] else None,
        finished=bool(row["finished"]),
        llm_reached=bool(row["llm_reached"]),
        thumb=None if thumb is None else "up" if thumb > 0 else "down",
    )


def _cards(items: dict[str, Item], need: Need, shown: list[Shown], currency: str) -> tuple[Card, ...]:
    want = need.current
    return tuple(
        make_card(items[one.item_id], one.position, one.reason, want.filter, want.words, currency).model_copy(
            update={"outside": one.outside}
        )
        for one in shown
        if one.item_id in items
    )
