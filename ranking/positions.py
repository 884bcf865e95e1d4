"""Position bias: that what stands higher is looked at more often, estimated from what was shown, and taken off clicks.

The model is the position-based one (Craswell et al. 2008; inverse propensity after Joachims et al. 2017): an item at
position k is opened if it is looked at, with probability k ** -steepness, and attracts, with probability
sigmoid(a + b * logit(score)), where score is the p(like) that it was ranked by. Steepness, a and b are fitted together
by maximum likelihood, so that better items standing higher is not taken for bias.

Pure. Knows positions, scores and opens; nothing of shoppers, items or tables.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ranking.history import KIND_WEIGHTS

FEWEST_CLICKS = 100  # below it the steepness is anyone's guess, and nothing is corrected
STEEPEST = 2.0  # the fourth item looked at a sixteenth as often as the first: steeper is a fault in the data
SCORE_BINS = 20
MOST = KIND_WEIGHTS["like"] / KIND_WEIGHTS["click"] * 0.99  # cap of the factor: no click ever counts as much as a like

Shown = tuple[str, str, int, float]  # turn, item, position from 1, p(like): one item that a turn showed
Opened = Collection[tuple[str, str]]  # turn and item of the clicks


@dataclass(frozen=True)
class PositionBias:
    """How much less lower positions are looked at; without data, not at all."""

    steepness: float = 0.0
    mean: float = 1.0  # mean of 1 / looked_at over the clicks that were seen: factors are 1 on average
    clicks: int = 0  # that it was estimated from

    def looked_at(self, position: int) -> float:
        """Probability, against the first position, that the position is looked at."""
        return float(max(position, 1) ** -self.steepness)

    def factor(self, position: int | None) -> float:
        """What a click at this position counts against the average click; 1 where the position is not known.

        Self-normalised inverse propensity, at most MOST.
        """
        return 1.0 if position is None else min(1 / self.looked_at(position) / self.mean, MOST)

    @classmethod
    def estimated(cls, shown: Iterable[Shown], opened: Opened) -> "PositionBias":
        """Fit to what was shown; no bias where fewer than FEWEST_CLICKS were opened or all stood at one position."""
        rows = [(position, score, (turn, item) in opened) for turn, item, position, score in shown]
        held = np.array(rows, np.float64).reshape(-1, 3)
        clicks = int(held[:, 2].sum())
        if clicks < FEWEST_CLICKS or len(np.unique(held[:, 0])) < 2:
            return cls(clicks=clicks)
        steepness = _fit(*_grouped(held))
        return cls(steepness, float(np.mean(held[held[:, 2] > 0, 0] ** steepness)), clicks)


Floats = NDArray[np.float64]


def _grouped(held: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Positions, mean logits, impressions and opens of each position and bin of scores."""
    scores = np.clip(held[:, 1], 1e-4, 1 - 1e-4)
    logits = np.log(scores / (1 - scores))
    edges = np.unique(np.quantile(logits, np.linspace(0, 1, SCORE_BINS + 1)[1:-1]))
    _, group = np.unique(np.stack([held[:, 0], np.searchsorted(edges, logits)]), axis=1, return_inverse=True)
    count = np.bincount(group)
    means = (np.bincount(group, weights) / count for weights in (held[:, 0], logits))
    return *means, count.astype(np.float64), np.bincount(group, held[:, 2])  # type: ignore[return-value]


def _fit(positions: Floats, logits: Floats, shown: Floats, opened: Floats) -> float:
    away = np.log(positions)
    logits = (logits - logits.mean()) / max(float(logits.std()), 1e-6)

    def loss(values: Floats) -> float:
        steepness, a, b = values
        chance = np.exp(-steepness * away) / (1 + np.exp(-np.clip(a + b * logits, -30, 30)))
        chance = np.clip(chance, 1e-9, 1 - 1e-9)
        return -float((opened * np.log(chance) + (shown - opened) * np.log(1 - chance)).sum())

    rate = float(opened.sum() / shown.sum())
    start = np.array([0.5, np.log(max(rate, 1e-3) / max(1 - rate, 1e-3)), 0.0])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(0, STEEPEST), (-12, 12), (-12, 12)])
    return float(found.x[0])
