"""One finished folder of vectors: the matrix on disk, its ids, and the same vectors in Chroma.

Writes such a folder, opens it, and answers from it. Knows nothing of the catalogue, of texts, or of when a folder is
due for replacement: that is ``retrieval.index``.
"""

import json
import logging
import math
from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
from chromadb.config import Settings as ChromaSettings

from retrieval.encoder import Vectors

COLLECTION = "items"
MATRIX, IDS, CHROMA = "vectors.npy", "ids.json", "chroma"
SEARCH_BREADTH = 400  # ef_search; at 20,000 vectors recall@50 is 0.97, with Chroma's own 100 it is 0.85
ADDED_AT_ONCE = 2000  # vectors a call; Chroma takes at most 5,461
OVER_FETCH = 1.3  # beyond what the filter's share asks for, since the nearest items share properties
MOST_FETCHED = 1000  # beyond this, or its double at most, the exact product is faster

log = logging.getLogger(__name__)


def client_of(folder: Path) -> Any:
    """Chroma's client of the folder, silent towards the outside."""
    return chromadb.PersistentClient(str(folder / CHROMA), settings=ChromaSettings(anonymized_telemetry=False))


def write(folder: Path, ids: Sequence[str], vectors: Vectors, told: Callable[[int], None] | None = None) -> None:
    """Write a folder of these vectors (float32 [n, d], unit rows), reporting how many are in."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / MATRIX, np.ascontiguousarray(vectors, dtype=np.float32))
    (folder / IDS).write_text(json.dumps(list(ids)), encoding="utf-8")
    client = client_of(folder)
    try:
        collection = client.create_collection(
            COLLECTION,
            configuration={"hnsw": {"space": "cosine", "ef_search": SEARCH_BREADTH, "ef_construction": 200}},
            embedding_function=None,  # Chroma's own one would download a model
        )
        for start in range(0, len(ids), ADDED_AT_ONCE):
            collection.add(
                ids=list(ids[start : start + ADDED_AT_ONCE]), embeddings=vectors[start : start + ADDED_AT_ONCE]
            )
            if told:
                told(min(start + ADDED_AT_ONCE, len(ids)))
    finally:
        client.close()


class VectorFolder:
    """An open folder, safe to ask from any thread; read only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ids: list[str] = json.loads((folder / IDS).read_text(encoding="utf-8"))
        self.matrix: Vectors = np.load(folder / MATRIX)
        self.rows = {item_id: row for row, item_id in enumerate(self.ids)}
        self._client = client_of(folder)
        self._collection = self._client.get_collection(COLLECTION, embedding_function=None)

    def nearest(self, vector: Vectors, k: int, allowed: Set[str] | None) -> tuple[list[tuple[str, float]], str]:
        """At most k allowed ids with cosine similarity, best first, and which arm answered: "chroma" or "exact"."""
        possible = len(self.ids) if allowed is None else len(allowed)
        wanted = min(k, possible)
        if wanted < 1:
            return [], "exact"
        share = possible / len(self.ids)
        fetched = min(len(self.ids), math.ceil(k if allowed is None else k / share * OVER_FETCH))
        if fetched <= max(MOST_FETCHED, k):
            found = self._from_chroma(vector, fetched)
            kept = [pair for pair in found if allowed is None or pair[0] in allowed][:k]
            if len(kept) >= wanted:
                return kept, "chroma"
        return self.exact(vector, k, allowed), "exact"

    def _from_chroma(self, vector: Vectors, n: int) -> list[tuple[str, float]]:
        try:
            found = self._collection.query(query_embeddings=[vector], n_results=n, include=["distances"])
        except Exception:
            # Chroma raises many types. The matrix holds the same vectors, so no shopper need notice; the log tells.
            log.exception("Chroma did not answer; the exact product does")
            return []
        return [
            (item_id, 1.0 - float(distance))
            for item_id, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    def exact(self, vector: Vectors, k: int, allowed: Set[str] | None) -> list[tuple[str, float]]:
        """At most k allowed ids with cosine similarity, best first, from the whole matrix; equal ones by row."""
        if allowed is None:
            rows = np.arange(len(self.ids))
            scores = self.matrix @ vector
        else:
            rows = np.fromiter((self.rows[one] for one in allowed if one in self.rows), dtype=np.int64)
            rows.sort()
            # Gathering rows costs more than it saves once many are allowed.
            scores = self.matrix[rows] @ vector if len(rows) * 4 < len(self.ids) else (self.matrix @ vector)[rows]
        if k < len(rows):
            best = np.argpartition(-scores, k)[:k]
            rows, scores = rows[best], scores[best]
        order = np.lexsort((rows, -scores))
        return [(self.ids[rows[at]], float(scores[at])) for at in order]

    def of(self, ids: Sequence[str]) -> Vectors:
        """Vectors of these items: float32 [len(ids), d]; zeros for an unknown id."""
        found: Vectors = np.zeros((len(ids), self.matrix.shape[1]), dtype=np.float32)
        known = [(at, self.rows[item_id]) for at, item_id in enumerate(ids) if item_id in self.rows]
        if known:
            places, rows = zip(*known, strict=True)
            found[list(places)] = self.matrix[list(rows)]
        return found

    def close(self) -> None:
        """Release Chroma's files; the matrix still answers."""
        self._client.close()
