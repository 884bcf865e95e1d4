"""The vectors that an index holds at one moment: those of its folder, and over them what has changed since.

Immutable: a change makes the next one, so whoever asks keeps one state. Knows the matrix and the catalogue's columns;
knows nothing of Chroma or of texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from retrieval.columns import Columns
from retrieval.encoder import Vectors
from retrieval.matrix import Digests, Matrix, Numbers, Scores


@dataclass(frozen=True)
class Overlaid:
    """A matrix, the items whose vectors came or changed since it was written, and those that are gone."""

    matrix: Matrix
    numbers: Numbers  # of items whose vectors stand here instead, ascending
    digests: Digests  # of their texts
    vectors: Vectors  # float32 [numbers, d]
    stale: Numbers  # rows of the matrix that no longer count, ascending
    _aligned: list[tuple[Any, Numbers]] = field(default_factory=list, repr=False)  # the last columns' and their rows

    @staticmethod
    def fresh(matrix: Matrix) -> "Overlaid":
        """The matrix as it was written."""
        nothing = np.zeros(0, dtype=np.int64)
        vectors = np.zeros((0, matrix.dimension), dtype=np.float32)
        return Overlaid(matrix, nothing, nothing.astype(np.uint64), vectors, matrix.superseded)

    def changed(
        self, numbers: Numbers, digests: Digests, vectors: Vectors, removed: Sequence[int] | Numbers = ()
    ) -> "Overlaid":
        """The same with these vectors put in place or added, and these items taken out."""
        gone = np.asarray(removed, dtype=np.int64)
        touched = np.concatenate([numbers, gone])
        kept = ~np.isin(self.numbers, touched)
        all_numbers = np.concatenate([self.numbers[kept], numbers])
        order = np.argsort(all_numbers, kind="stable")
        rows = self.matrix.rows_of(np.unique(touched))
        return replace(
            self,
            numbers=all_numbers[order],
            digests=np.concatenate([self.digests[kept], digests])[order],
            vectors=np.concatenate([self.vectors[kept], vectors])[order],
            stale=np.union1d(self.stale, rows[rows >= 0]),
            _aligned=[],
        )

    def __len__(self) -> int:
        return len(self.matrix) - len(self.stale) + len(self.numbers)

    def all_numbers(self) -> Numbers:
        """Numbers of all items that have a vector, ascending."""
        kept = np.ones(len(self.matrix), dtype=bool)
        kept[self.stale] = False
        return np.union1d(self.matrix.numbers[kept], self.numbers)

    def gone(self) -> Numbers:
        """Numbers of the matrix's items that no longer have a vector."""
        return np.setdiff1d(self.matrix.numbers[self.stale], self.numbers)

    def of(self, numbers: Numbers) -> Vectors:
        """Vectors of these items: float32 [n, d]; zeros where unknown."""
        found: Vectors = np.zeros((len(numbers), self.matrix.dimension), dtype=np.float32)
        rows = self.matrix.rows_of(numbers)
        if len(self.stale):
            rows = np.where(np.isin(rows, self.stale), -1, rows)
        held = rows >= 0
        found[held] = self.matrix.of_rows(rows[held])
        over, at = self._placed(numbers)
        found[over] = self.vectors[at[over]]
        return found

    def is_of(self, numbers: Numbers, digests: Digests) -> np.ndarray:
        """For each of these items, whether the vector held is of the text with this digest: bool [n]."""
        rows = self.matrix.rows_of(numbers)
        held = rows >= 0
        if len(self.stale):
            held &= ~np.isin(rows, self.stale)
        same = np.zeros(len(numbers), dtype=bool)
        same[held] = self.matrix.digests[rows[held]] == digests[held]
        over, at = self._placed(numbers)
        same[over] = self.digests[at[over]] == digests[over]
        return same

    def _placed(self, numbers: Numbers) -> tuple[np.ndarray, Numbers]:
        """Which of these items have a vector over the matrix, and at which place."""
        if not len(self.numbers):
            return np.zeros(len(numbers), dtype=bool), np.zeros(len(numbers), dtype=np.int64)
        at = np.minimum(np.searchsorted(self.numbers, numbers), len(self.numbers) - 1)
        return self.numbers[at] == numbers, at

    def nearest(
        self, vectors: Vectors, k: int, columns: Columns, mask: np.ndarray | None
    ) -> list[tuple[Numbers, Scores]]:
        """For each of the unit vectors [t, d] the k nearest items in the columns with mask true, exactly.

        Numbers and cosines, best first.
        """
        aligned = self._rows_of(columns)
        rows = aligned if mask is None else aligned[mask]
        rows = np.sort(rows[rows >= 0])
        found = self.matrix.best(vectors, k, None if len(rows) == len(self.matrix) else rows)
        named = [(self.matrix.numbers[at], scores) for at, scores in found]
        if not len(self.numbers):
            return named
        places = columns.rows(self.numbers)
        allowed = places >= 0 if mask is None else (places >= 0) & mask[places]
        numbers, scores = self.numbers[allowed], vectors @ self.vectors[allowed].T
        return [_merged(one, (numbers, scores[at]), k) for at, one in enumerate(named)]

    def _rows_of(self, columns: Columns) -> Numbers:
        """The matrix's row of each row of the columns, -1 where it has none that counts; remembered."""
        for known, rows in self._aligned:
            if known is columns.numbers:
                return rows
        rows = self.matrix.rows_of(columns.numbers)
        if len(self.stale):
            rows[np.isin(rows, self.stale)] = -1
        self._aligned[:] = [(columns.numbers, rows)]
        return rows


def _merged(one: tuple[Numbers, Scores], other: tuple[Numbers, Scores], k: int) -> tuple[Numbers, Scores]:
    numbers, scores = np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]])
    order = np.lexsort((numbers, -scores))[:k]
    return numbers[order], scores[order]
