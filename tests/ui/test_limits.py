"""Limits, with a clock of the test's own."""

import contextlib
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.errors import SetupError
from ui.limits import LOOKED_THROUGH_S, Allowed, Asker, Limits, Rate, TooMuch, household, rates

ADA = Asker("site_1", "192.0.2.7", "s1")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_lets_its_amount_through_at_once_and_then_evenly() -> None:
    clock = Clock()
    limits = Limits({"address": Allowed(requests=rates("4/minute"))}, clock)
    for _ in range(4):
        limits.take(ADA, "requests")
    with pytest.raises(TooMuch) as refused:
        limits.take(ADA, "requests")
    assert str(refused.value) == "This address sent too many requests in a short time. Try again in 15 s."
    assert (refused.value.who, refused.value.what, refused.value.retry_s) == ("address", "requests", 15)
    clock.now += 15
    limits.take(ADA, "requests")
    with pytest.raises(TooMuch):
        limits.take(ADA, "requests")


@given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(1, 9)), max_size=60),
    st.integers(1, 40),
)
def test_in_no_window_more_than_twice_the_amount_passes_and_who_waits_as_told_passes(
    asked: list[tuple[float, int]], most: int
) -> None:
    clock = Clock()
    limits = Limits({"key": Allowed(characters=(Rate(most, 60.0),))}, clock)
    passed: list[tuple[float, int]] = []
    for pause, amount in asked:
        clock.now += pause
        try:
            limits.take(ADA, "characters", amount)
        except TooMuch as refused:
            clock.now += refused.retry_s
            limits.take(ADA, "characters", amount)
        passed.append((clock.now, amount))
    for begin, _ in passed:
        window = [amount for at, amount in passed if begin <= at <= begin + 60]
        assert sum(window) <= 2 * max(most, 9)


def test_a_refusal_of_one_costs_the_others_nothing() -> None:
    limits = Limits({"key": Allowed(requests=rates("2/hour")), "session": Allowed(requests=rates("1/hour"))}, Clock())
    limits.take(ADA, "requests")
    with pytest.raises(TooMuch) as refused:
        limits.take(ADA, "requests")
    assert refused.value.who == "session"
    limits.take(Asker("site_1", "", "s2"), "requests")
    with pytest.raises(TooMuch) as refused:
        limits.take(Asker("site_1", "", "s3"), "requests")
    assert str(refused.value) == "This site sent too many requests in a short time. Try again in 30 minutes."


def test_a_message_longer_than_the_whole_amount_passes_once() -> None:
    clock = Clock()
    limits = Limits({"session": Allowed(characters=rates("100/minute"))}, clock)
    limits.take(ADA, "characters", 5000)
    with pytest.raises(TooMuch):
        limits.take(ADA, "characters", 1)
    clock.now += 50 * 60
    limits.take(ADA, "characters", 1)


def test_tokens_are_owed_and_worked_off() -> None:
    clock = Clock()
    limits = Limits({"key": Allowed(tokens=rates("100/minute"))}, clock)
    limits.check_tokens(ADA)
    limits.spend(ADA, 250)
    with pytest.raises(TooMuch) as refused:
        limits.check_tokens(ADA)
    assert refused.value.retry_s == 91
    clock.now += 91
    limits.check_tokens(ADA)


def test_streams_are_counted_while_they_are_open_however_they_end() -> None:
    limits = Limits({"session": Allowed(streams=1), "address": Allowed(streams=2)})
    other = Asker("site_1", "192.0.2.7", "s2")
    with limits.stream(ADA):
        with pytest.raises(TooMuch) as refused, limits.stream(ADA):
            pass
        assert refused.value.who == "session"
        with contextlib.suppress(RuntimeError), limits.stream(other):
            with pytest.raises(TooMuch) as refused, limits.stream(Asker("", "192.0.2.7", "s3")):
                pass
            assert refused.value.who == "address"
            raise RuntimeError
        with limits.stream(other):
            pass
    with limits.stream(ADA):
        pass


def test_nobody_and_no_limit_are_never_refused() -> None:
    limits = Limits({"key": Allowed(requests=rates("1/day"), streams=1)})
    for _ in range(5):
        limits.take(Asker(), "requests")
        limits.take(Asker("", "192.0.2.7"), "requests")
    assert limits.remembered == 0


def test_what_was_worked_off_is_forgotten() -> None:
    clock = Clock()
    limits = Limits({"address": Allowed(requests=rates("60/minute"))}, clock)
    for number in range(1000):
        limits.take(Asker(address=f"192.0.2.{number}"), "requests")
    assert limits.remembered == 1000
    clock.now += LOOKED_THROUGH_S + 1
    limits.take(ADA, "requests")
    assert limits.remembered == 1


def test_threads_together_pass_no_more_than_one_would() -> None:
    limits = Limits({"key": Allowed(requests=rates("500/day"))}, Clock())
    passed = []

    def ask() -> None:
        for _ in range(200):
            try:
                limits.take(ADA, "requests")
            except TooMuch:
                continue
            passed.append(1)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 500


@pytest.mark.parametrize("text", ["120", "120/fortnight", "many/minute", "0/minute", "-1/minute", "1/minute 2/hour"])
def test_a_limit_that_is_none_is_told(text: str) -> None:
    with pytest.raises(SetupError, match="is no limit"):
        rates(text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("", "testclient", False),
    ],
)
def test_one_household_is_one_address(one: str, other: str, same: bool) -> None:
    assert (household(one) == household(other)) is same
