import dataclasses

import numpy as np
import pytest
from small_shop_data import SETTINGS, encode, items, vectors

from ranking.behaviour import NOBODY, Search, Track, split, tracks
from ranking.features import NAMES, Features
from ranking.history import EARLIEST, ORDER_STEP_S
from ranking.moments import DAY_S, leaf_freshness, searched, trend, visit
from ranking.relations import Relations
from ranking.table import ItemTable
from ranking.training import train

NOW = 1.7e9


@pytest.fixture(scope="module")
def table():
    return ItemTable.of(items(), vectors([item.id for item in items()]))


def track(*days, places=None, weights=None, searches=()):
    return Track(
        np.arange(len(days)) if places is None else np.array(places),
        np.ones(len(days), np.float32) if weights is None else np.array(weights, np.float32),
        NOW + DAY_S * np.array(days),
        searches,
    )


def row(kind, time, item_id="", query=""):
    return ("ann", kind, item_id, None, query, time, None)


def test_a_history_knows_when_and_what_was_searched_for_and_its_part_only_what_was_known_then(table):
    rows = [
        row("search", NOW, query="red tent"),
        row("view", NOW + 10, "tent-acme-red"),
        row("search", NOW + 20, query="mug"),
        row("purchase", NOW + 30, "mug-acme-red"),
        row("search", NOW + 40, query="razor"),
    ]
    made = tracks(rows, table.place)["ann"]
    assert made.times.tolist() == [NOW + 10, NOW + 30]
    red, mug, razor = Search("red tent", 0, NOW), Search("mug", 1, NOW + 20), Search("razor", 2, NOW + 40)
    assert [made.until(end).searches for end in (0, 1, 2)] == [(red,), (red, mug), (red, mug, razor)]
    assert [made.until(end).times.tolist() for end in (0, 1)] == [[], [NOW + 10]]


def test_numbered_orders_are_no_times(table):
    rows = [
        row("purchase", EARLIEST, "tent-acme-red"),
        row("search", EARLIEST + ORDER_STEP_S, query="mug"),
        row("purchase", EARLIEST + 2 * ORDER_STEP_S, "mug-acme-red"),
    ]
    made = tracks(rows, table.place)["ann"]
    assert np.isnan(made.times).all()
    assert np.isnan(made.searches[0].time)
    assert [len(made.until(end).searches) for end in (0, 1, 2)] == [0, 1, 1]
    assert np.isnan(Track(made.places, made.weights).times).tolist() == [True, True]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (track(0, 0.01, 5, 5.01, 5.02), [2, 3, 4]),
        (track(0, 5, 5.01, weights=[1, -1, 0.2]), [2]),
        (track(0, 5), [1]),
        (Track(np.arange(3), np.ones(3, np.float32)), []),
        (NOBODY, []),
    ],
)
def test_a_visit_is_what_came_without_a_long_pause(held, expected):
    assert visit(held).tolist() == expected


def test_freshness_is_that_of_the_latest_liking_in_the_category_up_to_the_last_event(table):
    held = track(0, 1, 31, places=[0, 1, 100], weights=[1, 1, -1])
    made = leaf_freshness(held, table.leaf, len(table.leaves))
    assert made[table.leaf[0]] == pytest.approx(1 / (1 + np.log(31)))
    assert np.flatnonzero(made).tolist() == [table.leaf[0]]
    assert not leaf_freshness(Track(held.places, held.weights), table.leaf, len(table.leaves)).any()


def test_of_the_latest_searches_the_last_weighs_most(table):
    histories = [
        track(0, searches=(Search("kettle", 0, NOW), Search("dune", 0, NOW), Search("mug", 0, NOW))),
        track(0, searches=(Search("dune", 0, NOW), Search("mug", 0, NOW + 30 * DAY_S))),
        NOBODY,
    ]
    both, mug, dune = (table.place[one] for one in ("mug-dune-red", "mug-acme-red", "tent-dune-red"))
    now, before, nobody = searched(histories, table.words, None, len(table))
    assert now[both] > now[mug] > now[dune] > now[table.place["tent-acme-red"]] == 0
    assert now[both] == pytest.approx(now[mug] + now[dune])
    assert before[dune] < now[dune]
    assert before[both] == pytest.approx(1)
    assert not nobody.any()


def test_a_trend_is_what_others_liked_of_late_against_usually(table):
    likings = [track(0, places=[7]), track(0, places=[7]), track(100, places=[8]), track(100, places=[8])]
    relations = Relations.learn(likings, table.vectors)
    old, new, other = trend(relations, np.array([[7, 8, 9]]), None)[0]
    assert old < 0 < new
    assert other == 0
    # Of what is liked of late by nobody but this shopper, the trend says nothing to a model that learns from them.
    alone = Relations.learn([*likings[:2], likings[2]], table.vectors)
    assert trend(alone, np.array([[8]]), None)[0, 0] > 0
    assert trend(alone, np.array([[8]]), [likings[2]])[0, 0] == 0
    untimed = Relations.learn([Track(one.places, one.weights) for one in likings], table.vectors)
    assert not trend(untimed, np.array([[7, 8, 9]]), None).any()


def test_a_shop_without_times_trains_and_does_not_heed_them_once_they_come(material):
    table, held, made = material
    bare = {name: Track(own.places, own.weights) for name, own in made.items()}
    network = train(table, held, bare, encode, SETTINGS, measure=False).network
    timed = ("trend", "leaf_freshness", "visit_text", "visit_leaf", "searched")
    assert [float(network.kept[NAMES.index(name)]) for name in timed] == [0.0] * 5
    features = Features(table, Relations.learn(list(bare.values()), table.vectors))
    case = split(bare).test[0].history
    later = dataclasses.replace(case, times=NOW + np.arange(len(case)), searches=(Search("razor", 0, NOW),))
    before, after = (network.eval().logits(features.compute([one])) for one in (case, later))
    assert after == pytest.approx(before, abs=1e-5)
