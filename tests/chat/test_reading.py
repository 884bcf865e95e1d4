"""Rules of reading that hold in any shop: sums in words, exact comparison, values, refusals and new wants."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from small_shop import TENTS, VOCABULARY, found

from chat.cards import outside
from chat.money import find_money
from chat.need import Need, read_message
from chat.numbers import spelt_value, with_digits
from chat.question import next_question
from chat.reading import Reading
from chat.template import caveats
from retrieval.filters import Filter

SHOP = replace(
    VOCABULARY,
    categories=(*VOCABULARY.categories, ("Food & Tea", "Nut Bars"), ("Toys", "Puzzles"), ("Toys", "Cat Toys")),
    attributes={
        "colour": ("black", "red", "navy blue", "blue", "green", "brown"),
        "material": ("leather", "wool", "lambswool", "cotton", "cotton velvet", "glass"),
        "size": ("S", "M", "L", "8", "9", "10", "500 g", "single"),
        "gender": ("men", "women", "unisex"),
        "features": ("waterproof", "windproof", "packable", "vegan", "SPF 30+"),
        "diet": ("vegan", "halal"),
        "skin": ("dry skin",),
        "capacity": ("350 ml",),
        "pieces": ("2000 pieces",),
        "scent": ("unscented", "lavender"),
    },
)


def talk(*messages: str) -> Reading:
    """The reading of the last of these messages, with the tents on show from the second on."""
    need, shown = Need(), ()
    for message in messages:
        reading = read_message(message, need, SHOP, shown)
        need, shown = reading.need, TENTS  # type: ignore[assignment]
    return reading


def limits(*messages: str) -> dict[str, Any]:
    """What constrains after these messages, less the category."""
    held = talk(*messages).need.current.filter.model_dump(exclude_defaults=True)
    return {name: value for name, value in held.items() if name != "categories"}


@pytest.mark.parametrize(
    ("message", "low", "high"),
    [
        ("not above 45 dollers", None, "45"),
        ("less than seventeen euros", None, "17"),
        ("max. €8", None, "8"),
        ("I wouldn't want to spend over 85", None, "85"),
        ("I'd prefer not to go beyond 60 bucks", None, "60"),
        ("never more than a hundred and fifty dollars", None, "150"),
        ("over forty-five dollars", "45", None),
        ("eleven to thirteen dollars", "11", "13"),
        ("between a hundred and three hundred", "100", "300"),
        ("under 35 pls", None, "35"),
        ("under 20 🙏", None, "20"),
        ("let's say thirty", None, "30"),
        ("no higher budget than $90", None, "90"),
        ("more than 12 dollars", "12", None),
    ],
)
def test_a_bound_is_read_however_it_is_put(message: str, low: str | None, high: str | None) -> None:
    (money,) = find_money(message)
    assert (money.low and str(money.low), money.high and str(money.high)) == (low, high)


def test_numbers_in_words() -> None:
    spelt = ("zero", "nineteen", "forty-two", "a thousand", "two hundred and six", "tent", "forty tents")
    assert [spelt_value(text) for text in spelt] == [0, 19, 42, 1000, 206, None, None]
    assert with_digits("three hundred pieces and twenty five bags") == "300 pieces and 25 bags"


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        # Below a shown price: the price itself is named, and excluded.
        (("a tent", "anything less expensive?"), {"price_below": Decimal("149.00")}),
        (("a tent", "more expensive ones"), {"price_above": Decimal("149.00")}),
        (("a tent", "cheaper", "under $200"), {"price_max": Decimal("200")}),
        # Things have several features at once: each that is asked for must hold.
        (
            ("a windproof tent", "packable as well"),
            {"attributes": {"features": ("windproof",)}, "one_of": ((("features", "packable"),),)},
        ),
        (("a tent, windproof or packable",), {"attributes": {"features": ("windproof", "packable")}}),
        (
            ("a windproof tent, packable", "it doesn't have to be packable"),
            {"attributes": {"features": ("windproof",)}},
        ),
        # A value of one kind replaces, unless the words add it.
        (("a red tent", "actually green"), {"attributes": {"colour": ("green",)}}),
        (("a red tent", "green would be good too"), {"attributes": {"colour": ("red", "green")}}),
        (("a red tent", "or blue"), {"attributes": {"colour": ("red", "blue")}}),
        (("boots for men", "no sorry, women's"), {"attributes": {"gender": ("women",)}}),
        # A value that two attributes have: either will do.
        (("vegan boots",), {"one_of": ((("features", "vegan"), ("diet", "vegan")),)}),
        # Usual spellings.
        (("a 350ml mug",), {"attributes": {"capacity": ("350 ml",)}}),
        (("a puzzle, 2,000 pieces",), {"attributes": {"pieces": ("2000 pieces",)}}),
        (("a puzzle with two thousand pieces",), {"attributes": {"pieces": ("2000 pieces",)}}),
        (("velvet boots",), {"attributes": {"material": ("cotton velvet",)}}),
        (("moisturiser SPF 30+",), {"attributes": {"features": ("SPF 30+",)}}),
        (("womens 8 boots",), {"attributes": {"gender": ("women",), "size": ("8",)}}),
        (("moisturiser for dry skin, lavender",), {"attributes": {"skin": ("dry skin",), "scent": ("lavender",)}}),
        # Said in passing.
        (("my brother forgets his tent on each single trip that we ever go on",), {}),
        # Refusals.
        (
            ("a sweater, no wool whatsoever",),
            {
                "excluded_attributes": {"material": ("wool", "lambswool")},
                "excluded_terms": ("lambswool", "lambswools", "wool", "wools"),
            },
        ),
        (("a tent", "any brand except Acme"), {"excluded_brands": ("Acme",)}),
        (
            ("boots", "the boots shouldn't be glass"),
            {"excluded_attributes": {"material": ("glass",)}, "excluded_terms": ("glass",)},
        ),
        # The first thing that is named is what was meant before.
        (("for my niece", "max $30", "a rabbit please"), {"price_max": Decimal("30")}),
        (("a tent", "no brand but Acme"), {"brands": ("Acme",)}),
        (("vegan boots", "no glass, I mean", "ten dollars tops"), {
            "price_max": Decimal("10"),
            "one_of": ((("features", "vegan"), ("diet", "vegan")),),
            "excluded_attributes": {"material": ("glass",)},
            "excluded_terms": ("glass",),
        }),
        (("a tent", "skip Northfell, theirs leaked"), {"excluded_brands": ("Northfell",)}),
        (("boots over $80", "forget the minimum"), {}),
        (("a red tent under $90", "add a lamp"), {}),
        (("a red tent under $90", "and the dearest thing in the shop?"), {}),
        # A size of what is wanted already is no other thing.
        (("tea, halal", "the 500 g pack"), {"attributes": {"diet": ("halal",), "size": ("500 g",)}}),
        # A use that nothing so far serves opens a want of its own; a pronoun keeps the one there is.
        (("a red tent under $90", "and what should we cook with?"), {}),
        (("a red tent under $90", "also something to sit on"), {}),
        (
            ("a red tent under $90", "what can I clean it with?"),
            {"price_max": Decimal("90"), "attributes": {"colour": ("red",)}},
        ),
    ],
)  # fmt: skip
def test_what_is_stated_holds(messages: tuple[str, ...], expected: dict[str, Any]) -> None:
    assert limits(*messages) == expected


def test_each_cap_belongs_to_its_own_thing() -> None:
    reading = talk("boots under $80 and a wallet under $30")
    assert [(want.words, want.filter.price_max) for want in reading.need.wants] == [
        ("boots", Decimal("80")),
        ("wallet", Decimal("30")),
    ]
    assert [want.words for want in reading.wants] == ["boots", "wallet"]
    assert (reading.need.turns, reading.intent, reading.new_want, reading.notes) == (1, "search", True, ())


def test_a_long_story_is_searched_by_the_sentence_that_asks() -> None:
    story = (
        "We moved last spring and nothing is where it was. The boxes stand in the hall, the dog sleeps on coats and "
        "my sister laughs about it every Sunday. I am looking for a tent for the garden under $200. Thanks for reading."
    )
    want = talk(story).need.current
    assert (want.words, want.topic, want.filter.price_max) == ("tent for garden", "tent", Decimal("200"))


def test_which_kind_is_asked_after_names_the_thing() -> None:
    assert talk("my stomach aches, which tea helps?").need.current.filter.categories == (("Food & Tea", "Tea"),)


def test_a_card_names_each_thing_that_it_breaks() -> None:
    asked = Filter(
        price_below=Decimal("149.00"),
        attributes={"colour": ("green",), "capacity": ("4 people",)},
        one_of=((("waterproof", "yes"),), (("features", "windproof"), ("features", "packable"))),
    )
    assert outside(TENTS[0], asked, "USD") == (
        "not under $149.00",
        "not capacity 4 people",
        "not windproof or packable",
    )
    assert next_question(Need(), TENTS) is None


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("a hammock", "I don't see “hammock” in this shop; these come nearest, in Tents."),
        (
            "my neighbour leaves the hose running all night long",
            "Nothing in the shop seems to be quite that; these come nearest, in Tents.",
        ),
    ],
)
def test_what_is_not_carried_is_named_only_where_it_has_a_name(message: str, said: str) -> None:
    reading = talk(message)
    assert caveats(found(TENTS[:1], reading.need.current, carried=False), reading.need, reading)[-1].text == said


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        (
            ("a tent under $50",),
            "Nothing that fits costs under $50; these come nearest, from $99.00, outside your budget.",
        ),
        (
            ("a tent over $400",),
            "Nothing that fits costs over $400; these come nearest, up to $299.00, outside your budget.",
        ),
        (
            ("a tent, 10 to 20 dollars",),
            "Nothing that fits costs between $10 and $20; these come nearest, from $99.00, outside your budget.",
        ),
    ],
)  # fmt: skip
def test_that_nothing_costs_so_little_is_said_in_a_sentence(messages: tuple[str, ...], said: str) -> None:
    reading = talk(*messages)
    assert caveats(found(TENTS, reading.need.current), reading.need, reading)[-1].text == said


def test_every_tag_of_the_new_constraints_can_be_taken_out() -> None:
    need = talk("vegan tents", "windproof", "packable too", "cheaper").need
    assert [tag.label for tag in need.tags()] == ["Tents", "windproof", "vegan", "packable", "under $149"]
    for tag in need.tags()[1:]:
        need = need.without(tag.id)
    assert need.current.filter == Filter(categories=(("Outdoor", "Tents"),))


def test_what_a_story_holds_is_no_constraint_of_the_thing_asked_for() -> None:
    story = (
        "We moved last spring, the two of us and the cat, and the green carpet went straight out, and since then my "
        "parents have been asking when they can come and stay for a weekend with us. I am looking for a tent."
    )
    read = read_message(story, Need(), VOCABULARY, ()).need.current
    assert read.filter.attributes == {}
    assert "tent" in read.words or read.filter.categories


SHADES = replace(SHOP, attributes=SHOP.attributes | {"colour": ("Red", "Navy", "Forest Green", "Bottle Green")})


@pytest.mark.parametrize(
    ("messages", "colours", "notes"),
    [
        (("a merino sweater in green",), ("Forest Green", "Bottle Green"), ()),
        (("a merino sweater in red", "in green"), ("Forest Green", "Bottle Green"), ()),
        (("a merino sweater in green", "in red", "in forest green"), ("Forest Green",), ()),
        (("a merino sweater in red", "green?"), ("Forest Green", "Bottle Green"), ()),
        (("a merino sweater in red", "in purple"), None, ("Nothing here is listed as purple.",)),
        (("a merino sweater in red", "in dark green"), None, ("Nothing here is listed as dark green.",)),
        (("a merino sweater in red", "a purple sweater"), None, ("Nothing here is listed as purple.",)),
    ],
)
def test_a_word_of_a_colour_is_that_colour_and_another_never_stays_in_its_place(
    messages: tuple[str, ...], colours: tuple[str, ...] | None, notes: tuple[str, ...]
) -> None:
    """ "Green" left the red of the turn before in force where the shop calls its green "Forest Green"."""
    need = Need()
    for message in messages:
        reading = read_message(message, need, SHADES, ())
        need = reading.need
    assert need.current.filter.attributes.get("colour") == colours
    assert reading.notes == notes


@pytest.mark.parametrize(
    ("message", "colours", "notes"),
    [
        ("a sweater in mauve", None, ("Nothing here is listed as mauve.",)),
        ("a mauve sweater", None, ("Nothing here is listed as mauve.",)),
        ("a sweater in mauve under $80", None, ("Nothing here is listed as mauve.",)),
        ("a sweater in purple for the winter", None, ("Nothing here is listed as purple.",)),
        ("a sweater in red or mauve", ("Red",), ("Nothing here is listed as mauve.",)),
        ("a sweater, not mauve", None, ()),
        ("boots in navy", None, ("Such things are listed without a colour here, so I can't tell which are navy.",)),
        ("navy boots", None, ()),
    ],
)
def test_a_colour_that_no_such_item_is_listed_in_is_said(
    message: str, colours: tuple[str, ...] | None, notes: tuple[str, ...]
) -> None:
    """ "A tent in mauve" showed tents of every colour without a word."""
    carried = {path: frozenset({"size"} if path[-1] == "Boots" else {"colour"}) for path in SHOP.categories}
    reading = read_message(message, Need(), replace(SHADES, carried=carried), ())
    assert reading.need.current.filter.attributes.get("colour") == colours
    assert reading.need.current.filter.price_max == (80 if "$80" in message else None)
    assert reading.notes == notes


@pytest.mark.parametrize(
    ("message", "categories"),
    [
        ("anything between 40 and 60", ()),
        ("do you have something between 40 and 60?", ()),
        ("anything in boots between 40 and 60", (("Footwear", "Boots"),)),
    ],
)
def test_anything_with_new_bounds_is_no_longer_the_cheapest_of_a_kind(
    message: str, categories: tuple[tuple[str, ...], ...]
) -> None:
    want = talk("the cheapest boots", message).need.current
    assert (want.order, want.filter.categories) == ("", categories)
    assert (want.filter.price_min, want.filter.price_max) == (Decimal(40), Decimal(60))
    kept = talk("the cheapest boots", "cheapest under 60").need.current
    assert (kept.order, kept.filter.categories) == ("cheapest", (("Footwear", "Boots"),))
    plain = talk("boots", "anything under 60").need.current
    assert plain.filter.categories == (("Footwear", "Boots"),)


@pytest.mark.parametrize(
    ("message", "wants"),
    [
        ("thanks! now something for my dad", 2),
        ("Great, next something nice for my sister", 2),
        ("something for my dad", 1),
        ("now something for two people under $100", 1),
        ("now in green", 1),
    ],
)
def test_the_next_thing_for_another_person_is_a_want_of_its_own(message: str, wants: int) -> None:
    """ "Now something for my dad" after tents showed him more tents."""
    need = talk("a tent under $200", message).need
    assert len(need.wants) == wants
    assert (need.current.filter.categories == ()) == (wants == 2)


@pytest.mark.parametrize(
    ("message", "departments"),
    [
        ("I want to make a proper loaf at home", set()),
        ("for grandad, who keeps his brain sharp in the care home", set()),
        ("fry bacon outdoors at the campsite", set()),
        ("toddler who tips everything over himself when he has a drink", set()),
        ("my toddler, his face goes red at the seaside", set()),
        ("what do you have in home?", {"Home"}),
        ("show me outdoor", {"Outdoor"}),
        ("have a look at home", {"Home"}),
        ("looking at lamps", {"Lamps"}),
        ("show me outdoors", {"Outdoor"}),
        ("at home", {"Home"}),
        ("in the home", {"Home"}),
        ("gifts for someone who loves the outdoors", {"Outdoor"}),
        ("toddler stuff", {"Toddler"}),
    ],
)
def test_where_or_who_somebody_is_names_no_department(message: str, departments: set[str]) -> None:
    vocabulary = replace(
        VOCABULARY,
        categories=(("Home", "Throws"), ("Home", "Mugs"), ("Outdoor", "Tents"), ("Toddler", "Bibs"), ("Lamps",)),
    )
    limits = read_message(message, Need(), vocabulary, ()).need.current.filter
    assert {path[0] for path in limits.categories} == departments
