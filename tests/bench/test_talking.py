"""What the bench of faults counts as lost, and how patient its shoppers are."""

from pathlib import Path

import httpx
import pytest

from bench.faults import missing
from bench.talking import PATIENCE_S, Gone, Shopper, Talk
from chat.store import Store, Turn
from ranking.history import Event, Events
from retrieval.database import Connections
from ui.home import Home


def test_what_was_acknowledged_and_is_not_there_is_lost(tmp_path: Path) -> None:
    home = Home(tmp_path)
    connections = Connections(home.database)
    store, events = Store(connections), Events(connections)
    session = store.begin()
    store.save(session, Turn("kept", session.id, "a tent", True, need="{}", finished=True))
    store.save(session, Turn("stopped", session.id, "a lamp", True, need="{}", finished=False))
    store.rate(session.id, "kept", 1)
    click = Event(
        id="kept:tent-1:click",
        shopper_id=session.history_id,
        kind="click",
        item_id="tent-1",
        time=1.6e9,
        turn_id="kept",
    )
    events.add([click])
    connections.close()
    there = Talk(
        turns=[(session.id, "kept")],
        events=[(session.id, ("kept", "tent-1", "click"))],
        thumbs=[(session.id, "kept", 1)],
    )
    assert missing(home, there) == []
    lost = Talk(
        turns=[(session.id, "stopped"), ("another", "kept")],
        events=[(session.id, ("kept", "tent-1", "like")), (session.id, ("kept", "tent-2", "click"))],
        thumbs=[(session.id, "kept", -1), (session.id, "stopped", 1)],
    )
    assert len(missing(home, lost)) == 6


async def test_a_conversation_that_is_gone_is_broken_and_one_that_fails_for_a_while_is_not() -> None:
    talk = Talk()
    answers = [httpx.ConnectError("down"), 503, 200]

    def answer(request: httpx.Request) -> httpx.Response:
        status = answers.pop(0)
        if isinstance(status, Exception):
            raise status
        return httpx.Response(status)

    shopper = Shopper(talk, "http://shop", "site_x", ["a tent"], 0, transport=httpx.MockTransport(answer))
    await shopper.patiently(shopper.send, ("/events", {}))
    assert (talk.failed, answers) == (2, [])
    answers.append(404)
    with pytest.raises(Gone):
        await shopper.patiently(shopper.send, ("/events", {}))
    talk.well_since = 1e12
    assert not talk.gave_up(0.0)
    talk.well_since = -PATIENCE_S - 1
    assert talk.gave_up(-PATIENCE_S - 1)
