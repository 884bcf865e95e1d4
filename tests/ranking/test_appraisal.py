import numpy as np
import pytest

from ranking.appraisal import of_lists, of_opinions, of_probabilities, of_ranking, reliability_points
from ranking.behaviour import Track
from ranking.features import Features
from ranking.metrics import figures
from ranking.models.model import Model
from ranking.models.plain import Popularity
from ranking.relations import Relations
from ranking.reliability import Bin
from ranking.splits import held_out


def quiet(what, done, total):
    """No progress."""


class Oracle(Model):
    """Knows of every shopper what comes after a history of this length, and how much it will be liked."""

    def __init__(self, made, items):
        self._after = {track.until(at).places.tobytes(): (int(track.places[at]), float(track.weights[at]))
                       for track in made.values() for at in range(len(track))}  # fmt: skip
        self._items = items

    def scores(self, tracks, places=None):
        every = np.zeros((len(tracks), self._items), np.float32)
        for row, track in zip(every, tracks, strict=True):
            place, _ = self._after[track.places.tobytes()]
            row[place] = 1
        return every if places is None else np.take_along_axis(every, places, axis=1)

    def score(self, history, candidates, need=None):
        place, weight = self._after[history.places.tobytes()]
        return np.where(candidates == place, 0.9 if weight > 0 else 0.2, 0.1).astype(np.float32)


@pytest.fixture(scope="module")
def ground(material):
    table, _, made = material
    held = held_out(made, "leave-one-out")
    return held, Features(table, Relations.learn(list(held.parts.train.values()), table.vectors)), made


def test_the_first_has_every_interval_and_the_others_say_how_far_they_are_behind(ground):
    held, features, made = ground
    rivals = {"": Oracle(made, len(features.table)), "popularity": Popularity(features)}
    found, ranking = of_ranking(rivals, "test", held.parts.test, features, quiet)
    assert ranking.ranks.tolist() == [0.0] * len(held.parts.test)
    perfect = figures(ranking.ranks, ranking.others)
    assert {name: found[f"test.{name}"] for name in perfect} == pytest.approx(perfect)
    assert all(
        found[f"test.{name}.{end}"] == pytest.approx(perfect[name]) for name in perfect for end in ("low", "high")
    )
    popular = found["popularity.test.ndcg@10"]
    assert found["popularity.test.ndcg@10.behind"] == pytest.approx(1 - popular)
    assert found["popularity.test.ndcg@10.behind.low"] == pytest.approx(1 - found["popularity.test.ndcg@10.high"])
    assert "popularity.test.auc" in found
    assert "popularity.test.auc.low" not in found


def test_lists_hold_nothing_that_the_shopper_had(ground):
    held, features, _ = ground
    cases = held.parts.test
    _, ranking = of_ranking({"": Popularity(features)}, "test", cases, features, quiet)
    assert not any(
        set(case.history.places.tolist()) & set(row) for case, row in zip(cases, ranking.lists.tolist(), strict=True)
    )
    found = of_lists(ranking, cases, features, len(held.parts.train))
    assert found["lists"] == len(cases)
    assert found["coverage@10"] < 0.3  # the same popular ones for everybody
    assert found["head_share@10"] == 1.0


def test_p_like_is_asked_for_what_came_and_for_another_item(ground):
    held, features, made = ground
    found = of_probabilities(Oracle(made, len(features.table)), held.parts.test, len(features.table), 0, quiet)
    assert {name: found[f"like.{name}"] for name in ("accuracy", "mae", "separation", "ece")} == pytest.approx(
        {"accuracy": 1.0, "mae": 0.1, "separation": 1.0, "ece": 0.1}
    )
    assert reliability_points(found) == [Bin(pytest.approx(0.1), 0.0, 12)] * 5 + [Bin(pytest.approx(0.9), 1.0, 12)] * 5
    assert reliability_points({}) == []


def test_what_shoppers_said_of_held_out_items_is_foretold():
    rng = np.random.default_rng(0)
    made, ratings = {}, {}
    for number in range(60):
        weights = np.array([1, 1, 1, -1, 1, -1 if number % 2 else 1], np.float32)
        track = Track(rng.permutation(30)[:6], weights)
        made[f"s{number}"] = track
        ratings |= {
            (f"s{number}", int(place)): 5.0 if weight > 0 else 2.0
            for place, weight in zip(track.places, weights, strict=True)
        }
    held = held_out(made, "leave-one-out")
    found = of_opinions(Oracle(made, 30), held, made, ratings, quiet)
    tested = sum(len(made[shopper_id]) - last for shopper_id, (_, last) in held.bounds.items())
    assert found["test.stars.ratings"] == tested == found["test.opinions"]
    assert found["test.opinions.accuracy"] == found["test.opinions.separation"] == 1.0
    assert found["test.opinions.majority"] == pytest.approx(60 / 90)
    assert found["test.stars.mae"] < found["test.stars.mean.mae"]
    assert found["test.stars.mae.less_than.shopper_mean"] == pytest.approx(
        found["test.stars.shopper_mean.mae"] - found["test.stars.mae"]
    )
    assert of_opinions(Oracle(made, 30), held, made, {}, quiet).keys() == {
        "test.opinions", "test.opinions.accuracy", "test.opinions.majority", "test.opinions.separation"
    }  # fmt: skip
