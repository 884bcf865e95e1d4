"""Whose last purchase is held out, and what a simulated shopper is told of them."""

from pathlib import Path
from typing import Any

from shops import ITEMS

from chat.held_out import parted, wanting
from chat.simulated_words import STYLES
from ranking.history import Event, Events
from retrieval.database import Connections


def event(shopper: str, item: str, kind: str = "purchase") -> dict[str, Any]:
    return {"shopper_id": shopper, "item_id": item, "kind": kind}


def test_the_last_purchase_and_all_that_would_tell_of_it_is_held_out() -> None:
    events = [
        event("a", "tent"),
        event("a", "lamp", "view"),
        event("b", "mug"),
        event("a", "stove"),
        event("a", "lamp", "cart"),
        event("a", "lamp"),
        event("a", "rope", "view"),
        event("b", "gone"),
        event("c", "mug", "view"),
    ]
    kept, targets = parted(events, {"tent", "lamp", "mug", "stove"})
    assert targets == {"a": "lamp", "b": "mug"}
    assert kept == [event("a", "tent"), event("a", "stove"), event("c", "mug", "view")]
    assert parted(events)[1] == {"a": "lamp", "b": "gone"}


def test_shoppers_of_the_shop_are_drawn_with_what_they_did_before(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "events.sqlite3")
    events, items = Events(connections), {item.id: item for item in ITEMS}
    for number, who in enumerate(("ada", "bo", "cy", "di")):
        events.add([
            Event(shopper_id=who, kind="purchase", item_id="tent-1", time=1.7e9 + number),
            Event(shopper_id=who, kind="view", item_id="lamp-1", time=1.7e9 + 50),
            Event(shopper_id=who, kind="purchase", item_id="lamp-1", time=1.7e9 + 100),
            Event(shopper_id=who, kind="purchase", item_id="lip-3", time=1.7e9 + 200),  # not sold any more
        ])  # fmt: skip
    events.add([Event(shopper_id="el", kind="view", item_id="lamp-1", time=1.7e9)])
    found = wanting(events, items, 9)
    assert [one.target.id for one in found] == ["lamp-1"] * 4
    assert [one.style for one in found] == list(STYLES[:4])
    assert [[event.item_id for event in one.history] for one in found] == [["tent-1"]] * 4
    assert wanting(events, items, 2) == found[:2]
    assert len({one.hash for one in found}) == 4
    assert wanting(Events(Connections(tmp_path / "nothing.sqlite3")), items, 3) == []
