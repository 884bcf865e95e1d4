"""A command-line ingest and the process that owns the home: real processes over a real shop."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from shops import ITEMS, open_small_shop

from chat.settings import Settings
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.encoder import MiniLMEncoder
from retrieval.filters import Filter
from retrieval.journal import CatalogueJournal
from retrieval.shop import Shop, open_shop
from ui.home import Home
from ui.ingesting import Request
from ui.writer import Writer

ROOT = Path(__file__).resolve().parents[2]
FEED = "id,title,price\nmug-1,Stoneware tea mug,9\nmug-2,Travel mug with a lid,19\n,Nameless,1\n"


@pytest.fixture
def home(tmp_path: Path, minilm: MiniLMEncoder) -> Path:
    open_small_shop(tmp_path / "home", with_encoder=minilm).close()
    return tmp_path / "home"


@pytest.fixture
def serve(home: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("writing_process.py")), str(home)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(home), cwd=ROOT,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "SHOPTALK_HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "160"}


def ingest(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "ingest", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(home), cwd=home.parent,
        # As from a terminal: a suite that runs in the background hands on that Ctrl-C is to be ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> tuple[int, list[str], str]:
    """Exit code, lines of the output, and the error stream."""
    out, errors = process.communicate(timeout=120)
    return process.returncode, [line.rstrip() for line in out.splitlines() if line.strip()], errors.strip()


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 240
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_ingest_is_handed_to_the_server_and_reported_like_a_local_one(
    home: Path, serve: Callable[[], subprocess.Popen[str]]
) -> None:
    feed = home.parent / "feed.csv"
    feed.write_text(FEED)
    server = serve()
    code, handed, errors = ended(ingest(home, "feed.csv"))
    assert (code, errors) == (0, "")
    assert handed[:7] == [
        "feed.csv: CSV parted by commas, UTF-8", "3  rows read", "2  new items", "0  changed",
        "0  the same as before", "0  removed, no longer in the file", "1  dropped",
    ]  # fmt: skip
    assert handed[-1] == f"{len(ITEMS) + 2} items are indexed: the shop is ready."
    (home.parent / "prices.csv").write_text("id,price,stock\nmug-1,7.50,\nmug-9,3,1\n")
    code, updated, errors = ended(ingest(home, "--update", "prices.csv"))
    assert (code, errors) == (0, "")
    assert updated[1:8] == [
        "2  rows read", "0  new items", "1  changed", "0  the same as before", "0  removed, no longer in the file",
        "1  dropped", "  line 3: no item has the id 'mug-9': an update changes only those that exist",
    ]  # fmt: skip
    kept = Path("".join(updated[8:-1]).removeprefix("The dropped rows are kept in").strip())
    assert json.loads(kept.read_text())["line"] == 3
    code, out, errors = ended(ingest(home, "--ray", "local", "feed.csv"))
    assert (code, out) == (2, [])
    assert errors == (
        f"A server is running on {home}, and encodes by itself: leave out --ray, or stop the server first."
    )
    mug = Catalog(Connections(home / "shoptalk.sqlite3")).get("mug-1")
    assert mug is not None
    assert (mug.title, mug.price) == ("Stoneware tea mug", Decimal("7.50"))
    assert server.stdin is not None
    server.stdin.close()
    assert server.wait(60) == 0
    code, local_update, errors = ended(ingest(home, "--update", "prices.csv"))
    assert (code, errors) == (0, "")
    again = {"1  changed": "0  changed", "0  the same as before": "1  the same as before"}
    assert local_update == [again.get(line, line) for line in updated]
    code, _, errors = ended(ingest(home, "--update", "--replace", "prices.csv"))
    assert (code, errors) == (2, "--update changes items and removes none: it cannot go with --replace.")
    code, local, errors = ended(ingest(home, "feed.csv"))
    assert (code, errors) == (0, "")
    counts = {
        "2  new items": "0  new items", "0  changed": "1  changed", "0  the same as before": "1  the same as before",
    }  # fmt: skip
    assert local == [counts.get(line, line) for line in handed]
    with Shop.opened(home, Settings().models) as shop:
        assert shop.grounder.ground([], "mug for tea", Filter(), k=1).candidates[0].item_id == "mug-1"


def test_what_the_server_refuses_is_one_sentence(home: Path, serve: Callable[[], subprocess.Popen[str]]) -> None:
    (home.parent / "feed.csv").write_text("id,title\n,Nameless\n")
    serve()
    code, out, errors = ended(ingest(home, "--replace", "feed.csv"))
    assert (code, out) == (2, ["feed.csv: CSV parted by commas, UTF-8"])
    assert errors == f"{home.parent / 'feed.csv'} holds no item; --replace would empty the catalogue."


def test_ctrl_c_leaves_the_request_to_the_server(home: Path, serve: Callable[[], subprocess.Popen[str]]) -> None:
    (home.parent / "big.csv").write_text("id,title\n" + "".join(f"b{n},Big box {n}\n" for n in range(1000)))
    serve()
    journal = CatalogueJournal(Connections(home / "shoptalk.sqlite3"))
    asking = ingest(home, "big.csv")
    until(lambda: journal.entry(1) is not None)
    asking.send_signal(signal.SIGINT)
    code, out, _ = ended(asking)
    assert code == 130
    assert out[-1] == "The server goes on with it. Run the same command again to see what came of it."
    until(lambda: (entry := journal.entry(1)) is not None and entry.state == "done")
    assert Catalog(Connections(home / "shoptalk.sqlite3")).size() == len(ITEMS) + 1000


def test_a_killed_server_goes_on_at_its_next_start(home: Path, serve: Callable[[], subprocess.Popen[str]]) -> None:
    (home.parent / "big.csv").write_text("id,title\n" + "".join(f"b{n},Big box {n}\n" for n in range(1000)))
    server = serve()
    journal = CatalogueJournal(Connections(home / "shoptalk.sqlite3"))
    asking = ingest(home, "big.csv")
    until(lambda: (entry := journal.entry(1)) is not None and entry.progress is not None)
    server.kill()
    server.wait()
    code, _, errors = ended(asking)
    assert (code, errors) == (
        2,
        f"The server of {home} has ended. The request is kept, and goes on when the server starts again; or run the "
        "same command now, and it is done without a server.",
    )
    entry = journal.entry(1)
    assert entry is not None
    assert entry.state == "running"
    serve()
    until(lambda: (entry := journal.entry(1)) is not None and entry.state == "done")
    entry = journal.entry(1)
    assert entry is not None
    assert (entry.outcome["report"]["read"], entry.outcome["indexed"]) == (1000, len(ITEMS) + 1000)


def test_changes_come_to_the_shopper_while_the_shop_is_open(home: Path, minilm: MiniLMEncoder) -> None:
    settings = Settings.model_validate({"home": home})
    shop = open_shop(home, settings.models, encoder=minilm)
    other = Catalog(Connections(home / "shoptalk.sqlite3"))  # as another process writes
    with Writer(shop, Home(home), settings).writing():
        other.upsert([ITEMS[0].model_copy(update={"stock": 0})])
        found = shop.grounder.ground([], "tent", Filter(), k=10).candidates
        assert ITEMS[0].id not in {candidate.item_id for candidate in found}
        other.upsert([ITEMS[1].model_copy(update={"title": "Inflatable canoe"})])
        until(lambda: shop.grounder.ground([], "canoe", Filter(), k=1).candidates[0].item_id == ITEMS[1].id)
        until(lambda: shop.index.generation == other.generation())
    shop.close()


def test_a_local_ingest_takes_the_place_of_what_a_server_left(home: Path) -> None:
    feed = home.parent / "feed.csv"
    feed.write_text(FEED)
    journal = CatalogueJournal(Connections(home / "shoptalk.sqlite3"))
    number = journal.ask(Request.of(feed).model_dump(mode="json"))
    assert ended(ingest(home, "feed.csv"))[0] == 0
    entry = journal.entry(number)
    assert entry is not None
    assert entry.state == "failed"
