"""The columns while the catalogue changes: nobody waits for a large change to be read."""

import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from shops import ITEMS, encoder

from chat.settings import Settings
from retrieval.catalog import Catalog
from retrieval.columns import Columns
from retrieval.current_columns import WAITED_FOR
from retrieval.database import Connections
from retrieval.items import Item
from retrieval.shop import open_shop

MANY = WAITED_FOR + 500


@pytest.fixture
def connections(tmp_path: Path) -> Connections:
    return Connections(tmp_path / "shop.sqlite3")


def things(count: int, price: int, first: int = 0) -> list[Item]:
    return [Item(id=f"i{n}", title="Thing", price=Decimal(price)) for n in range(first, first + count)]


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "columns"]


def settled(catalog: Catalog) -> Columns:
    """The columns when nothing is being read any more."""
    catalog.columns()
    for thread in readers():
        thread.join()
    return catalog.columns()


def priced(columns: Columns) -> dict[str, Decimal]:
    prices = [columns.price_list[place] for place in columns.prices.tolist()]
    return dict(zip(columns.ids.tolist(), prices, strict=True))


def reading_of_items(connections: Connections, ask: Callable[[], object]) -> list[str]:
    """What this thread reads of the items' rows while it asks."""
    said: list[str] = []
    connections.current.conn.set_trace_callback(said.append)
    ask()
    connections.current.conn.set_trace_callback(None)
    return [sql for sql in said if "brand" in sql]


@pytest.mark.parametrize("others", [0, 5 * MANY])
def test_after_a_large_change_the_former_columns_are_given_until_the_new_are_read(
    connections: Connections, others: int
) -> None:
    """With others, the changes are a part that is applied; without, everything is read anew."""
    catalog = Catalog(connections)
    catalog.upsert(things(MANY + others, 1))
    before = catalog.columns()
    catalog.upsert(things(MANY, 2))
    catalog.remove(["i0"])
    given: list[Columns] = []
    assert reading_of_items(connections, lambda: given.append(catalog.columns())) == []
    assert given[0] is before
    threads = [threading.Thread(target=lambda: given.append(catalog.columns())) for _ in range(8)]
    for thread in threads:
        thread.start()
        assert len(readers()) <= 1
    for thread in threads:
        thread.join()
    after = settled(catalog)
    assert all(one is before or one is after for one in given)
    expected = {f"i{n}": Decimal(2) for n in range(1, MANY)} | {f"i{n}": Decimal(1) for n in range(MANY, MANY + others)}
    assert priced(after) == expected
    assert set(priced(before).values()) == {Decimal(1)}


def test_a_small_change_is_there_at_once_also_beside_a_large_catalogue(connections: Connections) -> None:
    catalog = Catalog(connections)
    catalog.upsert(things(MANY, 1))
    catalog.columns()
    catalog.upsert(things(WAITED_FOR, 2))
    assert sorted(priced(catalog.columns()).values()) == [1] * (MANY - WAITED_FOR) + [2] * WAITED_FOR
    assert readers() == []


def test_who_wrote_much_and_has_not_committed_sees_it(connections: Connections) -> None:
    catalog = Catalog(connections)
    catalog.upsert(things(MANY, 1))
    before = catalog.columns()

    def interrupted() -> None:
        with connections.current.atomic():
            catalog.upsert(things(MANY, 2))
            assert set(priced(catalog.columns()).values()) == {Decimal(2)}
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert catalog.columns() is before


def test_a_catalogue_that_is_closed_while_it_is_read_leaves_no_thread(connections: Connections) -> None:
    catalog = Catalog(connections)
    catalog.upsert(things(MANY, 1))
    catalog.columns()
    catalog.upsert(things(MANY, 2))
    catalog.columns()
    catalog.close()
    assert readers() == []
    connections.close()


def test_a_shop_that_was_opened_has_read_its_columns(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "shoptalk.sqlite3")
    Catalog(connections).upsert(ITEMS)
    shop = open_shop(tmp_path, Settings().models, connections=connections, encoder=encoder())
    assert reading_of_items(connections, shop.catalog.columns) == []
    assert len(shop.catalog.columns()) == len(ITEMS)
    shop.close()
    assert readers() == []
