"""Cleaning: which of the stored events a model learns from, by stated rules; the table itself keeps everything.

- repeated: the same shopper, kind and item again within REPEAT_S: a page loaded twice, an event sent twice.
- gone: its item is no longer in the catalogue.
- robot: a shopper with ROBOT_EVENTS events or more at a median pace under ROBOT_GAP_S; or with more than ROBOT_DAY
  events within a day; or with more than ROBOT_LOOKS events, far out among all, of which fewer than ROBOT_LIKES say more
  than a look. All that they did is left out.
- bulk buyer: a shopper with more than BULK_PURCHASES bought items, far out among those who bought: a shop or an office,
  whose goods go together for nobody else. All that they did is left out.

Far out is Tukey's outer fence over logarithms: above the third quartile by FENCE times the distance of the quartiles.
Rules of pace are only asked of events with a time, see ``ranking.history.timed``. Knows rows of events; knows nothing
of files, tables or models.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

import numpy as np

from ranking.behaviour import Row
from ranking.history import timed

REPEAT_S = (
    60.0  # a person who likes an item twice within a minute meant it once; numbered orders lie just this far apart
)
ROBOT_EVENTS = 50  # fewer than these at a high pace are someone clicking through a gallery
ROBOT_GAP_S = 2.0  # a person needs longer to look at an item
ROBOT_DAY = 1_000  # an event every minute and a half around the clock
ROBOT_LOOKS = 1_000
ROBOT_LIKES = 0.01
BULK_PURCHASES = 250
FENCE = 3.0
FEWEST_SHOPPERS = 20  # below it quartiles say nothing, and nobody is far out
DAY_S = 86_400.0

Reason = Literal["repeated", "gone", "robot", "bulk buyer"]
Read = Callable[[], Iterator[Row]]  # reads every row anew: grouped by shopper, oldest first


@dataclass(frozen=True)
class Cleaning:
    """What was found: ``apart`` are the shoppers left out, with the reason; ``dropped`` counts events."""

    read: Read
    items: Collection[str]
    events: int
    shoppers: int
    apart: dict[str, Reason]
    dropped: Counter[Reason] = field(default_factory=Counter)

    def rows(self) -> Iterator[Row]:
        """The rows that are left to learn from; ``dropped`` counts the others anew as they are passed over."""
        self.dropped.clear()
        for shopper_id, own in groupby(self.read(), key=lambda row: row[0]):
            why = self.apart.get(shopper_id)
            if why is not None:
                self.dropped[why] += sum(1 for _ in own)
                continue
            last: dict[tuple[str, str], float] = {}
            for row in own:
                _, kind, item_id, _, query, time, _ = row
                before, last[kind, item_id or query] = last.get((kind, item_id or query)), time
                if before is not None and time - before < REPEAT_S:
                    self.dropped["repeated"] += 1
                elif item_id and item_id not in self.items:
                    self.dropped["gone"] += 1
                else:
                    yield row


def clean(read: Read, items: Collection[str]) -> Cleaning:
    """Look through the rows once and say which shoppers are left out; ``items`` are the catalogue's ids."""
    people = [_summary(shopper_id, own) for shopper_id, own in groupby(read(), key=lambda row: row[0])]
    apart: dict[str, Reason] = {one.shopper_id: "robot" for one in people if one.hurried}
    looks = fence(one.events for one in people if one.shopper_id not in apart)
    for one in people:
        if one.events > max(looks, ROBOT_LOOKS) and one.likings < ROBOT_LIKES * one.events:
            apart[one.shopper_id] = "robot"
    bought = fence(one.bought for one in people if one.bought and one.shopper_id not in apart)
    for one in people:
        if one.shopper_id not in apart and one.bought > max(bought, BULK_PURCHASES):
            apart[one.shopper_id] = "bulk buyer"
    return Cleaning(read, items, sum(one.events for one in people), len(people), apart)


def fence(counts: Iterable[int]) -> float:
    """The count from which on one is far out among these (each at least 1); infinite where there are too few."""
    logs = np.log(np.fromiter(counts, dtype=np.float64))
    if len(logs) < FEWEST_SHOPPERS:
        return float("inf")
    low, high = np.quantile(logs, [0.25, 0.75])
    return float(np.exp(high + FENCE * (high - low)))


@dataclass(frozen=True)
class _Summary:
    """What the rules ask of one shopper."""

    shopper_id: str
    events: int
    likings: int  # events that say more than a look
    bought: int  # distinct items
    hurried: bool  # at a pace that no person keeps


def _summary(shopper_id: str, own: Iterable[Row]) -> _Summary:
    rows = list(own)
    times = np.array([row[5] for row in rows if timed(row[5])])
    hurried = False
    if len(times) >= ROBOT_EVENTS:
        busiest = int(np.unique((times // DAY_S).astype(np.int64), return_counts=True)[1].max())
        hurried = float(np.median(np.diff(times))) < ROBOT_GAP_S or busiest > ROBOT_DAY
    likings = sum(1 for row in rows if row[1] in ("like", "cart", "purchase", "rating", "dislike"))
    return _Summary(shopper_id, len(rows), likings, len({row[2] for row in rows if row[1] == "purchase"}), hurried)
