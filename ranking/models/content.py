"""Content similarity: items whose texts are near to those of the history.

Knows the items' vectors. Knows nothing of what other shoppers did, so that an item without events loses nothing.
"""

from collections.abc import Sequence

import numpy as np

from ranking.behaviour import Places, Track
from ranking.corner import Corner
from ranking.models.model import Floats, Model, picked
from ranking.profile import FRESH, profiles
from ranking.table import ItemTable


class Content(Model):
    """Cosine to the history's mean vector, the latest items weighing most."""

    def __init__(self, table: ItemTable) -> None:
        self._vectors = table.vectors

    def in_corner(self, tracks: Sequence[Track], corner: Corner) -> Floats:
        return corner.cosines(self._vectors, FRESH)

    def scores(self, tracks: Sequence[Track], places: Places | None = None) -> Floats:
        wanted = np.asarray(profiles(tracks, len(self._vectors), FRESH) @ self._vectors)
        wanted /= np.maximum(np.linalg.norm(wanted, axis=1, keepdims=True), 1e-6)
        return picked(wanted @ self._vectors.T, places)
