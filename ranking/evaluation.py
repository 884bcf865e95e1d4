"""Evaluation: ranks held-out items among all that the shopper has not had, and says how well.

Knows cases and anything that scores. Knows nothing of training.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.behaviour import Case, Track
from ranking.metrics import figures, per_list, ranks_of

BATCH_CELLS = 1_500_000  # shoppers times items scored at once: some 120 MB of features
LISTED = 10  # items of each list that are kept, for coverage and the like
Score = Callable[[Sequence[Case]], NDArray[np.float32]]
Scores = Callable[[Sequence[Track]], NDArray[np.float32]]


def of_tracks(scores: Scores) -> Score:
    """Score cases by their histories alone."""
    return lambda cases: scores([case.history for case in cases])


@dataclass(frozen=True)
class Ranking:
    """How a model ordered the items for cases, one a row."""

    ranks: NDArray[np.float64]  # from 0, of each target
    others: NDArray[np.int64]  # how many other items there were
    lists: NDArray[np.int64]  # [cases, LISTED] places of the best, best first; fewer where the catalogue is smaller
    owners: list[str]  # the shoppers


def order(score: Score, cases: Sequence[Case], items: int, progress: Callable[[int], None] | None = None) -> Ranking:
    """Order the ``items`` of the table that each case's shopper has not had.

    ``score`` gives [b, items]; ``progress`` is called with the number of cases done since its last call.
    """
    return order_all(lambda part: {"": score(part)}, cases, items, progress)[""]


def order_all(
    scores: Callable[[Sequence[Case]], Mapping[str, NDArray[np.float32]]],
    cases: Sequence[Case],
    items: int,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Ranking]:
    """As ``order``, by several models at once; ``scores`` gives [b, items] of each, with its name."""
    batch = max(1, BATCH_CELLS // max(items, 1))
    made: dict[str, list[NDArray[np.float64]]] = {}
    lists: dict[str, list[NDArray[np.int64]]] = {}
    for start in range(0, len(cases), batch):
        part = cases[start : start + batch]
        for name, score in scores(part).items():
            scored = np.array(score, dtype=np.float32)
            made.setdefault(name, []).append(_ranks(scored, part))
            lists.setdefault(name, []).append(_best(scored, min(LISTED, items)))
        if progress:
            progress(len(part))
    others = np.array([items - len(case.history) - 1 for case in cases], dtype=np.int64)
    owners = [case.shopper_id for case in cases]
    if not cases:
        made, lists = {"": [np.zeros(0)]}, {"": [np.zeros((0, min(LISTED, items)), np.int64)]}
    return {
        name: Ranking(np.concatenate(own), others, np.concatenate(lists[name]), owners) for name, own in made.items()
    }


def ranks(
    score: Score, cases: Sequence[Case], items: int, progress: Callable[[int], None] | None = None
) -> NDArray[np.float64]:
    """Rank (from 0) of each case's target among the ``items`` of the table that its shopper has not had."""
    return order(score, cases, items, progress).ranks


def ndcgs(scored: NDArray[np.float32], cases: Sequence[Case]) -> NDArray[np.float64]:
    """NDCG@10 of each case by its row of scores [cases, n], in which what the shopper had is put out of the ranking."""
    found = _ranks(scored, cases)
    return per_list(found, np.ones_like(found))["ndcg@10"]


def evaluate(
    score: Score, cases: Sequence[Case], items: int, progress: Callable[[int], None] | None = None
) -> dict[str, float]:
    """Recall, precision, F1, NDCG and MRR at 5 and 10, and AUC, over the cases."""
    made = order(score, cases, items, progress)
    return figures(made.ranks, made.others)


def sample(cases: Sequence[Case], count: int, seed: int) -> list[Case]:
    """At most ``count`` of the cases, drawn by the seed."""
    if len(cases) <= count:
        return list(cases)
    chosen = np.random.default_rng(seed).choice(len(cases), count, replace=False)
    return [cases[int(number)] for number in np.sort(chosen)]


def _ranks(scored: NDArray[np.float32], cases: Sequence[Case]) -> NDArray[np.float64]:
    for row, case in zip(scored, cases, strict=True):
        own = row[case.target]
        row[case.history.places] = -np.inf
        row[case.target] = own
    return ranks_of(scored, np.array([case.target for case in cases], dtype=np.int64))


def _best(scored: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Places [b, k] of each row's highest scores, best first."""
    held = (
        np.argpartition(-scored, k - 1, axis=1)[:, :k]
        if k < scored.shape[1]
        else np.tile(np.arange(k), (len(scored), 1))
    )
    return np.take_along_axis(
        held, np.argsort(-np.take_along_axis(scored, held, axis=1), axis=1, kind="stable"), axis=1
    )
