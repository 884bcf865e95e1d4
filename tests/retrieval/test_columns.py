import json
import random
import threading
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from generated_items import GENERATED_FILTERS, GENERATED_ITEMS
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.catalog import Catalog
from retrieval.columns import Columns
from retrieval.database import Connections
from retrieval.filters import Filter
from retrieval.items import Item


def row(number: int, item: Item) -> Sequence[Any]:
    return (
        number, item.id, item.brand, json.dumps(item.category), json.dumps(item.attributes),
        None if item.price is None else str(item.price), item.currency, item.stock, item.rating, item.rating_count,
    )  # fmt: skip


def held(columns: Columns) -> dict[str, Any]:
    """All that columns say, in terms of values: equal for equal catalogues, however they came about."""
    texts = columns.texts
    return {
        "numbers": columns.numbers.tolist(),
        "ids": columns.ids.tolist(),
        "brands": [texts.brands.values_read[code] for code in columns.brands],
        "paths": [texts.paths.values_read[code] for code in columns.paths],
        "currencies": [texts.currencies.values_read[code] for code in columns.currencies],
        "prices": [columns.price_list[code] if code >= 0 else None for code in columns.prices],
        "stocked": columns.stocked.tolist(),
        "ratings": [None if np.isnan(rating) else rating for rating in columns.ratings],
        "rating_counts": columns.rating_counts.tolist(),
        "attributes": {
            name: [
                (int(at), texts.attributes[name].values_read[code])
                for at, code in zip(one.rows, one.codes, strict=True)
            ]
            for name, one in columns.attributes.items()
        },
    }


def without_terms(filter: Filter) -> Filter:
    return filter.model_copy(update={"excluded_terms": ()})


def expected(items: dict[int, Item], filter: Filter) -> list[int]:
    return [number for number in sorted(items) if without_terms(filter).matches(items[number])]


@settings(max_examples=200, deadline=None)
@given(
    items=st.lists(GENERATED_ITEMS, max_size=8),
    filters=st.lists(GENERATED_FILTERS, min_size=5, max_size=5),
    excluded=st.integers(0, 9),
)
def test_a_mask_is_what_the_filter_says(items: list[Item], filters: list[Filter], excluded: int) -> None:
    numbered = dict(enumerate(items, start=3))
    columns = Columns.empty().applied(row(number, item) for number, item in numbered.items())
    for filter in filters:
        filter = filter.model_copy(update={"excluded_ids": tuple(item.id for item in items[excluded:])})
        assert columns.numbers[columns.mask(filter)].tolist() == expected(numbered, filter), filter


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_changes_applied_one_after_another_give_the_columns_of_the_whole(data: st.DataObject) -> None:
    items: dict[int, Item] = {}
    columns = Columns.empty()
    for _ in range(data.draw(st.integers(1, 5))):
        removed = data.draw(st.lists(st.sampled_from(sorted(items) or [1]), max_size=2, unique=True))
        numbers = data.draw(st.lists(st.integers(1, 9), max_size=4, unique=True))
        drawn = {number: data.draw(GENERATED_ITEMS) for number in sorted(numbers)}
        before, copy = columns, held(columns)
        # The id of a number never changes.
        drawn = {
            number: item.model_copy(update={"id": items[number].id})
            if number in items and number not in removed
            else item
            for number, item in drawn.items()
        }
        columns = columns.applied((row(number, item) for number, item in drawn.items()), removed)
        items = {number: item for number, item in items.items() if number not in removed} | drawn
        assert held(before) == copy
    whole = Columns.empty().applied(row(number, items[number]) for number in sorted(items))
    assert held(columns) == held(whole)
    for filter in data.draw(st.lists(GENERATED_FILTERS, max_size=4)):
        assert columns.numbers[columns.mask(filter)].tolist() == expected(items, filter)


def test_rows_of_numbers_and_of_ids() -> None:
    columns = Columns.empty()
    assert columns.rows([1, 2]).tolist() == [-1, -1]
    columns = columns.applied(row(number, Item(id=f"i{number}\0", title="Thing")) for number in (2, 5, 9))
    assert columns.rows(np.array([[9, 3], [2, 10]])).tolist() == [[2, -1], [0, -1]]
    assert columns.rows_of_ids(["i9\0", "i2\0", "i2", "other"]).tolist() == [0, 2]


def test_a_change_of_price_shares_the_rest() -> None:
    items = [
        Item(id=f"i{n}", title="Thing", price=Decimal(n), brand="Acme", attributes={"colour": ("red",)})
        for n in range(9)
    ]
    before = Columns.empty().applied(row(number, item) for number, item in enumerate(items, start=1))
    after = before.applied([row(3, items[2].model_copy(update={"price": Decimal("4.5"), "stock": 0}))])
    assert after.ids is before.ids
    assert after.brands is before.brands
    assert after.attributes["colour"] is before.attributes["colour"]
    assert after.mask(Filter(price_above=Decimal(4), price_max=Decimal(5), in_stock_only=False)).nonzero()[
        0
    ].tolist() == [2, 5]
    assert after.mask(Filter(price_above=Decimal(4), price_max=Decimal(5))).nonzero()[0].tolist() == [5]
    assert before.mask(Filter(price_above=Decimal(4), price_max=Decimal(5))).nonzero()[0].tolist() == [5]
    assert before.mask(Filter(price_max=Decimal(2))).nonzero()[0].tolist() == [0, 1, 2]


def test_the_catalogues_columns_follow_every_change(tmp_path: Path) -> None:
    catalog = Catalog(Connections(tmp_path / "shop.sqlite3"))
    random.seed(5)
    for step in range(60):
        some = [f"i{random.randrange(12)}" for _ in range(random.randrange(4))]
        if random.random() < 0.3:
            catalog.remove(some)
        else:
            catalog.upsert(
                Item(id=one, title="Thing", price=Decimal(random.randrange(5)), attributes={"n": (str(step % 3),)})
                for one in some
            )
        if random.random() < 0.5:
            columns = catalog.columns()
            whole = Catalog(Connections(tmp_path / "shop.sqlite3")).columns()
            assert held(columns) == held(whole)
            assert columns is catalog.columns()
            assert columns.ids.tolist() == [item.id for item in catalog.all()]


def test_columns_within_a_transaction_that_is_taken_back_are_not_kept(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "shop.sqlite3")
    catalog = Catalog(connections)
    catalog.upsert([Item(id="a", title="Thing")])
    before = catalog.columns()
    try:
        with connections.current.atomic():
            catalog.upsert([Item(id="b", title="Thing")])
            assert catalog.columns().ids.tolist() == ["a", "b"]
            raise InterruptedError
    except InterruptedError:
        pass
    assert catalog.columns() is before
    catalog.upsert([Item(id="c", title="Thing")])
    assert catalog.columns().ids.tolist() == ["a", "c"]


def test_many_threads_read_columns_while_one_writes(tmp_path: Path) -> None:
    catalog = Catalog(Connections(tmp_path / "shop.sqlite3"))
    stop, wrong = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            columns = catalog.columns()
            # Each write makes all prices the same: no snapshot may show two.
            if len(set(columns.prices.tolist())) > 1 or len(columns) != columns.mask(Filter()).sum():
                wrong.append(held(columns))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for price in range(40):
        catalog.upsert(Item(id=f"i{n}", title="Thing", price=Decimal(price % 7)) for n in range(50))
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert catalog.columns().price_list[catalog.columns().prices[0]] == 39 % 7
