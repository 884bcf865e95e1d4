"""Facts and vocabulary beside the same things counted plainly, item by item."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from generated_items import GENERATED_FILTERS, GENERATED_ITEMS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.facts import TOP
from retrieval.filters import Filter
from retrieval.items import Item


def values_of(items: list[Item]) -> dict[str, Counter[str]]:
    """Attribute values in lower case with the number of times they stand, by name."""
    counted: dict[str, Counter[str]] = {}
    for item in items:
        for name, values in {name.lower(): values for name, values in item.attributes.items()}.items():
            counted.setdefault(name, Counter()).update(value.lower() for value in values if value)
    return {name: counts for name, counts in counted.items() if counts}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(GENERATED_ITEMS, max_size=8), filter=GENERATED_FILTERS)
def test_facts_and_vocabulary_are_what_counting_gives(tmp_path: Path, items: list[Item], filter: Filter) -> None:
    catalog = Catalog(Connections(tmp_path / "any.sqlite3"))
    catalog.remove([item.id for item in catalog.all()])
    catalog.upsert(items)
    for held in (filter, Filter(in_stock_only=False)):
        chosen = [item for item in items if held.matches(item)]
        facts = catalog.facts(held)
        prices = [item.price for item in chosen if item.price is not None]
        assert (facts.price_min, facts.price_max) == ((min(prices), max(prices)) if prices else (None, None))
        cheapest = [item for item in chosen if item.price is not None and item.price == facts.price_min]
        assert facts.cheapest == (
            max(cheapest, key=lambda item: -1 if item.rating is None else item.rating).id if cheapest else ""
        )
        brands = Counter(item.brand.lower() for item in chosen if item.brand)
        assert (facts.count, facts.brands) == (len(chosen), len(brands))
        assert {brand.lower(): count for brand, count in facts.top_brands} == brands
        assert dict(facts.top_categories) == Counter(item.category for item in chosen if item.category)
        assert {
            name: {value.lower(): count for value, count in values} for name, values in facts.top_attributes.items()
        } == values_of(chosen)
        for top in (facts.top_brands, facts.top_categories, *facts.top_attributes.values()):
            assert [count for _, count in top] == sorted((count for _, count in top), reverse=True)
    words = catalog.vocabulary()
    assert sorted(words.brands) == sorted({item.brand for item in items if item.brand})
    assert sorted(words.categories) == sorted({item.category for item in items if item.category})
    assert {name: {value.lower() for value in values} for name, values in words.attributes.items() if values} == {
        name: set(counts) for name, counts in values_of(items).items()
    }


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(Connections(tmp_path / "shop.sqlite3"))


def test_how_many_brands_of_tea_what_do_they_cost_which_is_the_cheapest(catalog: Catalog) -> None:
    path = ("Food", "Tea")
    catalog.upsert(
        Item(
            id=f"tea-{n}", title=f"Tea {n}", category=path, brand=["Leafs", "LEAFS", "Leafs", "Brew"][n % 4],
            price=Decimal(3 + n % 10), rating=n / 10, attributes={"kind": (f"kind {n}",)},
        )
        for n in range(40)
    )  # fmt: skip
    catalog.upsert([Item(id="sofa", title="Sofa", category=("Home", "Sofas"), brand="Rest", price=Decimal(1))])
    facts = catalog.facts(Filter(categories=(path,)))
    assert (facts.brands, facts.top_brands) == (2, (("Leafs", 30), ("Brew", 10)))
    assert (facts.price_min, facts.price_max, facts.cheapest, facts.dearest) == (3, 12, "tea-30", "tea-39")
    assert facts.top_categories == ((path, 40),)
    assert facts.top_attributes == {"kind": tuple((f"kind {n}", 1) for n in range(TOP))}


def test_a_spelling_is_the_most_frequent_one_and_of_equals_the_first(catalog: Catalog) -> None:
    for number, colour in enumerate(["Red", "red", "blue", "Blue", "blue", "GREEN"]):
        catalog.upsert([Item(id=f"i{number}", title="Thing", attributes={"Colour": (colour,)})])
    assert catalog.vocabulary().attributes == {"colour": ("blue", "Red", "GREEN")}
    assert catalog.facts(Filter()).top_attributes == {"colour": (("blue", 3), ("Red", 2), ("GREEN", 1))}
