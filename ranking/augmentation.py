"""Augmentation: other histories that a shopper might as well have had, for shops whose histories are short or few.

Knows tracks, and which items may stand for which. Knows nothing of targets, features or models: whoever calls says
what must not come into a history. After crop, mask and reorder of Xie et al., "Contrastive Learning for Sequential
Recommendation" (CL4SRec, 2022), and the substitution of Liu et al., "Contrastive Self-supervised Sequential
Recommendation with Robust Augmentation" (CoSeRec, 2021); here they change what is learned from, without a contrastive
loss, and a crop keeps the latest items, since these say most of what comes next.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ranking.behaviour import Track
from ranking.settings import Way

MASKED = 0.3  # share of the items that a mask drops
SHUFFLED = 0.5  # share of the items in the window that is reordered
SUBSTITUTED = 0.3  # share of the items that others stand for
SUBSTITUTES = 10  # the most similar items, of which one is drawn

Generator = np.random.Generator


@dataclass(frozen=True)
class Similar:
    """What may stand for what: [n, n] each, a row's weights saying how similar the items are."""

    text: sp.csr_matrix
    liking: sp.csr_matrix

    def draw(self, way: Way, place: int, barred: Collection[int], rng: Generator) -> int | None:
        """A substitute for the item, the more similar the more likely; None where it has none that is not barred."""
        matrix = self.text if way == "text" else self.liking
        row = slice(matrix.indptr[place], matrix.indptr[place + 1])
        places, weights = matrix.indices[row], matrix.data[row]
        strongest = np.argsort(-weights, kind="stable")
        chosen = [int(at) for at in strongest if weights[at] > 0 and int(places[at]) not in barred][:SUBSTITUTES]
        if not chosen:
            return None
        share = weights[chosen].astype(np.float64)
        return int(places[rng.choice(chosen, p=share / share.sum())])


def varied(track: Track, ways: Collection[Way], similar: Similar, barred: Collection[int], rng: Generator) -> Track:
    """The track changed in one of the ways, drawn for it; weights and times stay with their items.

    It never grows, and keeps an item of positive weight if it had one. ``barred``: places that must not come in, such
    as the target and whatever else the shopper had. A track that is too short for the way that was drawn comes back
    as it is.
    """
    way = sorted(ways)[int(rng.integers(len(ways)))]
    if way in ("text", "liking"):
        return substituted(track, lambda place, held: similar.draw(way, place, {*barred, *held}, rng), rng)
    if len(track) < 2:
        return track
    return {"crop": cropped, "mask": masked, "reorder": reordered}[way](track, rng)


def cropped(track: Track, rng: Generator) -> Track:
    """Only the latest items: some number of them, at most all but one."""
    length = int(rng.integers(1, len(track)))
    return _at(track, _with_a_liking(track, np.arange(len(track) - length, len(track))))


def masked(track: Track, rng: Generator) -> Track:
    """Some items dropped, one at least."""
    return _at(track, _with_a_liking(track, np.sort(rng.permutation(len(track))[_some(track, MASKED) :])))


def reordered(track: Track, rng: Generator) -> Track:
    """The items of one window, two at least, in another order."""
    width = max(2, round(SHUFFLED * len(track)))
    start = int(rng.integers(len(track) - width + 1))
    positions = np.arange(len(track))
    positions[start : start + width] = start + rng.permutation(width)
    return _at(track, positions)


def substituted(track: Track, draw: Callable[[int, Collection[int]], int | None], rng: Generator) -> Track:
    """Some items, one at least, each replaced by what ``draw`` (place, places that are taken) gives, if anything."""
    places = track.places.copy()
    for at in rng.permutation(len(track))[: _some(track, SUBSTITUTED)]:
        other = draw(int(places[at]), {int(place) for place in places})
        places[at] = places[at] if other is None else other
    return replace(track, places=places)


def _some(track: Track, share: float) -> int:
    """How many items a share of the track is: one at least, and never all of several."""
    return min(max(1, round(share * len(track))), max(1, len(track) - 1))


def _with_a_liking(track: Track, positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """The positions; where all that was liked is gone, the latest liked one too."""
    liked = np.flatnonzero(track.weights > 0)
    if len(liked) and not (track.weights[positions] > 0).any():
        positions = np.sort(np.append(positions, liked[-1]))
    return positions


def _at(track: Track, positions: NDArray[np.int64]) -> Track:
    return replace(
        track, places=track.places[positions], weights=track.weights[positions], times=track.times[positions]
    )
