"""Metrics of ranking, from ranks and from scores; all plain arithmetic.

Knows nothing of items or models. A rank counts from 0: the number of items that score above the target. Each list has
one target, so that Precision@k is Recall@k / k, and the F1@k of a list that holds its target 2 / (k + 1).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
AT = (5, 10)  # lengths of list that figures are given for


def recall(ranks: ArrayLike, k: int) -> float:
    """Share of the targets that stand among the first k; with one target a list, this is the hit rate."""
    return _mean(_recall(_floats(ranks), k))


def precision(ranks: ArrayLike, k: int) -> float:
    """Mean share of the first k that are targets: with one target a list at most 1 / k."""
    return _mean(_precision(_floats(ranks), k))


def f1(ranks: ArrayLike, k: int) -> float:
    """Mean over the lists of the harmonic mean of their precision and recall at k; 0 where both are."""
    return _mean(_f1(_floats(ranks), k))


def ndcg(ranks: ArrayLike, k: int) -> float:
    """Mean of 1 / log2(rank + 2) within the first k, else 0: normalised DCG where each list has one target."""
    return _mean(_ndcg(_floats(ranks), k))


def mrr(ranks: ArrayLike, k: int) -> float:
    """Mean of 1 / (rank + 1) within the first k, else 0."""
    return _mean(_mrr(_floats(ranks), k))


def auc(ranks: ArrayLike, others: ArrayLike) -> float:
    """Mean share of the other items that score below the target; ``others``: how many there are, one a list."""
    return _mean(_auc(_floats(ranks), _floats(others)))


def ranks_of(scores: NDArray[np.float32], targets: NDArray[np.int64]) -> Floats:
    """Rank of each row's target among the row's scores [b, n]; ties count half, so that a constant gains nothing.

    Items scored -inf are out of the ranking. Raises ValueError for a score that is not a number, which would rank
    before the first.
    """
    if np.isnan(scores).any():
        raise ValueError("a score is not a number; the model's features or weights hold one")
    own = scores[np.arange(len(scores)), targets][:, None]
    return np.asarray((scores > own).sum(axis=1) + ((scores == own).sum(axis=1) - 1) / 2, dtype=np.float64)


def per_list(ranks: ArrayLike, others: ArrayLike) -> dict[str, Floats]:
    """What each list adds to the figures, [lists] each: recall, precision, F1, NDCG and MRR at 5 and 10, and AUC."""
    held = _floats(ranks)
    made = {f"{name}@{k}": metric(held, k) for k in AT for name, metric in _AT_K.items()}
    return {**made, "auc": _auc(held, _floats(others))}


def figures(ranks: ArrayLike, others: ArrayLike) -> dict[str, float]:
    """The means of ``per_list``; 0 without any list."""
    return {name: _mean(values) for name, values in per_list(ranks, others).items()}


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else 0.0


def _recall(ranks: Floats, k: int) -> Floats:
    return (ranks < k).astype(np.float64)


def _precision(ranks: Floats, k: int) -> Floats:
    return _recall(ranks, k) / k


def _f1(ranks: Floats, k: int) -> Floats:
    found, precise = _recall(ranks, k), _precision(ranks, k)
    return np.asarray(np.divide(2 * precise * found, precise + found, out=np.zeros_like(ranks), where=found > 0))


def _ndcg(ranks: Floats, k: int) -> Floats:
    return np.where(ranks < k, 1 / np.log2(ranks + 2), 0.0)


def _mrr(ranks: Floats, k: int) -> Floats:
    return np.where(ranks < k, 1 / (ranks + 1), 0.0)


def _auc(ranks: Floats, others: Floats) -> Floats:
    made: Floats = 1 - ranks / np.maximum(others, 1)
    return made


_AT_K: dict[str, Callable[[Floats, int], Floats]] = {
    "recall": _recall,
    "precision": _precision,
    "f1": _f1,
    "ndcg": _ndcg,
    "mrr": _mrr,
}
