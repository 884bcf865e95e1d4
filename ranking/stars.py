"""Ratings foretold: p(like) turned into stars by a straight line, beside the plain averages that it must beat.

Pure. Knows ratings as arrays of shoppers, items and stars. Knows nothing of models: p(like) is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ranking.bootstrap import Interval, differences, means

LEAST, MOST = 1.0, 5.0
PRIOR = 3.0  # an item's or a shopper's mean counts as if it had this many ratings of the overall mean more
FEWEST = 20  # ratings on validation below which no line is fitted, and on test below which nothing is measured

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StarLine:
    """stars = ``base`` + ``rise`` * p(like), held within 1 to 5."""

    base: float
    rise: float

    @classmethod
    def fit(cls, foretold: ArrayLike, stars: ArrayLike) -> "StarLine":
        """Least squares; a higher p(like) is never fewer stars: where the ratings say so, their mean is foretold."""
        p, given = np.asarray(foretold, dtype=np.float64), np.asarray(stars, dtype=np.float64)
        spread = float(((p - p.mean()) ** 2).sum())
        rise = max(0.0, float(((p - p.mean()) * (given - given.mean())).sum()) / spread) if spread > 0 else 0.0
        return cls(float(given.mean() - rise * p.mean()), rise)

    def stars(self, foretold: ArrayLike) -> Floats:
        """Stars of each p(like)."""
        return np.clip(self.base + self.rise * np.asarray(foretold, dtype=np.float64), LEAST, MOST)


@dataclass(frozen=True)
class Rated:
    """Ratings, one a row: whose, of what place, how many stars, what the shopper gave before, and the p(like)."""

    shoppers: Sequence[str]
    places: Sequence[int]
    stars: Floats
    earlier: Sequence[Sequence[float]]  # stars that the same shopper gave to other items before
    foretold: Floats  # p(like) by the history before it

    def __len__(self) -> int:
        return len(self.stars)


def averages(known: Sequence[tuple[int, float]], rated: Rated) -> dict[str, Floats]:
    """What plain averages foretell for the ratings; ``known``: place and stars of the ratings of the past.

    "mean": of all that is known; "item_mean": of the item's own, "shopper_mean": of what the shopper gave before; both
    drawn to the mean of all by PRIOR.
    """
    overall = float(np.mean([stars for _, stars in known])) if known else (LEAST + MOST) / 2
    of_item: dict[int, list[float]] = {}
    for place, stars in known:
        of_item.setdefault(place, []).append(stars)

    def drawn(own: Sequence[float]) -> float:
        return (sum(own) + PRIOR * overall) / (len(own) + PRIOR)

    return {
        "mean": np.full(len(rated), overall),
        "item_mean": np.array([drawn(of_item.get(place, ())) for place in rated.places]),
        "shopper_mean": np.array([drawn(own) for own in rated.earlier]),
    }


def figures_of_stars(known: Sequence[tuple[int, float]], validation: Rated, test: Rated) -> dict[str, Interval]:
    """Mean absolute error in stars on the test's ratings: "mae" by the line, "mean.mae" and so on by the averages,
    and "mae.less_than.item_mean" and so on: by how much the line is better, pair by pair.

    The line is fitted on validation; the averages know the training's ratings (``known``) and validation's. Empty
    where either part has too few ratings.
    """
    if min(len(validation), len(test)) < FEWEST:
        return {}
    line = StarLine.fit(validation.foretold, validation.stars)
    plain = averages([*known, *zip(validation.places, validation.stars.tolist(), strict=True)], test)
    wrong = {name: np.abs(guess - test.stars) for name, guess in plain.items()}
    own = np.abs(line.stars(test.foretold) - test.stars)
    made = means({"mae": own} | {f"{name}.mae": errors for name, errors in wrong.items()}, test.shoppers)
    less = differences(wrong, dict.fromkeys(wrong, own), test.shoppers)
    return made | {f"mae.less_than.{name}": held for name, held in less.items()}
