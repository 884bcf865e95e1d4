import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error

from ranking.stars import Rated, StarLine, averages, figures_of_stars


def test_the_line_is_least_squares_and_never_falls():
    rng = np.random.default_rng(7)
    foretold = rng.random(60)
    stars = np.clip(np.round(2 + 3 * foretold + rng.normal(0, 0.3, 60)), 1, 5)
    line = StarLine.fit(foretold, stars)
    expected = LinearRegression().fit(foretold[:, None], stars)
    assert (line.base, line.rise) == pytest.approx((expected.intercept_, expected.coef_[0]))
    assert StarLine(0.0, 10.0).stars([0.0, 0.3, 1.0]).tolist() == [1.0, 3.0, 5.0]
    assert StarLine.fit([0.1, 0.9], [5, 3]) == StarLine(4.0, 0.0)
    assert StarLine.fit([0.5, 0.5], [5, 3]) == StarLine(4.0, 0.0)


def test_averages_by_hand():
    rated = Rated(["ann", "cy"], [0, 2], np.array([5.0, 4.0]), [(5.0, 4.0), ()], np.array([0.5, 0.5]))
    assert {name: made.tolist() for name, made in averages([(0, 5.0), (1, 4.0), (0, 3.0)], rated).items()} == {
        "mean": [4.0, 4.0],
        "item_mean": [(5 + 3 + 12) / 5, 4.0],
        "shopper_mean": [(5 + 4 + 12) / 5, 4.0],
    }
    assert averages([], rated)["mean"].tolist() == [3.0, 3.0]


def rated(seed, count):
    rng = np.random.default_rng(seed)
    foretold = rng.random(count)
    stars = np.clip(np.round(2 + 3 * foretold), 1, 5)
    return Rated([f"s{at}" for at in range(count)], list(rng.integers(0, 9, count)), stars, [()] * count, foretold)


def test_ratings_that_follow_p_like_are_foretold_better_than_by_averages():
    validation, test = rated(1, 100), rated(2, 200)
    found = figures_of_stars([(0, 4.0)], validation, test)
    line = StarLine.fit(validation.foretold, validation.stars)
    assert found["mae"].value == pytest.approx(mean_absolute_error(test.stars, line.stars(test.foretold)))
    assert list(found) == [
        "mae", "mean.mae", "item_mean.mae", "shopper_mean.mae",
        "mae.less_than.mean", "mae.less_than.item_mean", "mae.less_than.shopper_mean",
    ]  # fmt: skip
    assert found["mae.less_than.item_mean"].clear
    assert found["mae.less_than.item_mean"].value == pytest.approx(found["item_mean.mae"].value - found["mae"].value)


def test_too_few_ratings_say_nothing():
    assert figures_of_stars([], rated(1, 19), rated(2, 50)) == {}
    assert figures_of_stars([], rated(1, 50), rated(2, 19)) == {}
