"""The reranker as a turn uses it: candidates in, the few items to show out, each with its score and its reason.

Knows how scores, need, diversity and reasons come together. Knows nothing of how candidates were found, nor of how the
model was trained.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ranking import folder as model_folder
from ranking.behaviour import LATEST_STEPS, Step, Track, searches, steps
from ranking.blend import Blend
from ranking.causes import Cause, causes
from ranking.diversity import mmr, worth
from ranking.errors import NoModel
from ranking.features import Features
from ranking.folder import Saved
from ranking.history import Event
from ranking.last import ALONE, ASKED, Reordering
from ranking.models.cross_encoder import title_of
from ranking.pulls import Pulls
from ranking.reasons import Reason, of_need, of_popularity
from ranking.requests import ENOUGH, Need, relevance_of_candidates
from ranking.rules import InForce
from ranking.table import ItemTable
from retrieval.catalog import Catalog
from retrieval.ground import Candidate
from retrieval.items import Item

__all__ = ["Ranked", "Reason", "Reranker", "Untrained", "open_reranker"]

log = logging.getLogger(__name__)

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]
Floats = NDArray[np.float32]

GATE = 20.0  # logits that an item loses for each unit of relevance below that; histories move some 3 to 6 logits
UNLIKE = 0.55  # cosine to a disliked item from which on an item is pushed down
DISLIKE = 10.0  # logits lost for each unit of cosine above that
BOUGHT = 1.5  # logits lost by what the shopper has already: shown where it is asked for, else others come first
LIFT = 0.2  # logits that the history must add, beyond what it adds to the median item, to be the reason
TOP_POPULAR = 0.9  # quantile of popularity from which on an item is called popular
NO_RULES = InForce()


@dataclass(frozen=True)
class Ranked:
    """One item to show: ``score`` is p(like) and ``relevance`` what grounding gave, both in 0..1."""

    item_id: str
    score: float
    relevance: float
    reason: Reason
    mark: str = ""  # what a rule of the merchant wants said of it: "sponsored"


def open_reranker(rerankers: Path, catalog: Catalog, vectors: Vectors) -> "Reranker | Untrained":
    """The live model of the folder; Untrained where there is none or it cannot be used."""
    live = model_folder.current(rerankers)
    if live is None:
        return Untrained(catalog, vectors)
    try:
        return Reranker.load(live, catalog, vectors)
    except NoModel as error:
        log.warning("%s", error)
        return Untrained(catalog, vectors)


class Untrained:
    """Ranks by relevance and rating alone: what a shop has before its first training."""

    version = "untrained"

    def __init__(self, catalog: Catalog, vectors: Vectors) -> None:
        self._catalog = catalog
        self._vectors = vectors

    @classmethod
    def load(cls, folder: Path, catalog: Catalog, vectors: Vectors) -> "Untrained":
        """As ``Reranker.load``; the folder is not read."""
        return cls(catalog, vectors)

    def rank(
        self,
        history: Sequence[Event],
        candidates: Sequence[Candidate],
        k: int,
        diversity: float,
        *,
        request: str = "",
        described: Sequence[str] = (),
        rules: InForce = NO_RULES,
    ) -> list[Ranked]:
        """As ``Reranker.rank``; of the history only the dislikes count: those items are left out."""
        kept = _without_disliked(steps(history), candidates)
        items = self._catalog.many([candidate.item_id for candidate in kept])
        kept = [candidate for candidate in kept if candidate.item_id in items]
        if not kept:
            return []
        ratings = np.array([items[candidate.item_id].rating or 0.0 for candidate in kept], dtype=np.float32)
        relevance = relevance_of_candidates(kept, described=bool(described))
        scores = np.float32(0.9) * relevance + np.float32(0.1 / 5) * ratings
        vectors = self._vectors([candidate.item_id for candidate in kept])
        leaves: dict[tuple[str, ...], int] = {}
        paths = [items[candidate.item_id].category for candidate in kept]
        leaf = np.array([leaves.setdefault(path, len(leaves)) for path in paths], dtype=np.int64)
        chosen = _chosen(rules, kept, items, relevance, scores, vectors, leaf, k, diversity)
        made = []
        for place in chosen:
            item = items[kept[place].item_id]
            asked = bool(kept[place].evidence)
            reason = (None if asked else of_popularity(item, popular=False)) or of_need(item, request if asked else "")
            made.append(Ranked(item.id, float(scores[place]), kept[place].score, reason))
        return made

    def followed(self, history: Sequence[Event], k: int) -> list[str]:
        """As ``Reranker.followed``: nothing is known of what followed what."""
        return []


@dataclass(frozen=True)
class _View:
    """The catalogue as the reranker sees it; replaced as a whole, so that two turns at once never see half of one."""

    generation: str
    table: ItemTable
    features: Features
    blend: Blend
    popular: float  # popularity from which on an item is called popular
    last: Reordering | None  # what orders the first few anew


class Reranker:
    """The trained reranker over a catalogue; ``version`` is the hash of its folder's content."""

    version: str

    def __init__(self, saved: Saved, catalog: Catalog, vectors: Vectors) -> None:
        self.version = saved.version
        self._saved = saved
        self._catalog = catalog
        self._vectors = vectors
        self._view = self._read()

    @classmethod
    def load(cls, folder: Path, catalog: Catalog, vectors: Vectors) -> "Reranker":
        """Load the model in the folder; NoModel if there is none. ``vectors`` gives unit rows [n, d] of item ids."""
        return cls(model_folder.load(folder), catalog, vectors)

    def _read(self) -> "_View":
        """Read the catalogue anew: items that came since have text, price and rating, and no relations yet."""
        generation, items = self._catalog.generation(), list(self._catalog.all())
        table = ItemTable.of(items, self._vectors([item.id for item in items]))
        relations = self._saved.relations.aligned(self._saved.ids, table.place)
        positive = relations.popularity[relations.popularity > 0]
        popular = float(np.quantile(positive, TOP_POPULAR)) if len(positive) else np.inf
        features = Features(table, relations)
        blend = self._saved.shipped.aligned(self._saved.ids, table.place).over(features)
        saved = self._saved.last
        last = Reordering(saved, [title_of(item) for item in items]) if saved is not None else None
        return _View(generation, table, features, blend, popular, last)

    def rank(
        self,
        history: Sequence[Event],
        candidates: Sequence[Candidate],
        k: int,
        diversity: float,
        *,
        request: str = "",
        described: Sequence[str] = (),
        rules: InForce = NO_RULES,
    ) -> list[Ranked]:
        """The k items to show, best first.

        ``history`` is oldest first; ``diversity`` in 0..1 is MMR's 1 - lambda on the final k. Disliked items are left
        out. What was asked for is never overridden: an item that answers the request far worse than the best one is
        not lifted by history. ``request`` is what the shopper asked for, in their words; ``described``: descriptions of
        what would fit, where those words name nothing: these take their place as what an item answers.
        """
        view = self._view
        unknown = any(candidate.item_id not in view.table.place for candidate in candidates)
        # Where the catalogue has not changed, an unknown candidate has left it, and there is nothing new to read.
        if unknown and view.generation != self._catalog.generation():
            view = self._view = self._read()
        behaviour = steps(history)
        kept = [
            candidate for candidate in _without_disliked(behaviour, candidates) if candidate.item_id in view.table.place
        ]
        if not kept:
            return []
        places = np.array([view.table.place[candidate.item_id] for candidate in kept], dtype=np.int64)
        asked = any(candidate.evidence for candidate in kept)
        relevance = relevance_of_candidates(kept, described=bool(described))
        track = Track.of(behaviour, view.table.place, searches(history))
        texts = list(described) or [request]
        need = Need(relevance, view.table.words.shares(texts, places).max(axis=0)) if asked else None
        logits, lift = self._logits(view, track, places, need)
        held_back = _held_back(view, behaviour, places)
        logits = logits - held_back
        if need is not None:
            logits = logits - np.float32(GATE) * np.maximum(ENOUGH - need.answers, 0)
        if view.last is not None:
            # What is held back, or does not answer the request, must not come up for its text.
            free = (held_back == 0) & (True if need is None else need.answers >= ENOUGH)
            logits = view.last.logits(logits, track, places, free, ALONE if need is None else ASKED)
        by_rules = self._catalog.many([candidate.item_id for candidate in kept]) if rules.ordering else {}
        chosen = _chosen(
            rules,
            kept,
            by_rules,
            relevance if need is None else need.answers,
            worth(logits),
            view.table.vectors[places],
            view.table.leaf[places],
            k,
            diversity,
        )
        scores = view.blend.recipe.probability(logits)
        answering = None if need is None else Need(need.relevance[chosen], need.named[chosen])
        weighing: list[Cause | None] = [None] * len(chosen)
        if (lift[chosen] > LIFT).any():
            pulls = Pulls.of(view.blend.logits, track, places[chosen], answering)
            weighing = causes(pulls, track, behaviour, places[chosen], view.table, view.features.relations)
        named = [one.step.item_id for one in weighing if one is not None and one.step is not None]
        items = self._catalog.many([*(kept[at].item_id for at in chosen), *named])
        made = []
        for number, at in enumerate(chosen):
            item = items.get(kept[at].item_id)
            if item is None:  # removed from the catalogue since it was found
                continue
            cause = weighing[number] if lift[at] > LIFT else None
            reason = None if cause is None else cause.reason(item, items)
            if reason is None and not asked:
                popularity = view.features.relations.popularity[places[at]]
                reason = of_popularity(item, popular=bool(popularity >= view.popular))
            reason = reason or of_need(item, request if asked else "")
            made.append(Ranked(item.id, float(scores[at]), kept[at].score, reason))
        return made

    def followed(self, history: Sequence[Event], k: int) -> list[str]:
        """Ids of at most k items that shoppers had after what this one had, the likeliest first."""
        view = self._view
        track = Track.of(steps(history), view.table.place)
        sums = view.features.following([track])[0]
        sums[track.places] = 0
        held = np.flatnonzero(sums > 0)
        return [view.table.ids[at] for at in held[np.argsort(-sums[held], kind="stable")][:k]]

    def _logits(
        self, view: "_View", track: Track, places: NDArray[np.int64], need: Need | None
    ) -> tuple[Floats, Floats]:
        """Logits [m], and what the history added to each beyond what it added to the median item; at most all of it."""
        without = view.blend.of_nobody(places, need)
        if not ((track.weights > 0).any() or track.searches):
            return without, np.zeros_like(without)
        with_history = view.blend.logits([track], places[None], None if need is None else need.for_all(1))[0]
        added = with_history - without
        return with_history, np.minimum(added, added - np.median(added))


def _chosen(
    rules: InForce,
    kept: Sequence[Candidate],
    items: Mapping[str, Item],
    relevance: Floats,
    scores: Floats,
    vectors: Floats,
    leaf: NDArray[np.int64],
    k: int,
    diversity: float,
) -> list[int]:
    """Places of the k to show: by score and variety, then as the merchant's rules arrange them."""
    if not rules.ordering:
        return mmr(scores, vectors, k, diversity, leaf)

    def choose(places: Sequence[int], count: int) -> list[int]:
        held = np.array(places, dtype=np.int64)
        return [places[at] for at in mmr(scores[held], vectors[held], count, diversity, leaf[held])]

    asked = any(candidate.evidence for candidate in kept)
    answers = [not asked or bool(one >= ENOUGH) for one in relevance]
    order = [int(place) for place in np.argsort(-scores, kind="stable")]
    return rules.arranged([items.get(candidate.item_id) for candidate in kept], answers, order, k, choose)


def _held_back(view: _View, behaviour: Sequence[Step], places: NDArray[np.int64]) -> Floats:
    """Logits that candidates lose for being like what was disliked, or bought already."""
    held = np.zeros(len(places), dtype=np.float32)
    known = [step for step in behaviour if step.item_id in view.table.place]
    disliked = [view.table.place[step.item_id] for step in known if step.weight < 0][-LATEST_STEPS:]
    if disliked:
        cosines = (view.table.vectors[places] @ view.table.vectors[disliked].T).max(axis=1)
        held += np.float32(DISLIKE) * np.maximum(cosines - np.float32(UNLIKE), 0)
    bought = [view.table.place[step.item_id] for step in known if step.kind in ("purchase", "rating")]
    held[np.isin(places, bought)] += np.float32(BOUGHT)
    return held


def _without_disliked(behaviour: Sequence[Step], candidates: Sequence[Candidate]) -> list[Candidate]:
    disliked = {step.item_id for step in behaviour if step.weight < 0}
    return [candidate for candidate in candidates if candidate.item_id not in disliked]
