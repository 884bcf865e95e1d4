"""Simulated requests: what a shopper who wants an item might have asked for, so that a model learns to weigh need
against history.

Knows items and a seed. Knows nothing of models.
"""

import random
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.items import Item

SHORTEST_WORD = 4  # letters; shorter words of a title say little


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


def relevance_of(requests: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Relevance [b, n] in 0..1 of every item for each request: its cosine, 1 for the best and 0 for the average.

    Stands for the fused score of retrieval. ``requests`` [b, d] and ``vectors`` [n, d] are unit rows.
    """
    cosines = requests @ vectors.T
    average = cosines.mean(axis=1, keepdims=True)
    spread = np.maximum(cosines.max(axis=1, keepdims=True) - average, 1e-6)
    return np.asarray(np.clip((cosines - average) / spread, 0, 1), dtype=np.float32)


def relevance_of_scores(scores: Sequence[float]) -> NDArray[np.float32]:
    """Relevance [m] in 0..1 of candidates from their fused scores (0..1): the share of the best one's."""
    held = np.asarray(scores, dtype=np.float32)
    best = float(held.max(initial=0.0))
    return held / best if best > 0 else np.ones_like(held)
