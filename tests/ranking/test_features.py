"""Features of a few named items, computed by the short way, against those of the whole catalogue."""

from decimal import Decimal

import numpy as np
import pytest
from small_shop_data import events, items, vectors

from ranking.behaviour import NOBODY, Search, Track, tracks
from ranking.corner import FEW_SHOPPERS
from ranking.features import NAMES, Features
from ranking.moments import DAY_S
from ranking.relations import Relations
from ranking.requests import Need
from ranking.table import ItemTable


@pytest.fixture(scope="module")
def shop():
    """Features and tracks of a shop in which no two items, and no two likings, are quite alike."""
    made = [
        item.model_copy(update={"price": Decimal(5 + 3 * number % 47) if number % 5 else None, "rating_count": number})
        for number, item in enumerate(items())
    ]
    table = ItemTable.of(made, vectors([item.id for item in made]))
    rng = np.random.default_rng(2)
    rows = [
        (one.shopper_id, one.kind, one.item_id, None, "", one.time, None) for one in events(shoppers=FEW_SHOPPERS + 10)
    ]
    held = [
        Track(
            track.places,
            rng.uniform(-0.5, 1, len(track)).astype(np.float32),
            1.7e9 + np.cumsum(rng.choice([60.0, 9 * DAY_S], len(track))),
            tuple(Search(words, at, 1.7e9 + at) for at, words in enumerate(["red tent", "dune mug", "nothing here"])),
        )
        for track in tracks(rows, table.place).values()
    ]
    return Features(table, Relations.learn(held, table.vectors)), [NOBODY, *held]


@pytest.mark.parametrize("shoppers", [1, 2, FEW_SHOPPERS, FEW_SHOPPERS + 1])
@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("learning", [False, True])
def test_features_of_named_places_are_those_of_all(shop, shoppers, asked, learning):
    features, held = shop
    rng = np.random.default_rng(shoppers)
    whole = held[:shoppers]
    histories = [track.until(len(track) - 2) for track in whole] if learning else whole
    places = np.stack([rng.permutation(len(features.table))[:40] for _ in histories])
    answers = [rng.random((shoppers, len(features.table)), dtype=np.float32) for _ in range(2)]
    need = Need(*(np.take_along_axis(one, places, axis=1) for one in answers)) if asked else None
    named = features.compute(histories, places, need, whole if learning else None)
    every = features.compute(histories, None, Need(*answers) if asked else None, whole if learning else None)
    expected = np.take_along_axis(every, places[None], axis=2)
    for name, own, other in zip(NAMES, named, expected, strict=True):
        assert own == pytest.approx(other, abs=1e-5), name
    unasked = set() if asked else {"relevance", "named"}
    if shoppers > 2:
        assert {name for name, own in zip(NAMES, named, strict=True) if not np.ptp(own)} <= {"requested", *unasked}


def test_a_history_without_anything_says_nothing_of_the_shopper(shop):
    features, _ = shop
    made = dict(zip(NAMES, features.compute([NOBODY], np.arange(8)[None]), strict=True))
    of_items = {"popularity", "popularity_in_leaf", "rating", "ratings", "trend"}
    floor = dict.fromkeys(("transition", "transition_last", "transition_near", "near_transition"), np.log(1e-3))
    for name in set(NAMES) - of_items:
        assert made[name] == pytest.approx(floor.get(name, 0), abs=1e-5), name
