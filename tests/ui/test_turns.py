"""Answers under way, over a real database: what the tests over HTTP cannot bring about at will."""

import asyncio
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chat.errors import UnknownSession
from chat.events import DoneEvent, SessionEvent, TurnEvent
from retrieval.database import Connections
from ui.claims import STALE_S, Claims
from ui.sessions import KEPT_S, Owner, Sessions
from ui.turns import AnsweredElsewhere, KeyUsed, Turns

ADA = Owner("site_1", "ada")
BEGUN = SessionEvent(session_id="s", turn_id="t", shopper_id="ada", personalised=True)
KEY = "key"


@pytest.fixture
def connections(tmp_path: Path):
    opened = Connections(tmp_path / "shoptalk.sqlite3")
    yield opened
    opened.close()


async def until_none_is_open(turns: Turns) -> None:
    async with asyncio.timeout(5):
        while turns.open:
            await asyncio.sleep(0.01)


async def test_an_answer_whose_reader_leaves_while_it_is_being_kept_is_kept_whole(connections: Connections) -> None:
    sessions = Sessions(connections)
    turns = Turns(sessions, Claims(connections), patience_s=0.01)
    go_on = asyncio.Event()

    async def answer() -> AsyncGenerator[TurnEvent]:
        yield BEGUN
        await go_on.wait()
        yield DoneEvent()

    reading = await turns.join(ADA, KEY, "asked", "", answer)
    await reading.begun()
    writer = Connections(connections.path)
    writer.current.execute("BEGIN IMMEDIATE")  # so that keeping waits
    go_on.set()
    await asyncio.sleep(0.05)
    reading.leave()
    await asyncio.sleep(0.1)
    assert turns.open == 1
    writer.current.execute("ROLLBACK")
    await until_none_is_open(turns)
    kept = sessions.kept(ADA.name_of(KEY))
    assert kept is not None
    assert kept.events == (BEGUN, DoneEvent())
    writer.close()


async def test_a_turn_that_is_left_before_its_first_step_leaves_nothing_open(connections: Connections) -> None:
    turns = Turns(Sessions(connections), Claims(connections))

    async def answer() -> AsyncGenerator[TurnEvent]:
        yield BEGUN

    reading = await turns.join(ADA, None, "asked", "", answer)
    reading.leave()
    await until_none_is_open(turns)
    assert await reading.next() is None


async def test_what_kept_a_turn_from_beginning_is_told_and_not_kept(connections: Connections) -> None:
    turns = Turns(Sessions(connections), Claims(connections))

    async def refuse() -> AsyncGenerator[TurnEvent]:
        raise UnknownSession("This conversation is not known here. Start a new one.")
        yield BEGUN

    for _ in range(2):
        reading = await turns.join(ADA, KEY, "asked", "", refuse)
        with pytest.raises(UnknownSession):
            await reading.begun()
        reading.leave()
        await until_none_is_open(turns)


def test_an_answer_is_kept_for_a_day(connections: Connections) -> None:
    now = [1_800_000_000.0]
    sessions = Sessions(connections, lambda: now[0])
    sessions.keep("old", "asked", "s", [BEGUN])
    now[0] += KEPT_S + 1
    assert sessions.kept("old") is None
    sessions.keep("new", "asked", "s", [BEGUN])
    rows = connections.current.execute("SELECT name FROM api_answers").fetchall()
    assert rows == [("new",)]


class Other:
    """Another process on the same database: its own connections and claims, whose clock stops when it dies."""

    def __init__(self, path: Path) -> None:
        self.now = time.time()
        self.connections = Connections(path)
        self.sessions, self.claims = Sessions(self.connections), Claims(self.connections, lambda: self.now)


@pytest.fixture
def other(connections: Connections):
    Sessions(connections)
    made = Other(connections.path)
    yield made
    made.connections.close()


def never() -> AsyncGenerator[TurnEvent]:
    raise AssertionError("a second turn began")


async def test_a_request_that_another_process_answers_gets_that_answer_and_no_second_turn(
    connections: Connections, other: Other
) -> None:
    sessions, name = Sessions(connections), ADA.name_of(KEY)
    turns = Turns(sessions, Claims(connections))
    claim = other.claims.take(name)
    assert claim
    readings = [await turns.join(ADA, KEY, "asked", "", never) for _ in range(2)]
    other.sessions.keep(name, "asked", "s", [BEGUN, DoneEvent()])
    other.claims.release(claim)
    for reading in readings:
        assert [await reading.next() for _ in range(3)] == [BEGUN, DoneEvent(), None]
        reading.leave()
    await until_none_is_open(turns)
    with pytest.raises(KeyUsed):
        await turns.join(ADA, KEY, "something else", "", never)


async def test_another_body_under_a_key_that_is_being_answered_elsewhere_is_refused_in_the_end(
    connections: Connections, other: Other
) -> None:
    turns, name = Turns(Sessions(connections), Claims(connections)), ADA.name_of(KEY)
    other.claims.take(name)
    reading = await turns.join(ADA, KEY, "something else", "", never)
    other.sessions.keep(name, "asked", "s", [BEGUN, DoneEvent()])
    with pytest.raises(KeyUsed):
        await reading.begun()
    reading.leave()


async def test_what_a_process_left_when_it_died_is_answered_anew_once_its_claim_is_stale(
    connections: Connections, other: Other
) -> None:
    async def answer() -> AsyncGenerator[TurnEvent]:
        yield BEGUN
        yield DoneEvent()

    turns = Turns(Sessions(connections), Claims(connections))
    other.now -= STALE_S + 1
    other.claims.take(ADA.name_of(KEY))
    reading = await turns.join(ADA, KEY, "asked", "", answer)
    assert [await reading.next() for _ in range(3)] == [BEGUN, DoneEvent(), None]
    reading.leave()
    await until_none_is_open(turns)


async def test_an_answer_that_the_other_process_gave_up_is_said_to_be_asked_again(
    connections: Connections, other: Other
) -> None:
    turns = Turns(Sessions(connections), Claims(connections))
    claim = other.claims.take(ADA.name_of(KEY))
    assert claim
    reading = await turns.join(ADA, KEY, "asked", "", never)
    other.claims.release(claim)
    with pytest.raises(AnsweredElsewhere):
        await reading.begun()
    reading.leave()


def test_of_many_processes_that_claim_a_name_one_gets_it(connections: Connections) -> None:
    Claims(connections)
    opened = [Connections(connections.path) for _ in range(4)]
    claims = [Claims(one) for one in opened]
    with ThreadPoolExecutor(4) as pool:
        for name in map(str, range(25)):
            taken = list(pool.map(lambda one, name=name: one.take(name), claims))
            assert sum(claim is not None for claim in taken) == 1
            assert claims[0].held(name)
    for one in opened:
        one.close()


def test_a_claim_lives_as_long_as_its_process_says_that_it_does(connections: Connections) -> None:
    now = [1_800_000_000.0]
    mine, theirs = (Claims(connections, lambda: now[0]) for _ in range(2))
    mine.take("name")
    for _ in range(3):
        now[0] += STALE_S - 1
        mine.beat()
        assert theirs.take("name") is None
    now[0] += STALE_S + 1
    assert not mine.held("name")
    assert theirs.take("name")
