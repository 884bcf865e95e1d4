"""The index of the catalogue: derived, checked when opened, brought up to date in place, or built aside and swapped in.

The only owner of the folders under its home (two processes on one embedded Chroma are not safe). Knows the catalogue's
changes and how an item becomes a vector; knows nothing of queries' words, of fusion or of ranking. ``retrieval.stamp``
says which folder is in use, ``retrieval.shelf`` is such a folder, open, and whoever finds items asks a ``Snapshot``.
"""

import fcntl
import hashlib
import logging
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from retrieval.catalog import Catalog, Changes
from retrieval.chroma import WIDER_SEARCHES, EmbeddedCollection
from retrieval.chroma_server import ServedCollection
from retrieval.database import Connections
from retrieval.embeddings import EmbeddingCache, Progress
from retrieval.encoder import Encoder, Vectors
from retrieval.errors import IndexBuildError
from retrieval.items import Item
from retrieval.lexical import LexicalIndex
from retrieval.matrix import Digests, Matrix, MatrixWriter, Numbers
from retrieval.overlay import Overlaid
from retrieval.shelf import LEXICAL, BrokenShelf, Shelf
from retrieval.snapshot import LEAST_FETCHED, Snapshot, Tally
from retrieval.stamp import Stamp, Stamps
from retrieval.trust import TRUSTED_RECALL, recall

LAYOUT = 4  # grows whenever what a folder holds, or how an item is encoded, changes
TITLE_WEIGHT = 0.5  # of an item's vector; the rest is the whole text's. Chosen with bench.search
REBUILT_FROM = 0.2  # share of the items changed: from there on a new folder is built aside
ALWAYS_IN_PLACE = 100  # so many changes are applied in place, however small the shop
AT_ONCE = 10_000  # items embedded and written together: bounds the memory of a build

log = logging.getLogger(__name__)


def item_texts(item: Item) -> tuple[str, str]:
    """The texts of an item that are encoded: its title and the whole."""
    return item.title, item.encoder_text()


def item_vectors(items: Sequence[Item], encode: Callable[[list[str]], Vectors]) -> Vectors:
    """Unit vectors of items: float32 [n, d], the weighted mean of the title's vector and the whole text's."""
    titles, wholes = zip(*map(item_texts, items), strict=True) if items else ((), ())
    both = encode([*titles, *wholes])
    mixed = TITLE_WEIGHT * both[: len(items)] + (1 - TITLE_WEIGHT) * both[len(items) :]
    lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
    unit: Vectors = (mixed / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit


def text_digest(item: Item) -> int:
    """The same for the same searched text: 64 bits. A price, a stock or a picture is no part of it."""
    parts = item.model_dump_json(include={"title", "brand", "category", "attributes", "description"})
    return int.from_bytes(hashlib.sha256(parts.encode()).digest()[:8], "little")


class Index:
    """Nearest items of a vector, and of words. Make one with ``Index.open``."""

    def __init__(
        self, folder: Path, catalog: Catalog, connections: Connections, encoder: Encoder, chroma_url: str
    ) -> None:
        self._folder, self._catalog, self._encoder, self._chroma_url = folder, catalog, encoder, chroma_url
        self._stamps = Stamps(connections)
        self.cache = EmbeddingCache(folder.parent / "embeddings.sqlite3")
        self._writing = threading.Lock()  # one build or refresh at a time
        self._stamp: Stamp | None = None
        self._shelf: Shelf | None = None
        self._held: Overlaid | None = None
        self._tally = Tally()
        self._lock_file: IO[str] | None = None

    @staticmethod
    def open(
        folder: Path,
        catalog: Catalog,
        connections: Connections,
        encoder: Encoder,
        progress: Progress | None = None,
        *,
        chroma_url: str = "",
    ) -> "Index":
        """Open the index at ``folder``, bringing it up to date, or rebuilding it if it is missing or broken.

        Embeddings are cached in ``embeddings.sqlite3`` beside the folder. ``chroma_url``: a Chroma server that keeps
        the vectors instead of the folder. Raises IndexBuildError, also when another process has the index open.
        """
        index = Index(folder, catalog, connections, encoder, chroma_url)
        folder.mkdir(parents=True, exist_ok=True)
        index._take()
        try:
            wrong = index._open_stamped(progress) or index._refreshed(progress)
            if wrong:
                log.info("index: %s; rebuilding", wrong)
                with index._writing:
                    index._build(progress)
            index._measure()
            index._sweep()
        except BaseException:
            index.close()
            raise
        return index

    def snapshot(self) -> Snapshot:
        """The present state, to be asked for the duration of one grounding; it stays as it is meanwhile."""
        stamp, shelf, held = self._open_parts()
        return Snapshot(shelf, held, self._tally, stamp.recall is None or stamp.recall >= TRUSTED_RECALL)

    def refresh(self, progress: Progress | None = None, *, encoder: Encoder | None = None) -> bool:
        """Bring the index to the catalogue's present state, embedding only what changed; True if anything had to be.

        Small changes are applied in place; over a fifth, a new folder is built aside, and queries are answered from
        the former one until it is complete; so too where somebody removed the folder in use. A price or a stock alone
        is no change. ``encoder``: one of the same name that encodes instead. Raises IndexBuildError.
        """
        with self._writing:
            stamp, shelf, held = self._open_parts()
            if not shelf.is_there():
                log.warning("index: its folder %s was removed; rebuilding from the catalogue", shelf.folder)
                self._folder.mkdir(parents=True, exist_ok=True)
                self._take()
                self._build(progress, encoder)
                self._measure()
                return True
            if isinstance(shelf.collection, ServedCollection):
                shelf.collection.mend(held)
            if stamp.sequence == self._catalog.sequence():
                return False
            small = self._small_changes(stamp, held)
            if small is None:
                self._build(progress, encoder)
                self._measure()
                return True
            changes, texts = small
            self._apply(changes, texts, progress, encoder)
            return bool(texts or changes.removed)

    def _small_changes(self, stamp: Stamp, held: Overlaid) -> tuple[Changes, list["Text"]] | None:
        """What changed since, and the texts among it that are new; None where a new folder is due."""
        changes = self._catalog.changes(stamp.sequence)
        room = max(ALWAYS_IN_PLACE, int(REBUILT_FROM * len(held.matrix))) - len(held.numbers) - len(held.stale)
        texts = list(islice(_new_texts(changes, held), max(room, 0) + 1))
        return None if changes.everything or len(texts) + len(changes.removed) > room else (changes, texts)

    def _apply(
        self, changes: Changes, texts: Sequence["Text"], progress: Progress | None, encoder: Encoder | None
    ) -> None:
        """Put these in place, the stamp last: done again after an interruption, it changes nothing."""
        stamp, shelf, held = self._open_parts()
        numbers, digests = _numbers(texts)
        vectors = self._vectors([text.item for text in texts], progress, encoder)
        try:
            shelf.collection.upsert(numbers.tolist(), vectors)
            shelf.collection.remove(changes.removed)
            if texts or changes.removed:
                shelf.lexical.apply(((text.number, text.item) for text in texts), changes.removed)
        except Exception as error:
            # Chroma and tantivy raise many types; the stamp stays, so the same is tried again.
            raise IndexBuildError(f"The index could not be written ({error}). It is tried again.") from error
        over: dict[int, int | None] = {**dict.fromkeys(changes.removed), **{text.number: text.digest for text in texts}}
        moved = replace(stamp, sequence=changes.sequence, generation=self._catalog.generation())
        self._stamps.move(moved, over)
        self._stamp, self._held = moved, held.changed(numbers, digests, vectors, changes.removed)

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """Vectors of these items: float32 [len(ids), d], unit rows; a row of zeros for an id the index lacks."""
        numbers = self._catalog.numbers(ids)
        return self.snapshot().vectors(np.array([numbers.get(item_id, 0) for item_id in ids], dtype=np.int64))

    def _measure(self) -> None:
        """Note how much Chroma finds of this folder, unless it is known; a graph that finds too little looks wider."""
        stamp, shelf, _ = self._open_parts()
        if stamp.recall is not None:
            return
        found = recall(shelf.collection, shelf.matrix, LEAST_FETCHED)
        if isinstance(shelf.collection, EmbeddedCollection):
            for wider in WIDER_SEARCHES:
                if found is None or found >= TRUSTED_RECALL:
                    break
                shelf.collection.widen(wider)
                found = recall(shelf.collection, shelf.matrix, LEAST_FETCHED)
        if found is not None:
            if found < TRUSTED_RECALL:
                log.warning("Chroma finds %.0f%% of what is nearest: the exact product answers instead", 100 * found)
            self._stamp = replace(stamp, recall=found)
            self._stamps.move(self._stamp, {})

    @property
    def answers(self) -> dict[str, int]:
        """Queries so far by the arm that answered them: "chroma" or "exact"."""
        return dict(self._tally.answers)

    @property
    def chroma_share(self) -> float:
        """Share of the queries so far that Chroma answered, the rest being exact products; 0 before the first."""
        return self.answers["chroma"] / max(1, sum(self.answers.values()))

    @property
    def generation(self) -> str:
        """Of the catalogue, as of what is indexed."""
        return self._stamp.generation if self._stamp else ""

    @property
    def trouble(self) -> str:
        """Why the Chroma server of the settings does not answer, in words; "" where all is well."""
        collection = self._shelf.collection if self._shelf else None
        return collection.trouble if isinstance(collection, ServedCollection) else ""

    def __len__(self) -> int:
        return len(self._open_parts()[2])

    def close(self) -> None:
        """Release the files; another process may then open the index."""
        with self._writing:
            if self._shelf:
                self._shelf.close()
            self._shelf = self._held = self._stamp = None
            self.cache.close()
            if self._lock_file:
                self._lock_file.close()
                self._lock_file = None

    def _open_parts(self) -> tuple[Stamp, Shelf, Overlaid]:
        if self._stamp is None or self._shelf is None or self._held is None:
            raise IndexBuildError("The index is closed.")
        return self._stamp, self._shelf, self._held

    def _take(self) -> None:
        """Hold the folder for this process: two processes on one Chroma corrupt it."""
        if self._lock_file:
            self._lock_file.close()  # it may be of a folder that is gone
        self._lock_file = (self._folder / "lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock_file.close()
            self._lock_file = None
            raise IndexBuildError(
                f"The index in {self._folder} is in use by another Shoptalk process, perhaps a server. Stop that first."
            ) from error

    def _open_stamped(self, progress: Progress | None) -> str:
        """Open the folder that the stamp names; why it must be built anew, in words, or "" if it is open."""
        stamp = self._stamps.read()
        if not stamp or not stamp.folder or not (self._folder / stamp.folder).is_dir():
            return "there is none"
        if (stamp.layout, stamp.encoder, stamp.chroma) != (LAYOUT, self._encoder.name, self._chroma_url):
            return "it was made by another encoder or version, or for another Chroma"
        if stamp.sequence > self._catalog.sequence():
            return "it is of a catalogue that is no longer here"
        try:
            shelf = Shelf.open(self._folder / stamp.folder, self._encoder.dimension, self._served(stamp.folder))
        except BrokenShelf as error:
            return f"it is broken: {error}"
        self._stamp, self._shelf, self._held = stamp, shelf, self._overlaid(shelf.matrix, progress)
        return ""

    def _refreshed(self, progress: Progress | None) -> str:
        """Bring what was opened up to date; what is wrong with it then, in words."""
        try:
            self.refresh(progress)
        except IndexBuildError as error:
            return str(error)
        _, shelf, held = self._open_parts()
        if isinstance(shelf.collection, EmbeddedCollection) and shelf.collection.count() != len(held):
            return f"Chroma holds {shelf.collection.count()} vectors instead of {len(held)}"
        if len(shelf.lexical) != len(held):
            return f"its lexical part holds {len(shelf.lexical)} items instead of {len(held)}"
        return ""

    def _overlaid(self, matrix: Matrix, progress: Progress | None) -> Overlaid:
        """The matrix with what has changed since it was written; its vectors come from the cache."""
        digests = self._stamps.overlay()
        ids = self._catalog.ids_of(digests)
        items = self._catalog.many(list(ids.values()))
        here = [number for number, digest in digests.items() if digest is not None and ids.get(number) in items]
        return Overlaid.fresh(matrix).changed(
            np.array(here, dtype=np.int64),
            np.array([digests[number] for number in here], dtype=np.uint64),
            self._vectors([items[ids[number]] for number in here], progress),
            [number for number in digests if number not in set(here)],
        )

    def _build(self, progress: Progress | None, encoder: Encoder | None = None) -> None:
        """Write a new folder beside the one in use, if any, and put it in its place."""
        # Read before the items: what changes meanwhile comes with the next refresh.
        changes, generation = self._catalog.changes(0), self._catalog.generation()
        name = f"{generation[:12]}-{uuid.uuid4().hex[:8]}"
        aside, served = self._folder / name, self._served(name)
        embedded: EmbeddedCollection | None = None
        try:
            aside.mkdir(parents=True)
            embedded = None if served else EmbeddedCollection(aside, make_for=changes.count)
            with MatrixWriter(aside) as writer:
                done = 0
                while texts := list(islice(_texts(changes.upserted), AT_ONCE)):
                    numbers, digests = _numbers(texts)
                    part = _part(progress, done, len(texts), changes)
                    vectors = self._vectors([text.item for text in texts], part, encoder)
                    writer.add(numbers, digests, vectors)
                    if embedded:
                        embedded.upsert(numbers.tolist(), vectors)
                    done += len(texts)
            if embedded and done:
                embedded.finish(numbers[:1], vectors[:1])
            LexicalIndex.build(aside / LEXICAL, self._catalog.changes(0).upserted)
            if progress:
                progress("indexing", done, done)
            matrix = Matrix(aside, self._encoder.dimension)
            held = Overlaid.fresh(matrix)
            if served:
                served.mend(held)
            stamp = Stamp(name, LAYOUT, self._encoder.name, self._chroma_url, changes.sequence, generation)
            self._stamps.swap(stamp)
        except BaseException:
            if embedded:
                embedded.close()
            shutil.rmtree(aside, ignore_errors=True)
            raise
        collection = served or embedded
        assert collection is not None
        former, self._shelf = self._shelf, Shelf(aside, matrix, collection, LexicalIndex(aside / LEXICAL))
        self._stamp, self._held = stamp, held
        if former:
            former.retire()

    def _vectors(self, items: Sequence[Item], progress: Progress | None, encoder: Encoder | None = None) -> Vectors:
        if not items:
            return np.zeros((0, self._encoder.dimension), dtype=np.float32)
        return item_vectors(items, lambda texts: self.cache.encode(texts, encoder or self._encoder, progress))

    def _served(self, name: str) -> ServedCollection | None:
        return ServedCollection(self._chroma_url, self._served_prefix + name) if self._chroma_url else None

    @property
    def _served_prefix(self) -> str:
        return f"shoptalk-{self._stamps.shop[:12]}-"

    def _sweep(self) -> None:
        """Remove what interrupted builds left behind."""
        _, shelf, _ = self._open_parts()
        for left in self._folder.iterdir():
            if left.is_dir() and left != shelf.folder:
                shutil.rmtree(left, ignore_errors=True)
        if isinstance(shelf.collection, ServedCollection):
            shelf.collection.sweep(self._served_prefix)


@dataclass(frozen=True)
class Text:
    """An item to be indexed, and the digest of what is searched of it."""

    number: int
    digest: int
    item: Item


def _texts(items: Iterable[tuple[int, Item]]) -> Iterator[Text]:
    return (Text(number, text_digest(item), item) for number, item in items)


def _new_texts(changes: Changes, held: Overlaid) -> Iterator[Text]:
    """Those whose text is not what the index holds."""
    remaining = _texts(changes.upserted)
    while texts := list(islice(remaining, AT_ONCE)):
        known = held.is_of(*_numbers(texts))
        yield from (text for text, same in zip(texts, known.tolist(), strict=True) if not same)


def _numbers(texts: Sequence[Text]) -> tuple[Numbers, Digests]:
    return (
        np.array([text.number for text in texts], dtype=np.int64),
        np.array([text.digest for text in texts], dtype=np.uint64),
    )


def _part(progress: Progress | None, done: int, count: int, changes: Changes) -> Progress | None:
    """The progress of ``count`` items after ``done`` ones, told as one of the whole."""
    if progress is None:
        return None
    return lambda what, part, of: progress("indexing", done + count * part // max(of, 1), changes.count)
