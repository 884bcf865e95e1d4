"""Neighbours: items that the same shoppers liked, and shoppers who liked the same items.

Knows who liked what, as a sparse matrix. Knows nothing of the order of likings, nor of texts. Likeness is a cosine, or
Pearson's correlation, which takes out how much is liked anyway: a popular item is less like everything.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import scipy.sparse as sp

from ranking.behaviour import Places, Track
from ranking.models.associations import DECAY, Associations
from ranking.models.model import Floats, Model, picked
from ranking.profile import EVEN, profiles

Likeness = Literal["cosine", "pearson"]
ITEM_NEIGHBOURS = 200  # nearest items that are kept of each: memory grows with these, not with all pairs
SHOPPER_NEIGHBOURS = 200  # nearest shoppers whose likings count
SHRINKAGE = 10.0  # added under the root: one shopper in common of two is no strong likeness
BATCH = 1_000  # items whose neighbours are sought at once


class ItemNeighbours(Associations):
    """Each item's likeness to the history's items."""

    def __init__(self, tracks: Sequence[Track], n: int, likeness: Likeness) -> None:
        by_item = profiles(tracks, n, EVEN).T.tocsr()  # [n, shoppers]
        rows = [
            _strongest(_alike(by_item[start : start + BATCH], by_item, likeness), ITEM_NEIGHBOURS, start)
            for start in range(0, n, BATCH)
        ]
        super().__init__(sp.vstack(rows).tocsr().astype(np.float32))


class ShopperNeighbours(Model):
    """What the shoppers most like this one liked, each weighed by their likeness."""

    def __init__(self, tracks: Sequence[Track], n: int, likeness: Likeness) -> None:
        self._likeness: Likeness = likeness
        self._liked = profiles(tracks, n, EVEN)  # [shoppers, n]

    def scores(self, tracks: Sequence[Track], places: Places | None = None) -> Floats:
        own = profiles(tracks, self._liked.shape[1], DECAY)
        near = _strongest(_alike(own, self._liked, self._likeness), SHOPPER_NEIGHBOURS)
        return picked(np.asarray((near @ self._liked).toarray(), dtype=np.float32), places)


def _alike(left: sp.csr_matrix, right: sp.csr_matrix, likeness: Likeness) -> sp.csr_matrix:
    """[l, r] likeness of the rows; only of those with something in common, and above 0."""
    shared = (left @ right.T).tocoo()
    columns = left.shape[1]
    value, left_mean, right_mean = shared.data, 0.0, 0.0
    if likeness == "pearson":
        left_sum, right_sum = (np.asarray(side.sum(axis=1)).ravel() for side in (left, right))
        left_mean, right_mean = left_sum / columns, right_sum / columns
        value = value - (left_sum[shared.row] * right_mean[shared.col])
    left_square, right_square = (
        np.asarray(side.multiply(side).sum(axis=1)).ravel() - columns * mean**2
        for side, mean in ((left, left_mean), (right, right_mean))
    )
    value = value / np.sqrt((left_square[shared.row] + SHRINKAGE) * (right_square[shared.col] + SHRINKAGE))
    kept = value > 0
    return sp.csr_matrix((value[kept], (shared.row[kept], shared.col[kept])), shape=shared.shape)


def _strongest(matrix: sp.csr_matrix, k: int, first: int | None = None) -> sp.csr_matrix:
    """Each row's k highest values; with ``first``, row i is item first + i, and is no neighbour of itself."""
    rows, columns, values = [], [], []
    for number in range(matrix.shape[0]):
        held = slice(matrix.indptr[number], matrix.indptr[number + 1])
        column, value = matrix.indices[held], matrix.data[held]
        if first is not None:
            column, value = column[column != first + number], value[column != first + number]
        if len(value) > k:
            best = np.argpartition(-value, k - 1)[:k]
            column, value = column[best], value[best]
        rows.append(np.full(len(column), number))
        columns.append(column)
        values.append(value)
    return sp.csr_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), matrix.shape)
