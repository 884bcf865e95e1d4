import numpy as np
import pytest

from ranking.behaviour import tracks
from ranking.positions import FEWEST_CLICKS, MOST, PositionBias


def clicks(steepness, turns=1_500, seed=0, attraction=lambda score: score):
    """Lists of five, the better ones higher, opened as the position-based model says."""
    rng = np.random.default_rng(seed)
    shown, opened = [], set()
    for turn in range(turns):
        scores = np.sort(1 / (1 + np.exp(-rng.normal(-1, 1.2, 5))))[::-1]
        for position, score in enumerate(scores, start=1):
            shown.append((f"t{turn}", f"i{position}", position, float(score)))
            if rng.random() < position**-steepness * attraction(score):
                opened.add((f"t{turn}", f"i{position}"))
    return shown, opened


@pytest.mark.parametrize("steepness", [0.0, 0.5, 1.0, 1.5])
def test_a_known_bias_is_found_though_better_items_stand_higher(steepness):
    assert PositionBias.estimated(*clicks(steepness)).steepness == pytest.approx(steepness, abs=0.12)


def test_scores_need_not_be_calibrated():
    shown, opened = clicks(1.0, attraction=lambda score: 0.3 * score**0.5)
    assert PositionBias.estimated(shown, opened).steepness == pytest.approx(1.0, abs=0.2)


def test_without_data_nothing_is_corrected():
    few, opened = clicks(1.0, turns=20)
    assert PositionBias.estimated([], set()) == PositionBias()
    assert PositionBias.estimated(few, opened) == PositionBias(clicks=len(opened))
    assert len(opened) < FEWEST_CLICKS
    top = [(f"t{number}", "i", 1, 0.5) for number in range(200)]
    one_place = PositionBias.estimated(top, {(turn, item) for turn, item, _, _ in top})
    assert [one_place.factor(position) for position in (1, 5, None)] == [1, 1, 1]


def test_factors_are_one_on_average_rise_with_the_position_and_are_capped():
    shown, opened = clicks(1.0)
    bias = PositionBias.estimated(shown, opened)
    positions = [position for turn, item, position, _ in shown if (turn, item) in opened]
    assert np.mean([bias.factor(position) for position in positions]) == pytest.approx(1, abs=0.05)
    factors = [bias.factor(position) for position in (1, 2, 3, 4, 50)]
    assert factors == sorted(factors)
    assert factors[-1] == MOST
    assert bias.factor(None) == 1


def test_a_click_further_down_weighs_more_in_training_and_never_as_much_as_a_like():
    rows = [("ann", "click", name, None, "", 1.7e9, position) for name, position in (("a", 1), ("b", 4), ("c", None))]
    rows += [("ann", "like", "d", None, "", 1.7e9, 5), ("ann", "click", "e", None, "", 1.7e9, 40)]
    made = tracks(rows, {name: number for number, name in enumerate("abcde")}, PositionBias(1.0, 2.0, 500))
    assert made["ann"].weights == pytest.approx([0.15, 0.6, 0.3, 0.7, 0.693])
