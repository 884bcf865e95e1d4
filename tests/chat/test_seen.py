"""A turn as plain data, and what of its text no record carries."""

from decimal import Decimal

import pytest
from small_shop import TENTS

from chat.cards import make_card
from chat.events import CardsEvent, DoneEvent, ErrorEvent, TextEvent, TurnEvent
from chat.need import Need
from chat.seen import Records, plain_need, seen_turn
from chat.store import Turn
from chat.want import Want
from prompts.checks import SeenTurn
from retrieval.filters import Filter

RECORDS = Records.of(TENTS)
RIDGE, DOME, FAMILY = TENTS


def cards(*items) -> CardsEvent:
    return CardsEvent(
        stage="final", cards=[make_card(item, n, "", Filter(), "", "USD") for n, item in enumerate(items, 1)]
    )


def seen(*events: TurnEvent, written: tuple[str, ...] = (), before: tuple[SeenTurn, ...] = ()) -> SeenTurn:
    need = Need(wants=(Want(words="tent", filter=Filter(price_max=Decimal(200))),))
    turn = Turn("t", "s", "a tent, I have $200", True, need=need.model_dump_json(), usage=[(90, 10), (50, 5)])
    turn.verdicts = ["kept", "repaired", "cut"]
    return seen_turn(turn.message, events, turn, written, RECORDS, before, 12.0)


def test_a_turn_is_told_in_cards_text_and_figures() -> None:
    question = "Which size?"
    told = seen(
        CardsEvent(stage="first", cards=cards(DOME).cards),
        cards(RIDGE),
        TextEvent(text="The Northfell Ridge 2 Tent costs $149.00.", by="llm"),
        TextEvent(text=question, by="template"),
        DoneEvent(question=question),
        written=("It costs $149.00. Is that all right? And the colour??",),
    )
    assert [card.id for card in told.first_cards] == ["t2"]
    assert [(card.id, card.price, card.attributes["waterproof"]) for card in told.cards] == [("t1", 149.0, ("yes",))]
    assert told.text == f"The Northfell Ridge 2 Tent costs $149.00. {question}"
    assert (told.by_llm, told.repaired, told.cut, told.questions) == (1, 1, 1, 3)
    assert (told.calls, told.tokens, told.first_word_ms) == (2, 155, 12.0)
    assert (told.ungrounded, told.failed, told.need["price_max"]) == ((), "", 200.0)


@pytest.mark.parametrize(
    ("text", "by", "wrong"),
    [
        ("It costs $149.00.", "llm", ""),
        ("Here is one under $200.", "llm", ""),  # the shopper's own amount
        ("It costs $99.00.", "llm", "no record has the amount 99.00"),  # an item's that is not shown
        ("Our tents start at $99.00.", "template", ""),
        ("Our tents start at $98.00.", "template", "no record has the amount 98.00"),
        ("It costs 120 dollars.", "llm", "no record has the amount 120"),
        ("The Summit Family Tent is large.", "llm", "names 'summit family tent', which is not shown"),
        ("The Northfell Ridge 2 Tent is low.", "llm", ""),
    ],
)
def test_amounts_and_names_are_held_against_the_records(text: str, by: str, wrong: str) -> None:
    told = seen(cards(RIDGE), TextEvent(text=text, by=by), DoneEvent())
    assert told.ungrounded == ((f"{wrong}: {text}",) if wrong else ())


def test_what_was_shown_before_may_be_spoken_of() -> None:
    earlier = seen(cards(FAMILY), DoneEvent())
    told = seen(TextEvent(text="The Summit Family Tent costs $299.00.", by="template"), DoneEvent(), before=(earlier,))
    assert told.ungrounded == ()


def test_a_card_that_is_not_as_its_record_is_told() -> None:
    cheaper = RIDGE.model_copy(update={"price": Decimal("9.00")})
    assert seen(cards(cheaper), DoneEvent()).ungrounded == ("the card 'Northfell Ridge 2 Tent' is not as its record",)


def test_a_turn_that_ended_in_an_error_or_never_says_so() -> None:
    assert seen(ErrorEvent(message="Sorry.", error_id="1")).failed == "Sorry."
    assert seen(cards(RIDGE)).failed == "it never ended"


def test_the_need_is_told_in_the_words_of_a_case() -> None:
    limits = Filter(
        price_min=Decimal(20),
        brands=("Acme",),
        categories=(("Outdoor", "Tents"), ("Kids", "Tents")),
        attributes={"colour": ("red",)},
        one_of=((("waterproof", "yes"), ("windproof", "yes")),),
        excluded_terms=("leather", "leathers"),
        excluded_attributes={"material": ("down",)},
    )
    told = plain_need(Need(wants=(Want(words="mug"), Want(words="tent", filter=limits, order="cheapest"))))
    tags = told.pop("tags")
    assert told == {
        "words": "tent",
        "order": "cheapest",
        "price_min": 20.0,
        "price_max": None,
        "rating_min": None,
        "brands": ["Acme"],
        "excluded": ["down", "leather"],
        "categories": ["Tents"],
        "attributes": {"colour": ["red"], "waterproof": ["yes"], "windproof": ["yes"]},
        "wants": 2,
    }
    assert "over 20" in " ".join(tags)
