"""Several things in one message: parted, each with its own constraints, and spoken of one by one afterwards."""

from decimal import Decimal

import pytest
from small_shop import TENTS, VOCABULARY, item

from chat.need import Need, read_message
from chat.reading import Reading
from chat.several import parted

COFFEE = item("c1", "Pine & Co coffee", category=("Food & Tea", "Coffee"), price="9.00")


def talk(*messages: str, shown: tuple[object, ...] = ()) -> Reading:
    need = Need()
    for message in messages:
        reading = read_message(message, need, VOCABULARY, shown)  # type: ignore[arg-type]
        need = reading.need
    return reading


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        (
            "a tent, a sleeping bag under $80 and a headlamp",
            ["a tent", "a sleeping bag under $80", "a headlamp"],
        ),
        ("a tent, waterproof, under $200 and boots", ["a tent, waterproof, under $200", "boots"]),
        ("coffee and tea", ["coffee", "tea"]),
        ("I need a jacket; also boots in black", ["I need a jacket", "boots in black"]),
        ("black or brown leather boots and a belt", ["black or brown leather boots", "a belt"]),
        ("hi, a tent and some coffee please", ["hi, a tent", "some coffee please"]),
        ("a tent and something to cook on", ["a tent", "something to cook on"]),
    ],
)
def test_each_part_names_a_thing(message: str, parts: list[str]) -> None:
    assert parted(message, VOCABULARY) == parts


@pytest.mark.parametrize(
    "message",
    [
        "a warm, cosy blanket",
        "a tent for two people and a dog",
        "a bag for my laptop and a charger",
        "a present for someone who likes tea and chocolate",
        "a red, waterproof tent",
        "tea without coffee and tents",
        "I have a dog and a cat",
        "is the tent warm and a bit light?",
        "the tent and the boots",
        "a tent, light and small",
        "black and red boots",
        "a mug with a lid and a handle",
        "I want a tent and I do not want a heavy one",
        " ".join(["we went camping and a bear came"] * 8),
    ],
)
def test_what_lists_no_things_stays_whole(message: str) -> None:
    assert parted(message, VOCABULARY) == [message]


def test_each_want_has_its_own_limits_and_all_are_shown_at_once() -> None:
    reading = talk("a waterproof tent, a sleeping bag under $80 and coffee")
    assert reading.several
    assert [(want.words, want.filter.price_max, dict(want.filter.attributes)) for want in reading.wants] == [
        ("tent", None, {"waterproof": ("yes",)}),
        ("sleeping bag", Decimal(80), {}),
        ("coffee", None, {}),
    ]
    assert [tag.label for tag in reading.need.tags(several=True)] == [
        "Tents", "tent: waterproof", "Sleeping Bags", "sleeping bag: under $80", "Coffee",
    ]  # fmt: skip


def test_a_refinement_goes_to_the_thing_it_names_else_to_the_latest() -> None:
    first = "a tent, a sleeping bag and coffee"
    latest = talk(first, "under $10")
    assert [(want.topic, want.filter.price_max) for want in latest.wants] == [("coffee", Decimal(10))]
    named = talk(first, "under $10", "the tent in red")
    assert [(want.topic, dict(want.filter.attributes)) for want in named.wants] == [("tent", {"colour": ("red",)})]
    assert {want.topic: want.filter.price_max for want in named.need.wants} == {
        "tent": None, "sleeping bag": None, "coffee": Decimal(10),
    }  # fmt: skip
    after = talk(first, "the tent in red", "under $200")
    assert (after.wants[0].topic, after.wants[0].filter.price_max) == ("tent", Decimal(200))


def test_cheaper_is_measured_by_the_cards_of_its_own_thing() -> None:
    reading = talk("a tent and coffee", "cheaper", shown=(*TENTS, COFFEE))
    assert (reading.wants[0].topic, reading.wants[0].filter.price_below) == ("coffee", Decimal("9.00"))


def test_what_is_pointed_at_says_which_thing_is_meant() -> None:
    reading = talk("a tent and coffee", "not the first one", shown=(TENTS[0], TENTS[2], COFFEE))
    assert [(want.topic, want.refused_ids) for want in reading.wants] == [("tent", ("t1",))]


def test_more_is_more_of_everything_that_was_shown() -> None:
    shown = (TENTS[0], COFFEE)
    reading = talk("a tent and coffee", "show me more", shown=shown)
    assert reading.several
    assert [want.refused_ids for want in reading.wants] == [("t1", "c1"), ("t1", "c1")]


@pytest.mark.parametrize(
    ("message", "caps", "notes"),
    [
        ("a tent and boots, both under $90", [90, 90], ()),
        ("a tent under $200 and boots under $90 each", [200, 90], ()),
        ("a tent and boots under $90", [None, 90], ()),
        (
            "a tent and boots, $300 in total",
            [300, 300],
            ("I can't plan a sum for all of it, so each costs under $300.",),
        ),
    ],
)
def test_a_cap_for_each_is_a_cap_of_each(message: str, caps: list[int | None], notes: tuple[str, ...]) -> None:
    reading = talk(message)
    assert [want.filter.price_max for want in reading.wants] == caps
    assert reading.notes == notes


def test_of_more_than_three_the_rest_is_kept_and_said() -> None:
    reading = talk("a tent, a jacket, boots and coffee under $9")
    assert [want.topic for want in reading.wants] == ["tent", "jacket", "boot"]
    assert reading.notes == ("I begin with 3 of them; ask me for the coffee next.",)
    later = read_message("and the coffee?", reading.need, VOCABULARY, ())
    assert [(want.topic, want.filter.price_max) for want in later.wants] == [("coffee", Decimal(9))]


def test_a_tag_of_one_of_several_is_taken_from_it_alone_and_its_thing_takes_all_of_it_along() -> None:
    need = talk("a tent under $90 and boots under $90").need
    price = next(tag for tag in need.tags(several=True) if tag.label == "tent: under $90")
    assert [want.filter.price_max for want in need.without(price.id).wants] == [None, Decimal(90)]
    thing = next(tag for tag in need.tags(several=True) if tag.label == "Tents")
    assert [want.topic for want in need.without(thing.id).wants] == ["boot"]
    assert need.without("9/words") == need


def test_a_message_about_one_other_thing_is_no_longer_of_several() -> None:
    reading = talk("a tent and boots", "a laptop under $500")
    assert not reading.several
    assert [want.topic for want in reading.wants] == ["laptop"]
