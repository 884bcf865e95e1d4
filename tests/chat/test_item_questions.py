"""Questions on a shown item: one sentence from its record, and never a "no" for what the record does not say."""

import pytest
from small_shop import TENTS, VOCABULARY, item

from chat.item_questions import answer, asks_of_shown, of_several, variant_meant
from chat.need import Need, read_message
from chat.want import Want

RIDGE, DOME, FAMILY = TENTS
UNPRICED = DOME.model_copy(update={"price": None})
WASH = item(
    "w",
    "Lumen Body Wash",
    brand="Lumen",
    category=("Beauty", "Washes"),
    attributes={
        "scent": ["lavender"],
        "features": ["perfume free", "vegan", "not for children", "leather-look bottle"],
        "volume": ["250 ml"],
        "colour": ["white"],
    },
)
NEED = Need(wants=(Want(words="tent", topic="tent"),))


@pytest.mark.parametrize(
    ("asked", "about", "told"),
    [
        ("is it waterproof?", RIDGE, "Yes: Northfell Ridge 2 Tent is waterproof."),
        ("isn't it waterproof?", RIDGE, "Yes: Northfell Ridge 2 Tent is waterproof."),
        ("is the second waterproof?", DOME, "No: Acme Dome Tent is listed as not waterproof."),
        ("is it waterproof?", FAMILY, "The shop doesn't say whether Summit Family Tent is waterproof."),
        ("how heavy is the second", DOME, "The shop gives the weight of Acme Dome Tent as 3 kg."),
        ("how heavy is it?", RIDGE, "The shop doesn't say what the weight of Northfell Ridge 2 Tent is."),
        ("is it green?", RIDGE, "Yes: Northfell Ridge 2 Tent comes in green."),
        ("does it come in blue?", RIDGE, "The shop lists Northfell Ridge 2 Tent in green."),
        ("what's it made of", RIDGE, "Northfell Ridge 2 Tent is made of polyester."),
        ("is it made of leather?", RIDGE, "Northfell Ridge 2 Tent is made of polyester."),
        ("what is the second made of", DOME, "The shop doesn't say what the material of Acme Dome Tent is."),
        ("does the third have pockets?", FAMILY, "The shop doesn't say whether Summit Family Tent has pockets."),
        ("can it be washed?", RIDGE, "The shop doesn't say whether Northfell Ridge 2 Tent can be washed."),
        ("is that in stock?", RIDGE, "Yes: Northfell Ridge 2 Tent is in stock."),
        ("is it in stock", DOME, "No: Acme Dome Tent is out of stock."),
        ("is it in stock", FAMILY, "The shop doesn't say whether Summit Family Tent is in stock."),
        ("how much is the first?", RIDGE, "Northfell Ridge 2 Tent costs $149.00."),
        ("is it under $100?", RIDGE, "Northfell Ridge 2 Tent costs $149.00."),
        ("how much is it", UNPRICED, "The shop doesn't say what Acme Dome Tent costs."),
        ("how many people does it fit?", RIDGE, "The shop gives the capacity of Northfell Ridge 2 Tent as 2 people."),
        ("is it well reviewed?", RIDGE, "Northfell Ridge 2 Tent is rated 4.5 out of 5 by 120 shoppers."),
        ("who makes it?", DOME, "Acme Dome Tent is by Acme."),
        ("is it by Northfell?", RIDGE, "Yes: it is by Northfell."),
        ("is it good for snow?", RIDGE, "The shop says of Northfell Ridge 2 Tent: “Not for snow.”"),
        ("does it have perfume?", WASH, "No: the shop lists Lumen Body Wash as “perfume free” (features)."),
        ("is it without perfume?", WASH, "Yes: the shop lists Lumen Body Wash as “perfume free” (features)."),
        ("is it perfume free?", WASH, "Yes: the shop lists Lumen Body Wash as “perfume free” (features)."),
        ("is it for children?", WASH, "No: the shop lists Lumen Body Wash as “not for children” (features)."),
        ("is it leather?", WASH, "The shop doesn't say whether Lumen Body Wash is leather."),
        ("how big is it?", WASH, "The shop gives the volume of Lumen Body Wash as 250 ml."),
        ("what does it smell like?", WASH, "The shop gives the scent of Lumen Body Wash as lavender."),
        ("is it <b>fun</b>?", WASH, "The shop doesn't say that of Lumen Body Wash."),
        ("tell me more about the second", DOME, ""),
    ],
)  # fmt: skip
def test_a_question_is_answered_in_one_sentence_from_the_record(asked: str, about: object, told: str) -> None:
    assert answer(asked, about, "USD", VOCABULARY.attributes) == told  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "is_meant"),
    [
        ("does it come in red?", True),
        ("is it in red?", True),
        ("does it come in green?", False),  # it is green itself
        ("does it come in blue?", False),
        ("is it waterproof?", False),
        ("what does it cost in red?", False),
        ("tell me more about it", False),
    ],
)
def test_who_asks_for_another_colour_of_it_means_that_one(asked: str, is_meant: bool) -> None:
    red = RIDGE.model_copy(update={"id": "t1-red", "attributes": {"colour": ("red",)}})
    assert variant_meant(asked, RIDGE, (red,)) == (red if is_meant else None)
    assert answer("does it come in red?", red, "USD", VOCABULARY.attributes).startswith("Yes: ")


@pytest.mark.parametrize(
    "asked", ["are they waterproof?", "which of them are waterproof?", "is any of these waterproof"]
)
def test_of_several_each_is_told(asked: str) -> None:
    assert of_several(asked, TENTS) == (
        "Yes for Northfell Ridge 2 Tent; no for Acme Dome Tent; the shop doesn't say for Summit Family Tent."
    )


@pytest.mark.parametrize(
    ("said", "intent", "ids"),
    [
        ("is it waterproof?", "about_item", ("t1",)),
        ("and what is it made of?", "about_item", ("t1",)),
        ("does the tent come in red?", "about_item", ("t1",)),
        ("who makes the second?", "about_item", ("t2",)),
        ("are they waterproof?", "compare", ("t1", "t2", "t3")),
    ],
)
def test_a_pronoun_means_what_was_shown(said: str, intent: str, ids: tuple[str, ...]) -> None:
    reading = read_message(said, NEED, VOCABULARY, TENTS)
    assert (reading.intent, reading.references, reading.need.current) == (intent, ids, NEED.current)


def test_it_is_first_of_all_what_the_latest_answer_was_about() -> None:
    assert read_message("is it waterproof?", NEED, VOCABULARY, TENTS, ["t2"]).references == ("t2",)


@pytest.mark.parametrize(
    "said",
    [
        "is it possible to see cheaper ones",
        "do they sell coffee here",
        "how does this chat work",
        "do you have it in red?",
        "i want it waterproof",
        "show me that in blue",
    ],
)
def test_what_asks_for_other_things_is_no_question_on_an_item(said: str) -> None:
    assert asks_of_shown(said, "tent") == ""
