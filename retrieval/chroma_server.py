"""Vectors on a Chroma server (``SHOPTALK_CHROMA_URL``), which may be away: then the exact product answers meanwhile.

Knows how the server is reached, and how to bring a collection to what the index holds. Knows nothing of the catalogue.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

import chromadb
import httpx
from chromadb.config import Settings as ChromaSettings

from retrieval.chroma import Answer, asked, got, made, removed, written
from retrieval.encoder import Vectors
from retrieval.errors import IndexBuildError
from retrieval.matrix import Numbers
from retrieval.overlay import Overlaid

TIMEOUT_S = httpx.Timeout(5.0, connect=1.0)  # a turn waits so long before the exact product answers
PAUSE_S = 3.0  # after a failure the server is left alone so long, so that not every turn waits for it
PIECE = 5000  # vectors read from the matrix at once

log = logging.getLogger(__name__)


class ServedCollection:
    """One collection on the server. It answers once ``mend`` has found or made it to be what the index holds."""

    def __init__(self, url: str, name: str) -> None:
        """``name``: of this shop and folder alone. The server is not asked yet."""
        self._url, self._name = url, name
        self._collection: Any = None  # None: it may not be what the index holds
        self._silent_until = 0.0
        self.trouble = ""  # why the server does not answer, in words; "" where it does

    def nearest(self, vectors: Vectors, n: int) -> list[Answer] | None:
        """As ``Collection`` says."""
        collection = self._collection
        if collection is None or time.monotonic() < self._silent_until:
            return None
        try:
            found = asked(collection, vectors, n)
        except Exception as error:
            self._failed(error)
            return None
        self.trouble = ""
        return found

    def upsert(self, numbers: Sequence[int], vectors: Vectors) -> None:
        """As ``Collection`` says; if the server is away, it is told by the next ``mend``."""
        self._tell(lambda collection: written(collection, numbers, vectors))

    def remove(self, numbers: Sequence[int]) -> None:
        """As ``Collection`` says; if the server is away, it is told by the next ``mend``."""
        self._tell(lambda collection: removed(collection, numbers))

    def _tell(self, change: Callable[[Any], None]) -> None:
        if self._collection is None:
            return
        try:
            change(self._collection)
        except Exception as error:
            self._collection = None
            self._failed(error)

    def mend(self, held: Overlaid) -> None:
        """Make the server's collection what the index holds, unless it is known to be, or the server is away."""
        if self._collection is not None or time.monotonic() < self._silent_until:
            return
        try:
            client = server(self._url)
            self._collection = self._brought(client, held)
            self.trouble = ""
        except Exception as error:
            self._failed(error)

    def _brought(self, client: Any, held: Overlaid) -> Any:
        if self._name in {collection.name for collection in client.list_collections()}:
            collection = got(client, self._name)
            written(collection, held.numbers.tolist(), held.vectors)
            removed(collection, held.gone().tolist())
            if collection.count() == len(held):
                return collection
            client.delete_collection(self._name)
        collection = made(client, self._name)
        for numbers, vectors in pieces(held):
            written(collection, numbers.tolist(), vectors)
        return collection

    def sweep(self, prefix: str) -> None:
        """Delete the collections whose names begin so, but for this one."""
        try:
            client = server(self._url)
            for name in [collection.name for collection in client.list_collections()]:
                if name.startswith(prefix) and name != self._name:
                    client.delete_collection(name)
        except Exception as error:
            log.warning("former collections are still on the Chroma server: %s", error)

    def _failed(self, error: Exception) -> None:
        self.trouble = str(error) if isinstance(error, IndexBuildError) else _unreachable(self._url, error)
        self._silent_until = time.monotonic() + PAUSE_S
        log.warning("%s The exact product answers meanwhile.", self.trouble)

    def close(self) -> None:
        """It does not answer any more; the collection stays on the server."""
        self._collection = None


def pieces(held: Overlaid) -> Iterable[tuple[Numbers, Vectors]]:
    """Everything held, some thousand vectors at a time."""
    numbers = held.all_numbers()
    for start in range(0, len(numbers), PIECE):
        some = numbers[start : start + PIECE]
        yield some, held.of(some)


def server(url: str) -> Any:
    """A client of the Chroma server at ``url`` (http://host:port). Raises IndexBuildError if it does not answer."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it is not of the form http://host:port")
        client = chromadb.HttpClient(
            parts.hostname,
            parts.port or (443 if parts.scheme == "https" else 8000),
            ssl=parts.scheme == "https",
            settings=ChromaSettings(anonymized_telemetry=False),
        )
    except Exception as error:
        raise IndexBuildError(_unreachable(url, error)) from error
    # Chroma's client waits for ever by itself, and has no setting for it.
    client._server._session.timeout = TIMEOUT_S  # type: ignore[attr-defined]
    return client


def _unreachable(url: str, error: Exception) -> str:
    return (
        f"The Chroma server at {url} (SHOPTALK_CHROMA_URL) does not answer: {error}. Start it, correct the address, "
        "or leave the setting empty to keep the vectors in the shop's own folder."
    )
