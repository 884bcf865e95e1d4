"""What is kept of turns: those that run, what they have shown so far, their saving, and what shoppers do with it.

Knows the store of conversations and the shopper's events; owns no table. Knows nothing of how a turn is made.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from typing import Literal

from chat.errors import UnknownSession
from chat.llm import Usage
from chat.need import Need
from chat.store import Session, Shown, Store, Turn
from prompts.experiment import takes_candidate
from prompts.serving import Prompts
from ranking.history import Event, Events

FeedbackKind = Literal["view", "click", "like", "dislike", "cart", "purchase"]
HOLDOUT = "personalisation"  # what the conversations that are not personalised are parted by, as prompts are by name


class Keeper:
    """Opens and saves what turns are part of; one object serves every shopper at once.

    ``holdout``: share (0-1) of new conversations that are not personalised, to compare the others with.
    """

    def __init__(self, store: Store, events: Events, prompts: Prompts, holdout: float = 0.0) -> None:
        self._store = store
        self._events = events
        self._prompts = prompts
        self._holdout = holdout
        self._live: dict[str, tuple[Session, list[Shown]]] = {}  # what running turns have shown; saved with the turn

    def open(self, session_id: str | None, shopper_id: str, site: str = "") -> Session:
        """The shopper's session; a new one where there is none yet, or it is another shopper's.

        A new one begins with the versions of the prompts that are live now, on that site, and keeps them.
        """
        session = self._store.session(session_id) if session_id is not None else None
        if session is None or session.shopper_id != shopper_id:
            session = self._store.begin(shopper_id)
            session.site, session.holdout = site, self._holdout
            session.held_out = takes_candidate(session.id, HOLDOUT, self._holdout)
        if not session.prompts:
            session.prompts = self._prompts.chosen(session.id, site)
        return session

    def known(self, session_id: str) -> Session:
        """The session, with versions of the prompts where it is older than these; UnknownSession if there is none."""
        session = self._store.session(session_id)
        session.prompts = session.prompts or self._prompts.chosen(session.id)
        return session

    @staticmethod
    def turn(session: Session, message: str, personalise: bool) -> Turn:
        """A new turn; what its shopper did before is not used where they, or the holdout, want it so."""
        personalised = personalise and not session.held_out
        return Turn(secrets.token_urlsafe(12), session.id, message, personalised, live=session.prompts)

    def watch(self, session: Session, turn: Turn) -> None:
        """What the turn shows can be reacted to from now on, though it is not saved yet."""
        self._live[turn.id] = (session, turn.shown)

    def unwatch(self, turn: Turn) -> None:
        """The turn has ended; what is known of it is what was saved."""
        del self._live[turn.id]

    async def save(self, session: Session, turn: Turn, usage: Sequence[Usage]) -> None:
        """Written in a thread: where the database is locked, this shopper waits and nobody else."""
        turn.usage = [(call.input_tokens, call.output_tokens) for call in usage]
        await asyncio.shield(asyncio.to_thread(self._store.save, session, turn))

    def feedback(self, session_id: str, turn_id: str, item_id: str, kind: FeedbackKind) -> None:
        """Record what the shopper did with a shown item; it changes their very next ranking.

        UnknownSession if there is no such session, or its turn did not show the item.
        """
        self._events.add([self.reaction(session_id, turn_id, item_id, kind)])

    def reaction(self, session_id: str, turn_id: str, item_id: str, kind: FeedbackKind) -> Event:
        """What ``feedback`` records, for whoever records several at once; errors as there."""
        session, shown = self._live.get(turn_id, (None, []))
        if session is None or session.id != session_id:
            session = self._store.session(session_id)
            position = self._store.position(session_id, turn_id, item_id)
        else:
            position = next((one.position for one in shown if one.item_id == item_id), None)
        if position is None:
            raise UnknownSession("This item was not shown in this conversation.")
        return Event(
            id=f"{turn_id}:{item_id}:{kind}",
            shopper_id=session.history_id,
            kind=kind,
            item_id=item_id,
            time=time.time(),
            turn_id=turn_id,
            position=position,
        )

    def history(self, session: Session, turn: Turn) -> list[Event]:
        """The shopper's events; without personalisation only what they did in this very conversation."""
        events = self._events.of(session.history_id)
        if turn.personalised:
            return events
        turns = {row["id"] for row in self._store.turns(session.id)}
        return [event for event in events if event.turn_id in turns]


def need_of(session: Session) -> Need:
    """What the session is looking for, as of its last turn."""
    return Need.model_validate_json(session.need) if session.need else Need(turns=0)
