import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, roc_auc_score

from ranking.reliability import Bin, accuracy, calibration_error, curve, figures_of_probabilities, separation

FORETOLD = np.array([0.9, 0.8, 0.7, 0.2, 0.1, 0.4])
LABELS = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 1.0])


def test_by_hand():
    assert accuracy(FORETOLD, LABELS) == pytest.approx(4 / 6)
    assert separation(FORETOLD, LABELS) == pytest.approx(8 / 9)
    assert curve(FORETOLD, LABELS, 2) == [
        Bin(pytest.approx(0.7 / 3), pytest.approx(1 / 3), 3),
        Bin(pytest.approx(0.8), pytest.approx(2 / 3), 3),
    ]
    assert calibration_error(FORETOLD, LABELS, 2) == pytest.approx((abs(0.7 / 3 - 1 / 3) + abs(0.8 - 2 / 3)) / 2)


def test_they_agree_with_scikit_learn():
    rng = np.random.default_rng(5)
    foretold = rng.random(1_000)
    labels = (rng.random(1_000) < foretold**2).astype(float)
    assert accuracy(foretold, labels) == accuracy_score(labels, foretold >= 0.5)
    assert separation(foretold, labels) == pytest.approx(roc_auc_score(labels, foretold))
    assert separation(foretold.round(1), labels) == pytest.approx(roc_auc_score(labels, foretold.round(1)))
    true, mean = calibration_curve(labels, foretold, n_bins=10, strategy="quantile")
    assert [one.true for one in curve(foretold, labels)] == pytest.approx(true, abs=0.02)
    assert [one.foretold for one in curve(foretold, labels)] == pytest.approx(mean, abs=0.01)


def test_what_may_be_taken_at_its_word_has_no_error_and_what_may_not_has_its_distance():
    rng = np.random.default_rng(6)
    foretold = rng.random(20_000)
    came = (rng.random(20_000) < foretold).astype(float)
    assert calibration_error(foretold, came) < 0.015
    assert calibration_error(np.minimum(foretold + 0.2, 1), came) == pytest.approx(0.2, abs=0.03)


def test_figures_have_intervals_over_shoppers():
    found = figures_of_probabilities(np.tile(FORETOLD, 50), np.tile(LABELS, 50))
    assert {name: round(one.value, 4) for name, one in found.items()} == {
        "accuracy": 0.6667,
        "mae": round((0.1 + 0.2 + 0.7 + 0.2 + 0.1 + 0.6) / 6, 4),
        "separation": 0.8889,
        "ece": round(calibration_error(np.tile(FORETOLD, 50), np.tile(LABELS, 50)), 4),
    }
    assert all(one.low < one.value < one.high for one in found.values())


def test_one_label_alone_cannot_be_told_apart():
    assert np.isnan(separation([0.1, 0.9], [1, 1]))
    assert np.isnan(accuracy([], []))
    assert np.isnan(calibration_error([], []))
