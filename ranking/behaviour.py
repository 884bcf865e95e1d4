"""Behaviour: a shopper's events made into one sequence of items, each with what it says of a liking.

Knows kinds and their weights, and how a history is cut into training, validation and test. Knows nothing of tables,
texts or models.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ranking.history import Event, Kind, lenience, liking, timed
from ranking.positions import PositionBias

LIKED = 0.5  # from this weight on an event is a liking that a model may be asked to foresee
HAS_LIKINGS = 0.1  # a history with a smaller share of likings is of views alone: there every view is one
LONGEST = 200  # the latest items of a shopper that count; longer histories are robots or shops
NO_BIAS = PositionBias()
LATEST_SEARCHES = 50  # the latest searches of a shopper that are kept
LATEST_STEPS = 20  # the latest steps that are looked at one by one, for reasons and dislikes

Places = NDArray[np.int64]
Weights = NDArray[np.float32]
Times = NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """One item of a behaviour: the kind that said most, its weight in -1..1, and the last time of any."""

    item_id: str
    kind: Kind
    weight: float
    time: float


def steps(events: Iterable[Event]) -> list[Step]:
    """One step an item, in the order of the items' last events; the latest opinion (like or dislike) wins.

    ``events`` are of one shopper, oldest first. Searches, and events that say nothing, leave no step.
    """
    return _merge([(event.kind, event.item_id, event.rating, event.time, 1.0) for event in events])


Part = tuple[Kind, str, float | None, float, float]  # kind, item, rating, time, and what its weight is multiplied by


def _merge(own: Sequence[Part]) -> list[Step]:
    ratings = [rating for _, _, rating, _, _ in own if rating is not None]
    given, held = sum(ratings), dict[str, Step]()
    for kind, item_id, rating, time, factor in own:
        habit = lenience(given - rating, len(ratings) - 1) if rating is not None else 0.0
        weight = liking(kind, rating, habit) * factor
        if not item_id or weight == 0:
            continue
        before = held.pop(item_id, None)
        # A view after a purchase takes nothing away, nor does it revoke a dislike.
        if before and (before.weight > weight > 0 or before.weight < 0 < weight < LIKED):
            held[item_id] = Step(item_id, before.kind, before.weight, time)
        else:
            held[item_id] = Step(item_id, kind, weight, time)
    return list(held.values())


@dataclass(frozen=True)
class Search:
    """What was searched for; ``after``: how many of the track's steps came before; ``time`` as ``Track.times``."""

    words: str
    after: int
    time: float


@dataclass(frozen=True)
class Track:
    """A sequence of catalogue places, oldest first, with their weights (-1..1); for training and scoring.

    ``times`` are those of the items' last events in unix seconds, NaN where only the order is known; without them, all
    are NaN. ``searches`` are oldest first.
    """

    places: Places
    weights: Weights
    times: Times = field(default_factory=lambda: np.zeros(0))
    searches: tuple[Search, ...] = ()

    def __post_init__(self) -> None:
        if len(self.times) != len(self.places):
            object.__setattr__(self, "times", np.full(len(self.places), np.nan))

    def __len__(self) -> int:
        return len(self.places)

    def until(self, end: int) -> "Track":
        """The part before position ``end``: of the searches, those that came before the step at ``end`` did."""
        known = tuple(search for search in self.searches if search.after <= end)
        return Track(self.places[:end], self.weights[:end], self.times[:end], known)

    def last(self, count: int) -> "Track":
        """The latest ``count`` items of it, without what was searched for."""
        start = max(len(self) - count, 0)
        return Track(self.places[start:], self.weights[start:], self.times[start:])

    @classmethod
    def of(
        cls, behaviour: Sequence[Step], place: Mapping[str, int], searches: Sequence[tuple[str, float]] = ()
    ) -> "Track":
        """The latest LONGEST steps whose item has a place; ``searches``: words and time of each, oldest first."""
        known = [(place[step.item_id], step.weight, step.time) for step in behaviour if step.item_id in place]
        known = known[-LONGEST:]
        stored = np.array([time for _, _, time in known], dtype=np.float64)
        return cls(
            np.array([at for at, _, _ in known], dtype=np.int64),
            np.array([weight for _, weight, _ in known], np.float32),
            np.array([_clock(time) for time in stored], dtype=np.float64),
            tuple(
                Search(words, int(np.searchsorted(stored, time)), _clock(time))
                for words, time in searches[-LATEST_SEARCHES:]
            ),
        )


NOBODY = Track(np.zeros(0, np.int64), np.zeros(0, np.float32))  # of whom nothing is known


def _clock(time: float) -> float:
    return float(time) if timed(time) else np.nan


def searches(events: Iterable[Event]) -> list[tuple[str, float]]:
    """Words and time of each search among the events, in their order."""
    return [(event.query, event.time) for event in events if event.kind == "search"]


Row = tuple[str, str, str, float | None, str, float, int | None]  # as Events.rows gives them


def tracks(rows: Iterable[Row], place: Mapping[str, int], bias: PositionBias = NO_BIAS) -> dict[str, Track]:
    """Track of each shopper with at least one known item; ``rows`` are grouped by shopper, oldest first.

    Clicks weigh by the position that they were shown at, as ``bias`` says.
    """
    made = {}
    for shopper_id, own in groupby(rows, key=lambda row: row[0]):
        held = list(own)
        parts: list[Part] = [
            (kind, item_id, rating, time, bias.factor(position) if kind == "click" else 1.0)  # type: ignore[misc]  # kinds were checked
            for _, kind, item_id, rating, _, time, position in held
        ]
        asked = [(query, time) for _, kind, _, _, query, time, _ in held if kind == "search"]
        track = Track.of(_merge(parts), place, asked)
        if len(track):
            made[shopper_id] = track
    return made


@dataclass(frozen=True)
class Case:
    """One question of an evaluation: which item comes after this history?"""

    shopper_id: str
    history: Track
    target: int


@dataclass(frozen=True)
class Split:
    """Leave-one-out: the last liking is the test's target, the one before it validation's, the rest trains."""

    train: dict[str, Track]
    validation: list[Case]
    test: list[Case]
    liked: float  # the weight from which an item was taken for a liking


def split(made: Mapping[str, Track]) -> Split:
    """Cut each track; shoppers with fewer than three likings only train."""
    weights = np.concatenate([track.weights for track in made.values()]) if made else np.zeros(0)
    liked = LIKED if len(weights) and float((weights >= LIKED).mean()) >= HAS_LIKINGS else 0.01
    train, validation, test = {}, [], []
    for shopper_id, track in made.items():
        likings = np.flatnonzero(track.weights >= liked)
        if len(likings) < 3:
            train[shopper_id] = track
            continue
        before_last, last = int(likings[-2]), int(likings[-1])
        train[shopper_id] = track.until(before_last)
        validation.append(Case(shopper_id, track.until(before_last), int(track.places[before_last])))
        test.append(Case(shopper_id, track.until(last), int(track.places[last])))
    return Split(train, validation, test, liked)
