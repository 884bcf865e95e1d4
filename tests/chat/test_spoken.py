"""What comes before the rules (plain words), and the rules of quantities, recipients, references and switching."""

from dataclasses import replace

import pytest
from small_shop import TENTS, VOCABULARY

from chat.need import Need, read_message
from chat.reading import Reading
from chat.references import find_references
from chat.spoken import in_plain_words

SHOP = replace(
    VOCABULARY,
    attributes={
        **VOCABULARY.attributes,
        "capacity": ("2 people", "3 people", "6 people", "1.5 L"),
        "age": ("3+ years", "5-8 years", "6+ months"),
        "battery life": ("10 hours", "20 hours", "30 hours"),
        "features": ("ventilated", "non-stick", "with lid"),
    },
    carried={
        ("Outdoor", "Tents"): frozenset({"capacity", "colour", "material", "features"}),
        ("Footwear", "Boots"): frozenset({"size", "colour", "gender", "material"}),
        ("Electronics", "Headphones"): frozenset({"battery life", "colour", "age"}),
        ("Clothing", "Men", "Sweaters"): frozenset({"size", "colour", "gender", "material"}),
        ("Bags", "Wallets"): frozenset({"colour", "material"}),
    },
)


def talk(*messages: str) -> Reading:
    """The reading of the last of these messages, with nothing on show."""
    need = Need()
    for message in messages:
        reading = read_message(message, need, SHOP, ())
        need = reading.need
    return reading


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("boots undr 60", "boots under 60"),
        ("a lether walet", "a leather wallet"),
        ("blak jaket for wimen", "black jacket for women"),
        ("a sofa, a table and a boat", "a sofa, a table and a boat"),
        ("tents under 20, sorry 30", "tents under 30"),
        ("a tent, no wait, a sleeping bag", "a sleeping bag"),
        ("red, i mean blue boots", "blue boots"),
        ("a tent w/o windows", "a tent without windows"),
        ("1 hundred and fifty dollars", "150 dollars"),
    ],
)
def test_a_message_is_read_in_plain_words(said: str, plain: str) -> None:
    assert in_plain_words(said, SHOP, ()).strip() == plain


@pytest.mark.parametrize(
    ("message", "attributes"),
    [
        ("a tent for two", {"capacity": ("2 people",)}),
        ("we are three, what tent fits us?", {"capacity": ("3 people",)}),
        ("a tent for a family of four", {"capacity": ("6 people",)}),
        ("a tent for two weeks", {}),
        ("a wallet for two", {}),
        ("headphones for my 6 year old", {"age": ("3+ years", "5-8 years", "6+ months")}),
        ("headphones with at least 20 hours of battery", {"battery life": ("20 hours", "30 hours")}),
        ("boots 9", {"size": ("9",)}),
        ("a 1.5 l tent", {"capacity": ("1.5 L",)}),
        ("boots for my dad", {"gender": ("men", "unisex")}),
        ("a wallet for my dad", {}),
        ("a tent with good ventilation", {"features": ("ventilated",)}),
        ("a jumper in red", {"colour": ("red",)}),
    ],
)
def test_numbers_and_people_become_the_shops_own_values(message: str, attributes: dict[str, tuple[str, ...]]) -> None:
    assert talk(message).need.current.filter.attributes == attributes


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("the first two", ["t1", "t2"]),
        ("the last two please", ["t2", "t3"]),
        ("not the family tent, the other two", ["t1", "t2", "t3"]),
        ("I want the dome tent", ["t2"]),
        ("is the family tent heavy?", ["t3"]),
        ("the middle one", ["t2"]),
        ("the tent", []),
        ("something for the family", []),
    ],
)
def test_what_tells_shown_items_apart_points_at_them(text: str, ids: list[str]) -> None:
    assert sorted(one.item_id for one in find_references(text, TENTS)) == ids


def test_a_want_is_let_go_and_come_back_to() -> None:
    gone = talk("a tent under $200 and boots under $90", "forget the boots")
    assert (gone.need.current.topic, gone.need.current.filter.price_max) == ("tent", 200)
    assert [want.topic for want in gone.need.wants] == ["tent"]
    back = talk("a red tent under $200", "show me boots", "back to the tents, but in green")
    assert (back.need.current.topic, back.need.current.filter.price_max) == ("tent", 200)
    assert back.need.current.filter.attributes == {"colour": ("green",)}
    assert [want.topic for want in back.need.wants] == ["boot", "tent"]


def test_the_only_want_let_go_leaves_nothing() -> None:
    reading = talk("a tent", "forget the tent")
    assert (reading.intent, reading.need.wants[-1].is_empty) == ("start_over", True)


def test_a_thing_named_by_colour_and_room_is_another_want() -> None:
    reading = talk("a tent for two", "something red for my kitchen, not leather")
    current = reading.need.current
    assert reading.new_want
    assert (current.filter.categories, current.filter.attributes) == ((), {"colour": ("red",)})
    assert current.filter.excluded_attributes == {"material": ("leather",)}


@pytest.mark.parametrize(
    "messages",
    [
        ("a red tent for two under $200, not by Acme, not polyester", "at least 4 stars", "show sold-out ones too"),
        ("the cheapest tent over $50",),
        ("a tent under $200 and boots in size 9", "in black"),
        ("boots between 40 and 60, waterproof or windproof",),
    ],
)
def test_every_part_of_the_need_has_a_tag_that_takes_it_away(messages: tuple[str, ...]) -> None:
    need = talk(*messages).need
    for several in (False, True):
        held = need
        for _ in range(20):
            tags = held.tags(several=several and len(held.together) > 1)
            if not tags:
                break
            less = held.without(tags[-1].id)
            assert tags[-1] not in less.tags(several=several and len(less.together) > 1)
            assert less != held
            held = less
        assert held.current.filter.model_dump(exclude_defaults=True) == {}


def test_a_large_vocabulary_is_read_with_as_well() -> None:
    many = tuple(f"{first}{second}model" for first in "abcdefghijklmnopqrstuvwxyz" for second in range(400))
    brands = tuple(
        "".join(chr(97 + int(digit)) for digit in str(number)) + "ware" for number in range(10**4, 2 * 10**4)
    )
    shop = replace(SHOP, brands=(*SHOP.brands, *brands), attributes={**SHOP.attributes, "model": many})
    assert in_plain_words("a lether tent", shop, ()) == "a leather tent"
