"""The index that another process owns, as further processes on the same host read it: opened, and kept up with.

Knows the stamp, which the owner writes last, and reads what it names; writes nothing, and opens no embedded Chroma, as
that has one owner: the exact product answers in its place. Knows nothing of how the index is made.
"""

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from retrieval.catalog import Catalog
from retrieval.chroma import Answer, Collection
from retrieval.database import Connections
from retrieval.embeddings import Progress
from retrieval.encoder import Encoder, Vectors
from retrieval.errors import IndexBuildError
from retrieval.index import LAYOUT, Index
from retrieval.lexical import LexicalIndex
from retrieval.matrix import Matrix
from retrieval.shelf import LEXICAL, Shelf
from retrieval.snapshot import Snapshot
from retrieval.stamp import Stamp

LOOKS_EVERY_S = 0.5  # for what the owner changed
TRIES = 3  # of opening what the stamp names: the owner may replace it meanwhile

log = logging.getLogger(__name__)


class _Nowhere:
    """In the place of an embedded Chroma: answers nothing."""

    def nearest(self, vectors: Vectors, n: int) -> list[Answer] | None:
        return None

    def upsert(self, numbers: Sequence[int], vectors: Vectors) -> None:
        raise IndexBuildError("This process only reads the index.")

    def remove(self, numbers: Sequence[int]) -> None:
        raise IndexBuildError("This process only reads the index.")

    def close(self) -> None:
        pass


class FollowedIndex(Index):
    """As Index, for reading. Make one with ``FollowedIndex.follow``."""

    @staticmethod
    def follow(
        folder: Path, catalog: Catalog, connections: Connections, encoder: Encoder, chroma_url: str = ""
    ) -> "FollowedIndex":
        """Open what the owner has; IndexBuildError where there is nothing yet that this version can read."""
        index = FollowedIndex(folder, catalog, connections, encoder, chroma_url)
        index._looking = threading.Lock()
        try:
            index._look()
        except BaseException:
            index.close()
            raise
        return index

    _looking: threading.Lock
    _looked = 0.0

    def snapshot(self) -> Snapshot:
        """The present state, not older than half a second."""
        if time.monotonic() - self._looked > LOOKS_EVERY_S and self._looking.acquire(blocking=False):
            try:
                self._look()
            except IndexBuildError as error:
                log.warning("the index is used as it was: %s", error)
            finally:
                self._looking.release()
        return super().snapshot()

    def refresh(self, progress: Progress | None = None, *, encoder: Encoder | None = None) -> bool:
        """Nothing: the owner does it."""
        return False

    def close(self) -> None:
        """Release the files; the owner keeps them."""
        self._shelf = self._held = self._stamp = None
        self.cache.close()

    def _look(self) -> None:
        """Take what the owner has now, unless it is what is held already."""
        for tried in range(TRIES):
            stamp = self._stamps.read()
            if stamp == self._stamp and stamp is not None:
                break
            try:
                self._take_up(stamp)
                break
            except (OSError, ValueError, IndexBuildError) as error:
                if tried == TRIES - 1:
                    raise IndexBuildError(
                        f"The index of {self._folder.parent} cannot be read ({error}). Is its owner running?"
                    ) from error
        self._looked = time.monotonic()

    def _take_up(self, stamp: Stamp | None) -> None:
        if stamp is None or (stamp.layout, stamp.encoder) != (LAYOUT, self._encoder.name):
            raise IndexBuildError("it is not built yet, or by another version")
        shelf = self._shelf
        if shelf is not None and shelf.folder.name == stamp.folder:
            shelf.lexical.reload()
        else:
            folder = self._folder / stamp.folder
            collection: Collection = self._served(stamp.folder) or _Nowhere()
            shelf = Shelf(folder, Matrix(folder, self._encoder.dimension), collection, LexicalIndex(folder / LEXICAL))
        held = self._overlaid(shelf.matrix, None)
        self._stamp, self._shelf, self._held = stamp, shelf, held
