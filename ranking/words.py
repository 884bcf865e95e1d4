"""Words of items: how much of what a request says stands in an item's own words.

Knows words, and how rare each is in the catalogue. Knows nothing of vectors, which know what words mean.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ranking.slices import entries
from retrieval.items import Item

SHORTEST = 3  # letters; shorter words say little


@dataclass(frozen=True)
class Words:
    """The words of the n items of a table: title, brand, category and attribute values."""

    column: dict[str, int]  # of each word, singular
    rarity: NDArray[np.float32]  # [words] how much a word says: log of one over its share of the items
    held: sp.csr_matrix  # [n, words] 1 where the item has the word

    @classmethod
    def of(cls, items: Sequence[Item]) -> "Words":
        """The words of the items, in their order."""
        column: dict[str, int] = {}
        rows: list[int] = []
        columns: list[int] = []
        for row, item in enumerate(items):
            values = (value for held in item.attributes.values() for value in held)
            own = {
                column.setdefault(word, len(column))
                for word in words(" ".join([item.title, item.brand, *item.category, *values]))
            }
            columns += own
            rows += [row] * len(own)
        width = max(len(column), 1)
        counts = np.bincount(np.array(columns, dtype=np.int64), minlength=width)
        held = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(len(items), width))
        return cls(column, np.log((1 + len(items)) / np.maximum(counts, 1)).astype(np.float32), held)

    def shares(self, requests: Sequence[str], places: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """How much of each request stands in each item, rare words weighing more: [requests, n] in 0..1.

        ``places`` [m]: only these items, [requests, m]. Words that no item has count for nothing.
        """
        known = [{self.column[word] for word in words(request) if word in self.column} for request in requests]
        rows = np.repeat(np.arange(len(requests)), [len(own) for own in known])
        columns = np.array([column for own in known for column in own], dtype=np.int64)
        total = np.bincount(rows, self.rarity[columns], len(requests))[:, None]
        if places is None:
            asked = sp.csr_matrix((self.rarity[columns], (rows, columns)), shape=(len(requests), len(self.rarity)))
            found = (self.held @ asked.T).toarray().T
        else:
            weights = np.zeros((len(requests), len(self.rarity)), dtype=np.float32)
            weights[rows, columns] = self.rarity[columns]
            owner, word, _ = entries(self.held, places)
            found = np.stack([np.bincount(owner, own[word], len(places)) for own in weights])
        return np.asarray(found / np.maximum(total, 1e-6), dtype=np.float32)


def words(text: str) -> list[str]:
    """Its words, lower-case and singular.

    >>> words("Electric Razors, glass")
    ['electric', 'razor', 'glass']
    """
    return [
        word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > SHORTEST else word
        for word in re.findall(r"\w+", text.lower())
        if len(word) >= SHORTEST
    ]
