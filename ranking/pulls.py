"""Pulls: how much each item of a history, and what was searched for, adds to the logits of the few items shown.

Each is left out in turn, and the model is asked again: what its logit loses is what it had added. Knows tracks and
anything that gives logits; knows nothing of models or words.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ranking.behaviour import Places, Track
from ranking.requests import Need

LATEST = 8  # steps that are left out one by one: what is older hardly pulls, and each costs a ranking of what is shown

Floats = NDArray[np.float32]
Logits = Callable[[list[Track], Places, Need | None], Floats]  # tracks, places [b, m], need [b, m]: [b, m]


@dataclass(frozen=True)
class Pulls:
    """What was added to each of the m items: by ``positions`` of the track [h, m], and by all searches [m]."""

    positions: Places  # [h] of the latest LATEST steps that say of a liking
    items: Floats
    searches: Floats

    @classmethod
    def of(cls, logits: Logits, track: Track, places: Places, need: Need | None = None) -> "Pulls":
        """The pulls on the ``places`` [m] of the items shown; ``need`` [m] as the logits were made with."""
        positions = np.flatnonzero(track.weights > 0)[-LATEST:]
        tracks = [track, *(without(track, int(position)) for position in positions)]
        if track.searches:
            tracks.append(replace(track, searches=()))
        b = len(tracks)
        asked = None if need is None else need.for_all(b)
        made = logits(tracks, np.tile(places, (b, 1)), asked)
        lost = made[0] - made[1:]
        searches = lost[-1] if track.searches else np.zeros(len(places), np.float32)
        return cls(positions, lost[: len(positions)], searches)


def without(track: Track, position: int) -> Track:
    """The track as if the step at this position had never been."""
    return replace(
        track,
        places=np.delete(track.places, position),
        weights=np.delete(track.weights, position),
        times=np.delete(track.times, position),
        searches=tuple(
            replace(search, after=search.after - 1) if search.after > position else search for search in track.searches
        ),
    )
