"""Profiles: shoppers' histories as weights over the items, older steps weighing less.

Knows tracks. Knows nothing of models.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ranking.behaviour import Places, Track, Weights

FRESH = 0.7  # what a step weighs for each later one, for what comes next
TASTE = 0.9  # the same, for lasting taste
LAST = 0.0  # the last step alone
EVEN = 1.0  # every step alike


@dataclass(frozen=True)
class Likings:
    """What ``count`` shoppers liked, one after the other, oldest first; all arrays are of one length."""

    count: int
    owner: Places  # number of the shopper, rising
    places: Places
    weights: Weights  # above 0
    ages: Places  # likings of the same shopper that came after

    @classmethod
    def of(cls, tracks: Sequence[Track]) -> "Likings":
        """The steps of the tracks that say of a liking."""
        pairs = [(track, track.weights > 0) for track in tracks]
        lengths = np.array([int(own.sum()) for _, own in pairs], dtype=np.int64)
        ends = np.repeat(np.cumsum(lengths), lengths)
        return cls(
            len(tracks),
            np.repeat(np.arange(len(tracks)), lengths),
            np.concatenate([np.zeros(0, np.int64), *(track.places[own] for track, own in pairs)]),
            np.concatenate([np.zeros(0, np.float32), *(track.weights[own] for track, own in pairs)]),
            ends - 1 - np.arange(len(ends)),
        )

    def faded(self, decay: float) -> Weights:
        """Each liking's weight, times ``decay`` for each one after it.

        For what comes next, that something was looked at just now says nearly as much as an old purchase: with
        ``FRESH`` the root of the weight counts.
        """
        weights = np.sqrt(self.weights) if decay == FRESH else self.weights
        return (weights * np.float32(decay) ** self.ages).astype(np.float32)

    def sums(self, values: NDArray[np.float32], groups: Places | None = None, width: int = 1) -> NDArray[np.float32]:
        """The values, one a liking, added up for each shopper and group 0 … width - 1: [count, width]."""
        at = self.owner * width if groups is None else self.owner * width + groups
        return np.bincount(at, values, self.count * width).reshape(self.count, width).astype(np.float32)

    def rows(self, values: NDArray[np.float32], n: int) -> sp.csr_matrix:
        """The values, one a liking, as rows [count, n] over the items."""
        held = values != 0
        return sp.csr_matrix((values[held], (self.owner[held], self.places[held])), (self.count, n), np.float32)


def profiles(tracks: Sequence[Track], n: int, decay: float) -> sp.csr_matrix:
    """[b, n]: each liked item's weight, times ``decay`` for each liked item after it, see ``Likings.faded``."""
    likings = Likings.of(tracks)
    return likings.rows(likings.faded(decay), n)
