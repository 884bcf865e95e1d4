"""Vectors in a Chroma that is embedded in the index's folder, and what holds for any Chroma.

Knows Chroma's ways (its traps are told where they are avoided). Knows nothing of the catalogue, of filters, or of when
a collection is due for replacement. The id of a vector is its item's number. ``retrieval.chroma_server`` does the same
on a server.
"""

import logging
import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import chromadb
import numpy as np
from chromadb.config import Settings as ChromaSettings

from retrieval.encoder import Vectors
from retrieval.matrix import Numbers, Scores

EMBEDDED = "chroma"  # inside the index's folder
COLLECTION = "items"

# The graph, fixed when a collection is made. See docs/scale.md for what was measured.
NEIGHBOURS, CONSTRUCTION_BREADTH, SEARCH_BREADTH = 16, 200, 400
# Tried in turn where a collection of this very shop is found to miss too much. At a million items 1,600 takes half
# again as long as 400.
WIDER_SEARCHES = (800, 1600)
ADDED_AT_ONCE = 5000  # vectors a call; Chroma takes at most 5,461
# Chroma writes its graph to the disk after so many changes, the whole list of ids each time; what came since it adds
# again from its log, at some thousand a second, when it is opened next. So: seldom while a folder is written, and often
# afterwards. (The setting can be changed, but counts from the next opening on.)
PERSISTED_EVERY, PERSISTED_EVERY_AT_FIRST = 1000, 100_000

Answer = tuple[Numbers, Scores]  # what is nearest to one vector: numbers and cosines, best first

log = logging.getLogger(__name__)


class Collection(Protocol):
    """Vectors by number; safe to ask from any thread, written by one."""

    def nearest(self, vectors: Vectors, n: int) -> list[Answer] | None:
        """For each of the vectors [t, d] its n nearest; None if Chroma cannot answer."""

    def upsert(self, numbers: Sequence[int], vectors: Vectors) -> None:
        """Write vectors [n, d], in place where the number is known."""

    def remove(self, numbers: Sequence[int]) -> None:
        """Delete vectors; unknown numbers are passed over."""

    def close(self) -> None:
        """Release what it holds; it does not answer any more."""


class EmbeddedCollection:
    """The collection in one folder; the folder has this one owner."""

    def __init__(self, folder: Path, *, make_for: int | None = None) -> None:
        """Open it, or make it first for about so many vectors. Raises whatever Chroma raises if it cannot."""
        self._folder = folder
        self._client = _client(folder)
        try:
            if make_for is None:
                self._collection = got(self._client, COLLECTION)
            else:
                self._collection = made(self._client, COLLECTION, persisted_every=_at_first(make_for))
        except BaseException:
            self._client.close()
            raise

    def finish(self, numbers: Numbers, vectors: Vectors) -> None:
        """All is written: have the whole of it on the disk. ``numbers``, ``vectors``: one of those written."""
        self._reopened({"sync_threshold": PERSISTED_EVERY})
        # Chroma has no call for it; a write makes it look whether it is time.
        self.upsert(numbers.tolist(), vectors)

    def widen(self, breadth: int) -> None:
        """Have every search look at so many vectors of the graph."""
        self._reopened({"ef_search": breadth})

    def _reopened(self, settings: dict[str, int]) -> None:
        """Change the graph's settings, which count from the next opening on."""
        with warnings.catch_warnings():
            # Chroma takes a collection without an embedding function for one of an old version.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._collection.modify(configuration={"hnsw": settings})
        self._client.close()
        self._client = _client(self._folder)
        self._collection = got(self._client, COLLECTION)

    def nearest(self, vectors: Vectors, n: int) -> list[Answer] | None:
        """As ``Collection`` says; whatever Chroma raises is logged."""
        try:
            return asked(self._collection, vectors, n)
        except Exception:
            # Chroma raises many types. The matrix holds the same vectors, so no shopper need notice; the log tells.
            log.exception("Chroma did not answer; the exact product does")
            return None

    def upsert(self, numbers: Sequence[int], vectors: Vectors) -> None:
        """As ``Collection`` says."""
        written(self._collection, numbers, vectors)

    def remove(self, numbers: Sequence[int]) -> None:
        """As ``Collection`` says."""
        removed(self._collection, numbers)

    def count(self) -> int:
        """How many vectors it holds."""
        return int(self._collection.count())

    def close(self) -> None:
        """Release the files."""
        self._client.close()


def _client(folder: Path) -> Any:
    return chromadb.PersistentClient(str(folder / EMBEDDED), settings=ChromaSettings(anonymized_telemetry=False))


def _at_first(count: int) -> int:
    """After how many vectors to persist, so that little is left over at the end.

    >>> [_at_first(count) for count in (700, 107_000, 1_000_000)]
    [1000, 50000, 100000]
    """
    rounds = max(1, math.ceil(count / PERSISTED_EVERY_AT_FIRST))
    return max(PERSISTED_EVERY, count // rounds // ADDED_AT_ONCE * ADDED_AT_ONCE)


def made(client: Any, name: str, persisted_every: int = PERSISTED_EVERY) -> Any:
    """A new collection of this name."""
    return client.create_collection(
        name,
        configuration={
            "hnsw": {
                "space": "cosine",  # Chroma's own default is l2
                "max_neighbors": NEIGHBOURS,
                "ef_construction": CONSTRUCTION_BREADTH,
                "ef_search": SEARCH_BREADTH,
                "sync_threshold": persisted_every,
            }
        },
        embedding_function=None,  # Chroma's own one would download a model
    )


def got(client: Any, name: str) -> Any:
    """The collection of this name."""
    return client.get_collection(name, embedding_function=None)


def asked(collection: Any, vectors: Vectors, n: int) -> list[Answer]:
    """One query of several vectors."""
    found = collection.query(query_embeddings=list(vectors), n_results=n, include=["distances"])
    return [
        (np.array(ids, dtype=np.int64), np.float32(1) - np.array(distances, dtype=np.float32))
        for ids, distances in zip(found["ids"], found["distances"], strict=True)
    ]


def written(collection: Any, numbers: Sequence[int], vectors: Vectors) -> None:
    """Upsert in calls of the size that Chroma takes."""
    for start in range(0, len(numbers), ADDED_AT_ONCE):
        ids = [str(number) for number in numbers[start : start + ADDED_AT_ONCE]]
        collection.upsert(ids=ids, embeddings=vectors[start : start + ADDED_AT_ONCE])


def removed(collection: Any, numbers: Sequence[int]) -> None:
    """Delete in calls of the size that Chroma takes."""
    for start in range(0, len(numbers), ADDED_AT_ONCE):
        collection.delete(ids=[str(number) for number in numbers[start : start + ADDED_AT_ONCE]])
