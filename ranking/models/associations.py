"""Associations: weights from item to item, summed over a history.

Knows a sparse matrix of them. Knows nothing of how they are learned: each kind has its own module.
"""

from collections.abc import Sequence
from typing import Self

import scipy.sparse as sp

from ranking.behaviour import Places, Track
from ranking.corner import Corner
from ranking.models.model import Floats, Model, picked_sparse
from ranking.profile import profiles

DECAY = 0.85  # what a liked item weighs for each later one


class Associations(Model):
    """Sum of each item's weights from the history's items, the latest weighing most."""

    def __init__(self, weights: sp.csr_matrix) -> None:
        """``weights`` [n, n]: what a liking of the row's item says for the column's."""
        self.weights = weights

    def in_corner(self, tracks: Sequence[Track], corner: Corner) -> Floats:
        return corner.sums(self.weights, DECAY)

    def scores(self, tracks: Sequence[Track], places: Places | None = None) -> Floats:
        return picked_sparse(profiles(tracks, self.weights.shape[0], DECAY) @ self.weights, places)

    @classmethod
    def of(cls, weights: sp.csr_matrix) -> Self:
        """With weights that were learned before."""
        made = cls.__new__(cls)
        Associations.__init__(made, weights)
        return made
