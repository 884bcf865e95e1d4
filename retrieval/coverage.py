"""What share of the asked words an item's fields hold: the lexical score, as one query of tantivy.

A word counts by its rarity in the catalogue, once, with the weight of the best field that holds it; two words that
follow each other count again where a title has them so. Repeated words and short titles earn nothing: over shop data
this found more than BM25 (docs/search.md). Knows words and the fields; knows no folder, no item and no shopper.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import tantivy

from retrieval.wording import LONGEST_TERM, Word, asked, pair_term, pairs, stem

# Weight of a word by the best field that holds it. Title and description were chosen with bench.search (flat around
# them); its data has no other fields, whose weights lie between by what they say of the item.
FIELDS = {"title": 1.0, "brand": 1.0, "category": 0.9, "attributes": 0.8, "description": 0.6}
PAIRS = "pairs"  # the field of every two words that follow each other in the title
PAIR_WEIGHT = 0.35  # of all the query's pairs together, beside its words' 1.0
OTHER_WORD_WEIGHT = 0.9  # of a merchant's synonym, so that the shopper's own word comes first

MOST_WORDS = 24  # words of a query that are searched for, the rarest; a pasted page of text has more
LEAST_HALF = 3  # letters of each half when one word is read as two

Count = Callable[[str, str], int]  # field, term -> how many items hold it there
Synonyms = Mapping[tuple[str, ...], Sequence[tuple[str, ...]]]  # words, stemmed -> other words for the same


@dataclass(frozen=True)
class Coverage:
    """A query ready to be run, and what is known of its words before any item is looked at."""

    query: tantivy.Query | None  # None where the catalogue holds none of the words
    words: int  # that were asked for, without those that say nothing


def coverage(text: str, synonyms: Synonyms, schema: tantivy.Schema, count: Count, items: int) -> Coverage:
    """The query whose score is the share of the text's words that an item holds: 0 to 1, and a bonus for pairs.

    No character of the text has a meaning of its own. ``items``: how many the index holds.
    """
    return _Builder(synonyms, schema, count, items).build(asked(text))


class _Builder:
    def __init__(self, synonyms: Synonyms, schema: tantivy.Schema, count: Count, items: int) -> None:
        self._synonyms, self._schema, self._count, self._items = synonyms, schema, count, items

    def build(self, wanted: list[Word]) -> Coverage:
        """The whole query: a sum over the words, or over the spans of words that something else stands for."""
        masses = [self._mass(word) for word in wanted]
        if len(wanted) > MOST_WORDS:
            kept = sorted(sorted(range(len(wanted)), key=lambda at: -masses[at])[:MOST_WORDS])
            wanted, masses = [wanted[at] for at in kept], [masses[at] for at in kept]
        total = sum(masses) or 1.0
        shares = [mass / total for mass in masses]
        telling = sum(word.telling for word in wanted)
        spans: list[tantivy.Query] = []
        at = 0
        while at < len(wanted):
            length, options = self._options(wanted, shares, at)
            if options:
                spans.append(_best(options))
            at += length
        if not spans:
            return Coverage(None, telling)
        return Coverage(_sum(spans + self._following(wanted)), telling)

    def _options(self, wanted: Sequence[Word], shares: Sequence[float], at: int) -> tuple[int, list[tantivy.Query]]:
        """How many words from here are read together, and the queries of which any stands for them."""
        for length in range(min(4, len(wanted) - at), 0, -1):
            span = wanted[at : at + length]
            others = self._others(span, sum(shares[at : at + length]))
            if length == 1:
                return 1, [*self._own(span[0], shares[at]), *others]
            if others:
                own = [query for n, word in enumerate(span) for query in self._own(word, shares[at + n])[:1]]
                return length, ([_sum(own)] if own else []) + others
        raise AssertionError("unreachable")

    def _own(self, word: Word, share: float) -> list[tantivy.Query]:
        """Queries for one word as it was asked: itself, its parts, or two words where the titles write two."""
        options = [self._term(word.term, share)]
        for parts in (word.parts, self._halves(word)):
            if parts and all(self._known(part) for part in parts):
                options.append(_every([self._term(part, share / len(parts)) for part in parts]))
        return [option for option in options if option is not None]

    def _others(self, span: Sequence[Word], share: float) -> list[tantivy.Query]:
        """Queries for what else says the same as these words: synonyms, and two words written as one."""
        options = []
        if len(span) == 2 and (joined := self._joined(span[0], span[1])):
            options.append(self._term(joined, share))
        for other in self._synonyms.get(tuple(word.term for word in span), ()):
            if all(self._known(term) for term in other):
                weight = share * OTHER_WORD_WEIGHT / len(other)
                options.append(_every([self._term(term, weight) for term in other]))
        return [option for option in options if option is not None]

    def _following(self, wanted: Sequence[Word]) -> list[tantivy.Query]:
        """Queries for the pairs of the text: one after the other in the title, or one name with its number."""
        found = pairs(wanted)
        made = []
        for first, second in found:
            share = PAIR_WEIGHT / len(found)
            options = [self._const(PAIRS, pair_term(first.term, second.term), share)]
            if second.model:
                options.append(self._const("title", second.model, share))
            held = [option for option in options if option is not None]
            made.extend([_best(held)] if held else [])
        return made

    def _halves(self, word: Word) -> tuple[str, str] | None:
        """The word as two, "video games" for "videogames", if titles have them one after the other; the commonest."""
        text = word.text
        if word.parts or not text.isalpha() or not 2 * LEAST_HALF <= len(text) <= LONGEST_TERM:
            return None
        splits = [
            (self._count(PAIRS, pair_term(first, second)), (first, second))
            for cut in range(LEAST_HALF, len(text) - LEAST_HALF + 1)
            if self._known(first := stem(text[:cut])) and self._known(second := stem(text[cut:]))
        ]
        often, halves = max(splits, default=(0, None))
        return halves if often >= 2 else None

    def _joined(self, first: Word, second: Word) -> str:
        """The two words as one, "handbag" for "hand bag", where the catalogue writes it so; else ""."""
        if not (first.text.isalpha() and second.text.isalpha()) or len(first.text) < 2 or len(second.text) < 2:
            return ""
        joined = stem(first.text + second.text)
        return joined if self._known(joined) else ""

    def _known(self, term: str) -> bool:
        return any(self._count(field, term) for field in FIELDS)

    def _mass(self, word: Word) -> float:
        """How much a word says: its rarity; of a word that has parts, at most the rarest part's."""
        rarity = self._rarity(word.term)
        return min(rarity, max(map(self._rarity, word.parts))) if word.parts else rarity

    def _rarity(self, term: str) -> float:
        """Inverse document frequency, over the field that holds the term most often."""
        held = max(self._count(field, term) for field in FIELDS)
        return math.log(1 + (max(self._items, held) - held + 0.5) / (held + 0.5))

    def _term(self, term: str, share: float) -> tantivy.Query | None:
        """The share, times the weight of the best field that holds the term; None where none does."""
        options = [self._const(field, term, share * weight) for field, weight in FIELDS.items()]
        held = [option for option in options if option is not None]
        return _best(held) if held else None

    def _const(self, field: str, term: str, score: float) -> tantivy.Query | None:
        if not self._count(field, term):
            return None
        holding = tantivy.Query.term_query(self._schema, field, term, index_option="basic")
        return tantivy.Query.const_score_query(holding, score)


def _best(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return queries[0] if len(queries) == 1 else tantivy.Query.disjunction_max_query(queries)


def _sum(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _every(queries: Sequence[tantivy.Query | None]) -> tantivy.Query:
    """All of them, each of which is there."""
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in queries if query is not None])
