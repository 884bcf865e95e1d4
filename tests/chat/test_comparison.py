"""Items side by side: which are meant, which facts are shown, and what the sums are."""

from decimal import Decimal

import pytest
from small_shop import TENTS, VOCABULARY, item

from chat.comparison import compare, in_lines, sentences
from chat.need import Need, read_message
from chat.pointing import to_compare
from chat.want import Want
from retrieval.filters import Filter

RIDGE, DOME, FAMILY = TENTS
FIVE = (*TENTS, item("t4", "Trailwise Solo Tent", price="89.00"), item("t5", "Pine Shelter", price="59.00"))


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        ("compare the first two", ["t1", "t2"]),
        ("compare the last two", ["t4", "t5"]),
        ("compare the top three", ["t1", "t2", "t3"]),
        ("what's the difference between those", ["t1", "t2", "t3", "t4"]),
        ("first vs third", ["t1", "t3"]),
        ("compare the first and the third", ["t1", "t3"]),
        ("compare 1, 2 and 4", ["t1", "t2", "t4"]),
        ("compare #2 with #5", ["t2", "t5"]),
        ("compare", ["t1", "t2", "t3", "t4"]),
        ("how do they differ?", ["t1", "t2", "t3", "t4"]),
        ("compare the green one and the red one", ["t1", "t3"]),
        ("Acme dome vs Summit family", ["t2", "t3"]),
        ("compare the Northfell Ridge 2 Tent, the Pine Shelter", ["t1", "t5"]),
        ("which of these is lighter?", ["t1", "t2", "t3", "t4"]),
        ("which one is better, the first or the second?", ["t1", "t2"]),
    ],
)
def test_what_is_to_be_compared_is_among_what_was_shown(said: str, ids: list[str]) -> None:
    reading = read_message(said, Need(wants=(Want(words="tent", topic="tent"),)), VOCABULARY, FIVE)
    assert (reading.intent, list(reading.references)) == ("compare", ids)
    assert reading.need.current == Want(words="tent", topic="tent")


@pytest.mark.parametrize("said", ["compare prices of coffee makers", "a jacket different from mine", "a tent for two"])
def test_what_speaks_of_other_things_compares_nothing_shown(said: str) -> None:
    assert to_compare(said, FIVE) == ()


def test_of_one_item_or_none_there_is_no_comparison() -> None:
    assert to_compare("compare", FIVE[:1]) == ()
    assert compare(FIVE[:1], Want(), "USD") is None


def test_only_facts_that_differ_are_shown_the_one_that_matters_first() -> None:
    made = compare(TENTS, Want(filter=Filter(attributes={"waterproof": ("yes",)})), "USD")
    assert made is not None
    assert [(one.item_id, one.title) for one in made.items] == [(one.id, one.title) for one in TENTS]
    assert [(row.key, row.name, row.values, row.matters) for row in made.rows] == [
        ("attribute:waterproof", "Waterproof", ("yes", "no", None), True),
        ("price", "Price", ("$149.00", "$99.00", "$299.00"), False),
        ("rating", "Rating", ("4.5 out of 5 (120)", "4.1 out of 5 (8)", "4.8 out of 5"), False),
        ("attribute:colour", "Colour", ("green", "black", "red"), False),
        ("attribute:capacity", "Capacity", ("2 people", "3 people", "5 people"), False),
        ("brand", "Brand", ("Northfell", "Acme", "Summit"), False),
        ("attribute:material", "Material", ("polyester", None, "cotton"), False),
        ("stock", "Stock", ("in stock", "out of stock", None), False),
        ("attribute:weight", "Weight", (None, "3 kg", None), False),
    ]


@pytest.mark.parametrize(
    ("said", "want", "first"),
    [
        ("which of these is lighter?", Want(), "attribute:weight"),
        ("compare the price of the first two", Want(), "price"),
        ("which of them holds more?", Want(), "attribute:capacity"),
        ("compare them", Want(words="tent for 5 people"), "attribute:capacity"),
        ("compare them", Want(filter=Filter(rating_min=4)), "rating"),
    ],
)
def test_what_the_shopper_spoke_of_comes_first(said: str, want: Want, first: str) -> None:
    made = compare(TENTS, want, "USD", said)
    assert made is not None
    assert (made.rows[0].key, made.rows[0].matters) == (first, True)


def test_the_sentences_are_computed_from_the_records() -> None:
    two = compare(TENTS[:2], Want(), "USD", "which is lighter, the first or the second?")
    assert two is not None
    assert sentences(two, TENTS[:2], "USD") == [
        "Weight: 3 kg for Acme Dome Tent; the shop doesn't say for Northfell Ridge 2 Tent.",
        "Acme Dome Tent is $50.00 cheaper than Northfell Ridge 2 Tent.",
        "Northfell Ridge 2 Tent is rated best of them, 4.5 out of 5 (120).",
    ]
    three = compare(TENTS, Want(), "USD")
    assert three is not None
    assert sentences(three, TENTS, "USD")[0] == (
        "Acme Dome Tent costs least, at $99.00: $50.00 less than Northfell Ridge 2 Tent and"
        " $200.00 less than Summit Family Tent."
    )


def test_sums_in_two_currencies_are_never_subtracted() -> None:
    euro = DOME.model_copy(update={"currency": "EUR"})
    made = compare((RIDGE, euro), Want(), "USD")
    assert made is not None
    assert made.rows[0].values == ("$149.00", "€99.00")
    assert not any("cheaper" in line for line in sentences(made, (RIDGE, euro), "USD"))


def test_a_missing_price_is_said_to_be_missing() -> None:
    unpriced = DOME.model_copy(update={"price": None})
    made = compare((RIDGE, unpriced), Want(), "USD")
    assert made is not None
    assert made.rows[0].values == ("$149.00", None)
    assert sentences(made, (RIDGE, unpriced), "USD")[0] == "The shop doesn't say what Acme Dome Tent costs."


def test_records_that_say_the_same_are_said_to() -> None:
    twins = (item("a", "Plain mug", price="5.00"), item("b", "Plain mug, too", price=Decimal("5.00")))
    made = compare(twins, Want(), "USD")
    assert made is not None
    assert made.rows == ()
    assert sentences(made, twins, "USD") == [
        "The shop's records tell no difference between Plain mug and Plain mug, too."
    ]


def test_the_table_can_be_read_as_lines() -> None:
    made = compare(TENTS[:2], Want(), "USD")
    assert made is not None
    told = in_lines(made).splitlines()
    assert told[0] == "Price - Northfell Ridge 2 Tent: $149.00; Acme Dome Tent: $99.00"
    assert "Weight - Northfell Ridge 2 Tent: the shop doesn't say; Acme Dome Tent: 3 kg" in told


@pytest.mark.parametrize("say", ["Compare {} and {}", "compare {}, {}", "Vergleiche {} und {}", "比较 {} 和 {}"])
def test_whole_titles_point_whatever_words_they_share_or_hold(say: str) -> None:
    titles = (
        "Northwick & Sons Outrider summer sleeping bag (olive)",
        "Farrow Peak Firth 3-season sleeping bag in teal",
        "Stonemere Lochan 3-season sleeping bag, olive",
    )
    shown = [item(f"bag-{number}", title, price="80.00") for number, title in enumerate(titles)]
    reading = read_message(say.format(titles[2], titles[0]), Need(), VOCABULARY, shown)
    assert (reading.intent, set(reading.references)) == ("compare", {"bag-2", "bag-0"})
