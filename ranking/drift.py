"""Drift: whether what shoppers do now is still what they did before, and what the live model makes of it.

Two periods of the same length are compared, the latest and the one before: events of each kind, shoppers, items, and
the scores that the model gives to what was then liked, from the history up to that moment. The distance between two
distributions is the population stability index (PSI), sum of (b - a) * ln(b / a) over bins: below STABLE nothing to
speak of, from SHIFTED on a training on the new events is due. Knows rows of events and anything that scores; knows
nothing of models, files or the command line.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ranking import charts
from ranking.behaviour import LIKED, Row
from ranking.errors import TooFewEvents
from ranking.history import KIND_WEIGHTS, Event, liking, timed

DAY_S = 86_400.0
STABLE, SHIFTED = 0.1, 0.25  # the usual bounds of a PSI
BINS = 10  # of equal share in the period before
LEAST_SHARE = 1e-3  # of an empty bin, whose logarithm would be infinite
TOP_ITEMS = 50
MOST_SCORED = 400  # likings of each period, drawn by the seed
FEWEST_SCORED = 30

Score = Callable[[Sequence[Event], str], float | None]  # history, item -> p(like); None where it has none
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Drift:
    """Figures of the two periods; pairs are (before, now)."""

    starts: tuple[float, float]  # unix seconds
    end: float
    kinds: dict[str, tuple[int, int]]
    kinds_psi: float
    shoppers: tuple[int, int]
    returning: int  # shoppers of both periods
    items: tuple[int, int]
    kept: int  # items of both
    top_kept: tuple[int, int]  # of so many most liked items before, how many are still among as many now
    fresh: float  # share of the events now that are on items without any event earlier
    scores: tuple[Floats, Floats]  # p(like) of what was liked
    scores_psi: float  # NaN where too little was scored

    @property
    def verdict(self) -> str:
        """In a word: "stable", "moving" or "shifted", by the greater of the two distances."""
        worst = np.nanmax([self.kinds_psi, self.scores_psi])
        return "stable" if worst < STABLE else "moving" if worst < SHIFTED else "shifted"


def compare(rows: Iterable[Row], days: float, score: Score | None = None, seed: int = 0) -> Drift:
    """The latest ``days`` against as many before; ``rows`` are grouped by shopper, oldest first.

    ``score`` None: without a model. Raises TooFewEvents where no event has a time, or one of the periods has none.
    """
    held = [row for row in rows if timed(row[5])]
    if not held:
        raise TooFewEvents("No event has a time (a file with an order has none), so that nothing can be compared.")
    end = max(row[5] for row in held)
    middle, start = end - days * DAY_S, end - 2 * days * DAY_S
    kinds: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    shoppers: tuple[set[str], set[str]] = (set(), set())
    items: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    earlier: set[str] = set()
    for shopper_id, kind, item_id, _, _, time, _ in held:
        if time <= middle:
            earlier.add(item_id)
        if time > start:
            now = time > middle
            kinds[now][kind] += 1
            shoppers[now].add(shopper_id)
            items[now][item_id] += max(0, round(10 * KIND_WEIGHTS[kind])) if item_id else 0  # type: ignore[index]
    for period, name in zip(kinds, ("before those", "there"), strict=True):
        if not period:
            raise TooFewEvents(f"In the {days:g} days {name} nothing happened: compare longer periods, e.g. --days 90.")
    seen = tuple({item for item in period if item} for period in items)
    told = [row for row in held if row[5] > middle and row[2]]
    top = tuple([item for item, _ in period.most_common(TOP_ITEMS) if item] for period in items)
    scores = _scores(held, start, middle, score, seed)
    enough = min(len(period) for period in scores) >= FEWEST_SCORED
    names = sorted(set(kinds[0]) | set(kinds[1]))
    return Drift(
        starts=(start, middle),
        end=end,
        kinds={kind: (kinds[0][kind], kinds[1][kind]) for kind in names},
        kinds_psi=psi(*(np.array([period[kind] for kind in names]) for period in kinds)),
        shoppers=(len(shoppers[0]), len(shoppers[1])),
        returning=len(shoppers[0] & shoppers[1]),
        items=(len(seen[0]), len(seen[1])),
        kept=len(seen[0] & seen[1]),
        top_kept=(len(top[0]), len(set(top[0]) & set(top[1]))),
        fresh=sum(row[2] not in earlier for row in told) / max(len(told), 1),
        scores=scores,
        scores_psi=scores_distance(*scores) if enough else float("nan"),
    )


def psi(before: Floats, now: Floats) -> float:
    """Population stability index of two counts over the same bins; 0 where they have the same shares."""
    a, b = (np.maximum(counts / max(counts.sum(), 1), LEAST_SHARE) for counts in (before, now))
    return float(((b - a) * np.log(b / a)).sum())


def scores_distance(before: Floats, now: Floats) -> float:
    """PSI over BINS that hold equal shares of the scores before."""
    edges = np.unique(np.quantile(before, np.linspace(0, 1, BINS + 1)[1:-1]))

    def counts(scores: Floats) -> Floats:
        return np.bincount(np.searchsorted(edges, scores, "right"), minlength=len(edges) + 1).astype(np.float64)

    return psi(counts(before), counts(now))


def _scores(held: Sequence[Row], start: float, middle: float, score: Score | None, seed: int) -> tuple[Floats, Floats]:
    """p(like) of what was liked in each period, by the history before it."""
    if score is None:
        return np.zeros(0), np.zeros(0)
    own = {shopper_id: list(rows) for shopper_id, rows in groupby(held, key=lambda row: row[0])}
    cases: tuple[list[tuple[str, int]], list[tuple[str, int]]] = ([], [])
    for shopper_id, rows in own.items():
        had: set[str] = set()
        for at, (_, kind, item_id, rating, _, time, _) in enumerate(rows):
            likes = liking(kind, rating) >= LIKED  # type: ignore[arg-type]  # kinds were checked
            if likes and item_id and item_id not in had and time > start:
                cases[time > middle].append((shopper_id, at))
            if likes:
                had.add(item_id)
    rng = np.random.default_rng(seed)
    made = []
    for period in cases:
        drawn = rng.permutation(len(period))[:MOST_SCORED]
        found = []
        for shopper_id, at in (period[int(number)] for number in np.sort(drawn)):
            target = own[shopper_id][at][2]
            before = [_event(row) for row in own[shopper_id][:at] if row[2] != target]
            p = score(before, target)
            found += [p] if p is not None else []
        made.append(np.array(found))
    return made[0], made[1]


def _event(row: Row) -> Event:
    shopper_id, kind, item_id, rating, query, time, position = row
    return Event.model_construct(
        id="", shopper_id=shopper_id, kind=kind,  # type: ignore[arg-type]
        item_id=item_id, rating=rating, query=query, time=time, turn_id="",
        position=position,
    )  # fmt: skip


def table(drift: Drift) -> list[tuple[str, str, str, str]]:
    """Lines of a name, its value before, its value now, and the change."""
    days = (drift.end - drift.starts[1]) / DAY_S
    made = [(f"{days:g} days up to", _day(drift.starts[1]), _day(drift.end), "")]
    made += [(kind, f"{a:,}", f"{b:,}", _change(a, b)) for kind, (a, b) in drift.kinds.items()]
    made += [
        ("shares of the kinds: PSI", "", f"{drift.kinds_psi:.3f}", _word(drift.kinds_psi)),
        ("shoppers", f"{drift.shoppers[0]:,}", f"{drift.shoppers[1]:,}", _change(*drift.shoppers)),
        ("  in both", "", f"{drift.returning:,}", ""),
        ("items with events", f"{drift.items[0]:,}", f"{drift.items[1]:,}", _change(*drift.items)),
        ("  in both", "", f"{drift.kept:,}", ""),
        (f"  of the {drift.top_kept[0]} most liked, still so", "", f"{drift.top_kept[1]}", ""),
        ("  events on items without any earlier", "", f"{drift.fresh:.1%}", ""),
    ]
    before, now = drift.scores
    if len(before) and len(now):
        for name, share in (("lowest tenth", 0.1), ("median", 0.5), ("highest tenth", 0.9)):
            a, b = (float(np.quantile(scores, share)) for scores in drift.scores)
            made.append((f"p(like) of what was liked, {name}", f"{a:.3f}", f"{b:.3f}", f"{b - a:+.3f}"))
    if not np.isnan(drift.scores_psi):
        made.append(("its distribution: PSI", "", f"{drift.scores_psi:.3f}", _word(drift.scores_psi)))
    return made


def page(drift: Drift) -> str:
    """The comparison as an HTML page with charts."""
    kinds: Mapping[str, float] = {f"{kind} {name}": float(pair[now]) for kind, pair in drift.kinds.items()
                                  for now, name in enumerate(("before", "now"))}  # fmt: skip
    parts = [
        f"<p>All in all: <b>{drift.verdict}</b>.</p>",
        charts.table(table(drift), ("", "before", "now", "change")),
        charts.bars("Events of each kind", kinds, "", "events"),
    ]
    if len(drift.scores[0]) and len(drift.scores[1]):
        edges = np.linspace(0, 1, BINS + 1)
        shares = {
            name: [
                (float(edge + 0.5 / BINS), float(count) / len(scores))
                for edge, count in zip(edges[:-1], np.histogram(scores, edges)[0], strict=True)
            ]
            for name, scores in zip(("before", "now"), drift.scores, strict=True)
        }
        parts.append(charts.lines("p(like) that the live model gives to what was liked", shares, "p(like)", "share"))
    return charts.page("Drift", parts)


def _word(distance: float) -> str:
    return "stable" if distance < STABLE else "moving" if distance < SHIFTED else "shifted: train anew"


def _change(before: int, now: int) -> str:
    return f"{now / before - 1:+.0%}" if before else "new"


def _day(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%-d %B %Y}"
