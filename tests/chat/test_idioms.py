"""Ways of speaking that were misread, and what they come to; what is plain already stays as it is."""

from decimal import Decimal

import pytest
from small_shop import TENTS, VOCABULARY

from chat.idioms import said_plainly
from chat.need import Need, read_message
from chat.reading import Reading

BEFORE = read_message("red tents", Need(turns=0), VOCABULARY, ()).need


def read(message: str) -> Reading:
    return read_message(message, BEFORE, VOCABULARY, TENTS)


@pytest.mark.parametrize(
    "message",
    [
        "a tent for two under $200",
        "no others with leather",
        "I don't mind leather",
        "actually, something in green",
        "the second one is fine",
        "wool is no problem",
        "other brands",
        "do you keep going out of stock?",
    ],
)
def test_what_is_plain_stays(message: str) -> None:
    assert said_plainly(message, TENTS) == message


@pytest.mark.parametrize(
    ("message", "brand"),
    [
        ("we've had trouble with Acme", "Acme"),
        ("I have had nothing but problems with Summit, and nothing from them please", "Summit"),
        ("Northfell is not for me", "Northfell"),
        ("for the tents: Acme is no use to me", "Acme"),
        ("a different brand than the third one", "Summit"),
        ("not the make of the second", "Acme"),
        ("anything but that brand", "Northfell"),
        ("no, not this make again", "Northfell"),
    ],
)
def test_a_brand_is_refused(message: str, brand: str) -> None:
    limits = read(message).need.current.filter
    assert limits.excluded_brands == (brand,)
    assert limits.brands == ()


@pytest.mark.parametrize(
    ("message", "colour", "refused"),
    [
        ("on second thought green rather than red", "green", "red"),
        ("come to think of it, black instead of red please", "black", "red"),
        ("changed my mind, make it brown and not red", "brown", "red"),
        ("wait, blue after all, not red", "blue", "red"),
    ],
)
def test_a_change_of_mind_keeps_the_new_word(message: str, colour: str, refused: str) -> None:
    limits = read(message).need.current.filter
    assert colour in limits.attributes["colour"]
    assert refused not in limits.attributes["colour"]


@pytest.mark.parametrize(
    "message",
    [
        "nearer to the second one",
        "the second is almost it, something of that kind",
        "more similar to the second one please",
        "the second one comes close to what I want",
    ],
)
def test_one_of_those_on_show_is_what_the_others_shall_be_like(message: str) -> None:
    assert read(message).need.current.similar_to == (TENTS[1].id,)


@pytest.mark.parametrize(
    "message", ["nah, others?", "any others", "nothing yet, please keep searching", "keep looking"]
)
def test_others_are_asked_for(message: str) -> None:
    assert read(message).intent == "more"


def test_a_sum_at_the_outside_is_the_most_and_less_is_cheaper() -> None:
    limits = read("I could stretch to $180 at the very most").need.current.filter
    assert (limits.price_min, limits.price_max) == (None, Decimal(180))
    assert read("which ones cost less?").need.current.filter.price_below == TENTS[0].price


@pytest.mark.parametrize("message", ["all the same to me", "I really don't mind at all", "makes no difference"])
def test_no_preference_answers_the_question_and_is_no_word_to_search_for(message: str) -> None:
    need = read_message(message, BEFORE.with_asked("material"), VOCABULARY, TENTS).need
    assert "material" in need.indifferent


def test_what_one_goes_on_about_is_no_comparison() -> None:
    asked = read("as for the tents, not the brand of the second one")
    assert asked.intent == "refine"
    assert asked.need.current.filter.excluded_brands == ("Acme",)
    assert "quickly" not in read("waterproof, quickly").need.current.words


def test_a_wider_kind_narrows_what_was_wanted_and_does_not_widen_it() -> None:
    need = read_message("boots please", Need(turns=0), VOCABULARY, ()).need
    need = read_message("something in footwear", need, VOCABULARY, ()).need
    assert need.current.filter.categories == (("Footwear", "Boots"),)


def test_what_is_said_beside_the_matter_is_not_searched_for() -> None:
    words = read("a green one, if I recall correctly").need.current.words
    assert "recall" not in words
    assert "say" not in read("waterproof, I'd say.").need.current.words


@pytest.mark.parametrize(
    ("message", "plainly"),
    [("1 kg bags?", "1 kg?"), ("a 500 g bag of treats", "a 500 g of treats"), ("a 20 l bag", "a 20 l bag")],
)
def test_what_a_thing_comes_in_is_none_of_the_shops_bags(message: str, plainly: str) -> None:
    assert said_plainly(message, ()) == plainly
