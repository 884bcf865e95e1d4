"""The report of events: what there is, what was found among it, and what was left out and why.

Knows rows of events and the files of rejected rows; makes plain figures, and a page of charts from them. Knows nothing
of the command line.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np

from ranking import charts
from ranking.behaviour import Row
from ranking.cleaning import Read, Reason, clean
from ranking.history import KIND_WEIGHTS, SESSION_GAP_S, timed
from ranking.positions import FEWEST_CLICKS, Opened, PositionBias, Shown

TOP_SEARCHES = 5
LOG_BINS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987)  # lower ends of the bars of events per shopper
MOST_MONTHS = 36  # the latest months that are drawn


@dataclass(frozen=True)
class EventReport:
    """Figures over all events; ``kept`` and what follows count only what is left to learn from."""

    events: int
    shoppers: int
    rejected: Counter[str]  # rows of files that were no events, by reason
    dropped: Mapping[Reason, int]  # events
    apart: Mapping[Reason, int]  # shoppers
    kept: int
    kinds: Counter[str]
    months: dict[str, Counter[str]]  # "2026-11" -> kind -> events; events without a time of the clock are left out
    visits: int  # a pause of SESSION_GAP_S ends one
    visit_events: float  # median
    per_shopper: dict[str, int]  # lower end of a bin -> shoppers
    searches: list[tuple[str, int]]  # the most frequent
    ratings: tuple[int, float, float]  # how many, their mean, and the spread of shoppers' own means
    first: float | None  # unix seconds; None where no event has a time of the clock
    last: float | None
    shown: Counter[int]  # position -> items that conversations showed there
    opened: Counter[int]  # those that were opened
    bias: PositionBias


def look_through(
    read: Read, items: Collection[str], rejected_folder: Path, shown: Sequence[Shown] = (), opened: Opened = ()
) -> EventReport:
    """Read the rows twice: once to find who is left out, once to count the rest."""
    cleaning = clean(read, items)
    kinds: Counter[str] = Counter()
    months: dict[str, Counter[str]] = {}
    sizes: Counter[int] = Counter()
    searches: Counter[str] = Counter()
    visits: list[int] = []
    ratings: list[float] = []
    habits: list[float] = []
    ends: list[float] = []
    for _, group in groupby(cleaning.rows(), key=lambda row: row[0]):
        own = list(group)
        sizes[int(np.searchsorted(LOG_BINS, len(own), "right")) - 1] += 1
        for _, kind, _, _, query, time, _ in own:
            kinds[kind] += 1
            if kind == "search":
                searches[" ".join(query.lower().split())] += 1
            if timed(time):
                months.setdefault(f"{datetime.fromtimestamp(time, UTC):%Y-%m}", Counter())[kind] += 1
        visits += visit_sizes(own)
        given = [row[3] for row in own if row[3] is not None]
        ratings += given
        habits += [float(np.mean(given))] if given else []
        times = [row[5] for row in own if timed(row[5])]
        ends += [times[0], times[-1]] if times else []
    return EventReport(
        events=cleaning.events,
        shoppers=cleaning.shoppers,
        rejected=_rejected(rejected_folder),
        dropped=dict(cleaning.dropped),
        apart=Counter(cleaning.apart.values()),
        kept=kinds.total(),
        kinds=kinds,
        months=dict(sorted(months.items())),
        visits=len(visits),
        visit_events=float(np.median(visits)) if visits else 0.0,
        per_shopper={f"{LOG_BINS[at]}+": sizes[at] for at in range(max(sizes, default=-1) + 1)},
        searches=searches.most_common(TOP_SEARCHES),
        ratings=(len(ratings), *((float(np.mean(ratings)), float(np.std(habits))) if ratings else (0.0, 0.0))),
        first=min(ends, default=None),
        last=max(ends, default=None),
        shown=Counter(position for _, _, position, _ in shown),
        opened=Counter(position for turn_id, item_id, position, _ in shown if (turn_id, item_id) in opened),
        bias=PositionBias.estimated(shown, opened),
    )


def visit_sizes(own: list[Row]) -> list[int]:
    """Events of each visit of one shopper, whose rows come oldest first; only those with a time of the clock."""
    times = [row[5] for row in own if timed(row[5])]
    if not times:
        return []
    begins = [0, *(at for at, (a, b) in enumerate(pairwise(times), start=1) if b - a > SESSION_GAP_S), len(times)]
    return [end - begin for begin, end in pairwise(begins)]


def table(report: EventReport) -> list[tuple[str, str]]:
    """The report as lines of a name and its value, for a terminal or a page; what belongs to a line is indented."""
    made = [
        ("events", f"{report.events:,}"),
        ("shoppers", f"{report.shoppers:,}"),
        ("from, to", f"{_day(report.first)}, {_day(report.last)}"),
        ("rows of files that were no events", f"{report.rejected.total():,}"),
        *((f"  {reason}", f"{count:,}") for reason, count in report.rejected.most_common()),
        ("events left out", f"{sum(report.dropped.values()):,}{_share(sum(report.dropped.values()), report.events)}"),
    ]
    for reason, count in sorted(report.dropped.items(), key=lambda pair: -pair[1]):
        people = report.apart.get(reason, 0)
        whose = f" ({people:,} shopper{'s' if people > 1 else ''})" if people else ""
        made.append((f"  {WORDS[reason]}{whose}", f"{count:,}"))
    made.append(("events to learn from", f"{report.kept:,}"))
    for kind, weight in sorted(KIND_WEIGHTS.items(), key=lambda pair: pair[1]):
        if report.kinds[kind]:
            counts = "by its value" if kind == "rating" else "its words" if kind == "search" else f"{weight:g}"
            made.append((f"  {kind} (counts {counts})", f"{report.kinds[kind]:,}"))
    made.append((f"visits (a pause of {SESSION_GAP_S / 60:.0f} minutes ends one)", f"{report.visits:,}"))
    made.append(("  events in a visit, median", f"{report.visit_events:g}"))
    count, mean, spread = report.ratings
    if count:
        made.append(("ratings, mean", f"{mean:.2f}"))
        made.append(("  spread of shoppers' own means, which is taken off", f"{spread:.2f}"))
    made += [(f"  searched for “{words}”", f"{times:,}") for words, times in report.searches]
    made += _positions(report)
    return made


def _positions(report: EventReport) -> list[tuple[str, str]]:
    """What conversations showed, how much of it was opened, and how much of that is only the position."""
    if not report.shown:
        return []
    made = [("items shown by conversations", f"{report.shown.total():,}"), ("  opened", f"{report.opened.total():,}")]
    if report.bias.clicks < FEWEST_CLICKS:
        wanted = f"fewer than {FEWEST_CLICKS} opened: clicks are not corrected"
        return [*made, ("  bias towards the top", wanted)]
    return made + [
        (
            f"  position {position}: opened, looked at against the first, a click counts",
            f"{report.opened[position] / report.shown[position]:.1%}, {report.bias.looked_at(position):.0%}, "
            f"{KIND_WEIGHTS['click'] * report.bias.factor(position):.2f}",
        )
        for position in sorted(report.shown)
    ]


WORDS: dict[Reason, str] = {
    "repeated": "the same again within a minute",
    "gone": "item no longer in the catalogue",
    "robot": "robots",
    "bulk buyer": "bulk buyers",
}


def drawn(report: EventReport) -> list[str]:
    """The charts of the report, as SVG: kinds by month, and events per shopper."""
    months = list(report.months)[-MOST_MONTHS:]
    names = {float(at): month for at, month in enumerate(months)}
    series: dict[str, charts.Points] = {
        kind: [(float(at), float(report.months[month][kind])) for at, month in enumerate(months)]
        for kind in KIND_WEIGHTS
        if report.kinds[kind]
    }
    made = [charts.lines("Events by kind", series, "month", "events", names)] if months else []
    made.append(charts.bars("Shoppers by how many events they have", report.per_shopper, "events", "shoppers"))
    left_out = {WORDS[reason]: float(count) for reason, count in report.dropped.items()}
    found = {reason: float(count) for reason, count in report.rejected.most_common()} | left_out
    return [*made, charts.bars("Left out", found, "", "rows and events")] if found else made


def page(report: EventReport) -> str:
    """The report as an HTML page."""
    return charts.page("Events", [charts.table(table(report)), *drawn(report)])


def _rejected(folder: Path) -> Counter[str]:
    reasons: Counter[str] = Counter()
    for path in sorted(folder.glob("events-*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            reasons.update(json.loads(line)["reason"] for line in lines)
    return reasons


def _day(time: float | None) -> str:
    return "order only" if time is None else f"{datetime.fromtimestamp(time, UTC):%-d %B %Y}"


def _share(part: int, whole: int) -> str:
    return f" ({part / whole:.2%})" if part else ""
