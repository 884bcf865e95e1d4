"""The holdout: who is in it, that it lasts as long as the conversation, and what is said of the difference."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from shops import item

from chat.holdout import Holdout
from chat.keeping import Keeper
from chat.store import Session, Shown, Store, Turn
from prompts.library import Library
from ranking.history import Event, Events
from retrieval.catalog import Catalog
from retrieval.database import Connections

BEGUN = 1.7e9


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    connections = Connections(tmp_path / "shop.db")
    yield connections
    connections.close()


def keeper(connections: Connections, share: float) -> Keeper:
    return Keeper(Store(connections), Events(connections), Library(), share)


def held(connections: Connections, session: Session, turn: Turn, number: int, *, liked: bool) -> None:
    turn.time, turn.need = BEGUN + number, json.dumps({"wants": []})
    turn.shown = [Shown("tent-1", 1, 0.5, 0.5, "")]
    Store(connections).save(session, turn)
    at = {"shopper_id": session.shopper_id or "nobody", "item_id": "tent-1", "turn_id": turn.id, "time": BEGUN}
    kinds = ("click", "purchase") if liked else ()
    Events(connections).add([Event(kind=kind, **at) for kind in kinds])  # type: ignore[arg-type]


def test_a_held_out_conversation_stays_so_and_its_copies_too(connections: Connections) -> None:
    all_out, none_out = keeper(connections, 0.999999), keeper(connections, 0.0)
    session = all_out.open(None, "ada")
    turn = all_out.turn(session, "a tent", True)
    held(connections, session, turn, 1, liked=False)
    again = none_out.open(session.id, "ada")  # whatever the setting is by now
    assert (turn.personalised, none_out.turn(again, "", True).personalised) == (False, False)
    assert Store(connections).session(Store(connections).fork(session.id, turn.id).id).held_out
    usual = none_out.open(None, "ada")
    assert none_out.turn(usual, "a tent", True).personalised
    assert not none_out.turn(usual, "a tent", False).personalised


def test_the_share_of_conversations_that_is_held_out_is_about_what_was_set(connections: Connections) -> None:
    keeping = keeper(connections, 0.2)
    out = sum(keeping.open(None, "ada").held_out for _ in range(2_000))
    assert 320 < out < 480  # four standard deviations on either side


def test_only_known_shoppers_of_the_present_share_are_compared(connections: Connections) -> None:
    Store(connections)
    catalog = Catalog(connections)
    catalog.upsert([item("tent-1", "A tent", "100.00", ("Tents",))])
    holdout = Holdout(connections, Events(connections), catalog)
    number = 0

    def begun(share: float, shopper: str, *, out: bool, liked: bool) -> None:
        nonlocal number
        number += 1
        keeping = keeper(connections, share)
        while (session := keeping.open(None, shopper)).held_out is not out:
            pass
        held(connections, session, keeping.turn(session, "a tent", True), number, liked=liked)

    assert holdout.since(0) is None
    begun(0.1, "ada", out=True, liked=True)  # of a share that is no longer
    for _ in range(110):
        begun(0.5, "ada", out=False, liked=True)
        begun(0.5, "eve", out=True, liked=False)
    begun(0.5, "", out=False, liked=True)
    compared = holdout.since(0)
    assert compared is not None
    with_it, without = compared.personalised, compared.held_out
    assert (compared.share, with_it.conversations, without.conversations) == (0.5, 110, 110)
    assert (with_it.successes["purchase"], without.successes["purchase"]) == (110, 0)
    assert (with_it.revenue, without.revenue) == (Decimal(11_000), 0)
    gain = compared.gain("click")
    assert gain is not None
    assert gain.sure
    assert gain.low > 0.5
    assert compared.gain("cart") is None
    begun(0.0, "ada", out=False, liked=True)
    assert holdout.since(0) is None
