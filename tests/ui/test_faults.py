"""What befalls a running shop, and what it says and keeps meanwhile. The longer form is ``python -m bench.faults``."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from api_server import Api, a_uuid, api_server, events_of, kinds, until

from chat.store import Store
from ranking.history import Events
from retrieval.database import Connections
from retrieval.encoder import MiniLMEncoder
from ui.api_errors import problem_of
from ui.sessions import Owner, Sessions

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TENT = {"message": "a 2-person tent under $160"}
LOCKED_S = 1.5


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[Api]:
    """A server of its own, to which things are done."""
    with api_server(tmp_path_factory.mktemp("faults"), minilm) as api:
        yield api


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody can write to the database meanwhile."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_while_the_database_is_locked_writers_wait_and_readers_do_not(shop: Api) -> None:
    with shop.client("ada") as client:
        taken: list[int] = []

        def send() -> None:
            body = {"events": [{"kind": "like", "item_id": "tent-1", "id": a_uuid()}]}
            with shop.client("ada") as mine:
                taken.append(mine.post("/events", json=body).status_code)

        with locked(shop.shop.connections.path):
            threads = [threading.Thread(target=send) for _ in range(4)]
            for thread in threads:
                thread.start()
            begun = time.monotonic()
            assert client.post("/search", json={"query": "tent"}).status_code == 200
            assert client.get("/items/tent-1").status_code == 200
            assert time.monotonic() - begun < LOCKED_S or not taken
            time.sleep(LOCKED_S)
            assert taken == []
        for thread in threads:
            thread.join()
        assert taken == [200] * 4
        assert Events(shop.shop.connections).count("ada") == 4


def test_a_turn_that_waits_for_the_lock_holds_up_nobody_else(shop: Api) -> None:
    with shop.client() as client:
        first = events_of(client.post("/chat", json=TENT))
        answered: list[list[str]] = []

        def talk() -> None:
            with shop.client() as mine:
                more = {"message": "the first one", "session_id": first[0]["session_id"]}
                answered.append(kinds(events_of(mine.post("/chat", json=more))))

        thread = threading.Thread(target=talk)
        with locked(shop.shop.connections.path):
            thread.start()
            time.sleep(LOCKED_S)
            # The loop answers although a turn waits to be kept.
            assert client.get("/sessions/" + first[0]["session_id"]).status_code == 200
            assert answered == []
        thread.join()
        assert answered[0][-1] == "done"
        assert len(Store(shop.shop.connections).turns(first[0]["session_id"])) == 2


def test_a_full_disk_is_said_plainly(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "shop.sqlite3")
    sessions = Sessions(connections)
    database = connections.current
    # SQLite's own word for a file that may not grow, which is the one it has for a full disk.
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        for number in range(10_000):
            sessions.begin(f"{number:0200}", Owner("site"))

    with pytest.raises(sqlite3.OperationalError) as full:
        fill()
    problem = problem_of(full.value)
    assert (problem.status_code, problem.complaint.code) == (503, "no_room")
    assert problem.headers is not None
    assert "Retry-After" in problem.headers
    database.execute("PRAGMA max_page_count = 100000")
    sessions.begin("there is room again", Owner("site"))
    sessions.check("there is room again", Owner("site"))
    connections.close()


def test_without_its_index_the_shop_goes_on_and_has_it_again(shop: Api) -> None:
    index = shop.shop.index
    folder = index.snapshot().shelf.folder
    shutil.rmtree(folder.parent)
    with shop.client() as client:
        assert client.post("/search", json={"query": "2-person tent"}).json()["cards"]
        assert index.refresh()
        assert client.post("/search", json={"query": "2-person tent"}).json()["cards"][0]["item_id"] == "tent-1"
    until(lambda: index.snapshot().shelf.folder.is_dir())
    assert index.snapshot().shelf.folder != folder
