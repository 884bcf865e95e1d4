"""Relations between items, counted from behaviour: what is popular, what follows what, what is like what.

Knows tracks and vectors. Knows nothing of single shoppers once it has counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ranking.behaviour import Track

WINDOW = 5  # steps between two items that still count as one following the other
REVERSE = 0.5  # what "came before" counts against "came after"
DAMPING = 10.0  # added to both counts under the root, so that rare pairs are not overrated
NEIGHBOURS = 10  # nearest items by text, over which transitions are spread to items with few events
KNN_BATCH = 1_000
RECENT_S = 30 * 86_400.0  # up to the latest event: what is liked now, against what is liked anyway


@dataclass(frozen=True)
class Relations:
    """Counts over the n items of a table."""

    popularity: NDArray[np.float32]  # [n] summed weights of the items' events
    follows: sp.csr_matrix  # [n, n] weight of "column came within WINDOW steps after row", over distance
    near: sp.csr_matrix  # [n, n] rows sum to 1: the nearest items by text
    recent: NDArray[np.float32]  # [n] the part of the popularity that came within RECENT_S; 0 where no time is known
    latest: float  # time of the latest event; NaN where no time is known

    @classmethod
    def learn(cls, tracks: Sequence[Track], vectors: NDArray[np.float32]) -> "Relations":
        """Count over the tracks; ``vectors`` [n, d] unit rows of the table's items."""
        n = len(vectors)
        popularity, recent = np.zeros(n, dtype=np.float32), np.zeros(n, dtype=np.float32)
        times = np.concatenate([np.zeros(0), *(track.times for track in tracks)])
        latest = float(np.nanmax(times)) if np.isfinite(times).any() else np.nan
        for track in tracks:
            weights = np.maximum(track.weights, 0)
            np.add.at(popularity, track.places, weights)
            np.add.at(recent, track.places, weights * (track.times > latest - RECENT_S))
        rows, columns, values = pairs(tracks)
        follows = sp.csr_matrix((values, (rows, columns)), shape=(n, n), dtype=np.float32)
        return cls(popularity, follows, nearest(vectors), recent, latest)

    def aligned(self, ids: Sequence[str], place: dict[str, int]) -> "Relations":
        """The same relations for another catalogue: ``ids`` are ours, ``place`` the other's. New items have none."""
        kept = [(number, place[item_id]) for number, item_id in enumerate(ids) if item_id in place]
        ours = np.array([number for number, _ in kept], dtype=np.int64)
        theirs = np.array([at for _, at in kept], dtype=np.int64)
        move = sp.csr_matrix((np.ones(len(kept), np.float32), (theirs, ours)), shape=(len(place), len(ids)))
        return Relations(
            move @ self.popularity,
            (move @ self.follows @ move.T).tocsr(),
            (move @ self.near @ move.T).tocsr(),
            move @ self.recent,
            self.latest,
        )


def pairs(tracks: Iterable[Track]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Rows, columns and weights of "column followed row" in the tracks: both weights over the distance in steps."""
    rows, columns, values = [], [], []
    for track in tracks:
        liked = track.weights > 0
        places, weights = track.places[liked], track.weights[liked]
        for distance in range(1, min(WINDOW, len(places) - 1) + 1):
            rows.append(places[:-distance])
            columns.append(places[distance:])
            values.append(weights[:-distance] * weights[distance:] / np.float32(distance))
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(values)


def normalised(follows: sp.csr_matrix, popularity: NDArray[np.float32]) -> sp.csr_matrix:
    """Transitions [n, n]: followed by, and at REVERSE preceded by, over the root of both damped counts."""
    both = (follows + REVERSE * follows.T).tocsr()
    scale = sp.diags((1 / np.sqrt(popularity + DAMPING)).astype(np.float32))
    return (scale @ both @ scale).tocsr()


def nearest(vectors: NDArray[np.float32], k: int = NEIGHBOURS) -> sp.csr_matrix:
    """[n, n] with the k nearest other items of each row by cosine, weighted by its square, rows summing to 1."""
    n = len(vectors)
    k = min(k, n - 1)
    if k < 1:
        return sp.csr_matrix((n, n), dtype=np.float32)
    columns, values = [], []
    for start in range(0, n, KNN_BATCH):
        cosines = vectors[start : start + KNN_BATCH] @ vectors.T
        cosines[np.arange(len(cosines)), np.arange(start, start + len(cosines))] = -1
        best = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        columns.append(best.ravel())
        values.append((np.maximum(np.take_along_axis(cosines, best, axis=1), 1e-3) ** 2).ravel())
    rows = np.repeat(np.arange(n), k)
    near = sp.csr_matrix((np.concatenate(values), (rows, np.concatenate(columns))), shape=(n, n), dtype=np.float32)
    return (sp.diags(1 / np.asarray(near.sum(axis=1)).ravel()) @ near).tocsr().astype(np.float32)
