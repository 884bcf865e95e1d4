"""The plain learners: a logistic regression and a linear support vector machine over the reranker's own features.

Knows the features and scikit-learn. They show what the network's hidden layers add.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from ranking.behaviour import Places, Track
from ranking.features import Features
from ranking.models.model import Floats, Model
from ranking.requests import Need

OTHERS = 10  # items that were not liked, for each that was
Kind = Literal["logistic", "svm"]


class Linear(Model):
    """A weighted sum of the features, the weights fitted to tell liked items from others."""

    def __init__(self, features: Features, inputs: NDArray[np.float16], kind: Kind, seed: int = 0) -> None:
        """``inputs`` [examples, m, F]: features of lists of items, the liked one first."""
        chosen = np.random.default_rng(seed).permutation(inputs.shape[1] - 1)[:OTHERS] + 1
        held = inputs[:, np.concatenate([[0], chosen])].astype(np.float32)
        labels = np.zeros(held.shape[:2], dtype=np.int64)
        labels[:, 0] = 1
        learner = (
            LogisticRegression(class_weight="balanced", max_iter=300)
            if kind == "logistic"
            else LinearSVC(class_weight="balanced", C=0.01, random_state=seed)
        )
        pipeline = make_pipeline(StandardScaler(), learner)
        pipeline.fit(held.reshape(-1, held.shape[2]), labels.ravel())
        scaler, fitted = pipeline[0], pipeline[1]
        self._weights = (fitted.coef_[0] / scaler.scale_).astype(np.float32)
        self._offset = float(fitted.intercept_[0] - (fitted.coef_[0] * scaler.mean_ / scaler.scale_).sum())
        self._features = features

    def scores(self, tracks: Sequence[Track], places: Places | None = None) -> Floats:
        return self._weighed(self._features.compute(tracks, places))

    def score(self, history: Track, candidates: Places, need: Need | None = None) -> Floats:
        """As ``Model.score``; the need is one of the features."""
        asked = None if need is None else need.for_all(1)
        return self.calibration.probability(
            self._weighed(self._features.compute([history], candidates[None], asked))[0]
        )

    def _weighed(self, computed: Floats) -> Floats:
        return np.asarray(np.einsum("fbm,f->bm", computed, self._weights) + np.float32(self._offset), np.float32)
