"""The API's answers under way: each turn runs once, in one process, and any number of requests may read it.

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

from chat.errors import ChatError
from chat.events import DoneEvent, ErrorEvent, SessionEvent, TurnEvent
from ui.claims import BEAT_S, Claims
from ui.sessions import Kept, Owner, Sessions

RECONNECT_S = 3.0  # how long a named turn goes on with no reader: a lost connection is noticed and made anew by then
STOPPED = "stopped"  # the error's id where an answer ended because nobody read it

LOOKS_EVERY_S = 0.25  # for what another process has answered

log = logging.getLogger(__name__)
Begin = Callable[[], AsyncGenerator[TurnEvent]]


class KeyUsed(Exception):
    """The name of this request is that of another one."""


class AnsweredElsewhere(ChatError):
    """Another process of this shop began to answer this very request, and did not end it."""


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

    @property
    def readers(self) -> int:
        """How many read it."""
        return self._readers

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


def _ended_turn(kept: Kept) -> RunningTurn:
    turn = RunningTurn(kept.asked, "", 0.0)
    turn.events.extend(kept.events)
    turn.end()
    return turn


class Turns:
    """Every answer that is under way in this process; ``claims`` tell of those in others."""

    def __init__(self, sessions: Sessions, claims: Claims, *, patience_s: float = RECONNECT_S) -> None:
        self._sessions = sessions
        self._claims = claims
        self._patience_s = patience_s
        self._running: dict[str, RunningTurn] = {}  # by the request's name
        self._joining = asyncio.Lock()
        self._claimed: set[str] = set()
        self._beating: asyncio.Task[None] | None = None
        self._releasing: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """How many answers are under way."""
        return len(self._running)

    @property
    def readers(self) -> int:
        """How many requests read one of them."""
        return sum(turn.readers for turn in self._running.values())

    async def join(self, owner: Owner, key: str | None, asked: str, session_id: str, begin: Begin) -> Reading:
        """Read the turn of this request: the one that runs, the one that was answered, or a new one from ``begin``.

        ``key`` names the request among its owner's, ``asked`` is its fingerprint. KeyUsed if the key named another.
        """
        name = owner.name_of(key) if key else secrets.token_hex(16)
        # One at a time, so that of two equal requests the second finds the first.
        async with self._joining:
            turn = self._running.get(name)
            if turn is None and key:
                turn = await self._named(name, asked, session_id, owner, begin)
            elif turn is None:
                turn = self._start(name, RunningTurn(asked, session_id, 0.0), owner, begin)
            if turn.asked != asked:
                raise KeyUsed
            return Reading(turn)

    async def _named(self, name: str, asked: str, session_id: str, owner: Owner, begin: Begin) -> RunningTurn:
        """The turn of a request that may have been asked before, here or at another process."""
        # Claimed before it is looked for, so that nobody answers it in between.
        claim = await asyncio.to_thread(self._claims.take, name)
        try:
            kept = await asyncio.to_thread(self._sessions.kept, name)
        except BaseException:
            self._release(claim)
            raise
        if kept is not None:
            self._release(claim)
            return _ended_turn(kept)
        turn = RunningTurn(asked, session_id, self._patience_s)
        if claim is None:
            turn.task = asyncio.create_task(self._await_other(turn, name))
            turn.task.add_done_callback(partial(self._ended, name, turn, None))
            self._running[name] = turn
            return turn
        return self._start(name, turn, owner, begin, claim)

    def _start(self, name: str, turn: RunningTurn, owner: Owner, begin: Begin, claim: str | None = None) -> RunningTurn:
        self._running[name] = turn
        if claim:
            self._claimed.add(claim)
            if self._beating is None or self._beating.done():
                self._beating = asyncio.create_task(self._beat())
        turn.task = asyncio.create_task(self._run(turn, name, owner, begin, keep=claim is not None))
        turn.task.add_done_callback(partial(self._ended, name, turn, claim))
        return turn

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

    async def _await_other(self, turn: RunningTurn, name: str) -> None:
        """Another process answers this request: what it kept is read when it has ended."""
        failure: Exception | None = None
        try:
            while (kept := await asyncio.to_thread(self._sessions.kept, name)) is None:
                if not await asyncio.to_thread(self._claims.held, name):
                    # It may have been kept and let go of since it was looked for.
                    kept = await asyncio.to_thread(self._sessions.kept, name)
                    break
                await asyncio.sleep(LOOKS_EVERY_S)
            if kept is None:
                failure = AnsweredElsewhere("This answer could not be finished. Send the same request again.")
            elif kept.asked != turn.asked:
                failure = KeyUsed()
            else:
                for event in kept.events:
                    turn.publish(event)
        except Exception as error:
            failure = error
        finally:
            turn.end(failure)

    def _ended(self, name: str, turn: RunningTurn, claim: str | None, task: asyncio.Task[None]) -> None:
        del self._running[name]
        self._release(claim)
        if not turn.ended:
            turn.end()  # stopped before its first step

    def _release(self, claim: str | None) -> None:
        if claim is None:
            return
        self._claimed.discard(claim)
        task = asyncio.create_task(self._let_go(claim))
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)

    async def _let_go(self, claim: str) -> None:
        try:
            await asyncio.to_thread(self._claims.release, claim)
        except Exception:
            log.exception("a claim could not be released; it is free when it is stale")

    async def _beat(self) -> None:
        """As long as anything is claimed, say that this process is alive."""
        while self._claimed:
            await asyncio.sleep(BEAT_S)
            try:
                await asyncio.to_thread(self._claims.beat)
            except Exception:
                log.exception("the claims could not be renewed; it is tried again")

    async def _keep(self, turn: RunningTurn, name: str, last: TurnEvent) -> None:
        try:
            await asyncio.to_thread(self._sessions.keep, name, turn.asked, turn.session_id, (*turn.events, last))
        except Exception:
            # The shopper has the answer; only a repeated request would be answered anew.
            log.exception("an answer could not be kept for a repeated request")
