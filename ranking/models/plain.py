"""The plainest models: what is popular, what is of the same category, what followed what.

Knows the features, whose counts it reads. Knows nothing of texts.
"""

from collections.abc import Sequence

import numpy as np

from ranking.behaviour import Places, Track
from ranking.corner import Corner
from ranking.features import Features
from ranking.models.model import Floats, Model, picked
from ranking.profile import FRESH


class Popularity(Model):
    """The same for everyone: how often an item was liked."""

    def __init__(self, features: Features) -> None:
        self._popularity = features.relations.popularity

    def scores(self, tracks: Sequence[Track], places: Places | None = None) -> Floats:
        return picked(np.repeat(self._popularity[None], len(tracks), axis=0), places)


class SameCategory(Model):
    """The most popular in the category of the last liked item, then the most popular of all."""

    def __init__(self, features: Features) -> None:
        self._popular = Popularity(features)
        self._above = float(features.relations.popularity.max(initial=0)) + 1
        self._leaf = features.table.leaf

    def scores(self, tracks: Sequence[Track], places: Places | None = None) -> Floats:
        made = self._popular.scores(tracks)
        for row, track in zip(made, tracks, strict=True):
            liked = track.places[track.weights > 0]
            if len(liked):
                row[self._leaf == self._leaf[liked[-1]]] += self._above
        return picked(made, places)


class Transitions(Model):
    """What followed the history's items, the latest weighing most."""

    def __init__(self, features: Features) -> None:
        self._features = features

    def in_corner(self, tracks: Sequence[Track], corner: Corner) -> Floats:
        return corner.sums(self._features.flows.transitions, FRESH)

    def scores(self, tracks: Sequence[Track], places: Places | None = None) -> Floats:
        return picked(self._features.following(tracks), places)
