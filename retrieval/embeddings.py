"""Vectors kept by the text that they encode, so that a text is encoded once.

Owns the file ``embeddings.sqlite3``, which can be deleted at any time: it only saves work. Knows nothing of items.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sqlite_utils import Database, Migrations

from retrieval.database import Connections
from retrieval.encoder import Encoder, Vectors

CHUNK = 512  # texts encoded between two commits: what an interrupted run loses

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


class EmbeddingCache:
    """Encodes texts, remembering every vector on disk."""

    def __init__(self, path: Path) -> None:
        self._connections = Connections(path)
        migrations.apply(self._connections.current)

    def encode(self, texts: Sequence[str], encoder: Encoder, progress: Progress | None = None) -> Vectors:
        """Unit vectors of the texts: float32 [len(texts), d], in their order.

        ``progress`` is told of the texts that had to be encoded, in steps of 512.
        """
        database = self._connections.current
        hashes = [_hash(text) for text in texts]
        held = self._held(encoder.name, set(hashes))
        missing = {text_hash: text for text_hash, text in zip(hashes, texts, strict=True) if text_hash not in held}
        # By length, so that the encoder's batches are of like lengths across the whole, not only within a chunk.
        waiting = sorted(missing, key=lambda text_hash: len(missing[text_hash]))
        for start in range(0, len(waiting), CHUNK):
            if progress:
                progress("encoding", start, len(waiting))
            chunk = waiting[start : start + CHUNK]
            vectors = encoder.encode([missing[text_hash] for text_hash in chunk])
            with database.atomic():
                database.conn.executemany(
                    "INSERT OR REPLACE INTO embeddings (encoder, text_hash, vector) VALUES (?, ?, ?)",
                    [(encoder.name, key, row.tobytes()) for key, row in zip(chunk, vectors, strict=True)],
                )
            held.update(zip(chunk, vectors, strict=True))
        if progress and waiting:
            progress("encoding", len(waiting), len(waiting))
        if not texts:
            return np.zeros((0, encoder.dimension), dtype=np.float32)
        return np.stack([held[text_hash] for text_hash in hashes]).astype(np.float32)

    def _held(self, encoder: str, hashes: set[str]) -> dict[str, Vectors]:
        sql = (
            "SELECT text_hash, vector FROM embeddings "
            "WHERE encoder = ? AND text_hash IN (SELECT value FROM json_each(?))"
        )
        rows = self._connections.current.execute(sql, [encoder, json.dumps(list(hashes))])
        return {text_hash: np.frombuffer(vector, dtype=np.float32) for text_hash, vector in rows}

    def close(self) -> None:
        """Close its file."""
        self._connections.close()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
