"""Intervals by the bootstrap over shoppers: how far a figure would move with other shoppers of the same kind.

Whole shoppers are drawn with replacement, so that one who is asked about often is not taken for many. The same seed
draws the same shoppers for the same number of them: figures of two models over the same cases are compared pair by
pair. Knows numbers and whose they are; knows nothing of metrics.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

DRAWS = 1_000
FEWER_DRAWS = 200  # for figures that are no means, each of which is computed anew for every draw
INSIDE = 0.95  # share of the draws that lie inside an interval
CHUNK = 50  # draws held at once: 9 MB at 22,000 shoppers

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Interval:
    """A figure, and the ends of its interval."""

    value: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0: of a difference, that it is more than noise."""
        return self.low > 0 or self.high < 0


def means(
    columns: Mapping[str, ArrayLike], owners: Sequence[str] | None = None, draws: int = DRAWS, seed: int = 0
) -> dict[str, Interval]:
    """Interval of each column's mean; all columns have the same length, and ``owners`` name each row's shopper.

    Without owners every row is a shopper of its own. NaN throughout where there are no rows.
    """
    names = list(columns)
    values = np.stack([np.asarray(columns[name], dtype=np.float64) for name in names], axis=1)
    if not len(values):
        return {name: Interval(float("nan"), float("nan"), float("nan")) for name in names}
    codes, shoppers = _codes(owners, len(values))
    sums = np.stack([np.bincount(codes, column, shoppers) for column in values.T], axis=1)
    counts = np.bincount(codes, minlength=shoppers).astype(np.float64)
    drawn = []
    for times in _times(shoppers, draws, seed):
        drawn.append((times @ sums) / (times @ counts)[:, None])
    low, high = _ends(np.concatenate(drawn))
    middle = values.mean(axis=0)
    return {name: Interval(float(middle[at]), float(low[at]), float(high[at])) for at, name in enumerate(names)}


def differences(
    ones: Mapping[str, ArrayLike],
    others: Mapping[str, ArrayLike],
    owners: Sequence[str] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, Interval]:
    """Interval of the mean of (one - other), row by row, of each column that both have."""
    both = {name: np.asarray(column) - np.asarray(others[name]) for name, column in ones.items() if name in others}
    return means(both, owners, draws, seed)


def interval(
    statistic: Callable[[Places], float],
    rows: int,
    owners: Sequence[str] | None = None,
    draws: int = FEWER_DRAWS,
    seed: int = 0,
) -> Interval:
    """Interval of any share of 0 to 1 that is computed from rows: ``statistic`` gets the numbers of the rows to use.

    The draws are moved so that their mean is the figure: with repeats a draw holds fewer different rows, which alone
    makes a coverage smaller and a calibration error greater.
    """
    if not rows:
        return Interval(float("nan"), float("nan"), float("nan"))
    codes, shoppers = _codes(owners, rows)
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(shoppers + 1))
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        chosen = rng.integers(0, shoppers, shoppers)
        drawn.append(statistic(np.concatenate([order[starts[one] : starts[one + 1]] for one in chosen])))
    value = float(statistic(np.arange(rows)))
    moved = value - float(np.mean(drawn))
    low, high = _ends(np.array(drawn)[:, None])
    return Interval(value, max(0.0, float(low[0]) + moved), min(1.0, float(high[0]) + moved))


def _codes(owners: Sequence[str] | None, rows: int) -> tuple[Places, int]:
    if owners is None:
        return np.arange(rows), rows
    names, codes = np.unique(np.asarray(owners, dtype=np.str_), return_inverse=True)
    return codes.astype(np.int64), len(names)


def _times(shoppers: int, draws: int, seed: int) -> Iterator[Floats]:
    """How often each shopper is drawn: [at most CHUNK, shoppers] at a time."""
    rng = np.random.default_rng(seed)
    for start in range(0, draws, CHUNK):
        count = min(CHUNK, draws - start)
        yield np.stack(
            [np.bincount(rng.integers(0, shoppers, shoppers), minlength=shoppers) for _ in range(count)]
        ).astype(np.float64)


def _ends(drawn: Floats) -> tuple[Floats, Floats]:
    low, high = np.quantile(drawn, [(1 - INSIDE) / 2, (1 + INSIDE) / 2], axis=0)
    return low, high
