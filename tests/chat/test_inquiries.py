"""Questions to the catalogue itself, as they are read: what is asked, about what, and what is no such question."""

from decimal import Decimal

import pytest
from small_shop import TENTS, VOCABULARY, item

from chat.answering import answer, chips, not_exact
from chat.inquiry import Inquiry
from chat.need import Need, read_message
from chat.reading import Reading
from retrieval.facts import Facts

TENT, TEA, BOOTS = ("Outdoor", "Tents"), ("Food & Tea", "Tea"), ("Footwear", "Boots")


def read(message: str, *before: str, shown: bool = False) -> Reading:
    need = Need()
    for said in before:
        need = read_message(said, need, VOCABULARY, ()).need
    return read_message(message, need, VOCABULARY, TENTS if shown else ())


@pytest.mark.parametrize(
    ("message", "kind", "attribute", "categories"),
    [
        ("the cheapest tent", "extreme", "", (TENT,)),
        ("what is your most expensive thing", "extreme", "", ()),
        ("which of your boots are best rated", "extreme", "", (BOOTS,)),
        ("which of your tents is the cheapest?", "extreme", "", (TENT,)),
        ("how many brands of tea do you have", "brands", "", (TEA,)),
        ("which brands of tea do you carry?", "brands", "", (TEA,)),
        ("what tea brands are there", "brands", "", (TEA,)),
        ("which brands make tents", "brands", "", (TENT,)),
        ("what brands do you have?", "brands", "", ()),
        ("how many tents under $200", "count", "", (TENT,)),
        ("hi, how many tents do you have in red?", "count", "", (TENT,)),
        ("how many of your tents are waterproof", "count", "", (TENT,)),
        ("how many things do you sell", "count", "", ()),
        ("what do boots cost here", "prices", "", (BOOTS,)),
        ("how much are tents", "prices", "", (TENT,)),
        ("how expensive are your tents?", "prices", "", (TENT,)),
        ("what's the price range of tents", "prices", "", (TENT,)),
        ("what colours do the tents come in", "values", "colour", (TENT,)),
        ("in which colors are the tents available?", "values", "colour", (TENT,)),
        ("which sizes do you have in boots", "values", "size", (BOOTS,)),
        ("what kinds of tea do you sell", "kinds", "", (TEA,)),
        ("do you have anything between 20 and 30 dollars", "any", "", ()),
        ("is there anything under $10?", "any", "", ()),
    ],
)
def test_a_question_to_the_catalogue_is_read(
    message: str, kind: str, attribute: str, categories: tuple[tuple[str, ...], ...]
) -> None:
    reading = read(message)
    assert reading.inquiry is not None
    want = reading.need.current
    assert (reading.inquiry.kind, reading.inquiry.attribute, want.filter.categories) == (kind, attribute, categories)
    assert want.is_exact
    assert reading.needs_search
    assert not reading.worth_describing


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        # What is asked is a property of a thing.
        ("how many people does the tent sleep", False),
        ("how many people does it sleep", True),
        ("how many pieces does the tent have", False),
        ("how much is it", True),
        ("how much is the second one", True),
        ("what colours does the tent come in", True),
        ("what does this cost", True),
        ("which is the cheapest?", True),
        # Advice, talk, and plain wishes.
        ("what kinds of tent are best for snow", False),
        ("what kinds of things do you sell", False),
        ("how much time do I have", False),
        ("how many dwarfs were with snow white", False),
        ("do you have a tent under $100", False),
        ("tents, cheapest first", False),
        ("a tent for 4", False),
        ("cheaper", True),
    ],
)
def test_what_is_no_question_to_the_catalogue_is_not_read_as_one(message: str, shown: bool) -> None:
    assert read(message, "a tent", shown=shown).inquiry is None


@pytest.mark.parametrize("message", ["how many are there?", "which brands are there", "what do they cost?"])
def test_a_question_that_names_nothing_is_about_what_is_wanted(message: str) -> None:
    reading = read(message, "a red tent under $90")
    want = reading.need.current
    assert reading.inquiry is not None
    assert (want.filter.categories, want.filter.price_max) == ((TENT,), Decimal(90))
    assert want.filter.attributes == {"colour": ("red",)}


def test_a_question_about_another_thing_opens_a_want_of_its_own() -> None:
    reading = read("how many boots do you have", "a red tent under $90")
    assert reading.new_want
    assert (reading.need.current.filter.categories, reading.need.current.filter.price_max) == ((BOOTS,), None)


@pytest.mark.parametrize("message", ["how many hammocks do you have", "what do dome tents cost"])
def test_what_no_category_and_no_value_names_is_not_counted(message: str) -> None:
    reading = read(message)
    assert reading.inquiry is not None
    assert not reading.need.current.is_exact


FACTS = Facts(
    count=46,
    price_min=Decimal("58.99"),
    price_max=Decimal("199.00"),
    cheapest="t1",
    dearest="t3",
    brands=12,
    top_brands=(*((f"Brand {n}", 10 - n) for n in range(9)), ("Last", 1)),
    top_categories=((TENT, 46),),
    top_attributes={"colour": (("red", 6), ("navy blue", 5))},
)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("how many tents under $200", "There are 46 tents in stock under $200, from $58.99 to $199.00."),
        ("what do red tents cost", "The tents in stock (red) cost from $58.99 to $199.00: there are 46 of them."),
        ("the cheapest tent", "The cheapest of the 46 tents in stock is Northfell Ridge 2 Tent, at $149.00."),
        (
            "your best rated tent",
            "The best rated of the 46 tents in stock is Northfell Ridge 2 Tent, rated 4.5 out of 5 by 120 shoppers.",
        ),
        ("what colours do tents come in", "The tents in stock come in red (6) and navy blue (5)."),
        (
            "which brands of tents are there",
            "The shop has 12 brands of tents: Brand 0 (10), Brand 1 (9), Brand 2 (8), Brand 3 (7), Brand 4 (6), "
            "Brand 5 (5), Brand 6 (4), Brand 7 (3) and 4 more.",
        ),
        ("how many brands of tea do you have", "The shop has 12 brands of tea: "),
        ("how much is tea", "The items in Tea in stock cost from $58.99 to $199.00: there are 46 of them."),
        ("do you have anything between 20 and 30 dollars", "Yes: 46 items in stock cost between $20 and $30."),
    ],
)
def test_the_answer_is_a_sentence_of_the_facts(message: str, said: str) -> None:
    reading = read(message)
    assert reading.inquiry is not None
    (sentence,) = answer(reading.inquiry, reading.need, FACTS, TENTS[0])
    assert sentence == said if said.endswith(".") else sentence.startswith(said)


def test_that_there_is_none_or_one_is_said_as_such() -> None:
    reading = read("how many tents under $5")
    assert reading.inquiry is not None
    none = Facts(0, None, None, "", "", 0)
    assert answer(reading.inquiry, reading.need, none, None) == ["There are no tents in stock under $5."]
    one = Facts(1, Decimal("4.50"), Decimal("4.50"), "t1", "t1", 1)
    assert answer(reading.inquiry, reading.need, one, TENTS[0]) == ["There is 1 tent in stock under $5, $4.50."]
    assert answer(Inquiry("extreme"), read("the cheapest tent").need, one, TENTS[0]) == [
        "The shop has only one, Northfell Ridge 2 Tent, at $149.00."
    ]
    unrated = item("t9", "Plain Tent", price="10")
    assert answer(Inquiry("extreme"), read("the best rated tent").need, FACTS, unrated) == [
        "None of the 46 tents in stock is rated yet."
    ]


def test_what_cannot_be_counted_is_said_and_nothing_else_is_claimed() -> None:
    reading = read("how many hammocks do you have")
    assert reading.inquiry is not None
    assert not_exact(reading.need.current, reading.inquiry) == (
        "The shop lists no kind called “hammocks”, so I can't count them; this is what I found by the words."
    )


@pytest.mark.parametrize(
    ("message", "offered"),
    [
        ("which brands of tents are there", ("Brand 0", "Brand 1", "Brand 2", "Brand 3")),
        ("what colours do tents come in", ("red", "navy blue")),
        ("how many things do you sell under $20", ()),
    ],
)
def test_what_the_answer_names_is_offered_as_the_next_message(message: str, offered: tuple[str, ...]) -> None:
    reading = read(message)
    assert reading.inquiry is not None
    assert chips(reading.inquiry, reading.need, FACTS) == offered
