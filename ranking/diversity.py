"""Diversity of the few items that are shown: maximal marginal relevance over their vectors.

Knows scores and vectors; knows nothing of items or shoppers.
"""

import numpy as np
from numpy.typing import NDArray

POOL = 30  # only the best are traded for variety: an item far down the list is never pulled up by being different
FLOOR = 0.6  # share of the best score that an item needs to be traded for variety


def mmr(scores: NDArray[np.float32], vectors: NDArray[np.float32], k: int, diversity: float) -> list[int]:
    """Places of the k chosen items, best first, by maximal marginal relevance.

    ``scores`` [n] in 0..1, ``vectors`` [n, d] unit rows, ``diversity`` in 0..1 (MMR's 1 - lambda): each choice
    maximises ``(1 - diversity) * score - diversity * (highest cosine to those chosen)``. Only items within FLOOR of
    the best score and among the POOL best compete; where these run out, the rest follow by score.
    """
    order = np.argsort(-scores, kind="stable")
    if diversity <= 0 or len(order) <= 1:
        return [int(place) for place in order[:k]]
    pool = [int(place) for place in order[:POOL] if scores[place] >= FLOOR * scores[order[0]]]
    chosen: list[int] = []
    nearest = np.full(len(scores), 0.0, dtype=np.float32)
    while pool and len(chosen) < k:
        values = (1 - diversity) * scores[pool] - diversity * nearest[pool]
        best = pool.pop(int(np.argmax(values)))
        chosen.append(best)
        nearest = np.maximum(nearest, vectors @ vectors[best])
    taken = set(chosen)
    chosen += [int(place) for place in order if int(place) not in taken][: k - len(chosen)]
    return chosen
