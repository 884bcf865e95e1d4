"""From texts to candidates: dense and lexical arms, exact filters, fusion, and the evidence for each candidate.

Knows the catalogue, the index, the encoder, and what the merchant and the catalogue's words say of a query. Knows
nothing of shoppers, of ranking or of where the texts come from.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from retrieval.carried import CARRIED_THRESHOLD, carried
from retrieval.catalog import Catalog
from retrieval.columns import Columns
from retrieval.coverage import Coverage
from retrieval.encoder import Encoder, Vectors
from retrieval.filters import Filter
from retrieval.fusion import fused
from retrieval.index import Index
from retrieval.lexical import Hits, LexicalIndex
from retrieval.snapshot import Snapshot
from retrieval.spelling import Speller
from retrieval.synonyms import SynonymStore
from retrieval.wording import asked

__all__ = ["CARRIED_THRESHOLD", "Ask", "Candidate", "Evidence", "Grounder", "Grounding"]

Arm = Literal["dense", "lexical"]

# The lexical arm asks within the filter's items where they are few; else it asks for more than k and drops the rest.
FEW_ITEMS = 1000  # 5 ms at 100,000 items, 8 ms at 1,000,000
SOME_ITEMS = 5_000  # 10 and 25 ms: only where the over-fetched hits held too few of them
OVER_FETCH = 1.5  # beyond what the filter's share asks for
MOST_HITS = 20_000  # 5 and 10 ms
# Where the catalogue seems to have what the words name, a description adds little and can mislead: 110 requests by
# use lie below 0.03, but for one in ten; half of those that name a thing lie above 0.85.
NAMED = 0.2
DEEPER = 4  # times as many, once, where excluded terms took out too much


@dataclass(frozen=True)
class Ask:
    """One want: descriptions of items that would fit, the shopper's words, the constraints, and how many candidates."""

    descriptions: Sequence[str]
    query: str
    filter: Filter
    k: int = 200
    # The descriptions, by whoever knows the shop: where the query names nothing they lead, else they have no say.
    trusted: bool = False


@dataclass(frozen=True)
class Evidence:
    """That one text found an item: which text, by which arm, at which rank (from 1) and score."""

    source: str  # "query", "description 1", …
    arm: Arm
    rank: int
    score: float  # dense: cosine similarity; lexical: share of the words, with a bonus for pairs (retrieval.coverage)


@dataclass(frozen=True)
class Candidate:
    """An item found, its fused score (0..1, relative to the others of the same grounding) and what found it."""

    item_id: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Grounding:
    """Candidates, best first, and what is known of the search as a whole."""

    candidates: tuple[Candidate, ...]
    matching: int  # items that satisfy the filter; of those with an excluded term, only what was found is left out
    timings_ms: dict[str, float] = field(default_factory=dict)
    carried: float = 1.0  # 0..1: that the catalogue has such a thing at all; below CARRIED_THRESHOLD it has not
    corrected: str = ""  # the query as it was searched, where its spelling was changed
    described: bool = False  # the query names nothing that the catalogue has, and trusted descriptions led

    @property
    def named(self) -> bool:
        """Whether the query names what the catalogue has, or there is none."""
        return self.carried >= NAMED


class Grounder:
    """Finds the items of the catalogue that texts speak of. Safe to ask from any thread."""

    def __init__(self, catalog: Catalog, index: Index, encoder: Encoder, synonyms: SynonymStore) -> None:
        self._catalog, self._index, self._encoder, self._synonyms = catalog, index, encoder, synonyms
        self._speller = Speller()
        self._speller.learn_soon(index.snapshot().lexical)

    def ground(self, descriptions: Sequence[str], query: str, filter: Filter, k: int = 200) -> Grounding:
        """At most k candidates for the shopper's words and for descriptions of items that would fit.

        Every candidate satisfies the filter. With neither words nor descriptions: the filter's most popular items.
        """
        return self.ground_many([Ask(descriptions, query, filter, k)])[0]

    def ground_many(self, asks: Sequence[Ask]) -> list[Grounding]:
        """A grounding for each, as ``ground`` gives it, with one call of the encoder for all their texts."""
        clock = _Clock()
        snapshot, columns = self._index.snapshot(), self._catalog.columns()
        read = [self._read(ask, snapshot.lexical) for ask in asks]
        clock.lap("read")
        vectors = self._encoder.encode([text for one in read for text in one.texts])
        clock.lap("encode")
        found, start = [], 0
        for one in read:
            end = start + len(one.texts)
            found.append(self._search(one, vectors[start:end], snapshot, columns, clock.copy()))
            start = end
        return found

    def _read(self, ask: Ask, lexical: LexicalIndex) -> "_Read":
        """The ask's texts as they are searched: spelt as the catalogue does, in words that it has."""
        sources = [f"description {n + 1}" for n, _ in enumerate(text for text in ask.descriptions if text.strip())]
        texts = [text for text in ask.descriptions if text.strip()]
        if not asked(ask.query):
            return _Read(ask, sources, texts, None, "")
        synonyms = self._synonyms.current()
        corrected = self._speller.corrected(ask.query, lexical, synonyms.words)
        query = corrected or ask.query
        spoken = synonyms.reworded(query, lexical.knows)
        coverage = lexical.coverage(query, synonyms.terms)
        return _Read(ask, ["query", *sources], [spoken, *texts], coverage, corrected)

    def _search(
        self, read: "_Read", vectors: Vectors, snapshot: Snapshot, columns: Columns, clock: "_Clock"
    ) -> Grounding:
        ask = read.ask
        mask = columns.mask(ask.filter)
        possible = int(np.count_nonzero(mask))
        clock.lap("filter")
        if not read.texts or not possible:
            return self._popular(ask, possible, clock)
        within = None if possible == len(columns) else mask
        depth, broken, terms = ask.k, set[int](), ask.filter.excluded_terms
        while True:
            dense = snapshot.nearest(vectors, depth, columns, within)
            clock.lap("dense")
            hits = _hits(snapshot.lexical, read.coverage, depth, columns, within) if read.coverage else None
            clock.lap("lexical")
            numbers = np.unique(np.concatenate([one for one, _ in [*dense, *([hits] if hits else [])]]))
            if not terms:
                break
            broken = self._catalog.breaking(numbers.tolist(), terms)
            clock.lap("excluded terms")
            everything = len(numbers) >= possible or depth >= possible
            numbers = numbers[~np.isin(numbers, list(broken))]
            if len(numbers) >= ask.k or everything:
                break
            depth *= DEEPER
            if depth > ask.k * DEEPER:
                # What is near is just what is not wanted: all of it is taken out beforehand, by one look at every item.
                rows = columns.rows(list(self._catalog.breaking(None, terms)))
                within = mask.copy()
                within[rows[rows >= 0]] = False
                depth, broken, terms, possible = ask.k, set(), (), int(np.count_nonzero(within))
        coverages = None
        if read.coverage is not None:
            coverages = _coverages(snapshot.lexical, read.coverage, hits, numbers)
        items = snapshot.vectors(numbers)
        sources, confidence = read.sources, 1.0
        if read.coverage is not None and coverages is not None:
            confidence = carried(items @ vectors[0], coverages, read.coverage.words)
        told = ask.trusted and len(vectors) > 1
        described = told and coverages is not None and confidence < NAMED
        if told and coverages is not None and not described:
            # The descriptions have no say, nor has what they alone found.
            sources, vectors, dense = sources[:1], vectors[:1], dense[:1]
            kept = np.isin(numbers, np.concatenate([one for one, _ in [*dense, *([hits] if hits else [])]]))
            numbers, items, coverages = numbers[kept], items[kept], coverages[kept]
        scores = fused(items, vectors, coverages, trusted=described)
        order = np.argsort(-scores, kind="stable")[: ask.k]
        ids = columns.ids[columns.rows(numbers[order])].tolist()
        arms: list[tuple[str, Arm, Hits]] = [(source, "dense", one) for source, one in zip(sources, dense, strict=True)]
        if hits is not None:
            arms.append(("query", "lexical", hits))
        evidence = _evidence(arms, numbers[order].tolist())
        candidates = tuple(
            Candidate(item_id, float(score), tuple(held))
            for item_id, score, held in zip(ids, scores[order], evidence, strict=True)
        )
        clock.lap("fuse")
        return Grounding(candidates, possible - len(broken), clock.timings, confidence, read.corrected, described)

    def _popular(self, ask: Ask, possible: int, clock: "_Clock") -> Grounding:
        found = self._catalog.popular(ask.filter, ask.k) if possible else []
        clock.lap("popular")
        even = tuple(Candidate(item_id, 1 - rank / (len(found) + 1), ()) for rank, item_id in enumerate(found))
        return Grounding(even, possible, clock.timings)


@dataclass(frozen=True)
class _Read:
    """An ask as it is searched."""

    ask: Ask
    sources: list[str]  # a name for each text
    texts: list[str]  # for the encoder
    coverage: Coverage | None  # None where the query says nothing
    corrected: str


def _hits(lexical: LexicalIndex, wanted: Coverage, k: int, columns: Columns, mask: np.ndarray | None) -> Hits:
    """At most k items that hold asked words and stand in the columns with mask true, best first."""
    if mask is None:
        return _kept(lexical.run(wanted, k), columns, None, k)
    possible = int(np.count_nonzero(mask))
    if possible <= FEW_ITEMS:
        return lexical.run(wanted, k, columns.numbers[mask])
    expected = int(k * len(columns) / possible * OVER_FETCH) + 1
    for depth in sorted({min(expected, MOST_HITS), MOST_HITS}):
        found = lexical.run(wanted, depth)
        kept = _kept(found, columns, mask, k)
        if len(kept[0]) == k or len(found[0]) < depth:
            return kept
    return lexical.run(wanted, k, columns.numbers[mask]) if possible <= SOME_ITEMS else kept


def _kept(hits: Hits, columns: Columns, mask: np.ndarray | None, k: int) -> Hits:
    rows = columns.rows(hits[0])
    kept = rows >= 0 if mask is None else (rows >= 0) & mask[rows]
    return hits[0][kept][:k], hits[1][kept][:k]


def _coverages(lexical: LexicalIndex, wanted: Coverage, hits: Hits | None, numbers: np.ndarray) -> np.ndarray:
    """The lexical score of each of these items, also of those that only a vector found: float [n]."""
    scores = dict(zip(*(part.tolist() for part in hits), strict=True)) if hits else {}
    missing = [number for number in numbers.tolist() if number not in scores]
    if missing:
        more = lexical.run(wanted, len(missing), missing)
        scores.update(zip(more[0].tolist(), more[1].tolist(), strict=True))
    return np.array([scores.get(number, 0.0) for number in numbers.tolist()])


def _evidence(arms: Sequence[tuple[str, Arm, Hits]], numbers: Sequence[int]) -> list[list[Evidence]]:
    """For each of the items, what found it."""
    held: dict[int, list[Evidence]] = {number: [] for number in numbers}
    for source, arm, (found, scores) in arms:
        for rank, (number, score) in enumerate(zip(found.tolist(), scores.tolist(), strict=True), start=1):
            if number in held:
                held[number].append(Evidence(source, arm, rank, score))
    return [held[number] for number in numbers]


class _Clock:
    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.timings[name] = self.timings.get(name, 0.0) + (now - self._last) * 1000
        self._last = now

    def copy(self) -> "_Clock":
        """The same laps so far, going on now."""
        made = _Clock()
        made.timings.update(self.timings)
        return made
