"""From texts to candidates: dense and lexical arms, exact filters, fusion, and the evidence for each candidate.

Knows the catalogue, the index and the encoder. Knows nothing of shoppers, of ranking or of where the texts come from.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from retrieval.catalog import Catalog
from retrieval.encoder import Encoder
from retrieval.filters import Filter
from retrieval.index import Index

# Weights of the arms in the fused score, chosen with bench.search (which is flat around them).
LEXICAL_WEIGHT = 0.4
QUERY_WEIGHT = 1.0
DESCRIPTIONS_WEIGHT = 0.6  # of all descriptions together, when each of them is close to the query

# A description that has nothing to do with the query is no help, and is known by its cosine to it: half of all random
# pairs lie below 0.09 and three in four below 0.16; a use and the thing for it ("to keep coffee hot at work",
# "insulated travel mug") at 0.25 to 0.45.
UNRELATED_COSINE, RELATED_COSINE = 0.1, 0.4

Arm = Literal["dense", "lexical"]


@dataclass(frozen=True)
class Evidence:
    """That one text found an item: which text, by which arm, at which rank (from 1) and score."""

    source: str  # "query", "description 1", …
    arm: Arm
    rank: int
    score: float  # dense: cosine similarity; lexical: weighted BM25


@dataclass(frozen=True)
class Candidate:
    """An item found, its fused score (0..1, relative to the others of the same grounding) and what found it."""

    item_id: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Grounding:
    """Candidates, best first, and how many items satisfy the filter in all."""

    candidates: tuple[Candidate, ...]
    matching: int
    timings_ms: dict[str, float] = field(default_factory=dict)


class Grounder:
    """Finds the items of the catalogue that texts speak of."""

    def __init__(self, catalog: Catalog, index: Index, encoder: Encoder) -> None:
        self._catalog, self._index, self._encoder = catalog, index, encoder

    def ground(self, descriptions: Sequence[str], query: str, filter: Filter, k: int = 200) -> Grounding:
        """At most k candidates for the shopper's words and for descriptions of items that would fit.

        Every candidate satisfies the filter. With neither words nor descriptions: the filter's most popular items.
        """
        timings: dict[str, float] = {}
        clock = _Clock(timings)
        allowed = self._catalog.matching(filter)
        clock.lap("filter")
        wanted = [text for text in descriptions if text.strip()]
        texts = ([query] if query.strip() else []) + wanted
        if not texts or not allowed:
            found = self._catalog.popular(filter, k) if allowed else []
            clock.lap("popular")
            even = tuple(Candidate(item_id, 1 - rank / (len(found) + 1), ()) for rank, item_id in enumerate(found))
            return Grounding(even, len(allowed), timings)
        vectors = self._encoder.encode(texts)
        clock.lap("encode")
        within = None if len(allowed) == len(self._index) else allowed
        sources = (["query"] if query.strip() else []) + [f"description {n + 1}" for n in range(len(wanted))]
        arms: dict[tuple[str, Arm], list[tuple[str, float]]] = {
            (source, "dense"): [pair for pair in self._index.query(vector, k, within) if pair[0] in allowed]
            for source, vector in zip(sources, vectors, strict=True)
        }
        clock.lap("dense")
        if query.strip():
            hits = self._index.snapshot().lexical.search(query, k, list(self._catalog.numbers(list(allowed)).values()))
            named = self._catalog.ids_of(number for number, _ in hits)
            arms["query", "lexical"] = [(named[number], score) for number, score in hits if number in named]
        clock.lap("lexical")
        ids = list(dict.fromkeys(item_id for found in arms.values() for item_id, _ in found if item_id in allowed))
        cosines = self._index.vectors(ids) @ vectors.T  # [candidates, texts]: also where an arm's list ended before
        weights = _weights(sources, vectors)
        fused = sum(
            (weight * _scaled(cosines[:, column]) for column, weight in enumerate(weights)), start=np.zeros(len(ids))
        )
        total = float(sum(weights))
        lexical = dict(arms.get(("query", "lexical"), []))
        if lexical:
            best = max(lexical.values())
            fused = fused + LEXICAL_WEIGHT * np.array([lexical.get(item_id, 0.0) / best for item_id in ids])
            total += LEXICAL_WEIGHT
        candidates = _candidates(ids, fused / max(total, 1e-9), arms)[:k]
        clock.lap("fuse")
        return Grounding(tuple(candidates), len(allowed), timings)


def _weights(sources: Sequence[str], vectors: np.ndarray) -> list[float]:
    """Weight of each dense arm; a description's falls with its distance from the query."""
    if sources[0] != "query":
        return [1.0 / len(sources)] * len(sources)
    likeness = vectors[1:] @ vectors[0]
    trust = np.clip((likeness - UNRELATED_COSINE) / (RELATED_COSINE - UNRELATED_COSINE), 0, 1)
    share = DESCRIPTIONS_WEIGHT / max(1, len(likeness))
    return [QUERY_WEIGHT, *(share * float(one) for one in trust)]


def _scaled(scores: np.ndarray) -> np.ndarray:
    """Cosines as shares of the best one, 0..1; what points away from the text counts as nothing."""
    best = float(scores.max(initial=0.0))
    shares: np.ndarray = np.maximum(scores, 0) / best if best > 0 else np.zeros_like(scores)
    return shares


def _candidates(
    ids: Sequence[str], scores: np.ndarray, arms: Mapping[tuple[str, Arm], Sequence[tuple[str, float]]]
) -> list[Candidate]:
    evidence: dict[str, list[Evidence]] = {item_id: [] for item_id in ids}
    for (source, arm), found in arms.items():
        for rank, (item_id, score) in enumerate(found, start=1):
            if item_id in evidence:
                evidence[item_id].append(Evidence(source, arm, rank, score))
    order = np.argsort(-scores, kind="stable")
    return [Candidate(ids[at], float(np.clip(scores[at], 0, 1)), tuple(evidence[ids[at]])) for at in order]


class _Clock:
    def __init__(self, timings: dict[str, float]) -> None:
        self._timings, self._last = timings, time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._timings[name] = (now - self._last) * 1000
        self._last = now
