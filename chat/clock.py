"""A turn's clock: what was reached when.

Knows steps by their names alone.
"""

import time


class Clock:
    """Milliseconds since the turn began, noted at the first time that each step is reached."""

    def __init__(self, timings_ms: dict[str, float]) -> None:
        self._begun = time.perf_counter()
        self._timings_ms = timings_ms

    def mark(self, step: str) -> None:
        """Note the step, unless it was noted before."""
        self._timings_ms.setdefault(step, round((time.perf_counter() - self._begun) * 1000, 1))
