"""Simulated requests: what a shopper who wants an item might have asked for, so that a model learns to weigh need
against history.

Knows items and a seed. Knows nothing of models.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.ground import Candidate
from retrieval.items import Item

UNRELATED = 0.2  # cosine of a text and an item that have nothing to do with each other
LEAST_SPREAD = 0.1  # between that and the best, so that a request which nothing answers makes nothing look good
ENOUGH = 0.7  # share of the best relevance from which on an item answers the request: history may order these freely
SHORTEST_WORD = 4  # letters; shorter words of a title say little


@dataclass(frozen=True)
class Need:
    """How well items answer what is asked for; both of one shape, in 0..1."""

    relevance: NDArray[np.float32]  # by meaning: 1 for the best answer
    named: NDArray[np.float32]  # by words: the share of the request's words that the item has, rare ones weighing more

    @property
    def answers(self) -> NDArray[np.float32]:
        """Both in one: by words or by meaning, whichever says more."""
        return np.maximum(self.relevance, self.named)

    def for_all(self, count: int) -> "Need":
        """The same need [count, m] for each of so many shoppers."""
        return Need(np.tile(self.relevance, (count, 1)), np.tile(self.named, (count, 1)))


def request_for(item: Item, seed: int) -> str:
    """The item's leaf category and one word of its title (not the first, not its brand), by the seed.

    >>> request_for(Item(id="7", title="Acme Velvet Lipstick", category=("Beauty", "Lips")), seed=0) in (
    ...     "Lips velvet", "Lips lipstick")
    True
    """
    brand = {word.lower() for word in item.brand.split()}
    words = [word.lower() for word in re.findall(r"[^\W\d_]+", item.title)[1:]]
    words = sorted({word for word in words if len(word) >= SHORTEST_WORD and word not in brand})
    # Seeded by the item too, so that the same item gets the same request whatever else is in the list.
    word = random.Random(f"{seed} {item.id}").choice(words) if words else ""  # noqa: S311 -- no secret
    return " ".join(part for part in (item.category[-1] if item.category else "", word) if part) or item.title


def relevance_of(cosines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Relevance [..., n] in 0..1 of items for a request from their cosines [..., n]: 1 for the best, 0 if unrelated."""
    spread = np.maximum(cosines.max(axis=-1, keepdims=True) - UNRELATED, LEAST_SPREAD)
    return np.asarray(np.clip((cosines - UNRELATED) / spread, 0, 1), dtype=np.float32)


def relevance_of_candidates(candidates: Sequence[Candidate], *, described: bool = False) -> NDArray[np.float32]:
    """Relevance [m] in 0..1 of what retrieval found: by its nearest text, or by its fused score, whichever says more.

    ``described``: descriptions of what would fit say what is meant, and the shopper's words name no such thing.

    The fused score is stretched between the best and the worst found, so that among many good answers the last would
    count for nothing; the cosines say how good they are by themselves.
    """
    if not candidates:
        return np.zeros(0, dtype=np.float32)
    fused = np.array([candidate.score for candidate in candidates], dtype=np.float32)
    best = float(fused.max())
    share = fused / best if best > 0 else np.ones_like(fused)
    cosines = np.array([_cosine(candidate, described) for candidate in candidates], dtype=np.float32)
    return np.maximum(share, relevance_of(cosines)) if cosines.max() > UNRELATED else share


def _cosine(candidate: Candidate, described: bool) -> float:
    """To the shopper's own words, and to the nearest description where those did not find the item; ``described``: to
    the nearest description alone.
    """
    dense = [evidence for evidence in candidate.evidence if evidence.arm == "dense"]
    own = [evidence.score for evidence in dense if evidence.source == "query"]
    told = [evidence.score for evidence in dense if evidence.source != "query"]
    return max(told if described else own or told, default=0.0)
