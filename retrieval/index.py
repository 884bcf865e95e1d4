"""The index of the catalogue's vectors: derived, checked when opened, rebuilt aside and swapped in.

The only owner of the embedded Chroma under its folder (two processes on one Chroma are not safe). Knows the catalogue
and the encoder; knows nothing of queries' words, of fusion or of ranking. ``current.json`` names the folder in use and
the generation of the catalogue that it was built from.
"""

import fcntl
import json
import logging
import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import IO, Any

import numpy as np

from retrieval import vectors as folders
from retrieval.catalog import Catalog
from retrieval.embeddings import EmbeddingCache, Progress
from retrieval.encoder import Encoder, Vectors
from retrieval.errors import IndexBuildError
from retrieval.items import Item
from retrieval.probe import fault
from retrieval.vectors import VectorFolder

POINTER = "current.json"
LAYOUT = 2  # grows whenever what a folder holds, or how an item is encoded, changes
TITLE_WEIGHT = 0.5  # of an item's vector; the rest is the whole text's. Chosen with bench.search

log = logging.getLogger(__name__)


def item_vectors(items: Sequence[Item], encode: Callable[[list[str]], Vectors]) -> Vectors:
    """Unit vectors of items: float32 [n, d], the weighted mean of the title's vector and the whole text's."""
    titles, texts = [item.title for item in items], [item.encoder_text() for item in items]
    both = encode(titles + texts)
    mixed = TITLE_WEIGHT * both[: len(items)] + (1 - TITLE_WEIGHT) * both[len(items) :]
    lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
    unit: Vectors = (mixed / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit


class Index:
    """Nearest items of a vector. Make one with ``Index.open``."""

    def __init__(self, folder: Path, catalog: Catalog, encoder: Encoder) -> None:
        self._folder, self._catalog, self._encoder = folder, catalog, encoder
        self.cache = EmbeddingCache(folder.parent / "embeddings.sqlite3")
        self._building = threading.Lock()
        self._current: VectorFolder | None = None
        self._lock_file: IO[str] | None = None
        self.generation = ""  # of the catalogue, as of the vectors in use
        self.answers = {"chroma": 0, "exact": 0}  # queries by the arm that answered

    @staticmethod
    def open(folder: Path, catalog: Catalog, encoder: Encoder, progress: Progress | None = None) -> "Index":
        """Open the index at ``folder``, rebuilding it first if it is missing, stale or broken.

        Embeddings are cached in ``embeddings.sqlite3`` beside the folder. Raises IndexBuildError, also when another
        process has the index open.
        """
        index = Index(folder, catalog, encoder)
        folder.mkdir(parents=True, exist_ok=True)
        index._take()
        try:
            wrong = index._why_unusable()
            if wrong:
                log.info("index: %s; rebuilding", wrong)
                index._rebuild(progress)
            else:
                index._switch(index._pointer())
            index._sweep()
        except BaseException:
            index.close()
            raise
        return index

    def refresh(self, progress: Progress | None = None) -> bool:
        """Bring the index to the catalogue's present state, embedding only what changed; True if anything had to be.

        Queries are answered from the former state until the new one is complete.
        """
        if self.generation == self._catalog.generation():
            return False
        self._rebuild(progress)
        return True

    def query(self, vector: Vectors, k: int, allowed: Set[str] | None = None) -> list[tuple[str, float]]:
        """At most k items nearest to a unit vector [d], as (id, cosine similarity), best first; only allowed ids."""
        pairs, arm = self._open_folder().nearest(np.asarray(vector, dtype=np.float32).reshape(-1), k, allowed)
        self.answers[arm] += 1
        return pairs

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """Vectors of these items: float32 [len(ids), d], unit rows; a row of zeros for an id the index lacks."""
        return self._open_folder().of(ids)

    @property
    def chroma_share(self) -> float:
        """Share of the queries so far that Chroma answered, the rest being exact products; 0 before the first."""
        return self.answers["chroma"] / max(1, sum(self.answers.values()))

    def __len__(self) -> int:
        return len(self._open_folder().ids)

    def close(self) -> None:
        """Release the files; another process may then open the index."""
        if self._current:
            self._current.close()
            self._current = None
        self.cache.close()
        if self._lock_file:
            self._lock_file.close()
            self._lock_file = None

    def _open_folder(self) -> VectorFolder:
        if self._current is None:
            raise IndexBuildError("The index is closed.")
        return self._current

    def _take(self) -> None:
        """Hold the folder for this process: two processes on one Chroma corrupt it."""
        self._lock_file = (self._folder / "lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock_file.close()
            self._lock_file = None
            raise IndexBuildError(
                f"The index in {self._folder} is in use by another Shoptalk process, perhaps a server. Stop that first."
            ) from error

    def _pointer(self) -> dict[str, Any]:
        try:
            pointer: dict[str, Any] = json.loads((self._folder / POINTER).read_text(encoding="utf-8"))
            return pointer if isinstance(pointer, dict) else {}
        except (OSError, ValueError):
            return {}

    def _why_unusable(self) -> str:
        """Why the index must be rebuilt, in words; "" if it need not."""
        pointer = self._pointer()
        held = self._folder / str(pointer.get("folder", ""))
        if not pointer or held == self._folder or not held.is_dir():
            return "there is none"
        if (pointer.get("layout"), pointer.get("encoder")) != (LAYOUT, self._encoder.name):
            return "it was made by another encoder or version"
        if pointer.get("generation") != self._catalog.generation():
            return "the catalogue has changed"
        if pointer.get("count") != self._catalog.size():
            return f"it holds {pointer.get('count')} items, the catalogue {self._catalog.size()}"
        broken = fault(held)
        return f"it is broken: {broken}" if broken else ""

    def _rebuild(self, progress: Progress | None) -> None:
        with self._building:
            generation = self._catalog.generation()
            items = list(self._catalog.all())
            name = f"{generation[:12]}-{uuid.uuid4().hex[:8]}"
            aside = self._folder / name
            try:
                unit = item_vectors(items, lambda texts: self.cache.encode(texts, self._encoder, progress))
                folders.write(
                    aside,
                    [item.id for item in items],
                    unit,
                    (lambda done: progress("indexing", done, len(items))) if progress else None,
                )
            except BaseException:
                shutil.rmtree(aside, ignore_errors=True)
                raise
            pointer = {
                "folder": name,
                # Read before the items: if the catalogue changed meanwhile, the next check sees a difference.
                "generation": generation,
                "count": len(items),
                "encoder": self._encoder.name,
                "layout": LAYOUT,
                "built": time.time(),
            }
            written = self._folder / f"{POINTER}.partial"
            written.write_text(json.dumps(pointer), encoding="utf-8")
            os.replace(written, self._folder / POINTER)
            self._switch(pointer)

    def _switch(self, pointer: dict[str, Any]) -> None:
        former, self._current = self._current, VectorFolder(self._folder / pointer["folder"])
        self.generation = pointer["generation"]
        if former:
            # A query under way in another thread may still hold it: Chroma refuses, and the matrix in memory answers.
            former.close()
            shutil.rmtree(former.folder, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what interrupted builds left behind."""
        kept = self._open_folder().folder
        for left in self._folder.iterdir():
            if left.is_dir() and left != kept:
                shutil.rmtree(left, ignore_errors=True)
