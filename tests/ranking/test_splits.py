import numpy as np
import pytest

from ranking.behaviour import Track
from ranking.errors import TooFewEvents
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


def test_by_time_only_what_was_before_trains_and_every_later_liking_is_foretold():
    times = np.arange(10) * 1e6 + 1.6e9
    made = {f"s{number}": Track(np.arange(10), np.array([1] * 9 + [0.2], np.float32), times) for number in range(10)}
    made["late"] = Track(np.array([3, 4]), np.array([1, 1], np.float32), np.array([2e9, 2e9 + 1]))
    made["order"] = track(1, 2, 3)
    held = held_out(made, "time")
    assert held.bounds == {f"s{number}": (7, 8) for number in range(10)} | {"late": (0, 0), "order": (3, 3)}
    assert {name: len(own) for name, own in held.parts.train.items()} == {f"s{number}": 7 for number in range(10)} | {
        "order": 3
    }
    assert [(case.shopper_id, len(case.history), case.target) for case in held.parts.validation] == [
        (f"s{number}", 7, 7) for number in range(10)
    ]
    assert [(case.shopper_id, len(case.history), case.target) for case in held.parts.test] == [
        *((f"s{number}", 8, 8) for number in range(10)), ("late", 1, 4)
    ]  # fmt: skip
    latest = max(float(own.times.max()) for name, own in held.parts.train.items() if name != "order")
    assert latest < min(float(made[case.shopper_id].times[len(case.history)]) for case in held.parts.validation)


def test_without_times_there_is_no_split_by_time(made):
    with pytest.raises(TooFewEvents, match="No liking has a time"):
        held_out(made, "time")
