"""What every model is: scores of items for histories, and their calibration to probabilities.

Knows tracks and scores. Knows nothing of how a model comes to them.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from ranking.behaviour import Case, Places, Track
from ranking.corner import Corner
from ranking.requests import Need

Floats = NDArray[np.float32]
LEAST_SPREAD = 1e-9


@dataclass(frozen=True)
class Calibration:
    """Turns a model's raw scores, on any scale, into p(like) in an even mix of likings and random items.

    Raw scores are squeezed by ``asinh(raw / scale)``, which is straight near 0 and a logarithm far from it: sums of
    counts run over several powers of ten.
    """

    scale: float = 1.0
    slope: float = 1.0
    offset: float = 0.0
    needed: float = 0.0  # logits for each unit of relevance to a request
    asked: float = 0.0  # logits that an item of no relevance loses or gains once something is asked for

    def probability(self, raw: Floats, need: Floats | None = None) -> Floats:
        """p(like) in 0..1 of raw scores; ``need`` in 0..1, of the same shape: relevance to what was asked for."""
        logits = self.slope * np.arcsinh(raw / self.scale) + self.offset
        if need is not None:
            logits = logits + self.needed * need + self.asked
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -50, 50))), dtype=np.float32)

    @classmethod
    def fit(cls, liked: Floats, other: Floats, liked_need: Floats, other_need: Floats) -> "Calibration":
        """Fit on raw scores [c] of held-out likings and of random items, and on the relevance of both to a request
        that was made from the liking. A higher score, or relevance, is never a lower p(like)."""
        raw, need = np.concatenate([liked, other]), np.concatenate([liked_need, other_need])
        scale = max(float(np.median(np.abs(raw[raw != 0]))) if raw.any() else 1.0, LEAST_SPREAD)
        squeezed = np.arcsinh(raw / scale)
        labels = np.repeat([1, 0], [len(liked), len(other)])
        # Each liking counts twice, with and without its request, so that one slope serves both.
        nothing = np.zeros_like(squeezed)
        inputs = np.stack(
            [np.tile(squeezed, 2), np.concatenate([nothing, need]), np.concatenate([nothing, nothing + 1])], axis=1
        )
        fitted = LogisticRegression(C=100.0).fit(inputs, np.tile(labels, 2))
        slope, needed, asked = (float(value) for value in fitted.coef_[0])
        return cls(scale, max(slope, 1e-3), float(fitted.intercept_[0]), max(needed, 0.0), asked)


class Model(ABC):
    """Scores items for shoppers by their histories."""

    calibration = Calibration()

    @abstractmethod
    def scores(self, tracks: Sequence[Track], places: Places | None = None) -> Floats:
        """Raw scores, higher is better: [b, n] of every item of the table for each track, or [b, m] of ``places``."""

    def in_corner(self, tracks: Sequence[Track], corner: Corner) -> Floats:
        """As ``scores`` of the corner's places [b, m], for the few shoppers and items of a conversation."""
        return self.scores(tracks, corner.targets[corner.target])

    def score(self, history: Track, candidates: Places, need: Need | None = None) -> Floats:
        """p(like) [m] of the candidates' places [m].

        ``need`` [m] says how well each answers what the shopper asks for; None: nothing was asked for.
        """
        return self.calibration.probability(
            self.scores([history], candidates[None])[0], None if need is None else need.answers
        )

    def calibrate(self, cases: Sequence[Case], need: Need, seed: int) -> None:
        """Fit the calibration on held-out cases; ``need`` [cases, n]: how every item answers a case's request."""
        rng = np.random.default_rng(seed)
        targets = np.array([case.target for case in cases], dtype=np.int64)
        others = rng.integers(0, need.answers.shape[1], len(cases))
        pairs = np.stack([targets, others], axis=1)
        raw = self.scores([case.history for case in cases], pairs)
        relevance = np.take_along_axis(need.answers, pairs, axis=1)
        self.calibration = Calibration.fit(raw[:, 0], raw[:, 1], relevance[:, 0], relevance[:, 1])


def picked(every: Floats, places: Places | None) -> Floats:
    """The scores [b, m] of the places among those of every item [b, n]; all where no places are named."""
    return every if places is None else np.take_along_axis(every, places, axis=1)


def picked_sparse(every: sp.csr_matrix, places: Places | None) -> Floats:
    """As ``picked``, from sparse scores [b, n], which are not spread out where only some are asked for."""
    if places is None:
        return np.asarray(every.toarray(), dtype=np.float32)
    every.sort_indices()
    made = np.zeros(places.shape, dtype=np.float32)
    for number, own in enumerate(places):
        held = slice(every.indptr[number], every.indptr[number + 1])
        columns, values = every.indices[held], every.data[held]
        if len(columns):
            at = np.minimum(np.searchsorted(columns, own), len(columns) - 1)
            made[number] = np.where(columns[at] == own, values[at], 0)
    return made
