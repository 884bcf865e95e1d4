"""A small invented shop, for the tests of the conversation: its vocabulary and its items."""

from collections.abc import Sequence
from decimal import Decimal

from chat.found import Found, Group
from chat.want import Want
from ranking.reranker import Ranked, Reason
from retrieval.facts import Vocabulary
from retrieval.items import Item

VOCABULARY = Vocabulary(
    brands=("Northfell", "Acme", "Trailwise", "Pine & Co", "Summit", "Next"),
    categories=(
        ("Outdoor", "Tents"),
        ("Outdoor", "Sleeping Bags"),
        ("Clothing", "Women", "Jackets & Coats"),
        ("Clothing", "Men", "Jackets & Coats"),
        ("Clothing", "Men", "Sweaters"),
        ("Footwear", "Running Shoes"),
        ("Footwear", "Boots"),
        ("Kitchen", "Coffee Makers"),
        ("Food & Tea", "Coffee"),
        ("Food & Tea", "Tea"),
        ("Beauty", "Moisturisers"),
        ("Electronics", "Laptops"),
        ("Electronics", "Headphones"),
        ("Bags", "Wallets"),
    ),
    attributes={
        "colour": ("black", "red", "navy blue", "blue", "green", "brown"),
        "material": ("leather", "wool", "cotton", "polyester", "glass"),
        "size": ("S", "M", "L", "XL", "8", "9", "10"),
        "gender": ("men", "women", "unisex"),
        "waterproof": ("yes", "no"),
        "activity": ("hiking", "running", "camping"),
        "scent": ("unscented", "lavender"),
    },
    currency="USD",
    price_range=(Decimal("4.00"), Decimal("899.00")),
)


def item(item_id: str, title: str, **fields: object) -> Item:
    """An item in dollars."""
    return Item.model_validate({"id": item_id, "title": title, "currency": "USD", **fields})


TENTS = (
    item(
        "t1",
        "Northfell Ridge 2 Tent",
        brand="Northfell",
        category=("Outdoor", "Tents"),
        price="149.00",
        stock=4,
        rating=4.5,
        rating_count=120,
        attributes={"colour": ["green"], "capacity": ["2 people"], "waterproof": ["yes"], "material": ["polyester"]},
        description="A low tent for two with taped seams. It packs down small. Not for snow.",
    ),
    item(
        "t2",
        "Acme Dome Tent",
        brand="Acme",
        category=("Outdoor", "Tents"),
        price="99.00",
        stock=0,
        rating=4.1,
        rating_count=8,
        attributes={"colour": ["black"], "capacity": ["3 people"], "waterproof": ["no"], "weight": ["3 kg"]},
    ),
    item(
        "t3",
        "Summit Family Tent",
        brand="Summit",
        category=("Outdoor", "Tents"),
        price="299.00",
        rating=4.8,
        attributes={"colour": ["red"], "capacity": ["5 people"], "material": ["cotton"]},
        description="Standing room in the middle, and two bedrooms.",
    ),
)


def found(shown: Sequence[Item], want: Want | None = None, *, carried: bool = True) -> Found:
    """A turn that shows these items for one want."""
    ranked = [Ranked(one.id, 1.0, 1.0, Reason("need", "it fits")) for one in shown]
    return Found([Group(want or Want(), ranked, {one.id: one for one in shown}, carried=carried)])
