"""The first of an order, held to sorting all records."""

from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest
from generated_items import GENERATED_FILTERS, GENERATED_ITEMS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.catalog import FIRST_READ, Catalog
from retrieval.database import Connections
from retrieval.filters import Filter
from retrieval.items import Item
from retrieval.orders import Order


def sorted_all(items: list[Item], order: Order, near: Decimal) -> list[str]:
    if order == "best_rated":
        return [item.id for item in sorted(items, key=lambda i: (-(i.rating or 0), -(i.rating_count or 0), i.id))]
    priced = [(item.price, item.id) for item in items if item.price is not None]
    keys = {
        "cheapest": lambda price: price,
        "dearest": lambda price: -price,
        "nearest": lambda price: abs(price - near),
    }
    return [item_id for _, item_id in sorted((keys[order](price), item_id) for price, item_id in priced)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("orders")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    items=st.lists(GENERATED_ITEMS, max_size=20),
    limits=GENERATED_FILTERS,
    order=st.sampled_from(["cheapest", "dearest", "best_rated", "nearest"]),
    near=st.decimals(0, 100, places=2),
    k=st.integers(1, 60),
    some=st.booleans(),
)
def test_the_first_of_an_order_are_those_that_sorting_all_records_gives(
    folder: Path, items: list[Item], limits: Filter, order: Order, near: Decimal, k: int, some: bool
) -> None:
    catalog = Catalog(Connections(folder / "shop.sqlite3"))
    catalog.remove([item.id for item in catalog.all()])
    catalog.upsert(items)
    held = [item for item in catalog.all() if limits.matches(item)]
    among = [item.id for item in list(catalog.all())[::2]] if some else None
    held = held if among is None else [item for item in held if item.id in among]
    found = list(islice(catalog.ordered(limits, order, near=near, among=among), k))
    assert found == sorted_all(held, order, near)[:k]


def test_it_goes_on_past_the_first_that_are_read_and_skips_what_has_a_refused_word(tmp_path: Path) -> None:
    catalog = Catalog(Connections(tmp_path / "shop.sqlite3"))
    count = FIRST_READ * 6
    items = [
        Item(id=f"i{n:04}", title="Wool hat" if n < FIRST_READ * 5 else "Felt hat", price=Decimal(n // 3), rating=5)
        for n in range(count)
    ]
    catalog.upsert(items)
    for order in ("cheapest", "best_rated"):
        found = list(catalog.ordered(Filter(excluded_terms=("wool",)), order))
        assert found == [f"i{n:04}" for n in range(FIRST_READ * 5, count)]
    found = list(catalog.ordered(Filter(), "nearest", near=Decimal("10.4")))
    assert found == sorted_all(items, "nearest", Decimal("10.4"))
