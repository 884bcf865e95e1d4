"""How many answers are made at once: beyond that a bounded queue, and beyond the queue an honest "come back later".

Stands between whoever asks (the API, the page) and the assistant. Knows how many run and wait, how long answers take,
and who must keep to which limits (``ui.limits``). Knows nothing of HTTP.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from typing import Literal

from chat.assistant import Assistant
from chat.errors import ChatError
from chat.events import SessionEvent, TurnEvent
from chat.store import Turn
from ui.conversation import Kind
from ui.limits import NOBODY, Asker, Limits

TYPICAL_S = 4.0  # of an answer, before any was measured
SMOOTHING = 0.1  # share of the latest answer in the running mean
LONGEST_RETRY_S = 60

Refusal = Literal["queue_full", "waited_too_long"]


class TooManyOpen(ChatError):
    """No further answer can be begun now; ``retry_s`` is when one probably can."""

    def __init__(self, reason: Refusal, retry_s: int) -> None:
        super().__init__("The shop is answering as many shoppers as it can. Try again in a moment.")
        self.reason, self.retry_s = reason, retry_s


class Admission:
    """Lets so many in at once, and so many wait, first come first served, each so long. Of one event loop."""

    def __init__(
        self,
        *,
        most_running: int,
        most_waiting: int,
        longest_wait_s: float,
        refused: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self._most_running, self._most_waiting = most_running, most_waiting
        self._longest_wait_s = longest_wait_s
        self._refused = refused  # hears why each was refused
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._running = 0
        self._typical_s = TYPICAL_S

    @property
    def running(self) -> int:
        """How many are in."""
        return self._running

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """In meanwhile; TooManyOpen where there is no room, or none came in time."""
        await self._enter()
        begun = asyncio.get_running_loop().time()
        try:
            yield
        finally:
            took = asyncio.get_running_loop().time() - begun
            self._typical_s += SMOOTHING * (took - self._typical_s)
            self._leave()

    async def _enter(self) -> None:
        if self._running < self._most_running and not self._waiting:
            self._running += 1
            return
        if len(self._waiting) >= self._most_waiting:
            self._refused("queue_full")
            raise TooManyOpen("queue_full", self._retry_s())
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._longest_wait_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._leave()  # the place came just then, and goes to the next
            with suppress(ValueError):
                self._waiting.remove(turn)
            if isinstance(error, TimeoutError):
                self._refused("waited_too_long")
                raise TooManyOpen("waited_too_long", self._retry_s()) from error
            raise

    def _leave(self) -> None:
        """Give the place to whoever waits longest, or free it."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # else whoever waited has just left, and does not know it yet
                turn.set_result(None)
                return
        self._running -= 1

    def _retry_s(self) -> int:
        """Seconds until those who wait now have probably had their turn."""
        rounds = (len(self._waiting) + 1) / max(1, self._most_running)
        return min(LONGEST_RETRY_S, max(1, math.ceil(rounds * self._typical_s)))


class Admitted:
    """The assistant, as long as there is room and whoever asks keeps to their limits; otherwise the same calls.

    Before their first event they may raise TooManyOpen and TooMuch. What an answer cost is counted when it has ended.
    """

    def __init__(self, assistant: Assistant, admission: Admission, limits: Limits) -> None:
        self._assistant = assistant
        self._admission = admission
        self._limits = limits
        self._askers: dict[str, Asker] = {}  # by turn, while it runs
        assistant.watchers.append(self._spend)

    def turn(
        self,
        message: str,
        session_id: str | None = None,
        *,
        shopper_id: str | None = None,
        personalise: bool = True,
        asker: Asker = NOBODY,
    ) -> AsyncGenerator[TurnEvent]:
        """As ``Assistant.turn``; ``asker``'s session is this one."""
        asker = replace(asker, session=session_id or "")

        def begin() -> AsyncGenerator[TurnEvent]:
            return self._assistant.turn(
                message, session_id, shopper_id=shopper_id, personalise=personalise, site=asker.key
            )

        return self._in_turn(begin, asker, len(message))

    def remove_tag(
        self, session_id: str, tag_id: str, *, personalise: bool = True, asker: Asker = NOBODY
    ) -> AsyncGenerator[TurnEvent]:
        """As ``Assistant.remove_tag``."""

        def begin() -> AsyncGenerator[TurnEvent]:
            return self._assistant.remove_tag(session_id, tag_id, personalise=personalise)

        return self._in_turn(begin, replace(asker, session=session_id), 0)

    def feedback(self, session_id: str, turn_id: str, item_id: str, kind: Kind) -> None:
        """As ``Assistant.feedback``."""
        self._assistant.feedback(session_id, turn_id, item_id, kind)

    async def _in_turn(
        self, begin: Callable[[], AsyncGenerator[TurnEvent]], asker: Asker, characters: int
    ) -> AsyncGenerator[TurnEvent]:
        self._limits.check_tokens(asker)
        self._limits.take(asker, "characters", characters)
        turn_id = ""
        with self._limits.stream(asker):
            async with self._admission.place():
                try:
                    async with aclosing(begin()) as events:
                        async for event in events:
                            if isinstance(event, SessionEvent):
                                turn_id = event.turn_id
                                self._askers[turn_id] = replace(asker, session=event.session_id)
                            yield event
                finally:
                    self._askers.pop(turn_id, None)

    def _spend(self, turn: Turn) -> None:
        if asker := self._askers.get(turn.id):
            self._limits.spend(asker, sum(map(sum, turn.usage)))
