"""Recommenders of a well-kept library, implicit, as peers of our models: trained and measured on the same tracks.

Knows implicit's interface. Its settings are those of its own documentation and tutorials, with seeds; none was tuned
here, and none of ours was tuned against them.
"""

import os
import warnings
from collections.abc import Iterator, Sequence

# Its own threads are faster than those of the linear algebra below it, and it warns where both run.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares  # type: ignore[import-untyped]
from implicit.bpr import BayesianPersonalizedRanking  # type: ignore[import-untyped]
from implicit.nearest_neighbours import (  # type: ignore[import-untyped]
    BM25Recommender,
    CosineRecommender,
    ItemItemRecommender,
)
from implicit.utils import ParameterWarning  # type: ignore[import-untyped]
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ranking.behaviour import Case, Split
from ranking.evaluation import Score
from ranking.profile import EVEN, profiles

FACTORS = 128
THREADS = 1  # its threads race, and the same seed would give other figures
SEED = 20261124

Floats = NDArray[np.float32]


def peers(parts: Split, n: int) -> Iterator[tuple[str, Score]]:
    """Name and scores of cases, each peer trained on the training part just before it is given."""
    liked = profiles(list(parts.train.values()), n, EVEN)
    with threadpool_limits(1, "blas"):
        yield "als", _als(liked)
        yield "bpr", _bpr(parts, n)
        yield "item_cosine", _items(liked, CosineRecommender(K=200, num_threads=THREADS))
        yield "item_bm25", _items(liked, BM25Recommender(K=200, num_threads=THREADS))


def _als(liked: sp.csr_matrix) -> Score:
    model = AlternatingLeastSquares(factors=FACTORS, random_state=SEED, alpha=10.0, num_threads=THREADS)
    model.fit(liked, show_progress=False)

    def score(cases: Sequence[Case]) -> Floats:
        # A shopper's factors are solved for anew from the whole history: what came after training counts too.
        own = _histories(cases, liked.shape[1])
        return np.asarray(model.recalculate_user(np.arange(len(cases)), own) @ model.item_factors.T, np.float32)

    return score


def _bpr(parts: Split, n: int) -> Score:
    # It cannot take in a history anew: it knows a shopper as of training. So it is trained on what the others are given
    # when they score: every history up to the target.
    histories = parts.train | {case.shopper_id: case.history for case in parts.test}
    row = {shopper_id: number for number, shopper_id in enumerate(histories)}
    model = BayesianPersonalizedRanking(factors=FACTORS, random_state=SEED, num_threads=THREADS)
    model.fit(profiles(list(histories.values()), n, EVEN), show_progress=False)

    def score(cases: Sequence[Case]) -> Floats:
        return np.asarray(model.user_factors[[row[case.shopper_id] for case in cases]] @ model.item_factors.T)

    return score


def _items(liked: sp.csr_matrix, model: ItemItemRecommender) -> Score:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ParameterWarning)  # of a matrix that it makes itself
        model.fit(liked, show_progress=False)

    def score(cases: Sequence[Case]) -> Floats:
        return np.asarray((_histories(cases, liked.shape[1]) @ model.similarity).toarray(), dtype=np.float32)

    return score


def _histories(cases: Sequence[Case], n: int) -> sp.csr_matrix:
    return profiles([case.history for case in cases], n, EVEN)
