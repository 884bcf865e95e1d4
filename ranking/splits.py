"""Splits: what of the shoppers' behaviour trains, what stops the training, and what it is measured on.

- leave-one-out: of each shopper the last liking is the test's target and the one before it validation's.
- shoppers: some shoppers give nothing to training at all; their last liking is foretold from their history.

Knows tracks. Knows nothing of models.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from ranking.behaviour import Case, Places, Split, Track, split

Way = Literal["leave-one-out", "shoppers"]
WAYS: tuple[Way, ...] = get_args(Way)
TEST_SHOPPERS, VALIDATION_SHOPPERS = 0.2, 0.1  # shares of the shoppers who have a liking to foretell
SEED = 11  # of the draw of shoppers, which is the same for every model


@dataclass(frozen=True)
class Held:
    """A split, and where it cuts each shopper's track: (first position of validation, first position of test)."""

    way: Way
    parts: Split
    bounds: dict[str, tuple[int, int]]


def held_out(made: Mapping[str, Track], way: Way) -> Held:
    """Split the tracks; nothing is held out where there are too few likings."""
    parts = split(made)
    return _leave_one_out(made, parts) if way == "leave-one-out" else _shoppers(made, parts.liked)


def _leave_one_out(made: Mapping[str, Track], parts: Split) -> Held:
    last = {case.shopper_id: len(case.history) for case in parts.test}
    bounds = {
        shopper_id: (len(parts.train[shopper_id]), last.get(shopper_id, len(track)))
        for shopper_id, track in made.items()
    }
    return Held("leave-one-out", parts, bounds)


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
