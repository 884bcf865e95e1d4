"""Moments: what the times of a history and its searches say of items, beside what was liked.

Knows tracks, words and relations. Time counts up to the last event of the history, not to the clock, so that the same
history always gives the same numbers; where no times are known, all of it is 0.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ranking.behaviour import Places, Track
from ranking.history import SESSION_GAP_S
from ranking.relations import RECENT_S, Relations
from ranking.words import Words

SEARCHES = 3  # the latest searches that still say what is wanted
FADED = 0.6  # what a search weighs for each later one
LONGEST_VISIT = 15  # items of a visit that are compared one by one
DAY_S = 86_400.0
TREND_PRIOR = 3.0  # likings of the latest time that every item is taken to have had as expected

Floats = NDArray[np.float32]


def freshness(seconds: NDArray[np.float64]) -> Floats:
    """1 for just now, falling with the logarithm of the days: 0.6 after one, 0.2 after a month.

    >>> [round(float(one), 2) for one in freshness(np.array([0.0, DAY_S, 30 * DAY_S]))]
    [1.0, 0.59, 0.23]
    """
    return (1 / (1 + np.log1p(np.maximum(seconds, 0) / DAY_S))).astype(np.float32)


def visit(track: Track) -> Places:
    """Places of what was looked at or liked in the latest visit, at most LONGEST_VISIT; none without times."""
    if not len(track) or np.isnan(track.times[-1]):
        return np.zeros(0, np.int64)
    gaps = np.flatnonzero(~(np.diff(track.times) < SESSION_GAP_S))
    start = int(gaps[-1]) + 1 if len(gaps) else 0
    return track.places[start:][track.weights[start:] > 0][-LONGEST_VISIT:]


def leaf_freshness(track: Track, leaf: Places, leaves: int) -> Floats:
    """[leaves]: freshness of the latest liking in each category, as of the last step; 0: never, or without times."""
    made = np.zeros(leaves, dtype=np.float32)
    timed = (track.weights > 0) & ~np.isnan(track.times)
    if timed.any():
        # The steps of an augmented track may stand in another order than that of their times.
        np.maximum.at(made, leaf[track.places[timed]], freshness(np.nanmax(track.times) - track.times[timed]))
    return made


def searched(tracks: Sequence[Track], words: Words, places: Places | None, n: int) -> Floats:
    """[b, m]: share of the words of the latest searches that each item has, older ones weighing less; 0 without any."""
    m = n if places is None else places.shape[1]
    made = np.zeros((len(tracks), m), dtype=np.float32)
    latest = [track.searches[-SEARCHES:][::-1] for track in tracks]
    number = {text: at for at, text in enumerate(sorted({search.words for own in latest for search in own}))}
    if not number:
        return made
    targets = np.arange(n) if places is None else np.unique(places)
    shares = words.shares(list(number), None if places is None else targets)
    for row, own in enumerate(latest):
        if not own:
            continue
        ages = np.array([own[0].time - search.time for search in own])
        weights = np.float32(FADED) ** np.arange(len(own)) * freshness(np.nan_to_num(ages))
        found = weights @ shares[[number[search.words] for search in own]] / weights.sum()
        made[row] = found if places is None else found[np.searchsorted(targets, places[row])]
    return made


def trend(relations: Relations, items: Places, whole: Sequence[Track] | None) -> Floats:
    """[b, m]: logarithm of an item's likings of the latest time over those that it would have had at its usual share.

    ``whole``: one track a shopper, whose own likings are taken out.
    """
    total, lately = float(relations.popularity.sum()), float(relations.recent.sum())
    if not lately:
        return np.zeros(items.shape, dtype=np.float32)
    usual, recent = relations.popularity[items].astype(np.float32), relations.recent[items].astype(np.float32)
    for row, track in enumerate(whole or ()):
        own = np.zeros((2, len(relations.popularity)), dtype=np.float32)
        own[0, track.places] = np.maximum(track.weights, 0)
        own[1] = own[0]
        own[1, track.places[~(track.times > relations.latest - RECENT_S)]] = 0
        usual[row] -= own[0, items[row]]
        recent[row] -= own[1, items[row]]
    expected = np.maximum(usual, 0) * np.float32(lately / total)
    return np.log((np.maximum(recent, 0) + np.float32(TREND_PRIOR)) / (expected + np.float32(TREND_PRIOR)))
