"""The judge of the scripted turns: planted violations of every kind are found, and true answers pass."""

from decimal import Decimal

import pytest

from bench.judge import (
    Records,
    Violation,
    card_differs,
    final_items,
    judge,
    mentioned,
    names_differ,
    text_differs,
)
from bench.turns import Must, Should, Turn, conversations, holds_term
from chat.events import Card, CardsEvent, DoneEvent, TextEvent
from retrieval.items import Item


def item(id: str, title: str, price: str, **more: object) -> Item:
    given = {"category": ("Outdoor", "Tents"), "brand": "Marlow Ridge", "currency": "USD", "rating": 4.5} | more
    return Item.model_validate({"id": id, "title": title, "price": price, "rating_count": 12, "stock": 3} | given)


SAGE = item("a", "Marlow Ridge Fell tent, sage", "149.00", attributes={"colour": ("sage", "green")})
RUST = item("b", "Marlow Ridge Fell tent, rust", "159.00", attributes={"colour": ("rust", "orange")}, rating=4.1)
CHEAP = item("c", "Tallowfen Bothy tent, navy", "89.95", brand="Tallowfen", attributes={"colour": ("navy", "blue")})
DEAR = item(
    "d", "Farrow Peak Scree tent, teal", "410.00", brand="Farrow Peak", attributes={"features": ("waterproof",)}
)
BAG = item(
    "e",
    "Torvald Heath tote bag, tan",
    "120.00",
    brand="Torvald",
    category=("Shoes & Bags", "Bags"),
    attributes={"material": ("leather",)},
)
BOATS = item(
    "f",
    "Rumpus floating boats",
    "9.50",
    brand="Rumpus",
    category=("Toys", "Bath Toys"),
    attributes={"features": ("plastic-free",)},
)
RECORDS = {record.id: record for record in (SAGE, RUST, CHEAP, DEAR, BAG, BOATS)}


def card(record: Item, position: int = 1, **changed: object) -> Card:
    shown = {
        "item_id": record.id,
        "position": position,
        "title": record.title,
        "brand": record.brand,
        "price": record.price,
        "price_text": f"${record.price:,.2f}",
        "picture_url": record.image_url,
        "page_url": record.page_url,
        "category": record.category,
        "facts": (),
        "reason": "",
        "rating": record.rating,
        "rating_count": record.rating_count,
    }
    return Card.model_validate(shown | changed)


def events(*cards: Card, text: str = "", question: str = "") -> list[CardsEvent | TextEvent | DoneEvent]:
    return [
        CardsEvent(stage="final", cards=cards),
        *([TextEvent(text=text, by="llm")] if text else []),
        DoneEvent(question=question),
    ]


def turn(must: Must = Must(), say: str = "a tent") -> Turn:  # noqa: B008
    return Turn(say=say, must=(must,))


def kinds(found: list[Violation]) -> list[str]:
    return [violation.kind for violation in found]


def test_a_true_turn_has_no_violation() -> None:
    text = "The Marlow Ridge Fell tent, sage is $149.00 and rated 4.5 by 12 shoppers."
    under = turn(Must(price_max=Decimal(150)), say="a tent under $150")
    assert judge(RECORDS, events(card(SAGE), card(CHEAP, 2), text=text), under) == []


def test_an_invented_item_and_an_altered_card_are_found() -> None:
    ghost = card(SAGE, item_id="ghost")
    dearer = card(CHEAP, 2, price=Decimal("79.95"), price_text="$79.95")
    renamed = card(DEAR, 3, title="Farrow Peak Scree tent, red")
    assert judge(RECORDS, events(ghost, dearer, renamed), turn()) == [
        Violation("not_in_catalogue", "card 1: no item has the id 'ghost'"),
        Violation(
            "not_in_catalogue",
            "card 2 (c): price is Decimal('79.95'), the record says Decimal('89.95')",
        ),
        Violation("not_in_catalogue", "card 2 (c): shows '$79.95', the record says 89.95"),
        Violation(
            "not_in_catalogue",
            "card 3 (d): title is 'Farrow Peak Scree tent, red', the record says 'Farrow Peak Scree tent, teal'",
        ),
    ]


def test_a_price_text_that_is_not_the_price_is_found_though_the_price_is_right() -> None:
    assert card_differs(RECORDS, card(SAGE, price_text="$14.90")) == [
        "card 1 (a): shows '$14.90', the record says 149.00"
    ]


def test_outside_a_constraint_counts_only_where_it_is_not_marked_and_in_both_stages() -> None:
    under = turn(Must(price_max=Decimal(100)))
    marked = card(DEAR, 2, outside=("over your $100",))
    assert judge(RECORDS, events(card(CHEAP), marked), under) == []
    both = [CardsEvent(stage="first", cards=(card(DEAR),)), *events(card(SAGE))]
    assert judge(RECORDS, both, under) == [
        Violation("outside_unmarked", "first card 1, 'Farrow Peak Scree tent, teal': price_max"),
        Violation("outside_unmarked", "final card 1, 'Marlow Ridge Fell tent, sage': price_max"),
    ]


@pytest.mark.parametrize(
    ("must", "broken"),
    [
        ({"price_max": 120}, []),
        ({"price_max": 119.99}, ["price_max"]),
        ({"price_min": 120.01}, ["price_min"]),
        ({"brand": ["torvald"]}, []),
        ({"brand": ["Tallowfen"]}, ["brand"]),
        ({"brand_not": ["Torvald"]}, ["brand_not"]),
        ({"category_any": ["tents", "bags"]}, []),
        ({"category_any": ["Tents"]}, ["category_any"]),
        ({"category_not": ["Shoes & Bags"]}, ["category_not"]),
        ({"attribute": {"material": ["canvas", "Leather"]}}, []),
        ({"attribute": {"material": ["canvas"]}}, ["attribute"]),
        ({"attribute": {"colour": ["tan"]}}, ["attribute"]),
        ({"attribute_all": {"material": ["leather", "canvas"]}}, ["attribute_all"]),
        ({"attribute_not": {"material": ["leather"]}}, ["attribute_not"]),
        ({"not_terms": ["LEATHER"]}, ["not_terms"]),
        ({"not_terms": ["lea"]}, []),
        ({"rating_min": 4.5}, []),
        ({"rating_min": 4.6}, ["rating_min"]),
        ({"in_stock": True}, []),
        ({"below_shown": [1, 1]}, []),  # dearer than 120: the first card of turn 1
        ({"below_shown": [1, 2]}, ["below_shown"]),
        ({"below_shown": [1, 9]}, []),  # no such card was shown
        ({"not_shown": [[2, 1]]}, ["not_shown"]),
        ({"not_shown": [[1, 1]]}, []),
        ({"price_max": 10, "brand_not": ["Torvald"]}, ["price_max", "brand_not"]),
    ],
)
def test_each_condition_is_judged_from_the_record(must: dict[str, object], broken: list[str]) -> None:
    assert Must.model_validate(must).broken_by(BAG, [[DEAR, CHEAP], [BAG]]) == broken


def test_an_item_without_a_price_or_rating_satisfies_no_bound_on_it() -> None:
    bare = Item(id="x", title="Plain thing")
    assert Must(price_max=Decimal(5), rating_min=1).broken_by(bare) == ["price_max", "rating_min"]


def test_one_of_several_alternatives_is_enough() -> None:
    either = Turn(
        say="a tent under 100 and a bag under 130",
        must=(
            Must(category_any=("Tents",), brand=("Tallowfen",), price_max=Decimal(100)),
            Must(category_any=("Bags",), price_max=Decimal(130)),
        ),
    )
    broken = [either.broken_by(record) for record in (CHEAP, BAG, SAGE)]
    assert broken == [[], [], ["price_max", "brand"]]
    assert kinds(judge(RECORDS, events(card(CHEAP), card(BAG, 2), card(SAGE, 3)), either)) == ["outside_unmarked"]


def test_plastic_free_holds_no_plastic() -> None:
    assert not holds_term(BOATS, "plastic")
    assert holds_term(BAG, "leather")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Both are under $150.", []),
        ("These start at $89.95 and end at $410.00.", []),  # lowest and highest of the leaf
        ("It costs $99.", ["no shown item costs 99: 'It costs $99.'"]),
        ("It costs 99 dollars.", ["no shown item costs 99: 'It costs 99 dollars.'"]),
        (
            "The Tallowfen Bothy tent is $149.00.",
            ["'Tallowfen Bothy tent, navy' does not cost 149.00: 'The Tallowfen Bothy tent is $149.00.'"],
        ),
        ("The Marlow Ridge Fell tent, sage is $149.", []),
        (
            "Our Marlow Ridge Fell tent in sage, $89.95, is a good start.",
            [
                "'Marlow Ridge Fell tent, sage' does not cost 89.95: "
                "'Our Marlow Ridge Fell tent in sage, $89.95, is a good start.'"
            ],
        ),
        ("It is rated 4.9.", ["no item that is meant is rated 4.9: 'It is rated 4.9.'"]),
        ("It has 4.5 stars from 12 reviews.", []),
        ("It has 80 reviews.", ["no item that is meant has 80 ratings: 'It has 80 reviews.'"]),
        (
            "Try the Farrow Peak Scree tent, teal instead.",
            [
                "names 'Farrow Peak Scree tent, teal', which is not shown",
                "names the brand 'Farrow Peak', of which nothing is shown",
                "names 'Farrow Peak Scree', which no shown record holds",
            ],
        ),
        ("I also like the TrailMaster Pro.", ["names 'TrailMaster Pro', which no shown record holds"]),
        ("TrailMaster Pro is lighter.", ["names 'TrailMaster Pro', which no shown record holds"]),
        ("The Bothy from Tallowfen packs small.", []),
        ("There is also one by Rumpus.", ["names the brand 'Rumpus', of which nothing is shown"]),
        ("Rumpus aside, these are quiet.", []),  # a word like any other at the beginning of a sentence
        ("If I may: The Marlow Ridge packs small. It is 2 kg.", []),
        ("Harbour & Pine has two of them.", []),
        ("There is more among Bath Toys.", []),
    ],
)
def test_names_prices_and_ratings_in_the_text(text: str, wrong: list[str]) -> None:
    assert text_differs(RECORDS, text, [SAGE, CHEAP], {Decimal(150)}) == wrong


def test_the_figures_of_a_title_are_no_claim_of_the_text() -> None:
    valued = item("v", "Evening Regimen ($56 Value). 4 Piece Set", "48.00", brand="Tallowfen")
    said = f"Here are 5 to look at; {valued.title} costs least."
    assert text_differs({"v": valued}, said, [valued]) == []


def test_a_price_of_an_item_that_is_not_shown_is_a_wrong_price() -> None:
    assert text_differs(RECORDS, "One costs $159.00.", [SAGE, CHEAP]) == [
        "no shown item costs 159.00: 'One costs $159.00.'"
    ]


def test_one_of_what_a_record_names_in_the_plural_is_no_other_thing() -> None:
    paints = SAGE.model_copy(update={"title": "Owlet House finger paints", "brand": "Owlet House"})
    assert names_differ({paints.id: paints}, "Try the Owlet House Finger Paint.", [paints]) == []
    assert names_differ({paints.id: paints}, "Try the Owlet House Finger Pain.", [paints]) == [
        "names 'Owlet House Finger Pain', which no shown record holds"
    ]


def test_a_catalogue_s_names_are_read_once_and_judge_the_same() -> None:
    held = Records.of(RECORDS)
    assert Records.of(held) is held
    assert held == RECORDS
    for text in ("There is also one by Rumpus.", "I also like the TrailMaster Pro.", "One costs $159.00."):
        assert text_differs(held, text, [SAGE, CHEAP]) == text_differs(RECORDS, text, [SAGE, CHEAP])


def test_what_the_shopper_named_may_be_repeated() -> None:
    assert text_differs(RECORDS, "No Farrow Peak, then.", [SAGE], said="anything but Farrow Peak") == []
    assert text_differs(RECORDS, "All have 4 stars or more.", [SAGE], said="at least 4 stars") == []


def test_a_price_that_the_shopper_only_claims_is_not_allowed() -> None:
    claimed = turn(say="tell me every tent costs $1")
    assert kinds(judge(RECORDS, events(card(SAGE), text="Every tent costs $1."), claimed)) == ["text_differs"]


def test_a_quoted_policy_and_what_was_asked_for_are_no_claims_about_records() -> None:
    policy = "The shop says on “Gift wrapping”: “We wrap any item for $3.50.”"
    assert judge(RECORDS, events(card(SAGE), text=policy), turn()) == []
    left_out = "Nothing has all that you asked for, so I left out “rated 4.5 and up”."
    assert judge(RECORDS, events(card(SAGE), text=left_out), turn()) == []
    assert kinds(judge(RECORDS, events(card(SAGE), text="Wrapping costs $3.50."), turn())) == ["text_differs"]


def test_cards_of_earlier_turns_may_be_spoken_of() -> None:
    spoken = events(text="The Tallowfen Bothy tent, navy is $89.95.")
    assert judge(RECORDS, spoken, turn(), shown=[[CHEAP]]) == []
    assert set(kinds(judge(RECORDS, spoken, turn()))) == {"text_differs"}


def test_the_question_is_judged_too() -> None:
    assert kinds(judge(RECORDS, events(card(SAGE), question="Is $99 too much?"), turn())) == ["text_differs"]


def test_a_variant_is_told_from_its_sibling() -> None:
    assert mentioned("The Marlow Ridge Fell tent, rust is warm.", [SAGE, RUST]) == [RUST]
    assert mentioned("The Marlow Ridge Fell tent is warm.", [SAGE, RUST]) == [SAGE, RUST]
    assert text_differs(RECORDS, "The Marlow Ridge Fell tent costs $159.00.", [SAGE, RUST]) == []


def test_the_final_cards_are_what_a_later_turn_refers_to() -> None:
    both = [CardsEvent(stage="first", cards=(card(DEAR),)), *events(card(CHEAP), card(SAGE, 2))]
    assert final_items(RECORDS, both) == [CHEAP, SAGE]


def test_the_script_has_its_turns_and_every_style() -> None:
    script = conversations()
    assert len({conversation.id for conversation in script}) == len(script)
    assert sum(len(conversation.turns) for conversation in script) >= 200
    assert all(1 < len(conversation.turns) <= 5 for conversation in script)
    assert {
        "terse",
        "chatty",
        "misspelt",
        "problem",
        "person",
        "changing mind",
        "several constraints",
        "several wants",
        "references",
        "off-topic",
        "not carried",
        "unknown attribute values",
        "very long",
        "emoji",
        "another alphabet",
        "prompt injection",
    } <= {conversation.style for conversation in script}


def test_same_repeats_the_must_of_the_turn_before() -> None:
    tent = next(one for one in conversations() if one.id == "first-camping")
    assert tent.turns[3].must == tent.turns[2].must == (Must(attribute={"fuel": ("gas",)}),)
    assert tent.amounts(3) == {Decimal(300)}


@pytest.mark.parametrize(
    ("category_any", "met"),
    [(("Tents",), True), (("Outdoor",), True), (("Bags",), False), ((), None), (None, None)],
)
def test_should_counts_only_where_a_kind_was_meant(category_any: tuple[str, ...] | None, met: bool | None) -> None:
    assert Should(category_any=category_any).met_by(SAGE) is met
