from pathlib import Path

import pytest

from retrieval.database import Connections
from retrieval.journal import KEPT, MOST_ATTEMPTS, CatalogueJournal, Entry


@pytest.fixture
def journal(tmp_path: Path) -> CatalogueJournal:
    return CatalogueJournal(Connections(tmp_path / "shop.sqlite3"))


def test_requests_are_taken_in_order_and_told_of(journal: CatalogueJournal, tmp_path: Path) -> None:
    first, second = journal.ask({"path": "a"}), journal.ask({"path": "b"})
    other = CatalogueJournal(Connections(tmp_path / "shop.sqlite3"))  # as in another process
    taken = journal.next()
    assert taken is not None
    assert taken.number == first
    journal.tell(first, "reading a", 3, 10)
    assert other.entry(first) == Entry(first, {"path": "a"}, "running", ("reading a", 3, 10), {})
    assert other.entry(second) == Entry(second, {"path": "b"}, "waiting", None, {})
    journal.finish(first, {"report": {"read": 3}})
    assert other.entry(first) == Entry(first, {"path": "a"}, "done", None, {"report": {"read": 3}})
    taken = journal.next()
    assert taken is not None
    assert taken.number == second
    journal.fail(second, "No such file.")
    assert other.entry(second) == Entry(second, {"path": "b"}, "failed", None, {"error": "No such file."})
    assert journal.next() is None


def test_what_was_under_way_comes_first_again(journal: CatalogueJournal, tmp_path: Path) -> None:
    first = journal.ask({"path": "a"})
    journal.next()
    journal.ask({"path": "b"})
    taken = CatalogueJournal(Connections(tmp_path / "shop.sqlite3")).next()
    assert taken is not None
    assert (taken.number, taken.state) == (first, "running")


def test_what_kills_the_writer_is_given_up_and_the_next_is_taken(journal: CatalogueJournal, tmp_path: Path) -> None:
    deadly, harmless = journal.ask({"path": "a"}), journal.ask({"path": "b"})

    def taken() -> int:
        entry = CatalogueJournal(Connections(tmp_path / "shop.sqlite3")).next()  # as at a writer's start
        assert entry is not None
        return entry.number

    for _ in range(5):  # stopped in good order, however often
        journal.put_off(taken())
    assert [taken() for _ in range(MOST_ATTEMPTS)] == [deadly] * MOST_ATTEMPTS
    assert taken() == harmless
    entry = journal.entry(deadly)
    assert entry is not None
    assert entry.state == "failed"
    assert entry.outcome["error"].startswith("The server ended 3 times while it did this")


def test_what_is_done_otherwise_is_given_up(journal: CatalogueJournal) -> None:
    numbers = [journal.ask({"path": path}) for path in ("a", "b", "a")]
    journal.next()
    assert journal.give_up("path", "a") == 2
    states = [entry.state for number in numbers if (entry := journal.entry(number))]
    assert states == ["failed", "waiting", "failed"]


def test_only_the_latest_are_remembered(journal: CatalogueJournal) -> None:
    for number in range(KEPT + 5):
        if number % 2:
            journal.finish(journal.ask({}), {})
        else:
            journal.fail(journal.ask({}), "No such file.")
    assert [journal.entry(number) is None for number in (1, 5, 6)] == [True, True, False]
