"""The corpus of utterances: at least 95% of the constraints are read exactly, on each part apart."""

import pytest

from bench.utterances import HALVES, Shop, cases, figures_of, score, shop

BAR = 0.95  # of the constraints of a half, stated and invented ones together


@pytest.fixture(scope="module")
def demo_shop() -> Shop:
    return shop()


@pytest.mark.parametrize("half", [half for half in HALVES if cases(half)])
def test_constraints_are_read_exactly(half: str, demo_shop: Shop) -> None:
    scores = [score(case, demo_shop) for case in cases(half)]
    wrong = [f"{one.case}: {said}" for one in scores for _, _, said in one.units if said]
    assert len(scores) >= 200
    assert figures_of(scores)["right"] >= BAR, "\n".join(wrong)
