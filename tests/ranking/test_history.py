import pytest

from ranking.history import Event, Events, liking
from retrieval.database import Connections


def test_the_same_event_twice_counts_once_and_the_order_is_of_time(tmp_path):
    events = Events(Connections(tmp_path / "shop.sqlite3"))
    late = Event(shopper_id="ann", kind="like", item_id="2", time=20.0, turn_id="t", position=3)
    early = Event(id="given", shopper_id="ann", kind="search", query="red shoes", time=10.0)
    other = Event(shopper_id="bob", kind="rating", item_id="2", rating=4, time=5.0)

    assert events.add([late, early, other, late]) == 3
    assert events.add([late, early]) == 0
    assert events.of("ann") == [early, late]
    assert events.of("nobody") == []
    assert list(events.all()) == [early, late, other]
    assert (events.count(), events.count("bob"), events.shoppers()) == (3, 1, ["ann", "bob"])
    assert events.counts() == {"like": 1, "rating": 1, "search": 1}


def test_equal_times_keep_the_order_of_arrival(tmp_path):
    events = Events(Connections(tmp_path / "shop.sqlite3"))
    made = [Event(shopper_id="ann", kind="view", item_id=name, time=1.0) for name in "cab"]
    events.add(made)
    assert events.of("ann") == made


def test_events_are_stored_all_or_none(tmp_path):
    events = Events(Connections(tmp_path / "shop.sqlite3"))

    def broken():
        yield Event(shopper_id="ann", kind="view", item_id="1", time=1.0)
        raise OSError("the file ended")

    with pytest.raises(OSError, match="the file ended"):
        events.add(broken())
    assert events.count() == 0


def test_events_added_inside_a_transaction_belong_to_it(tmp_path):
    connections = Connections(tmp_path / "shop.sqlite3")
    events = Events(connections)

    def turn():
        with connections.current.atomic():
            events.add([Event(shopper_id="ann", kind="view", item_id="1", time=1.0)])
            raise RuntimeError("turn failed")

    with pytest.raises(RuntimeError, match="turn failed"):
        turn()
    assert events.count() == 0


def test_an_event_is_named_by_its_content():
    one = Event(shopper_id="ann", kind="view", item_id="1", time=1)
    assert one.id == Event(shopper_id="ann", kind="view", item_id="1", time=1.0).id
    assert one.id != Event(shopper_id="ann", kind="view", item_id="1", time=2.0).id


@pytest.mark.parametrize(
    ("kind", "rating", "expected"),
    [
        ("purchase", None, 1.0),
        ("purchase", 1.0, -1.0),
        ("dislike", None, -1.0),
        ("search", None, 0.0),
        ("rating", 5.0, 1.0),
        ("rating", 2.5, 0.0),
        ("rating", None, 0.0),
    ],
)
def test_liking(kind, rating, expected):
    assert liking(kind, rating) == expected
