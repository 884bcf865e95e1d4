"""A circuit breaker: after repeated failures nothing is tried for a while, then one trial decides.

Knows moments and outcomes. Knows nothing of what is tried, and does nothing by itself: ``chat.llm`` asks and tells it.

Own, and small: a stream is known to be well at its first token, long before its call returns, which is when a wrapper
around calls would count it.
"""

import threading
import time
from collections.abc import Callable
from typing import Literal

State = Literal["closed", "open", "trying"]

FAILURES = 3  # in a row, with no success between: one may be an accident, and each costs a shopper the LLM's answer
REST_S = 5.0  # a killed vLLM is back after some 35 s; a trial is one token, so it may be tried often


class Breaker:
    """Closed: calls go through. Open: none does. Trying: one trial is under way. Safe to use from several threads."""

    def __init__(
        self, failures: int = FAILURES, rest_s: float = REST_S, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = failures
        self._rest_s = rest_s
        self._now = now
        self._failed = 0
        self._opened: float | None = None
        self._trying = False
        self._lock = threading.Lock()

    @property
    def state(self) -> State:
        """What it is now."""
        with self._lock:
            return "closed" if self._opened is None else "trying" if self._trying else "open"

    def allows(self) -> bool:
        """Whether a call may be tried now."""
        return self._opened is None

    def begin_trial(self) -> bool:
        """True for whoever is to make the one trial now, and then tell what came of it by ``end_trial``."""
        with self._lock:
            due = self._opened is not None and not self._trying and self._now() - self._opened >= self._rest_s
            self._trying = self._trying or due
            return due

    def end_trial(self, well: bool) -> None:
        """The trial went well, and calls go through again; or it did not, and the rest begins anew."""
        with self._lock:
            self._trying = False
            if self._opened is not None:
                self._opened = None if well else self._now()
                self._failed = 0

    def succeeded(self) -> None:
        """A call went well. One that was begun before it opened says nothing of now."""
        with self._lock:
            self._failed = 0

    def failed(self) -> bool:
        """A call failed; True where this is the one that opens it."""
        with self._lock:
            if self._opened is not None:
                return False
            self._failed += 1
            if self._failed < self._most:
                return False
            self._opened = self._now()
            return True
