"""Vectors kept by the text that they encode, so that a text is encoded once.

Owns the file ``embeddings.sqlite3``, which can be deleted at any time: it only saves work. A vector takes about 0.8 KB
of it. Knows nothing of items.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from sqlite_utils import Database, Migrations

from retrieval.database import Connections
from retrieval.encoder import Encoder, Vectors

CHUNK = 512  # texts encoded between two commits: what an interrupted run loses
WINDOW = 20_000  # texts looked up, and sorted by length, at once: bounds the memory beside the vectors themselves
ASKED_AT_ONCE = 1000  # keys in one SELECT

# Half the disk of float32. A component of a unit vector is off by 0.0003 at most, a cosine by far less: 0.0000003 here.
KEPT_AS = np.float16

Progress = Callable[[str, int, int], None]  # what is done, how many are done, of how many

migrations = Migrations("retrieval.embeddings")


@migrations()
def m001_initial(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE IF NOT EXISTS embeddings (
            encoder TEXT NOT NULL, text_hash TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (encoder, text_hash)
        );
        """
    )


@migrations()
def m002_small_rows(db: Database) -> None:
    db.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)")
    former = db.execute("SELECT encoder, text_hash, vector FROM embeddings")
    while rows := former.fetchmany(WINDOW):
        _insert(db, [(_key(encoder, bytes.fromhex(text)), np.frombuffer(v, np.float32)) for encoder, text, v in rows])
    db.execute("DROP TABLE embeddings")


class EmbeddingCache:
    """Encodes texts, remembering every vector on disk. Safe to use from any thread and from several processes."""

    def __init__(self, path: Path) -> None:
        self._connections = Connections(path)
        migrations.apply(self._connections.current)

    def encode(self, texts: Sequence[str], encoder: Encoder, progress: Progress | None = None) -> Vectors:
        """Unit vectors of the texts: float32 [len(texts), d], in their order.

        Interrupted and run again, it goes on where it stopped. ``progress`` is told how many of the texts have their
        vectors, as long as some had to be encoded.
        """
        vectors: Vectors = np.empty((len(texts), encoder.dimension), dtype=np.float32)
        for start in range(0, len(texts), WINDOW):
            places: dict[bytes, list[int]] = {}
            for place, text in enumerate(texts[start : start + WINDOW], start):
                places.setdefault(_key(encoder.name, _digest(text)), []).append(place)
            for key, vector in self._held(list(places)):
                vectors[places.pop(key)] = vector
            ready = start + min(WINDOW, len(texts) - start) - sum(map(len, places.values()))
            # By length, so that the encoder's batches are of like lengths across the window, not only within a chunk.
            waiting = sorted(places, key=lambda key: len(texts[places[key][0]]))
            for first in range(0, len(waiting), CHUNK):
                if progress:
                    progress("encoding", ready, len(texts))
                chunk = waiting[first : first + CHUNK]
                encoded = encoder.encode([texts[places[key][0]] for key in chunk])
                self._keep(dict(zip(chunk, encoded, strict=True)))
                for key, vector in zip(chunk, encoded.astype(KEPT_AS), strict=True):
                    vectors[places[key]] = vector  # as it will be read again
                    ready += len(places[key])
            if progress and waiting:
                progress("encoding", ready, len(texts))
        return vectors

    def missing(self, texts: Sequence[str], encoder: str) -> list[str]:
        """Those of the texts, each once, whose vectors by the encoder of this name are not kept yet."""
        keys = {_key(encoder, _digest(text)): text for text in texts}
        for key, _ in self._held(list(keys)):
            del keys[key]
        return list(keys.values())

    def keep(self, texts: Sequence[str], vectors: Vectors, encoder: str) -> None:
        """Remember vectors (float32 [len(texts), d], unit rows) that the encoder of this name made of the texts."""
        self._keep({_key(encoder, _digest(text)): vector for text, vector in zip(texts, vectors, strict=True)})

    def _keep(self, vectors: Mapping[bytes, Vectors]) -> None:
        database = self._connections.current
        with database.atomic():
            _insert(database, vectors.items())

    def _held(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, Vectors]]:
        for start in range(0, len(keys), ASKED_AT_ONCE):
            asked = keys[start : start + ASKED_AT_ONCE]
            marks = ",".join("?" * len(asked))
            sql = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608 - only question marks
            for key, vector in self._connections.current.execute(sql, asked).fetchall():
                yield key, np.frombuffer(vector, dtype=KEPT_AS)

    def close(self) -> None:
        """Close its file."""
        self._connections.close()


def _insert(database: Database, vectors: Iterable[tuple[bytes, Vectors]]) -> None:
    rows = [(key, vector.astype(KEPT_AS).tobytes()) for key, vector in vectors]
    database.conn.executemany("INSERT OR REPLACE INTO vectors (key, vector) VALUES (?, ?)", rows)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def _key(encoder: str, digest: bytes) -> bytes:
    return hashlib.blake2b(digest, digest_size=16, key=hashlib.sha256(encoder.encode()).digest()).digest()
