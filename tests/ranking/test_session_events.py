"""What a shopper does now changes the very next ranking: from the table of events, without any training."""

import pytest
from small_shop_data import vectors

from ranking.folder import save
from ranking.history import Event, Events
from ranking.reranker import Reranker
from retrieval.database import Connections
from retrieval.ground import Candidate


@pytest.fixture(scope="module")
def reranker(tmp_path_factory, small_shop, material, training):
    folder = save(tmp_path_factory.mktemp("model") / "reranker", training, material[0].ids)
    return Reranker.load(folder, small_shop[0], vectors)


@pytest.fixture
def events(tmp_path):
    connections = Connections(tmp_path / "shop.sqlite3")
    yield Events(connections)
    connections.close()


def ranks(reranker, events, material, shopper="session:1"):
    """Place of every item in the whole order for the shopper, as their stored events make it."""
    candidates = [Candidate(item_id, 1.0, ()) for item_id in material[0].ids]
    ranked = reranker.rank(events.of(shopper), candidates, len(candidates), 0.0)
    return {one.item_id: place for place, one in enumerate(ranked)}


def mean(places, *words):
    held = [place for item_id, place in places.items() if set(words) <= set(item_id.split("-"))]
    return sum(held) / len(held)


def test_a_like_lifts_what_goes_with_it_and_nobody_else_s_order_changes(reranker, events, material):
    before, other = ranks(reranker, events, material), ranks(reranker, events, material, "session:2")
    events.add([Event(shopper_id="session:1", kind="like", item_id="tent-elka-black", time=1.7e9, position=3)])
    after = ranks(reranker, events, material)
    assert mean(after, "elka") < mean(before, "elka") - 10
    assert mean(after, "lantern", "elka") < mean(before, "lantern", "elka")  # lanterns follow tents
    assert ranks(reranker, events, material, "session:2") == other


def test_not_this_takes_the_item_away_and_a_change_of_mind_brings_it_back(reranker, events, material):
    before = ranks(reranker, events, material)
    refused = min(before, key=lambda item_id: before[item_id])
    kind, maker, _ = refused.split("-")
    events.add([Event(shopper_id="session:1", kind="dislike", item_id=refused, time=1.7e9)])
    after = ranks(reranker, events, material)
    assert refused not in after
    assert mean(after, kind, maker) > mean(before, kind, maker)
    events.add([Event(shopper_id="session:1", kind="like", item_id=refused, time=1.7e9 + 5)])
    again = ranks(reranker, events, material)
    assert refused in again
    assert mean(again, kind, maker) < mean(after, kind, maker)
