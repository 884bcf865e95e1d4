"""Erasing and exporting over a real database with a thousand rows of others around those that go."""

import csv
import random
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from canaries import found_in

from chat.events import SessionEvent, TextEvent
from chat.saved_cases import SavedCases
from chat.store import Session, Shown, Store, Turn
from prompts.results import Key, Results
from prompts.scores import Result
from ranking.history import Event, Events
from ranking.intake import take_in
from retrieval.database import Connections, settle
from ui.audit import COMMAND, Audit
from ui.erasure import Erased, Erasure
from ui.home import Home
from ui.sessions import Owner, Sessions

WORDS = ("quince", "harbour", "lantern", "trail", "pewter", "juniper")


class Shop:
    """A home with its tables, and what shoppers leave in them."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.connections = Connections(self.home.database)
        self.store, self.events = Store(self.connections), Events(self.connections)
        self.sessions, self.erasure = Sessions(self.connections), Erasure(self.connections, self.home)
        self.random = random.Random(7)
        self.when = 1.7e9  # of the first event of a conversation

    def talk(self, shopper_id: str, word: str, turns: int = 3) -> Session:
        """A conversation about the word, some of it so long that it fills pages of its own, with events and a thumb."""
        session = self.store.begin(shopper_id)
        owner = Owner("site_1", shopper_id)
        self.sessions.begin(session.id, owner)
        for number in range(turns):
            length = self.random.choice((1, 20, 900))
            turn = Turn(secrets.token_urlsafe(12), session.id, f"{word} " * length, True, need=f'{{"w": "{word}"}}')
            turn.sentences = [{"text": f"This {word} is a {word}. " * length, "by": "llm", "verdict": "kept"}]
            turn.shown = [Shown(f"item-{number}", 1, 0.5, 0.5, f"like {word}")]
            turn.understanding, turn.need = f'"{word * length}"', f'{{"words": "{word * length}"}}'
            self.store.save(session, turn)
            self.store.rate(session.id, turn.id, 1)
            said = (
                SessionEvent(session_id=session.id, turn_id=turn.id, shopper_id=shopper_id or None, personalised=True),
                TextEvent(text=f"{word} " * length, by="llm"),
            )
            self.sessions.keep(owner.name_of(turn.id), "asked", session.id, said)
            self.events.add(
                [
                    Event(
                        shopper_id=session.history_id,
                        kind="search",
                        query=f"{word} {number}",
                        time=self.when + number,
                        turn_id=turn.id,
                    ),
                    Event(
                        shopper_id=session.history_id,
                        kind="like",
                        item_id=f"item-{number}",
                        time=self.when + number,
                        turn_id=turn.id,
                    ),
                ]
            )
        return session

    def crowd(self, count: int) -> None:
        """So many others, each of their own."""
        for _ in range(count):
            self.talk(f"{self.random.choice(WORDS)}-{self.random.randrange(10**6)}", self.random.choice(WORDS), 2)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path / "home")
    yield shop
    shop.connections.close()


def held(shop: Shop) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the tables of shoppers."""
    tables = ("sessions", "turns", "shown", "thumbs", "events", "api_sessions", "api_answers")
    database = shop.connections.current
    return {table: database.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables}


def source_of(shop: Shop, name: str) -> str:
    return str(yaml.safe_load((shop.home.cases / f"{name}.yaml").read_text())["cases"][0]["source"])


@pytest.mark.parametrize("shopper_id", ["canary-shopper", 'zoë "7" /x', "77"])
def test_what_is_erased_stands_in_no_byte_of_the_home_and_all_else_stays(shop: Shop, shopper_id: str) -> None:
    shop.crowd(30)
    before = held(shop)
    sessions = [shop.talk(shopper_id, "canaryword") for _ in range(4)]
    shop.crowd(30)
    file = shop.home.folder.parent / "orders.csv"
    with file.open("w", newline="") as rows:
        others = [["shopper", "item", "kind", "time"], *([who, "gone", "like", 1.7e9] for who in (shopper_id, "ann"))]
        csv.writer(rows).writerows(others)
    take_in(file, shop.events, {"item-1"}, shop.home.rejected)
    shop.home.partial.mkdir(parents=True)
    (shop.home.partial / "network.pt").write_text("canaryword")
    shop.home.teaching.mkdir()
    (shop.home.teaching / "examples-1.jsonl").write_text("canaryword")
    text = "cases: [{name: a, turns: [{say: canaryword}]}]"
    SavedCases(shop.connections, shop.home.cases).save(sessions[0].id, "theirs", text, "ann")
    SavedCases(shop.connections, shop.home.cases).save(sessions[1].id, "theirs-too", text, "ann")
    Results(shop.connections).put(
        Key("v", "c", "m", "s"),
        Result(case="a", version="v", checks=1, passed=1, texts=("canaryword",), source=source_of(shop, "theirs")),
    )
    traces = ["canaryword", *(session.id for session in sessions), *([shopper_id] if len(shopper_id) > 2 else [])]
    assert {text for text, _ in found_in(shop.home.folder, *traces)} >= {"canaryword", sessions[0].id}

    # Other threads have the database open, as a server's do.
    reader = threading.Thread(target=lambda: shop.store.known("x"))
    reader.start()
    reader.join()
    assert shop.erasure.shopper(shopper_id, COMMAND) == Erased(
        sessions=4, turns=12, answers=12, events=24, kept_aside=1, checkpoints=2, cases=2
    )
    assert found_in(shop.home.folder, *traces) == []
    left = held(shop)
    for table, others in before.items():
        assert set(others) <= set(left[table])
    assert len(left["events"]) == 2 * len(left["turns"]) == 60 * 4
    (kept,) = shop.home.rejected.iterdir()
    assert '"ann,gone' in kept.read_text()
    assert list(shop.home.cases.iterdir()) == []
    assert shop.erasure.shopper(shopper_id, COMMAND) == Erased()
    lines = Audit(shop.connections).lines(9)
    assert [(line.who, line.what, line.counts) for line in lines] == [
        (COMMAND, "erase",
         {"sessions": 4, "turns": 12, "answers": 12, "events": 24, "kept_aside": 1, "checkpoints": 2, "cases": 2}),
        (COMMAND, "erase", {}),
    ]  # fmt: skip


def test_an_anonymous_session_takes_its_events_with_it(shop: Shop) -> None:
    other, session = shop.talk("", "harbour"), shop.talk("", "canaryword")
    assert shop.erasure.session(session.id, "shopper") == Erased(sessions=1, turns=3, answers=3, events=6)
    assert found_in(shop.home.folder, "canaryword", session.id) == []
    assert len(shop.events.of(other.history_id)) == 6
    # By the name that their events are kept under, an operator erases them too.
    assert shop.erasure.shopper(other.history_id, COMMAND).turns == 3
    assert held(shop) == {table: [] for table in held(shop)}


def test_a_copy_that_sqlite_left_behind_is_found_and_written_over(shop: Shop) -> None:
    """A row that is deleted while nothing is overwritten stands in the file until all of it is written anew."""
    shop.crowd(3)
    database = shop.connections.current
    database.execute("PRAGMA secure_delete=OFF")
    database.execute("CREATE TABLE left_behind (text)")
    database.execute("INSERT INTO left_behind VALUES ('canaryword of before')")
    database.execute("DELETE FROM left_behind")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert found_in(shop.home.folder, "canaryword") != []
    settle(shop.connections, ["no such thing"])
    assert found_in(shop.home.folder, "canaryword") != []
    settle(shop.connections, ["no such thing", "canaryword"])
    assert found_in(shop.home.folder, "canaryword") == []


def test_whoever_still_reads_keeps_the_bytes_and_the_erasure_says_so(shop: Shop, tmp_path: Path) -> None:
    session = shop.talk("canary-shopper", "canaryword")
    reader = sqlite3.connect(shop.home.database)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM turns").fetchone()
    shop.connections.current.execute("PRAGMA busy_timeout=50")
    with pytest.raises(sqlite3.OperationalError, match="locked: somebody still reads"):
        shop.erasure.shopper("canary-shopper", COMMAND)
    reader.close()
    shop.erasure.shopper("canary-shopper", COMMAND)
    assert found_in(shop.home.folder, "canary-shopper", "canaryword", session.id) == []


def test_a_turn_that_ends_after_its_session_was_erased_is_not_written(shop: Shop) -> None:
    session = shop.talk("canary-shopper", "canaryword")
    shop.erasure.shopper("canary-shopper", COMMAND)
    shop.store.save(session, Turn("late", session.id, "canaryword", True, need="{}"))
    assert found_in(shop.home.folder, "canaryword") == []


def test_an_export_holds_everything_and_nothing_of_others(shop: Shop) -> None:
    shop.crowd(5)
    session = shop.talk("ann", "canaryword", turns=1)
    empty = shop.store.begin("ann")
    shop.sessions.begin(empty.id, Owner("site_2", "ann"))
    shop.talk("joanna", "harbour")
    export = shop.erasure.export("ann", "admin_1")
    (whole, bare) = export["sessions"]
    assert bare == {"id": empty.id, "turns": [], "site_key": "site_2"}
    (turn,) = whole.pop("turns")
    assert whole["need"]["words"].startswith("canaryword")
    assert (whole["id"], whole["shopper_id"], whole["site_key"]) == (session.id, "ann", "site_1")
    assert turn["message"].startswith("canaryword")
    assert turn["sentences"][0]["verdict"] == "kept"
    assert (turn["thumb"], turn["shown"][0]["item_id"]) == (1, "item-0")
    assert [(event["kind"], event.get("query")) for event in export["events"]] == [
        ("search", "canaryword 0"), ("like", None),
    ]  # fmt: skip
    assert "harbour" not in str(export)
    assert export["cases"] == []
    saved = SavedCases(shop.connections, shop.home.cases)
    saved.save(session.id, "hers", "cases: [{name: a, turns: [{say: canaryword}]}]", "mara")
    (case,) = shop.erasure.export("ann", "admin_1")["cases"]
    assert "canaryword" in case
    # A shopper who clears the conversation clears what was made of it.
    assert shop.erasure.session(session.id, "shopper").cases == 1
    assert shop.erasure.export("ann", "admin_1")["cases"] == []
    assert shop.erasure.export("nobody", "admin_1")["sessions"] == []
