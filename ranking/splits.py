"""Splits: what of the shoppers' behaviour trains, what stops the training, and what it is measured on.

- leave-one-out: of each shopper the last liking is the test's target and the one before it validation's.
- time: what is liked from some moment on is the test's, from one before it on validation's; only what was before both
  trains. Each of these likings is asked for by all that its shopper did before it.
- shoppers: some shoppers give nothing to training at all; their last liking is foretold from their history.

Knows tracks. Knows nothing of models.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from ranking.behaviour import Case, Places, Split, Track, split
from ranking.errors import TooFewEvents

Way = Literal["leave-one-out", "time", "shoppers"]
WAYS: tuple[Way, ...] = get_args(Way)
TEST_SHOPPERS, VALIDATION_SHOPPERS = 0.2, 0.1  # shares of the shoppers who have a liking to foretell
LATEST = 0.1  # share of the likings that the test's time holds; validation's holds as much
SEED = 11  # of the draw of shoppers, which is the same for every model


@dataclass(frozen=True)
class Held:
    """A split, and where it cuts each shopper's track: (first position of validation, first position of test)."""

    way: Way
    parts: Split
    bounds: dict[str, tuple[int, int]]


def held_out(made: Mapping[str, Track], way: Way) -> Held:
    """Split the tracks; nothing is held out where there are too few likings. TooFewEvents where the way is time and
    no likings have times."""
    parts = split(made)
    if way == "time":
        return _time(made, parts.liked)
    return _leave_one_out(made, parts) if way == "leave-one-out" else _shoppers(made, parts.liked)


def _leave_one_out(made: Mapping[str, Track], parts: Split) -> Held:
    last = {case.shopper_id: len(case.history) for case in parts.test}
    bounds = {
        shopper_id: (len(parts.train[shopper_id]), last.get(shopper_id, len(track)))
        for shopper_id, track in made.items()
    }
    return Held("leave-one-out", parts, bounds)


def _time(made: Mapping[str, Track], liked: float) -> Held:
    held = [track.times[track.weights >= liked] for track in made.values()]
    times = np.concatenate(held) if held else np.zeros(0)
    times = times[~np.isnan(times)]
    if not len(times):
        raise TooFewEvents("No liking has a time (a file with an order has none): take another split than time.")
    start, middle = (float(np.quantile(times, share)) for share in (1 - 2 * LATEST, 1 - LATEST))
    bounds, train = {}, {}
    validation: list[Case] = []
    test: list[Case] = []
    for shopper_id, track in made.items():
        # What has no time is of long ago. Steps stand in the order of their times.
        first, last = (int((~(track.times >= moment)).sum()) for moment in (start, middle))
        bounds[shopper_id] = (first, last)
        if first:
            train[shopper_id] = track.until(first)
        for at in _likings(track, liked):
            if at >= first:
                (validation if at < last else test).append(_case(shopper_id, track, int(at)))
    return Held("time", Split(train, validation, test, liked), bounds)


def _shoppers(made: Mapping[str, Track], liked: float) -> Held:
    able = sorted(shopper_id for shopper_id, track in made.items() if len(_likings(track, liked)))
    order = np.random.default_rng(SEED).permutation(len(able))
    test, validation = round(TEST_SHOPPERS * len(able)), round(VALIDATION_SHOPPERS * len(able))
    drawn = {able[int(number)]: (at < test) for at, number in enumerate(order[: test + validation])}
    bounds, train = {}, {}
    cases: dict[bool, list[Case]] = {True: [], False: []}
    for shopper_id, track in made.items():
        if shopper_id not in drawn:
            bounds[shopper_id] = (len(track), len(track))
            train[shopper_id] = track
            continue
        tested = drawn[shopper_id]
        bounds[shopper_id] = (0, 0) if tested else (0, len(track))
        cases[tested].append(_case(shopper_id, track, int(_likings(track, liked)[-1])))
    return Held("shoppers", Split(train, cases[False], cases[True], liked), bounds)


def _likings(track: Track, liked: float) -> Places:
    """Positions of the likings that have something before them."""
    found = np.flatnonzero(track.weights >= liked)
    return found[found > 0]


def _case(shopper_id: str, track: Track, at: int) -> Case:
    return Case(shopper_id, track.until(at), int(track.places[at]))
