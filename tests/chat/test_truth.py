"""The grounding check against the sentences labelled by hand: ``python -m bench.truth`` reports the same figures."""

import pytest

from bench.truth import Judged, Labelled, figures, judge, labelled

BARS = {"seen": (0.99, 0.02), "later": (0.99, 0.20), "held_out": (0.99, 0.20)}  # caught at least, cut at most


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    return [judge(sentence) for sentence in labelled()]


def test_there_are_enough_sentences_of_either_label(judged: list[Judged]) -> None:
    blind = [one for one in judged if one.labelled.part != "later"]
    assert len(blind) >= 320
    assert sum(bool(one.labelled.kind) for one in blind) == len(blind) / 2


@pytest.mark.parametrize("part", BARS)
def test_planted_errors_are_caught_and_true_sentences_kept(judged: list[Judged], part: str) -> None:
    caught, cut = BARS[part]
    found = figures(judged)
    assert found[f"{part}.errors_caught"] >= caught
    assert found[f"{part}.true_cut"] <= cut


@pytest.mark.parametrize("sentence", [one for one in labelled() if one.kind], ids=lambda one: one.says)
def test_no_planted_error_is_shown(sentence: Labelled) -> None:
    assert judge(sentence).right
