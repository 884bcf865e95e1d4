"""Whether a probability may be taken at its word: accuracy, AUC, calibration error and the reliability curve.

Pure. Knows probabilities foretold and labels (1: liked, 0: not); knows nothing of how either came about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from ranking.bootstrap import Interval, interval, means

BINS = 10  # of equal mass
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bin:
    """One point of a reliability curve: of ``count`` cases, what was foretold on average and what came true."""

    foretold: float
    true: float
    count: int


def accuracy(foretold: ArrayLike, labels: ArrayLike) -> float:
    """Share of the cases that a threshold of one half puts on the right side; NaN without cases."""
    right = (np.asarray(foretold, dtype=np.float64) >= 0.5) == (np.asarray(labels) > 0)
    return float(right.mean()) if right.size else float("nan")


def separation(foretold: ArrayLike, labels: ArrayLike) -> float:
    """AUC over all cases together: how often a liked one is foretold higher than another, ties counting half.

    NaN where only one label occurs.
    """
    liked = np.asarray(labels) > 0
    positive, negative = int(liked.sum()), int((~liked).sum())
    if not positive or not negative:
        return float("nan")
    ranks = rankdata(np.asarray(foretold, dtype=np.float64))
    return float((ranks[liked].sum() - positive * (positive + 1) / 2) / (positive * negative))


def curve(foretold: ArrayLike, labels: ArrayLike, bins: int = BINS) -> list[Bin]:
    """The reliability curve: the cases in the order of what was foretold, cut into bins of equal mass."""
    held, came = np.asarray(foretold, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    order = np.argsort(held, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [Bin(float(held[part].mean()), float(came[part].mean()), len(part)) for part in parts]


def calibration_error(foretold: ArrayLike, labels: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error: mean distance of foretold and true over bins of equal mass, weighed by their cases.

    NaN without cases.
    """
    made = curve(foretold, labels, bins)
    total = sum(one.count for one in made)
    return sum(abs(one.foretold - one.true) * one.count for one in made) / total if total else float("nan")


def figures_of_probabilities(
    foretold: Floats, labels: Floats, owners: Sequence[str] | None = None
) -> dict[str, Interval]:
    """Accuracy, mean absolute error, AUC and calibration error, each with its interval over shoppers."""
    right = (foretold >= 0.5) == (labels > 0)
    made = means({"accuracy": right, "mae": np.abs(foretold - labels)}, owners)
    made["separation"] = interval(lambda rows: separation(foretold[rows], labels[rows]), len(labels), owners)
    made["ece"] = interval(lambda rows: calibration_error(foretold[rows], labels[rows]), len(labels), owners)
    return made
