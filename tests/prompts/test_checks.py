"""Each check, over what was seen of a turn."""

from dataclasses import replace
from typing import Any

import pytest

from prompts.cases import Checks
from prompts.checks import SeenCard, SeenTurn, hit, judge

TENT = SeenCard("t1", "Ridge tent", 149.0, "Fernhill", ("Outdoor", "Tents"), {"features": ("plastic-free",)}, ())
STOVE = SeenCard("s1", "Ember stove", 64.0, "Tarn", ("Outdoor", "Camp Stoves"), {"fuel": ("gas",)}, ())
DEAR = SeenCard("t2", "Dune tent", 299.0, "Osprey Lane", ("Outdoor", "Tents"), {}, ("over your $150",))
UNPRICED = SeenCard("t3", "Old tent", None, "Fernhill", ("Outdoor", "Tents"), {}, ())
SEEN = SeenTurn(
    message="a tent under $150",
    cards=(TENT, DEAR),
    first_cards=(STOVE, TENT),
    text="The Ridge tent costs $149.00. Is there a colour you would like?",
    question="Is there a colour you would like?",
    need={"price_max": 150.0, "brands": [], "excluded": ["wool", "Down"], "attributes": {"colour": ["red"]}},
    by_llm=1,
    questions=3,
    calls=2,
    tokens=400,
)


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ({"shows": "t1"}, ""),
        ({"shows": "ridge TENT"}, ""),
        ({"shows": "Tents"}, ""),
        ({"shows": "s1"}, "'s1' is not among Ridge tent; Dune tent"),
        ({"shows_any": ["s1", "Dune"]}, ""),
        ({"shows_any": ["s1", "gas"]}, "none of 's1', 'gas' is among Ridge tent; Dune tent"),
        ({"never_shows": "lamp"}, ""),
        ({"never_shows": "plastic"}, ""),
        ({"never_shows": "gas"}, "'gas' is Ember stove"),  # of the first cards
        ({"cards_at_least": 2, "cards_at_most": 2}, ""),
        ({"cards_at_least": 3}, "2 cards, fewer than 3"),
        ({"cards_at_most": 1}, "2 cards, more than 1"),
        ({"price_at_most": 150}, ""),  # what is over it is marked
        ({"price_at_most": 100}, "over 100 and not marked: Ridge tent"),
        ({"price_at_least": 60}, ""),
        ({"price_at_least": 100}, "below 100 and not marked: Ember stove"),
        ({"need": {"price_max": 150, "excluded": ["down", "wool"], "brands": []}}, ""),
        ({"need": {"attributes": {"colour": "Red"}}}, ""),
        ({"need": {"attributes": {}}}, "attributes is {'colour': ['red']}, not {}"),
        ({"need": {"price_max": None}}, "price_max is 150.0, not None"),
        ({"need": {"price_min": None}}, ""),
        ({"asks": True}, ""),
        ({"asks": "colour"}, ""),
        ({"asks": "budget"}, "it asks: Is there a colour you would like?"),
        ({"asks": False}, "it asks: Is there a colour you would like?"),
        ({"questions_at_most": 3}, ""),
        ({"questions_at_most": 1}, "3 questions, more than 1"),
        ({"says": ["ridge tent", "$149.00"]}, ""),
        ({"says": "Dune"}, f"'Dune' is not in: {SEEN.text}"),
        ({"says_any": ["Dune", "Ridge"]}, ""),
        ({"says_any": ["Dune", "stove"]}, f"none of 'Dune', 'stove' is in: {SEEN.text}"),
        ({"never_says": "tents"}, ""),
        ({"never_says": "tent"}, f"'tent' is in: {SEEN.text}"),
        ({"written": True}, ""),
        ({"written": False}, "a sentence of the LLM's is shown"),
        ({"language": "en"}, ""),
        ({"language": "de"}, f"the text reads as 'en': {SEEN.text}"),
        ({"grounded": True}, ""),
        ({"tokens_at_most": 400}, ""),
        ({"tokens_at_most": 300}, "400 tokens, more than 300"),
        ({"words_at_most": 5}, "12 words, more than 5"),
        ({"holds": "all(card.price < 300 for card in cards) and calls <= 2"}, ""),
        ({"holds": "turns[0].cards[0].id == 't1'"}, ""),
        ({"holds": "len(cards) == 3"}, "len(cards) == 3: it is False"),
    ],
)
def test_a_check_passes_or_says_why_not(stated: dict[str, Any], why: str) -> None:
    found = judge(Checks(), Checks.model_validate(stated), [SEEN])
    assert [finding.why for finding in found if finding.why] == ([why] if why else [])
    assert all(finding.passed == (not finding.why) for finding in found)
    assert found


def test_what_has_no_price_is_within_no_bound() -> None:
    (found,) = judge(Checks(), Checks(price_at_most=500), [replace(SEEN, cards=(UNPRICED,))])
    assert found.why == "over 500 and not marked: Old tent"


@pytest.mark.parametrize(
    "expression",
    ["__import__('os').system('true')", "cards.__class__", "open('/etc/passwd')", "9**9**9", "'a' * 9**9", "nothing"],
)
def test_an_expression_reaches_nothing_of_the_machine(expression: str) -> None:
    (found,) = judge(Checks(), Checks(holds=(expression,)), [SEEN])
    assert not found.passed
    assert expression in found.why


def test_a_turn_that_failed_passes_nothing() -> None:
    failed = replace(SEEN, failed="Sorry, this took too long.")
    found = judge(Checks(grounded=True), Checks(shows=("t1",)), [SEEN, failed])
    assert [(finding.turn, finding.check, finding.passed) for finding in found] == [
        (2, "grounded", False),
        (2, "shows", False),
    ]
    assert found[0].why == "the turn failed: Sorry, this took too long."


def test_what_the_text_says_without_a_record_is_told() -> None:
    (found,) = judge(Checks(), Checks(grounded=True), [replace(SEEN, ungrounded=("no record has the amount 9",))])
    assert found.why == "no record has the amount 9"


def test_a_hit_is_among_the_first_five_cards() -> None:
    late = replace(SEEN, cards=(DEAR,) * 5 + (TENT,))
    assert hit(Checks(shows=("t1",)), SEEN) is True
    assert hit(Checks(shows_any=("t1",)), late) is False
    assert hit(Checks(price_at_most=1), SEEN) is None
