"""The models: the trained network, and the plain ones that it must beat.

Each scores every item of the table for a batch of tracks: ``scores(tracks) -> float32 [b, n]``, higher is better.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ranking.behaviour import Track
from ranking.features import Features

Floats = NDArray[np.float32]


class Scores(Protocol):
    """Anything that scores every item for some shoppers."""

    def scores(self, tracks: Sequence[Track]) -> Floats:
        """[b, n], higher is better."""
        ...


class Popularity:
    """The same for everyone: how often an item was liked."""

    def __init__(self, features: Features) -> None:
        self._popularity = features.relations.popularity

    def scores(self, tracks: Sequence[Track]) -> Floats:
        return np.repeat(self._popularity[None], len(tracks), axis=0)


class SameCategory:
    """The most popular in the category of the last liked item, then the most popular of all."""

    def __init__(self, features: Features) -> None:
        self._popular = Popularity(features)
        self._above = float(features.relations.popularity.max(initial=0)) + 1
        self._leaf = features.table.leaf

    def scores(self, tracks: Sequence[Track]) -> Floats:
        made = self._popular.scores(tracks)
        for row, track in zip(made, tracks, strict=True):
            liked = track.places[track.weights > 0]
            if len(liked):
                row[self._leaf == self._leaf[liked[-1]]] += self._above
        return made


class Transitions:
    """What followed the history's items, the latest weighing most."""

    def __init__(self, features: Features) -> None:
        self._features = features

    def scores(self, tracks: Sequence[Track]) -> Floats:
        return self._features.following(tracks)


class Network(nn.Module):
    """Features to a logit: a linear part, and a small net that finds what depends on what.

    The last axis of the input holds the features; normalisation is part of the module, so that weights and statistics
    cannot part ways.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, features: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("spread", torch.ones(features))
        # Calibration: p(like) = sigmoid(slope * logit + offset).
        self.register_buffer("slope", torch.ones(()))
        self.register_buffer("offset", torch.zeros(()))
        self.linear = nn.Linear(features, 1)
        self.net = nn.Sequential(
            nn.Linear(features, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [...] of inputs [..., F]."""
        scaled = (inputs - self.mean) / self.spread
        total: Tensor = self.linear(scaled) + self.net(scaled)
        return total[..., 0]

    def probability(self, logits: Floats) -> Floats:
        """p(like) in 0..1 of logits."""
        slope, offset = float(self.get_buffer("slope")), float(self.get_buffer("offset"))
        return (1 / (1 + np.exp(-np.clip(slope * logits + offset, -50, 50)))).astype(np.float32)

    def logits(self, computed: Floats) -> Floats:
        """Logits [b, m] of features [F, b, m], without gradients."""
        with torch.inference_mode():
            flat = torch.from_numpy(computed.reshape(len(computed), -1)).T
            return np.asarray(self(flat).numpy().reshape(computed.shape[1:]))


class Trained:
    """The network over the features, without a request."""

    def __init__(self, network: Network, features: Features) -> None:
        self._network = network.eval()
        self._features = features

    def scores(self, tracks: Sequence[Track]) -> Floats:
        return self._network.logits(self._features.compute(tracks))
