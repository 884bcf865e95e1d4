"""Corners: the few items that a few shoppers liked, and the few that are asked about, each once.

For a conversation's shopper and some hundred candidates, a product over the whole catalogue spends its time on what
nobody asks about. Knows likings and places; knows nothing of models. What is computed in a corner is the same as over
the whole catalogue.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ranking.behaviour import Places, Track
from ranking.profile import Likings
from ranking.slices import block, product

FEW_SHOPPERS = 32
FEW_CELLS = 5_000  # shoppers times items up to which only these are computed

Floats = NDArray[np.float32]


def few(shoppers: int, places: Places | None) -> bool:
    """Whether so many shoppers and these places [b, m] are better computed by themselves; None: every item."""
    return places is not None and shoppers <= FEW_SHOPPERS and places.size <= FEW_CELLS


@dataclass(frozen=True)
class Corner:
    """Rows and columns of a matrix over the items, as far as anyone asks for them."""

    likings: Likings
    own: Places  # distinct places of what was liked, rising
    liked: Places  # of each liking, its number in ``own``
    targets: Places  # distinct places that are asked about, rising
    target: Places  # [b, m] of each that is asked about, its number in ``targets``

    @classmethod
    def of(cls, likings: Likings, places: Places) -> "Corner":
        """Of these likings, and the places [b, m] of each shopper."""
        own, liked = np.unique(likings.places, return_inverse=True)
        targets, target = np.unique(places, return_inverse=True)
        return cls(likings, own, liked, targets, target.reshape(places.shape))

    @classmethod
    def of_tracks(cls, tracks: Sequence[Track], places: Places) -> "Corner":
        """As ``of``, of what the tracks say was liked."""
        return cls.of(Likings.of(tracks), places)

    def weights(self, decay: float) -> Floats:
        """[b, own]: what each shopper's likings weigh, see ``Likings.faded``."""
        return self.likings.sums(self.likings.faded(decay), self.liked, len(self.own))

    def asked(self, every: Floats) -> Floats:
        """[b, m] of what is asked about, from scores [b, targets]."""
        return np.take_along_axis(every, self.target, axis=1)

    def sums(self, matrix: sp.csr_matrix, decay: float) -> Floats:
        """[b, m]: the rows of an item-to-item matrix, summed over each shopper's likings."""
        return self.asked(self.weights(decay) @ block(matrix, self.own, self.targets))

    def cosines(self, vectors: Floats, decay: float) -> Floats:
        """[b, m]: cosine of the items' unit vectors [n, d] to the sum of those liked."""
        wanted = self.weights(decay) @ vectors[self.own]
        wanted /= np.maximum(np.linalg.norm(wanted, axis=1, keepdims=True), np.float32(1e-6))
        return self.asked(product(wanted, vectors[self.targets]))
