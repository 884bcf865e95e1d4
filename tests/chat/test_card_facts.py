"""Cards: every value is the record's, and what breaks a wish says so."""

from decimal import Decimal

import pytest
from shops import TENTS, item

from chat.cards import make_card
from retrieval.filters import Filter

TENT = item(
    "t",
    "Fernhill Ridge tent, olive",
    "149.00",
    TENTS,
    attributes={"colour": ("olive",), "features": ("waterproof", "packable"), "season": ("3-season",)},
    rating=4.5,
    rating_count=20,
    stock=0,
)


def test_a_card_repeats_the_record() -> None:
    card = make_card(TENT, 2, "why", Filter(), "a tent", "USD")
    assert card.model_dump(exclude={"facts", "outside"}) == {
        "item_id": "t",
        "position": 2,
        "title": "Fernhill Ridge tent, olive",
        "brand": "Fernhill",
        "price": Decimal("149.00"),
        "price_text": "$149.00",
        "picture_url": "",
        "page_url": "",
        "category": TENTS,
        "reason": "why",
        "mark": "",
        "variants": "",
        "want": "",
        "rating": 4.5,
        "rating_count": 20,
    }


def test_the_facts_are_those_asked_about_then_what_the_title_does_not_say() -> None:
    assert make_card(TENT, 1, "", Filter(), "a 3-season tent", "USD").facts == (
        "season: 3-season",
        "waterproof, packable",
    )
    assert make_card(TENT, 1, "", Filter(), "a tent", "USD").facts == ("waterproof, packable", "season: 3-season")


@pytest.mark.parametrize(
    ("description", "facts"),
    [
        ("A low tent for two. It packs down small.", ("A low tent for two.",)),
        (f"A tent {'that packs down small ' * 5}.", (f"A tent {'that packs down small ' * 3}that packs down",)),
        ("", ()),
    ],
)
def test_without_attributes_the_description_tells_and_never_the_kind_alone(
    description: str, facts: tuple[str, ...]
) -> None:
    """ "Tents" stood as the only fact of a tent."""
    plain = TENT.model_copy(update={"attributes": {}, "description": description})
    assert make_card(plain, 1, "", Filter(), "a tent", "USD").facts == facts
    few = plain.model_copy(update={"attributes": {"season": ("3-season",)}})
    assert make_card(few, 1, "", Filter(), "a tent", "USD").facts == ("season: 3-season", "Tents")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Filter(in_stock_only=False), ()),
        (Filter(), ("out of stock",)),
        (Filter(price_max=Decimal(100), in_stock_only=False), ("over your $100.00",)),
        (Filter(price_min=Decimal(200), in_stock_only=False), ("below your $200.00",)),
        (Filter(brands=("Osprey Lane",), in_stock_only=False), ("not Osprey Lane",)),
        (Filter(attributes={"colour": ("red",)}, in_stock_only=False), ("not red",)),
        (Filter(rating_min=4.8, in_stock_only=False), ("rated below 4.8",)),
        (Filter(categories=(("Beauty",),), in_stock_only=False), ("not in Beauty",)),
    ],
)
def test_what_breaks_a_wish_says_which(asked: Filter, words: tuple[str, ...]) -> None:
    assert make_card(TENT, 1, "", asked, "", "USD").outside == words
