"""The API's answers under way: each turn runs once, and any number of requests may read it.

A turn lives in a task of its own, so that a request that is repeated joins it, and so that it can be ended when nobody
reads it any more: then the assistant's generator is closed, and the language model with it. Knows nothing of HTTP, of
JSON or of who may do what.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial

from chat.events import DoneEvent, ErrorEvent, SessionEvent, TurnEvent
from ui.sessions import Owner, Sessions

RECONNECT_S = 3.0  # how long a named turn goes on with no reader: a lost connection is noticed and made anew by then
STOPPED = "stopped"  # the error's id where an answer ended because nobody read it

log = logging.getLogger(__name__)
Begin = Callable[[], AsyncGenerator[TurnEvent]]


class KeyUsed(Exception):
    """The name of this request is that of another one."""


class TooManyOpen(Exception):
    """No further answer can be begun now."""


class RunningTurn:
    """The events of one turn so far, and whether more will come."""

    def __init__(self, asked: str, session_id: str, patience_s: float) -> None:
        self.asked = asked
        self.session_id = session_id  # "" until a new session has begun
        self.events: list[TurnEvent] = []
        self.answered = False  # its last event is there, and is only being kept before it is published
        self.ended = False
        self.failure: Exception | None = None  # why it ended before its first event
        self.task: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self._readers = 0
        self._patience_s = patience_s

    def publish(self, event: TurnEvent) -> None:
        """One more event, for every reader."""
        self.events.append(event)
        self._move()

    def end(self, failure: Exception | None = None) -> None:
        """No more events will come."""
        self.ended, self.failure = True, failure
        self._move()

    def _move(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def moved(self) -> None:
        """Return at the next event, or the end."""
        await self._moved.wait()

    def enter(self) -> None:
        """One more reads it."""
        self._readers += 1

    def leave(self) -> None:
        """One reads it no longer; the last one's leaving stops it, after a while for a reader that comes back."""
        self._readers -= 1
        if not self._readers and not self.ended:
            if self._patience_s:
                asyncio.get_running_loop().call_later(self._patience_s, self._stop_unread)
            else:
                self._stop_unread()

    def _stop_unread(self) -> None:
        if not self._readers:
            self.stop()

    def stop(self) -> None:
        """End the turn where it is; closing it closes everything behind it. One that is answered ends by itself."""
        if self.task is not None and not self.answered:
            self.task.cancel()


class Reading:
    """One request's view of a turn, from its first event on. Whoever makes one calls ``leave`` at its end."""

    def __init__(self, turn: RunningTurn) -> None:
        self._turn: RunningTurn | None = turn
        self._events = turn.events
        self._at = 0
        turn.enter()

    async def next(self) -> TurnEvent | None:
        """The next event; None after the last. Raises what kept the turn from its first event. Safe to cancel."""
        while self._at >= len(self._events):
            turn = self._turn
            if turn is None or turn.ended:
                if turn is not None and turn.failure is not None:
                    raise turn.failure
                return None
            await turn.moved()
        self._at += 1
        return self._events[self._at - 1]

    async def begun(self) -> None:
        """Return once there is an event; raises what kept the turn from its first one."""
        if await self.next() is not None:
            self._at -= 1

    def leave(self) -> None:
        """Read no further; safe to call twice."""
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.leave()


class Turns:
    """Every answer that is under way."""

    def __init__(self, sessions: Sessions, *, most_open: int, patience_s: float = RECONNECT_S) -> None:
        self._sessions = sessions
        self._most_open = most_open
        self._patience_s = patience_s
        self._running: dict[str, RunningTurn] = {}  # by the request's name
        self._joining = asyncio.Lock()

    @property
    def open(self) -> int:
        """How many answers are under way."""
        return len(self._running)

    async def join(self, owner: Owner, key: str | None, asked: str, session_id: str, begin: Begin) -> Reading:
        """Read the turn of this request: the one that runs, the one that was answered, or a new one from ``begin``.

        ``key`` names the request among its owner's, ``asked`` is its fingerprint. KeyUsed if the key named another;
        TooManyOpen if there is no room.
        """
        name = owner.name_of(key) if key else secrets.token_hex(16)
        # One at a time, so that of two equal requests the second finds the first.
        async with self._joining:
            turn = self._running.get(name)
            if turn is None and key and (kept := await asyncio.to_thread(self._sessions.kept, name)):
                turn = RunningTurn(kept.asked, "", 0.0)
                turn.events.extend(kept.events)
                turn.end()
            if turn is None:
                if len(self._running) >= self._most_open:
                    raise TooManyOpen
                turn = self._running[name] = RunningTurn(asked, session_id, self._patience_s if key else 0.0)
                turn.task = asyncio.create_task(self._run(turn, name, owner, begin, keep=bool(key)))
                turn.task.add_done_callback(partial(self._ended, name, turn))
            elif turn.asked != asked:
                raise KeyUsed
            return Reading(turn)

    async def stop(self, session_id: str) -> None:
        """End every turn of the session, and return once they have ended."""
        tasks = []
        for turn in list(self._running.values()):
            if turn.session_id == session_id and turn.task is not None:
                turn.stop()
                tasks.append(turn.task)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, turn: RunningTurn, name: str, owner: Owner, begin: Begin, *, keep: bool) -> None:
        failure: Exception | None = None
        try:
            async with aclosing(begin()) as events:
                async for event in events:
                    if isinstance(event, SessionEvent):
                        turn.session_id = event.session_id
                        await asyncio.to_thread(self._sessions.begin, event.session_id, owner)
                    elif keep and isinstance(event, DoneEvent | ErrorEvent):
                        # Before anyone hears of the end, so that whoever heard of it can hear of it again.
                        turn.answered = True
                        await self._keep(turn, name, event)
                    turn.publish(event)
        except asyncio.CancelledError:
            stopped = ErrorEvent(message="This answer was stopped before its end. Ask again.", error_id=STOPPED)
            if keep and turn.events:
                await self._keep(turn, name, stopped)
            turn.publish(stopped)
        except Exception as error:
            if turn.events:
                error_id = secrets.token_hex(4)
                log.exception("an answer could not go on", extra={"error_id": error_id})
                turn.publish(
                    ErrorEvent(message="Sorry, something went wrong on our side. Please try again.", error_id=error_id)
                )
            else:
                failure = error
        finally:
            turn.end(failure)

    def _ended(self, name: str, turn: RunningTurn, task: asyncio.Task[None]) -> None:
        del self._running[name]
        if not turn.ended:
            turn.end()  # stopped before its first step

    async def _keep(self, turn: RunningTurn, name: str, last: TurnEvent) -> None:
        try:
            await asyncio.to_thread(self._sessions.keep, name, turn.asked, turn.session_id, (*turn.events, last))
        except Exception:
            # The shopper has the answer; only a repeated request would be answered anew.
            log.exception("an answer could not be kept for a repeated request")
