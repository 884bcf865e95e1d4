"""One state of everything that finds items, asked for the duration of one grounding; chooses the arm that answers.

Chroma answers, over-fetched and then filtered exactly; the exact product over the matrix answers where too few would
survive the filter, and all through where Chroma was found to miss too much of this very folder. Knows nothing of texts,
of the catalogue's words or of how the state came to be.
"""

import math
import threading
from dataclasses import dataclass, field

import numpy as np

from retrieval.columns import Columns
from retrieval.encoder import Vectors
from retrieval.lexical import LexicalIndex
from retrieval.matrix import Numbers, Scores
from retrieval.overlay import Overlaid
from retrieval.shelf import Shelf

# An arm needs no more survivors than this, whatever k is: the arms are fused, and each brings its own.
ENOUGH = 100
OVER_FETCH = 1.3  # beyond what the filter's share asks for: what passes is not spread evenly
# Asked for at least, however little passes the filter: what a text is nearest to often is just what the filter is for
# ("tent", and the category of tents). In the demo shop's turns the median filter leaves 21 of 2,200 items; all of them,
# or 100, are among the nearest 200 in 70% of the queries, 400 in 79%, 600 in 82%, 1,000 in 89%.
LEAST_FETCHED = 300
# An item that Chroma returns costs as much as so many rows of an exact product (12 us against 0.09).
ROWS_A_RESULT = 130


@dataclass
class Tally:
    """Queries by the arm that answered; counted over the index's life, from any thread."""

    answers: dict[str, int] = field(default_factory=lambda: {"chroma": 0, "exact": 0})
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, chroma: int, exact: int) -> None:
        """Add these many answers."""
        with self._lock:
            self.answers["chroma"] += chroma
            self.answers["exact"] += exact


@dataclass(frozen=True)
class Snapshot:
    """What one grounding asks."""

    shelf: Shelf
    held: Overlaid
    tally: Tally = field(repr=False)
    trusted: bool = True  # Chroma finds enough of what is nearest (retrieval.trust)

    @property
    def lexical(self) -> LexicalIndex:
        """Finds items by their words."""
        return self.shelf.lexical

    def vectors(self, numbers: Numbers) -> Vectors:
        """Vectors of the items with these numbers: float32 [n, d], unit rows; zeros where the index lacks one."""
        return self.held.of(np.asarray(numbers, dtype=np.int64))

    def nearest(
        self, vectors: Vectors, k: int, columns: Columns, mask: np.ndarray | None = None
    ) -> list[tuple[Numbers, Scores]]:
        """For each of the unit vectors [t, d]: items nearest to it, as numbers int64 [m] and cosines float32 [m].

        Best first, and only items that stand in the columns with ``mask`` (bool, by the columns' rows) true. At most
        ``k``; at least ``k``, 100 or all that may be, whichever is least.
        """
        possible = len(columns) if mask is None else int(np.count_nonzero(mask))
        if not possible or k < 1 or not len(vectors):
            return [(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)) for _ in vectors]
        found: list[tuple[Numbers, Scores] | None] = [None] * len(vectors)
        wanted = min(k, ENOUGH, possible)
        fetched = min(breadth(possible, len(columns), k, len(vectors)), len(self.held))
        answered = self.shelf.collection.nearest(vectors, fetched) if self.trusted else None
        for at, (numbers, cosines) in enumerate(answered or []):
            rows = columns.rows(numbers)
            kept = rows >= 0 if mask is None else (rows >= 0) & mask[rows]
            if np.count_nonzero(kept) >= wanted:
                found[at] = numbers[kept][:k], cosines[kept][:k]
        unanswered = [at for at, one in enumerate(found) if one is None]
        if unanswered:
            answers = self.held.nearest(vectors[unanswered], k, columns, mask)
            for at, answer in zip(unanswered, answers, strict=True):
                found[at] = answer
        self.tally.count(len(vectors) - len(unanswered), len(unanswered))
        return [one for one in found if one is not None]


def breadth(possible: int, size: int, k: int, texts: int) -> int:
    """How many to ask Chroma for where ``possible`` of ``size`` items pass the filter.

    As many as the filter's share asks for, while that is cheaper than the exact product over what passes.

    >>> [breadth(possible, 100_000, 200, texts=3) for possible in (100_000, 50_000, 10_000, 100)]
    [300, 300, 300, 300]
    >>> [breadth(possible, 1_000_000, 200, texts=3) for possible in (1_000_000, 300_000, 150_000, 100_000)]
    [300, 434, 300, 300]
    """
    wanted = math.ceil(min(k, ENOUGH, possible) * size / possible * (OVER_FETCH if possible < size else 1))
    cheaper = wanted * texts * ROWS_A_RESULT < possible
    return max(k, LEAST_FETCHED, wanted if cheaper else 0)
