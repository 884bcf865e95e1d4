"""Metrics of ranking, from ranks and from scores; all plain arithmetic.

Knows nothing of items or models. A rank counts from 0: the number of items that score above the target.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def recall(ranks: ArrayLike, k: int) -> float:
    """Share of the targets that stand among the first k; with one target a list, this is the hit rate."""
    return float(np.mean(np.asarray(ranks) < k)) if np.size(ranks) else 0.0


def ndcg(ranks: ArrayLike, k: int) -> float:
    """Mean of 1 / log2(rank + 2) within the first k, else 0: normalised DCG where each list has one target."""
    held = np.asarray(ranks, dtype=np.float64)
    return float(np.mean(np.where(held < k, 1 / np.log2(held + 2), 0.0))) if held.size else 0.0


def mrr(ranks: ArrayLike, k: int) -> float:
    """Mean of 1 / (rank + 1) within the first k, else 0."""
    held = np.asarray(ranks, dtype=np.float64)
    return float(np.mean(np.where(held < k, 1 / (held + 1), 0.0))) if held.size else 0.0


def auc(ranks: ArrayLike, others: ArrayLike) -> float:
    """Mean share of the other items that score below the target; ``others``: how many there are, one a list."""
    held, many = np.asarray(ranks, dtype=np.float64), np.asarray(others, dtype=np.float64)
    return float(np.mean(1 - held / np.maximum(many, 1))) if held.size else 0.0


def ranks_of(scores: NDArray[np.float32], targets: NDArray[np.int64]) -> Floats:
    """Rank of each row's target among the row's scores [b, n]; ties count half, so that a constant gains nothing.

    Items scored -inf are out of the ranking. Raises ValueError for a score that is not a number, which would rank
    before the first.
    """
    if np.isnan(scores).any():
        raise ValueError("a score is not a number; the model's features or weights hold one")
    own = scores[np.arange(len(scores)), targets][:, None]
    return np.asarray((scores > own).sum(axis=1) + ((scores == own).sum(axis=1) - 1) / 2, dtype=np.float64)


def figures(ranks: Floats, others: NDArray[np.int64]) -> dict[str, float]:
    """Recall, NDCG and MRR at 5 and 10, and the AUC."""
    made = {f"{name}@{k}": metric(ranks, k) for k in (5, 10) for name, metric in _AT_K.items()}
    return {**made, "auc": auc(ranks, others)}


_AT_K = {"recall": recall, "ndcg": ndcg, "mrr": mrr}
