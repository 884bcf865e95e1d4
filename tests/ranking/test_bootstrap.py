import numpy as np
import pytest

from ranking.bootstrap import Interval, differences, interval, means


def test_a_mean_has_the_interval_of_its_standard_error():
    values = np.random.default_rng(1).normal(3.0, 2.0, 2_000)
    found = means({"it": values})["it"]
    error = values.std() / np.sqrt(len(values))
    assert found.value == values.mean()
    assert (found.low, found.high) == pytest.approx((found.value - 1.96 * error, found.value + 1.96 * error), rel=0.01)


def test_whole_shoppers_are_drawn_however_many_rows_they_have():
    values = np.random.default_rng(1).normal(size=200)
    once = means({"it": values}, [f"s{at}" for at in range(200)])["it"]
    often = means({"it": np.repeat(values, 9)}, [f"s{at}" for at in range(200) for _ in range(9)])["it"]
    alone = means({"it": np.repeat(values, 9)})["it"]
    assert (often.low, often.high) == pytest.approx((once.low, once.high))
    assert alone.high - alone.low < 0.5 * (once.high - once.low)


def test_paired_differences_are_narrower_than_what_they_are_of():
    rng = np.random.default_rng(2)
    base = rng.normal(size=500)
    one, other = {"a": base + 0.05 + rng.normal(0, 0.1, 500), "b": base}, {"a": base, "c": base}
    assert list(differences(one, other)) == ["a"]
    found = differences(one, other)["a"]
    assert found.clear
    assert found.low < 0.05 < found.high
    assert not Interval(0.01, -0.1, 0.2).clear
    assert means(one)["a"].high - means(one)["a"].low > 5 * (found.high - found.low)


def test_any_share_has_one_and_it_lies_around_the_figure():
    values = np.random.default_rng(3).random(1_000)
    expected = means({"it": values}, draws=200)["it"]
    found = interval(lambda rows: float(values[rows].mean()), 1_000)
    assert (found.value, found.low, found.high) == pytest.approx(
        (expected.value, expected.low, expected.high), abs=4e-3
    )
    covered = interval(lambda rows: len(np.unique(rows)) / 1_200, 1_000)
    assert covered.low < covered.value == 1_000 / 1_200 < covered.high < 0.9
    assert interval(lambda rows: len(np.unique(rows)) / 1_000, 1_000).high == 1.0
    owners = [f"s{at // 4}" for at in range(1_000)]
    asked = []
    interval(lambda rows: asked.append(np.bincount(rows, minlength=1_000)) or 0.0, 1_000, owners, draws=3)
    assert all((counts.reshape(250, 4) == counts.reshape(250, 4)[:, :1]).all() for counts in asked)


def test_nothing_has_no_interval():
    assert np.isnan(means({"it": []})["it"].value)
    assert np.isnan(interval(lambda rows: 1.0, 0).low)
