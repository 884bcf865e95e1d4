"""The index with its vectors on a Chroma server: a real ``chroma run``, which comes and goes."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import chromadb
import numpy as np
import pytest
from chromadb.config import Settings as ChromaSettings

from retrieval.catalog import Catalog
from retrieval.chroma_server import PAUSE_S
from retrieval.chroma_server import server as client_of
from retrieval.database import Connections
from retrieval.encoder import Vectors
from retrieval.errors import IndexBuildError
from retrieval.index import Index
from retrieval.items import Item

DIMENSION = 8


class Numbered:
    """A real, if simple, encoder: a direction for each length of text."""

    name, dimension = "numbered", DIMENSION

    def encode(self, texts: list[str]) -> Vectors:
        rows = [np.random.default_rng(len(text)).normal(size=DIMENSION) for text in texts]
        vectors = np.array(rows, dtype=np.float32).reshape(len(texts), DIMENSION)
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


class Server:
    """One ``chroma run`` on a port of its own; what it holds stays between its runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(self._folder), "--host", "127.0.0.1",
             "--port", str(self.port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.1)

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def names(self) -> list[str]:
        client = chromadb.HttpClient("127.0.0.1", self.port, settings=ChromaSettings(anonymized_telemetry=False))
        return [collection.name for collection in client.list_collections()]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "server")
    yield made
    made.stop()


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    made = Catalog(Connections(tmp_path / "shop.sqlite3"))
    made.upsert(Item(id=f"i{number}", title="x" * (number + 1)) for number in range(40))
    return made


@pytest.fixture
def opened(tmp_path: Path, catalog: Catalog, server: Server) -> Callable[..., Index]:
    return lambda: Index.open(
        tmp_path / "index", catalog, Connections(tmp_path / "shop.sqlite3"), Numbered(), chroma_url=server.url
    )


def nearest(index: Index, catalog: Catalog, length: int) -> tuple[str, str]:
    """The nearest item to a text of this length, and which arm found it."""
    before = index.answers
    columns = catalog.columns()
    ((numbers, _),) = index.snapshot().nearest(Numbered().encode(["x" * length]), 1, columns)
    (arm,) = [arm for arm, count in index.answers.items() if count > before[arm]]
    return catalog.ids_of(numbers.tolist())[numbers[0]], arm


def test_a_chroma_server_keeps_the_vectors(server: Server, opened: Callable[..., Index], catalog: Catalog) -> None:
    server.start()
    index = opened()
    (name,) = server.names()
    assert name.startswith("shoptalk-")
    assert not list(index.snapshot().shelf.folder.rglob("chroma*"))
    assert nearest(index, catalog, 7) == ("i6", "chroma")
    catalog.upsert([Item(id="i6", title="y" * 200), Item(id="new", title="y" * 300)])
    catalog.remove(["i8"])
    assert index.refresh()
    assert [nearest(index, catalog, length) for length in (200, 300)] == [("i6", "chroma"), ("new", "chroma")]
    assert nearest(index, catalog, 9)[0] != "i8"
    index.close()
    index = opened()
    assert [nearest(index, catalog, length) for length in (200, 300)] == [("i6", "chroma"), ("new", "chroma")]
    # A new folder is a new collection; the former one is removed at the next opening.
    catalog.upsert(Item(id=f"z{number}", title="z" * (400 + number)) for number in range(150))
    index.refresh()
    assert nearest(index, catalog, 410) == ("z10", "chroma")
    index.close()
    opened().close()
    assert len(server.names()) == 1
    assert server.names() != [name]


def test_while_the_server_is_away_the_exact_product_answers(
    server: Server, opened: Callable[..., Index], catalog: Catalog
) -> None:
    index = opened()  # never started yet
    assert index.trouble.startswith(f"The Chroma server at {server.url} (SHOPTALK_CHROMA_URL) does not answer: ")
    assert index.trouble.endswith("or leave the setting empty to keep the vectors in the shop's own folder.")
    assert nearest(index, catalog, 7) == ("i6", "exact")
    server.start()
    time.sleep(PAUSE_S)  # after a failure the server is left alone so long
    index.refresh()
    assert (nearest(index, catalog, 7), index.trouble) == (("i6", "chroma"), "")
    server.stop()
    catalog.upsert([Item(id="i6", title="y" * 200)])
    index.refresh()
    assert nearest(index, catalog, 200) == ("i6", "exact")
    assert index.trouble
    server.start()
    time.sleep(PAUSE_S)  # after a failure the server is left alone so long
    index.refresh()
    assert (nearest(index, catalog, 200), index.trouble) == (("i6", "chroma"), "")
    assert nearest(index, catalog, 7)[0] != "i6"
    index.close()


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://somewhere", "http://"])
def test_an_address_that_is_none_is_said_to_be_wrong(url: str) -> None:
    with pytest.raises(IndexBuildError, match="it is not of the form http://host:port"):
        client_of(url)
