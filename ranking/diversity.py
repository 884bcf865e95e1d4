"""Diversity of the few items that are shown: maximal marginal relevance over their vectors, and a category quota.

Knows scores, vectors and groups; knows nothing of items or shoppers. The default strengths were chosen on the curve
that ``bench.diversity`` draws (docs/diversity.md).
"""

import math

import numpy as np
from numpy.typing import NDArray

POOL = 30  # only the best are traded for variety: an item far down the list is never pulled up by being different
FLOOR = 0.6  # share of the best score that an item needs to be traded for variety
MARGIN = 3.0  # logits below the best at which an item is worth half of it when traded for variety
QUOTA = 0.8  # share of a list that one category may hold while another one competes

Floats = NDArray[np.float32]
Groups = NDArray[np.int64]


def worth(logits: Floats) -> Floats:
    """What items of these logits are worth, in 0..1, when they are traded for variety: nearly 1 for the best."""
    away = np.clip(logits - logits.max() + MARGIN, -30, 30)
    return np.asarray(1 / (1 + np.exp(-away)), dtype=np.float32)


def mmr(
    scores: Floats, vectors: Floats, k: int, diversity: float, groups: Groups | None = None, quota: float = QUOTA
) -> list[int]:
    """Places of the k chosen items, best first, by maximal marginal relevance.

    ``scores`` [n] in 0..1, ``vectors`` [n, d] unit rows, ``diversity`` in 0..1 (MMR's 1 - lambda): each choice
    maximises ``(1 - diversity) * score - diversity * (highest cosine to those chosen)``. Only items within FLOOR of
    the best score and among the POOL best compete; where these run out, the rest follow by score. ``groups`` [n]
    numbers each item's category: none gets more than ``quota`` of the k while another one competes. With a
    ``diversity`` of 0 the order is by score alone.
    """
    order = np.argsort(-scores, kind="stable")
    if diversity <= 0 or len(order) <= 1:
        return [int(place) for place in order[:k]]
    pool = [int(place) for place in order[:POOL] if scores[place] >= FLOOR * scores[order[0]]]
    most = max(1, math.ceil(quota * k))
    chosen: list[int] = []
    held: dict[int, int] = {}
    nearest = np.full(len(scores), 0.0, dtype=np.float32)
    while pool and len(chosen) < k:
        free = pool if groups is None else [place for place in pool if held.get(int(groups[place]), 0) < most] or pool
        values = (1 - diversity) * scores[free] - diversity * nearest[free]
        best = free[int(np.argmax(values))]
        pool.remove(best)
        chosen.append(best)
        if groups is not None:
            held[int(groups[best])] = held.get(int(groups[best]), 0) + 1
        nearest = np.maximum(nearest, vectors @ vectors[best])
    taken = set(chosen)
    chosen += [int(place) for place in order if int(place) not in taken][: k - len(chosen)]
    return chosen
