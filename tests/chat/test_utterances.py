"""The corpus of utterances: of each part at least so many of the constraints are read exactly."""

import pytest

from bench.utterances import Shop, cases, figures_of, score, shop

# Of the constraints of a part, stated and invented ones together. A part that the rules were not developed on has no
# bar: what it gives is a figure, and is reported.
BARS = {"seen": 0.95, "seen2": 0.95, "seen3": 0.95, "seen4": 0.95}


@pytest.fixture(scope="module")
def demo_shop() -> Shop:
    return shop()


@pytest.mark.parametrize("half", BARS)
def test_constraints_are_read_exactly(half: str, demo_shop: Shop) -> None:
    scores = [score(case, demo_shop) for case in cases(half)]
    wrong = [f"{one.case}: {said}" for one in scores for _, _, said in one.units if said]
    assert len(scores) >= 200
    assert figures_of(scores)["right"] >= BARS[half], "\n".join(wrong)
