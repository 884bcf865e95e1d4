import numpy as np
import pytest

from ranking.behaviour import Track
from ranking.splits import held_out


def track(*places, weights=None):
    return Track(np.array(places, np.int64), np.array(weights or [1.0] * len(places), np.float32))


@pytest.fixture
def made():
    shoppers = {f"s{number:02}": track(*range(number % 3, number % 3 + 5)) for number in range(40)}
    return shoppers | {"one": track(7), "views": track(1, 2, 3, 4, weights=[1.0, 0.2, 0.2, 0.2])}


def test_leave_one_out_cuts_before_the_last_two_likings(made):
    held = held_out(made, "leave-one-out")
    assert held.bounds == {f"s{number:02}": (3, 4) for number in range(40)} | {"one": (1, 1), "views": (4, 4)}
    assert [case.target for case in held.parts.test] == [number % 3 + 4 for number in range(40)]


def test_held_out_shoppers_give_nothing_to_training_and_their_last_liking_is_foretold(made):
    held = held_out(made, "shoppers")
    tested = {case.shopper_id for case in held.parts.test}
    validated = {case.shopper_id for case in held.parts.validation}
    trained = set(held.parts.train)
    assert (len(tested), len(validated), len(trained)) == (8, 4, 30)
    assert tested | validated | trained == set(made)
    assert {"one", "views"} <= trained
    for case in held.parts.test:
        assert case.history.places.tolist() == made[case.shopper_id].places[:-1].tolist()
        assert case.target == made[case.shopper_id].places[-1]
    assert {held.bounds[shopper_id] for shopper_id in tested} == {(0, 0)}
    assert {held.bounds[shopper_id] for shopper_id in validated} == {(0, 5)}
    assert all(held.bounds[shopper_id] == (len(made[shopper_id]),) * 2 for shopper_id in trained)
    assert held_out(made, "shoppers").bounds == held.bounds


def test_a_held_out_shopper_is_asked_for_the_last_liking_not_the_last_view():
    made = {f"s{number}": track(1, 2, 3, 4, weights=[1.0, 1.0, 1.0, 0.2]) for number in range(10)}
    assert {(case.target, len(case.history)) for case in held_out(made, "shoppers").parts.test} == {(3, 2)}
