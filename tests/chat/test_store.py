"""The store of conversations on a real SQLite file."""

from pathlib import Path

import pytest

from chat.errors import UnknownSession
from chat.store import Shown, Store, Turn
from retrieval.database import Connections


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Connections(tmp_path / "shop.sqlite3"))


def turn_of(session_id: str, number: int, *item_ids: str) -> Turn:
    shown = [Shown(item_id, position, 0.5, 0.9, "why") for position, item_id in enumerate(item_ids, start=1)]
    return Turn(f"t{number}", session_id, f"message {number}", True, need=f'{{"n": {number}}}', shown=shown)


def test_a_turn_is_read_back_as_it_was_saved(store: Store) -> None:
    session = store.begin("ada")
    turn = turn_of(session.id, 1, "a", "b")
    turn.sentences = [{"text": "Two tents.", "by": "llm", "verdict": "kept"}]
    turn.timings_ms = {"first_cards": 12.5}
    turn.candidates = [("a", 0.9), ("b", 0.8)]
    store.save(session, turn)
    assert store.session(session.id) == session
    (row,) = store.turns(session.id)
    assert {name: row[name] for name in ("message", "answer", "candidates", "timings", "personalised", "finished")} == {
        "message": "message 1",
        "answer": "Two tents.",
        "candidates": '[["a", 0.9], ["b", 0.8]]',
        "timings": '{"first_cards": 12.5}',
        "personalised": 1,
        "finished": 0,
    }


def test_what_was_shown_last_skips_turns_without_cards(store: Store) -> None:
    session = store.begin()
    assert store.last_shown(session.id) == []
    store.save(session, turn_of(session.id, 1, "a", "b"))
    store.save(session, turn_of(session.id, 2, "c", "d"))
    store.save(session, turn_of(session.id, 3))
    about = turn_of(session.id, 4, "c")
    about.searched = False
    store.save(session, about)
    store.save(session, turn_of(session.id, 5))
    assert store.last_shown(session.id) == ["c", "d"]
    assert store.position(session.id, "t1", "b") == 2
    assert store.position(session.id, "t1", "c") is None
    assert store.position("another session", "t1", "b") is None


def test_an_unknown_session_is_said_plainly(store: Store) -> None:
    with pytest.raises(UnknownSession, match="Start a new one"):
        store.session("never begun")


def test_a_turn_that_cannot_be_written_leaves_nothing_of_itself(store: Store) -> None:
    session = store.begin()
    store.save(session, turn_of(session.id, 1, "a"))
    broken = turn_of(session.id, 2, "b", "c")
    broken.shown[1] = Shown("c", 1, 0, 0, "the same position twice")
    with pytest.raises(Exception, match="UNIQUE"):
        store.save(session, broken)
    assert [row["number"] for row in store.turns(session.id)] == [1]
    assert store.session(session.id).need == '{"n": 1}'
    assert store.last_shown(session.id) == ["a"]


def test_anonymous_sessions_never_share_a_history(store: Store) -> None:
    first, second = store.begin(), store.begin()
    assert len({first.history_id, second.history_id, store.begin("ada").history_id}) == 3


def test_impressions_are_what_the_reranker_s_order_showed(store: Store) -> None:
    session = store.begin()
    store.save(session, turn_of(session.id, 1, "a", "b"))
    pointed = turn_of(session.id, 2, "a")
    pointed.searched = False
    store.save(session, pointed)
    by_price = turn_of(session.id, 3, "c")
    by_price.shown = [Shown("c", 1, 0.9, 0.9, "among the lowest priced that fit")]
    store.save(session, by_price)
    assert list(store.impressions()) == [("t1", "a", 1, 0.5), ("t1", "b", 2, 0.5)]


def test_a_session_that_was_deleted_while_it_was_answered_does_not_come_back(store: Store) -> None:
    session = store.begin("ada")
    store.save(session, turn_of(session.id, 1, "a"))
    answering = store.session(session.id)
    store.delete(session.id)
    store.save(answering, turn_of(session.id, 2, "b"))
    assert store.turns(session.id) == []
    with pytest.raises(UnknownSession):
        store.session(session.id)
