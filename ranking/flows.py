"""Flows: what followed the items of a history, directly and over items that are near by text.

Knows relations and likings. Sums over the whole catalogue for many shoppers at once, as in training, or only for a few
named items of a few shoppers, as in a conversation, where it has to be quick; both give the same numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ranking.behaviour import Places, Track
from ranking.corner import Corner, few
from ranking.profile import FRESH, LAST, Likings
from ranking.relations import Relations, normalised, pairs
from ranking.slices import block, entries, numbered

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Sums:
    """Sums of transitions to items, [b, m] each."""

    following: Floats  # from the history, the latest weighing most
    single: Floats  # from the last item alone
    spread: Floats  # from items that are near the history's by text
    near: Floats  # to items that are near by text


class Flows:
    """Sums of transitions over one table's relations."""

    def __init__(self, relations: Relations) -> None:
        self.scale = (1 / np.sqrt(relations.popularity + 10.0)).astype(np.float32)
        self.transitions = normalised(relations.follows, relations.popularity)
        self._into = self.transitions.T.tocsr()
        self._near = relations.near
        self._near_into = relations.near.T.tocsr()

    def sums(self, likings: Likings, places: Places | None = None, whole: Sequence[Track] | None = None) -> Sums:
        """The sums for each shopper to the ``places`` [b, m]; None: to every item.

        ``whole``: one track a shopper, whose own part in the transitions is taken out again.
        """
        if places is not None and whole is None and few(likings.count, places):
            return self._few(Corner.of(likings, places))
        n = len(self.scale)
        fresh, last = (likings.rows(likings.faded(decay), n) for decay in (FRESH, LAST))
        near = fresh @ self._near
        profiles = [fresh, last, near]
        following, single, spread = (profile @ self.transitions for profile in profiles)
        if whole is not None:
            own_following, own_single, own_spread = self._own(profiles, whole)
            following, single, spread = following - own_following, single - own_single, spread - own_spread
        found = (following, single, spread, following @ self._near_into)
        if places is None:
            return Sums(*(one.toarray() for one in found))
        return Sums(*(np.take_along_axis(one.toarray(), places, axis=1) for one in found))

    def following(self, likings: Likings) -> Floats:
        """[b, n]: ``Sums.following`` alone, to every item."""
        dense: Floats = (likings.rows(likings.faded(FRESH), len(self.scale)) @ self.transitions).toarray()
        return dense

    def _few(self, corner: Corner) -> Sums:
        n, b, own, targets = len(self.scale), corner.likings.count, corner.own, corner.targets
        fresh, last = (corner.weights(decay) for decay in (FRESH, LAST))
        owner, beside, share = entries(self._near, targets)  # items near the targets
        needed = np.unique(np.concatenate([targets, beside]))
        number = numbered(needed, n)
        direct = block(self.transitions, own, needed)
        following, single = fresh @ direct, last @ direct
        # Sums over what is near the targets, in one pass for all shoppers.
        cells = (np.arange(b)[:, None] * len(targets) + owner).ravel()
        near = np.bincount(cells, (following[:, number[beside] - 1] * share).ravel(), b * len(targets))
        row, around, weight = entries(self._near, own)  # items near the history's
        sources, source = np.unique(around, return_inverse=True)
        cells = (np.arange(b)[:, None] * len(sources) + source).ravel()
        profile = np.bincount(cells, (fresh[:, row] * weight).ravel(), b * len(sources))
        profile = profile.reshape(b, -1).astype(np.float32)
        if len(sources) <= len(targets):
            spread = profile @ block(self.transitions, sources, targets)
        else:
            spread = profile @ block(self._into, targets, sources).T
        at = number[targets] - 1
        found = (following[:, at], single[:, at], spread, near.reshape(b, -1).astype(np.float32))
        return Sums(*(corner.asked(one) for one in found))

    def _own(self, weights: Sequence[sp.csr_matrix], whole: Sequence[Track]) -> list[sp.csr_matrix]:
        """What each shopper's own track put into ``weights @ transitions``, for each of the weightings."""
        owners, rows, columns, values = [], [], [], []
        for number, track in enumerate(whole):
            left, right, value = pairs([track])
            value = value * self.scale[left] * self.scale[right]
            rows += [left, right]
            columns += [right, left]
            values += [value, value * np.float32(0.5)]
            owners.append(np.full(2 * len(left), number))
        owner, row = np.concatenate(owners), np.concatenate(rows)
        column, all_values = np.concatenate(columns), np.concatenate(values)
        return [
            sp.csr_matrix(
                (np.asarray(weighting[owner, row]).ravel() * all_values, (owner, column)), shape=weighting.shape
            )
            if len(owner)
            else sp.csr_matrix(weighting.shape, dtype=np.float32)
            for weighting in weights
        ]
