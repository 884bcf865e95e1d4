"""Several texts' evidence for the same items, as one score an item.

Pure numpy: cosines and coverages in, scores out. Every number here was chosen on held-out folds (docs/search.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.encoder import Vectors

QUERY_WEIGHT = 1.0
DESCRIPTIONS_WEIGHT = 0.6  # of all descriptions together, when each of them is close to the query
TRUSTED_WEIGHT = 1.0  # of those of a model that was taught on the shop, however far they are from the query

# A description that has nothing to do with the query is no help, and is known by its cosine to it: half of all random
# pairs lie below 0.09 and three in four below 0.16; a use and the thing for it ("to keep coffee hot at work",
# "insulated travel mug") at 0.25 to 0.45.
UNRELATED_COSINE, RELATED_COSINE = 0.15, 0.4

FEEDBACK_SHARE = 4  # at most one in so many of the items teaches: of a few, the mean says nothing


@dataclass(frozen=True)
class Weights:
    """What was tuned. Flat around these values: see docs/search.md."""

    lexical: float = 0.6  # of the share of the query's words, beside the query's cosines at 1.0
    # The best items of a first look say more of what is meant than the few words of a query (Rocchio's feedback).
    feedback: float = 1.0  # of their mean beside the query's own vector
    feedback_items: int = 10


SHIPPED = Weights()


def arm_weights(vectors: Vectors, has_query: bool, trusted: bool = False) -> np.ndarray:
    """Weight of each text's cosines: float [t]. A description's falls with its distance from the query, unless it is
    ``trusted``.

    ``vectors``: unit rows [t, d], the query's first where there is one.
    """
    if not has_query:
        return np.full(len(vectors), 1.0 / max(1, len(vectors)))
    if trusted:
        return np.array([QUERY_WEIGHT, *[TRUSTED_WEIGHT / max(1, len(vectors) - 1)] * (len(vectors) - 1)])
    likeness = vectors[1:] @ vectors[0]
    trust = np.clip((likeness - UNRELATED_COSINE) / (RELATED_COSINE - UNRELATED_COSINE), 0, 1)
    weights: np.ndarray = np.concatenate([[QUERY_WEIGHT], DESCRIPTIONS_WEIGHT / max(1, len(likeness)) * trust])
    return weights


def fused(
    items: Vectors, texts: Vectors, coverages: np.ndarray | None, tuned: Weights = SHIPPED, *, trusted: bool = False
) -> np.ndarray:
    """Scores in 0..1 of items [n, d] for texts [t, d] (unit rows): float [n]; the best is no more than relatively good.

    ``coverages``: the share [n] of the query's words that each item holds; None where there is no query, else the
    first text is the query. ``trusted``: what the descriptions say counts, however far it is from the query.
    """
    weights = arm_weights(texts, coverages is not None, trusted)
    cosines = items @ texts.T
    lexical = np.zeros(len(items)) if coverages is None else tuned.lexical * coverages
    scores = _sum(cosines, weights) + lexical
    count = min(tuned.feedback_items, len(items) // FEEDBACK_SHARE)
    if coverages is not None and count:
        best = np.argsort(-scores, kind="stable")[:count]
        cosines[:, 0] = items @ feedback(texts[0], items[best], tuned.feedback)
        scores = _sum(cosines, weights) + lexical
    best_possible = weights.sum() + (
        0.0 if coverages is None else tuned.lexical * max(1.0, float(coverages.max(initial=0.0)))
    )
    shares: np.ndarray = np.clip(scores / max(best_possible, 1e-9), 0, 1)
    return shares


def feedback(query: np.ndarray, best: Vectors, weight: float) -> np.ndarray:
    """The query's vector [d] moved towards the mean of the best items' [n, d]; of length one."""
    moved = query + weight * _unit(best.mean(axis=0))
    return _unit(moved)


def _sum(cosines: np.ndarray, weights: Sequence[float] | np.ndarray) -> np.ndarray:
    """Weighted sum over texts of the cosines [n, t], each text's as shares of its best; what points away is nothing."""
    positive = np.maximum(cosines, 0)
    best = positive.max(axis=0, initial=0.0)
    shares: np.ndarray = positive / np.where(best > 0, best, 1.0)
    total: np.ndarray = shares @ np.asarray(weights)
    return total


def _unit(vector: np.ndarray) -> np.ndarray:
    length = float(np.linalg.norm(vector))
    unit: np.ndarray = vector / length if length > 0 else vector
    return unit
