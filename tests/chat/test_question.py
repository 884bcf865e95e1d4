"""The one question a turn may ask: what it is about, and when there is none."""

from decimal import Decimal

import pytest
from small_shop import item

from chat.question import expected_gain, next_question
from chat.want import Need, Want
from retrieval.filters import Filter
from retrieval.items import Item

PRICED = Filter(price_max=Decimal(900))


def needing(words: str = "tent", **fields: object) -> Need:
    want = Want(words=words, topic="tent", filter=PRICED)
    return Need.model_validate({"wants": (want,), "currency": "USD", "turns": 1, **fields})


def tents(**attributes: list[str]) -> list[Item]:
    """As many tents of one kind and brand as the lists are long, which differ in these attributes alone."""
    count = len(next(iter(attributes.values())))
    return [
        item(
            str(n),
            f"Tent {'abcdefghij'[n]}",
            price="100.00",
            category=("Outdoor", "Tents"),
            attributes={name.replace("_", " "): [values[n]] for name, values in attributes.items()},
        )
        for n in range(count)
    ]


HALVES = ["2 people", "2 people", "2 people", "4 people", "4 people", "4 people"]
COLOURS = ["red", "red", "blue", "blue", "green", "green"]


def test_of_equal_gains_the_question_about_use_is_asked() -> None:
    asked = next_question(needing(), tents(colour=["red", "blue"] * 3, season=["summer", "winter"] * 3))
    assert asked is not None
    assert (asked.key, asked.text, asked.chips) == ("season", "When will you use it?", ("summer", "winter"))


def test_the_greater_expected_gain_wins() -> None:
    asked = next_question(needing(), tents(colour=COLOURS, material=["nylon"] * 3 + ["cotton"] * 3))
    assert asked is not None
    assert (asked.key, asked.chips) == ("colour", ("red", "blue", "green"))


def test_what_holds_people_is_asked_by_people() -> None:
    asked = next_question(needing(), tents(capacity=HALVES))
    assert asked is not None
    assert asked.text == "How many people is it for?"


@pytest.mark.parametrize(
    ("groups", "total", "bits"),
    [
        ({"a": 2, "b": 2}, 4, 1.0),
        ({"a": 1, "b": 1, "c": 1, "d": 1}, 4, 2.0),
        ({"a": 4}, 4, 0.0),
        ({"a": 2}, 4, 0.5),  # half of the items are in no answer
        ({"a": 2, "b": 2, "c": 2, "d": 2}, 4, 1.0),  # and each in two
        ({}, 4, 0.0),
    ],
)
def test_the_gain_is_how_far_an_answer_is_expected_to_narrow(groups: dict[str, int], total: int, bits: float) -> None:
    assert expected_gain(groups, total) == pytest.approx(bits)


def test_what_it_is_used_for_is_read_from_the_descriptions() -> None:
    told = ["For a festival with friends."] * 3 + ["Made for long trails, whatever the weather."] * 3
    made = [one.model_copy(update={"description": told[n]}) for n, one in enumerate(tents(colour=["red"] * 6))]
    asked = next_question(needing(), made)
    assert asked is not None
    assert (asked.text, asked.chips) == ("What will you use it for?", ("for festivals", "for hiking"))
    assert next_question(needing("tent for a festival"), made) is None


@pytest.mark.parametrize(
    ("need", "items"),
    [
        (needing(), tents(colour=["red"] * 6)),  # the answer would part nothing
        (needing(), tents(colour=["red", "blue"])),  # there is nothing to narrow
        (needing(), tents(colour=["red", "blue", "green", "black", "white", "pink"])),  # an answer would be one item
        (needing(asked=("colour",)), tents(colour=COLOURS)),
        (needing(indifferent=("colour",)), tents(colour=COLOURS)),
        (needing("red tent"), tents(colour=COLOURS)),
        (Need(), tents(colour=COLOURS)),
    ],
)
def test_there_is_none_where_it_would_not_help(need: Need, items: list[Item]) -> None:
    assert next_question(need, items) is None


def test_what_the_filter_holds_is_not_asked() -> None:
    want = Want(words="tent", filter=PRICED.model_copy(update={"attributes": {"Colour": ("red",)}}))
    assert next_question(Need(wants=(want,)), tents(colour=COLOURS)) is None
    alternatives = PRICED.model_copy(update={"one_of": ((("colour", "red"), ("colour", "blue")),)})
    assert next_question(Need(wants=(Want(words="tent", filter=alternatives),)), tents(colour=COLOURS)) is None


def test_who_does_not_answer_is_asked_later_and_then_no_more() -> None:
    items = tents(colour=COLOURS, capacity=HALVES)
    once = needing(asked=("capacity",), asked_at=1)
    assert next_question(once.model_copy(update={"turns": 2}), items) is None
    later = next_question(once.model_copy(update={"turns": 3}), items)
    assert later is not None
    assert later.key == "colour"
    twice = needing(asked=("capacity", "price"), asked_at=3, turns=9)
    assert next_question(twice.with_current(Want(words="tent")), items) is None


def test_who_answers_may_be_asked_on() -> None:
    answered = PRICED.model_copy(update={"attributes": {"capacity": ("2 people",)}})
    need = needing(asked=("capacity",), asked_at=1, turns=2).with_current(Want(words="tent", filter=answered))
    asked = next_question(need, tents(colour=COLOURS, capacity=HALVES))
    assert asked is not None
    assert asked.key == "colour"


def test_a_budget_is_asked_where_prices_lie_far_apart() -> None:
    prices = ["20.00", "25.00", "60.00", "80.00", "150.00", "199.00"]
    made = [one.model_copy(update={"price": Decimal(prices[n])}) for n, one in enumerate(tents(colour=["red"] * 6))]
    asked = next_question(needing().with_current(Want(words="tent")), made)
    assert asked is not None
    assert (asked.key, asked.chips) == ("price", ("under $50", "under $105"))


def test_who_looks_for_a_present_is_asked_about_the_person() -> None:
    departments = ("Outdoor", "Kitchen", "Garden")
    made = [
        one.model_copy(update={"category": (departments[n % 3], "Things")}) for n, one in enumerate(tents(a=["b"] * 6))
    ]
    need = Need(wants=(Want(words="a present for my aunt", filter=PRICED),), turns=1)
    asked = next_question(need, made)
    assert asked is not None
    assert (asked.text, asked.chips) == ("What is it that they enjoy?", departments)
