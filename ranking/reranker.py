"""The reranker as a turn uses it: candidates in, the few items to show out, each with its score and its reason.

Knows how scores, need, diversity and reasons come together. Knows nothing of how candidates were found, nor of how the
model was trained.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ranking.diversity import mmr
from ranking.errors import NoModel
from ranking.history import Event

if TYPE_CHECKING:
    from retrieval.catalog import Catalog
    from retrieval.ground import Candidate

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True)
class Reason:
    """Why an item is shown, in words for the shopper; true by construction."""

    kind: Literal["history", "need", "popular"]
    text: str
    item_id: str = ""  # the history item that the text speaks of


@dataclass(frozen=True)
class Ranked:
    """One item to show: ``score`` is p(like) and ``relevance`` what grounding gave, both in 0..1."""

    item_id: str
    score: float
    relevance: float
    reason: Reason


class Untrained:
    """Ranks by relevance and rating alone: what a shop has before its first training."""

    version = "untrained"

    def __init__(self, catalog: "Catalog", vectors: Vectors) -> None:
        self._catalog = catalog
        self._vectors = vectors

    @classmethod
    def load(cls, folder: Path, catalog: "Catalog", vectors: Vectors) -> "Untrained":
        """As ``Reranker.load``; the folder is not read."""
        return cls(catalog, vectors)

    def rank(
        self, history: Sequence[Event], candidates: Sequence["Candidate"], k: int, diversity: float
    ) -> list[Ranked]:
        """As ``Reranker.rank``; of the history only the dislikes count: those items are left out."""
        disliked = {event.item_id for event in history if event.kind == "dislike"}
        kept = [candidate for candidate in candidates if candidate.item_id not in disliked]
        if not kept:
            return []
        items = self._catalog.many([candidate.item_id for candidate in kept])
        kept = [candidate for candidate in kept if candidate.item_id in items]
        ratings = np.array([items[candidate.item_id].rating or 0.0 for candidate in kept], dtype=np.float32)
        relevance = np.array([candidate.score for candidate in kept], dtype=np.float32)
        scores = np.float32(0.9) * relevance + np.float32(0.1 / 5) * ratings
        chosen = mmr(scores, self._vectors([candidate.item_id for candidate in kept]), k, diversity)
        return [
            Ranked(kept[place].item_id, float(scores[place]), kept[place].score, Reason("need", "matches your request"))
            for place in chosen
        ]


class Reranker:
    """The trained reranker; ``version`` is the hash of its folder's content."""

    version: str

    @classmethod
    def load(cls, folder: Path, catalog: "Catalog", vectors: Vectors) -> "Reranker":
        """Load the model in the folder; NoModel if there is none."""
        raise NoModel(f"{folder} holds no trained reranker. Run: shoptalk train")

    def rank(
        self, history: Sequence[Event], candidates: Sequence["Candidate"], k: int, diversity: float
    ) -> list[Ranked]:
        """The k items to show, best first."""
        raise NotImplementedError
