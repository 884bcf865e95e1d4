"""Answers under way, over a real database: what the tests over HTTP cannot bring about at will."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from chat.errors import UnknownSession
from chat.events import DoneEvent, SessionEvent, TurnEvent
from retrieval.database import Connections
from ui.sessions import KEPT_S, Owner, Sessions
from ui.turns import Turns

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
    turns = Turns(sessions, most_open=1, patience_s=0.01)
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
    turns = Turns(Sessions(connections), most_open=1)

    async def answer() -> AsyncGenerator[TurnEvent]:
        yield BEGUN

    reading = await turns.join(ADA, None, "asked", "", answer)
    reading.leave()
    await until_none_is_open(turns)
    assert await reading.next() is None


async def test_what_kept_a_turn_from_beginning_is_told_and_not_kept(connections: Connections) -> None:
    turns = Turns(Sessions(connections), most_open=1)

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
