"""The lexical index: which items hold the shopper's words, and in which of their fields. Derived from the catalogue.

Owns one folder of tantivy's, keyed by the items' numbers. Knows items and words; knows nothing of vectors, of filters
other than "within these numbers", or of when the folder is due for replacement: that is ``retrieval.index``.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray

from retrieval.coverage import FIELDS, PAIRS, Coverage, Synonyms, coverage
from retrieval.errors import IndexBuildError
from retrieval.items import Item
from retrieval.wording import pair_term, pairs, stem, terms, words, written

NUMBER = "number"
WRITTEN = "written"  # the field of the words as merchants write them, unstemmed: what spelling is learned from
WRITER_BYTES, WRITER_THREADS = 200_000_000, 2  # memory and threads of a build
CHANGES_BYTES = 30_000_000  # memory of the writer of small changes; tantivy wants at least 15 MB
TOLD_EVERY = 2000  # items between two reports of progress
FEW = 2000  # numbers up to which they are asked for one by one; beyond it a set is quicker

Hits = tuple[NDArray[np.int64], NDArray[np.float32]]  # numbers and scores, best first
NO_HITS: Hits = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))


class LexicalIndex:
    """One folder, open; any thread may ask, one at a time may change it."""

    def __init__(self, folder: Path) -> None:
        """Open a folder that ``build`` made. Raises IndexBuildError if it is none, or broken."""
        self._folder = folder
        try:
            self._index = tantivy.Index.open(str(folder))
            self._index.config_reader(reload_policy="manual")
            self._index.reload()
        except Exception as error:
            # tantivy raises ValueError, OSError and a type of its own; whichever it is, the folder cannot be used.
            raise IndexBuildError(f"The lexical index in {folder} cannot be read ({error}).") from error
        self.changes = 0  # items changed or removed since it was opened
        self._writer: tantivy.IndexWriter | None = None
        self._writing = threading.Lock()

    @staticmethod
    def build(folder: Path, items: Iterable[tuple[int, Item]], told: Callable[[int], None] | None = None) -> None:
        """Write a folder of these numbered items; ``told`` hears how many are in. A folder there must be empty."""
        folder.mkdir(parents=True, exist_ok=True)
        index = tantivy.Index(_schema(), str(folder), reuse=False)
        writer = index.writer(WRITER_BYTES, WRITER_THREADS)
        done = 0
        for done, (number, item) in enumerate(items, start=1):
            writer.add_document(_document(number, item))
            if told and not done % TOLD_EVERY:
                told(done)
        writer.commit()
        writer.wait_merging_threads()
        if told:
            told(done)

    def search(
        self, text: str, k: int, within: Sequence[int] | np.ndarray | None = None, synonyms: Synonyms | None = None
    ) -> list[tuple[int, float]]:
        """At most k items that hold any of the text's words, as (number, score above 0), best first.

        The score is ``coverage``'s. ``within``: only items with these numbers.
        """
        numbers, scores = self.run(self.coverage(text, synonyms), k, within)
        return list(zip(numbers.tolist(), scores.tolist(), strict=True))

    def coverage(self, text: str, synonyms: Synonyms | None = None) -> Coverage:
        """The text as a query of this index, to be given to ``run`` while nothing changes in between."""
        searcher = self._index.searcher()
        count = lru_cache(maxsize=None)(searcher.doc_freq)
        return coverage(text, synonyms or {}, self._index.schema, count, searcher.num_docs)

    def run(self, wanted: Coverage, k: int, within: Sequence[int] | np.ndarray | None = None) -> Hits:
        """As ``search``, for a query that ``coverage`` made; items with equal scores in the order of their numbers."""
        if wanted.query is None or k < 1 or (within is not None and not len(within)):
            return NO_HITS
        query = wanted.query if within is None else self._within(wanted.query, within)
        searcher = self._index.searcher()
        # tantivy sets room aside for all k, and ends the process where there is not so much.
        hits = searcher.search(query, max(1, min(k, searcher.num_docs)), count=False).hits
        held = searcher.fast_field_values(NUMBER, [address for _, address in hits])
        numbers, scores = np.array(held, dtype=np.int64), np.array([score for score, _ in hits], dtype=np.float32)
        order = np.lexsort((numbers, -scores))
        return numbers[order], scores[order]

    def _within(self, query: tantivy.Query, numbers: Sequence[int] | np.ndarray) -> tantivy.Query:
        listed = [int(number) for number in numbers]
        if len(listed) <= FEW:
            among = tantivy.Query.boolean_query([(tantivy.Occur.Should, self._one(number)) for number in listed])
        else:
            among = tantivy.Query.term_set_query(self._index.schema, NUMBER, listed)
        must = tantivy.Occur.Must
        return tantivy.Query.boolean_query([(must, tantivy.Query.const_score_query(among, 0.0)), (must, query)])

    def _one(self, number: int) -> tantivy.Query:
        """The item with this number. (Deleting by term, tantivy 0.27 finds nothing in an unsigned field.)"""
        return tantivy.Query.term_query(self._index.schema, NUMBER, number, "basic")

    def apply(self, upserted: Iterable[tuple[int, Item]], removed: Iterable[int] = ()) -> None:
        """Take in changed and removed items: on disk and visible on return. Doing it twice changes nothing."""
        with self._writing:
            if self._writer is None:
                self._writer = self._index.writer(CHANGES_BYTES, 1)
                # What a killed writer left uncommitted has the very file names that come next.
                self._writer.garbage_collect_files()
            changed = 0
            try:
                for number in removed:
                    self._writer.delete_documents_by_query(self._one(number))
                    changed += 1
                for number, item in upserted:
                    self._writer.delete_documents_by_query(self._one(number))
                    self._writer.add_document(_document(number, item))
                    changed += 1
                self._writer.commit()
            except BaseException:
                self._writer.rollback()
                raise
            self._index.reload()
            self.changes += changed

    def reload(self) -> None:
        """Take in what another process wrote into the folder."""
        try:
            self._index.reload()
        except Exception as error:
            raise IndexBuildError(f"The lexical index in {self._folder} cannot be read ({error}).") from error
        self.changes += 1

    def __len__(self) -> int:
        return int(self._index.searcher().num_docs)

    def vocabulary(self) -> list[tuple[str, int]]:
        """Every word as it is written in titles, brands, categories and attributes, and how many items have it."""
        return list(self._index.searcher().terms_with_prefix(WRITTEN, ""))

    def knows(self, word: str) -> bool:
        """Whether any item has the word, in whichever form, in any field."""
        searcher, term = self._index.searcher(), stem(word)
        return any(searcher.doc_freq(field, term) for field in FIELDS) or bool(searcher.doc_freq(WRITTEN, word))

    def together(self, first: str, second: str) -> int:
        """How many titles have these two words, folded, one after the other."""
        return int(self._index.searcher().doc_freq(PAIRS, pair_term(stem(first), stem(second))))

    def beside(self, word: str, other: str) -> int:
        """How many items have this word, as it is written, along with the other in whichever form in their title."""
        must, ask = tantivy.Occur.Must, tantivy.Query.term_query
        terms_of = (
            ask(self._index.schema, WRITTEN, word, "basic"),
            ask(self._index.schema, "title", stem(other), "basic"),
        )
        both = tantivy.Query.const_score_query(tantivy.Query.boolean_query([(must, term) for term in terms_of]), 1.0)
        return int(self._index.searcher().search(both, 1).count)  # type: ignore[attr-defined]  # its stub lacks it

    def close(self) -> None:
        """Release the writer's lock; queries under way end well."""
        with self._writing:
            if self._writer is not None:
                self._writer.wait_merging_threads()
                self._writer = None


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field(NUMBER, indexed=True, fast=True)
    for field in (*FIELDS, PAIRS, WRITTEN):
        # The terms are made by retrieval.wording; whether one stands in a field is all that is asked of it.
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="basic")
    return builder.build()


def _document(number: int, item: Item) -> tantivy.Document:
    document = tantivy.Document()
    document.add_unsigned(NUMBER, number)
    fields = fields_of(item)
    for field, text in fields.items():
        document.add_text(field, " ".join(terms(text)))
    named = " ".join(text for field, text in fields.items() if field != "description")
    document.add_text(WRITTEN, " ".join(written(named)))
    following = pairs(words(item.title))
    document.add_text(PAIRS, " ".join(pair_term(first.term, second.term) for first, second in following))
    return document


def fields_of(item: Item) -> Mapping[str, str]:
    """The text of each field of ``coverage.FIELDS``."""
    values: dict[str, Any] = {
        "title": item.title,
        "brand": item.brand,
        "category": " / ".join(item.category),
        "attributes": " / ".join(value for held in item.attributes.values() for value in held),
        "description": item.description,
    }
    return values
