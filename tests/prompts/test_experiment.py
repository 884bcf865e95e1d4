"""What may be said of two arms, and who is in which."""

import numpy as np
import pytest

from prompts.experiment import LEAST_TRIALS, Arm, difference, takes_candidate


def test_a_key_always_goes_the_same_way_and_prompts_are_independent() -> None:
    keys = [f"k{number}" for number in range(4000)]
    of_reply = [takes_candidate(key, "reply", 0.5) for key in keys]
    of_other = [takes_candidate(key, "understand", 0.5) for key in keys]
    assert of_reply == [takes_candidate(key, "reply", 0.5) for key in keys]
    both = sum(a and b for a, b in zip(of_reply, of_other, strict=True)) / len(keys)
    assert 0.22 < both < 0.28
    assert not any(takes_candidate(key, "reply", 0) for key in keys)
    assert all(takes_candidate(key, "reply", 1) for key in keys)


def test_nothing_is_said_of_little() -> None:
    assert difference(Arm(LEAST_TRIALS - 1, 50), Arm(5000, 900)) is None
    assert difference(Arm(5000, 2), Arm(5000, 2)) is None
    assert difference(Arm(0, 0), Arm(0, 0)) is None
    assert (Arm(0, 0).rate, Arm(4, 1).rate) == (0, 0.25)


@pytest.mark.parametrize(
    ("first", "second", "sure"),
    [
        (Arm(5000, 1000), Arm(5000, 1000), False),
        (Arm(5000, 1000), Arm(5000, 1040), False),
        (Arm(5000, 1000), Arm(5000, 1250), True),
        (Arm(5000, 1250), Arm(5000, 1000), True),
    ],
)
def test_a_difference_is_called_where_it_is_beyond_noise(first: Arm, second: Arm, sure: bool) -> None:
    told = difference(first, second)
    assert told is not None
    assert told.low < told.gain < told.high
    assert told.sure is sure
    assert told.gain == pytest.approx(second.rate - first.rate)


def test_looking_every_day_seldom_calls_a_difference_that_is_none() -> None:
    generator = np.random.default_rng(7)
    alarms = 0
    for _ in range(300):
        draws = generator.binomial(60, 0.1, size=(2, 40)).cumsum(axis=1)
        looks = (difference(Arm(60 * day, int(a)), Arm(60 * day, int(b))) for day, (a, b) in enumerate(draws.T, 1))
        alarms += any(told is not None and told.sure for told in looks)
    assert alarms <= 15
