"""Profiles: shoppers' histories as sparse rows over the items, older steps weighing less.

Knows tracks. Knows nothing of models.
"""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from ranking.behaviour import Track

FRESH = 0.7  # what a step weighs for each later one, for what comes next
TASTE = 0.9  # the same, for lasting taste
LAST = 0.0  # the last step alone
EVEN = 1.0  # every step alike


def profiles(tracks: Sequence[Track], n: int, decay: float) -> sp.csr_matrix:
    """[b, n]: each liked item's weight, times ``decay`` for each liked item after it.

    For what comes next, that something was looked at just now says nearly as much as an old purchase: with ``FRESH``
    the root of the weight counts.
    """
    rows, columns, values = [], [], []
    for number, track in enumerate(tracks):
        liked = track.weights > 0
        places, weights = track.places[liked], track.weights[liked]
        if decay == LAST:
            places, weights = places[-1:], weights[-1:]
        if decay == FRESH:
            weights = np.sqrt(weights)
        ages = np.arange(len(places) - 1, -1, -1)
        rows.append(np.full(len(places), number))
        columns.append(places)
        values.append(weights * np.float32(decay) ** ages)
    shape = (len(tracks), n)
    return sp.csr_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape, np.float32)
