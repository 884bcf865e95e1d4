"""Variants: the colours and sizes of one product share a key, and no two products do."""

import pytest

from retrieval.items import Item
from retrieval.variants import variant_key, varying


def mug(item_id: str, colour: str = "navy", **fields: object) -> Item:
    """A mug in a colour that its title and its description name."""
    made = {
        "id": item_id,
        "title": f"Larkfield Hearth mug, {colour}",
        "brand": "Larkfield",
        "category": ("Kitchen", "Mugs"),
        "price": "12.00",
        "description": f"A {colour} mug for long mornings.",
        "attributes": {"colour": (colour,), "material": ("stoneware",)},
    }
    return Item.model_validate(made | fields)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (mug("a"), mug("b", "rust"), True),
        (mug("a"), mug("b", "navy blue"), True),
        (mug("a"), mug("b", "rust", description="A rust mug for short evenings."), False),
        (mug("a"), mug("b", "rust", price="14.00"), False),
        (mug("a"), mug("b", "rust", brand="Other"), False),
        (mug("a"), mug("b", "rust", category=("Kitchen", "Cups")), False),
        (mug("a"), mug("b", "rust", attributes={"colour": ("rust",), "material": ("glass",)}), False),
        (mug("a"), mug("b", "rust", title="Larkfield Tarn mug, rust"), False),
        # The merchant's word counts, whatever the texts say.
        (mug("a", group_id="g"), mug("b", "rust", title="Another", price="99", group_id="g"), True),
        (mug("a", group_id="g"), mug("b", "rust", group_id="h"), False),
        # Nothing tells what they differ in.
        (mug("a", attributes={}), mug("b", attributes={}), False),
    ],
)
def test_items_share_a_key_only_if_they_are_one_product(one: Item, other: Item, same: bool) -> None:
    assert (variant_key(one) == variant_key(other)) is same


def test_sizes_of_one_product_share_a_key_where_their_price_is_the_same() -> None:
    sizes = [
        mug(size, title=f"Plover tee, {size}, men's", description="Soft.", attributes={"size": (size,)})
        for size in ("S", "M", "XL")
    ]
    assert len({variant_key(item) for item in sizes}) == 1


def test_what_varies_is_colour_and_a_single_size() -> None:
    held = {"Primary Colour": ("red", "pink"), "shoe size": ("8",), "size": ("S", "M"), "material": ("wool",)}
    assert varying(mug("a", attributes=held)) == {"Primary Colour": ("red", "pink"), "shoe size": ("8",)}
