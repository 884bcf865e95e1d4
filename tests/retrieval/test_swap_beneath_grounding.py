"""Finding items while the catalogue is replaced by a new generation and its index is built anew."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from test_current_columns import settled
from test_index import Hashing

from retrieval.catalog import Catalog
from retrieval.current_columns import WAITED_FOR
from retrieval.database import Connections
from retrieval.feeds import Feed
from retrieval.filters import Filter
from retrieval.ground import Ask, Grounder
from retrieval.index import Index
from retrieval.ingest import Ingest
from retrieval.items import Item
from retrieval.synonyms import SynonymStore

KEPT = WAITED_FOR + 200  # items that the feed changes
GONE = [f"gone{n}" for n in range(200)]
ASKS = [
    Ask([], "lantern 7", Filter()),
    Ask(["a lantern for camping"], "lantern", Filter(price_max=Decimal(2))),
    Ask([], "", Filter(price_max=Decimal(3))),
    Ask([], "stove", Filter(excluded_terms=("lantern 3",))),
    Ask([], "gone", Filter()),
]


class Shop:
    """What a serving process holds, over a simple encoder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.connections = folder, Connections(folder / "shop.sqlite3")
        self.catalog = Catalog(self.connections)
        titles = {f"i{n}": f"Lantern {n % 50}" for n in range(KEPT)} | dict.fromkeys(GONE, "Lantern gone")
        self.catalog.upsert(Item(id=one, title=title, price=Decimal(1)) for one, title in titles.items())
        encoder = Hashing()
        self.index = Index.open(folder / "index", self.catalog, self.connections, encoder)
        self.grounder = Grounder(self.catalog, self.index, encoder, SynonymStore(self.connections))

    def found(self) -> list[list[str]]:
        """Ids found for each ask."""
        return [[one.item_id for one in grounding.candidates] for grounding in self.grounder.ground_many(ASKS)]

    def replace(self) -> None:
        """Another feed: every item changed, 200 gone, 200 new."""
        path = self.folder / "feed.csv"
        rows = [f"i{n},Stove {n % 50},2" for n in range(KEPT)] + [f"new{n},Stove new,2" for n in range(200)]
        path.write_text("\n".join(["id,title,price", *rows]))
        Ingest(self.catalog, self.connections, Feed.open(path), self.folder / "rejected").run(replace=True)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.catalog.close()
    made.index.close()
    made.connections.close()


def test_what_is_found_is_there_and_once(shop: Shop) -> None:
    failures: list[str] = []
    rounds, stop = [0], threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                for ids in shop.found():
                    if len(set(ids)) != len(ids):
                        failures.append("an id came twice")
            except Exception as error:  # a shopper's turn would have failed with it
                failures.append(repr(error))
            rounds[0] += 1

    shoppers = threading.Thread(target=ask)
    shoppers.start()
    numbers = shop.catalog.numbers([f"i{n}" for n in range(KEPT)])
    shop.replace()
    assert shop.catalog.numbers([f"i{n}" for n in range(KEPT)]) == numbers
    columns = settled(shop.catalog)

    # Between the swap and the new index: what is gone is not found, what stayed is, by its former words too.
    assert len(columns) == shop.catalog.size() == KEPT + 200
    for ids in (between := shop.found()):
        assert list(shop.catalog.many(ids)) == ids
        assert not set(ids) & set(GONE)
    assert [bool(ids) for ids in between] == [True] * len(ASKS)
    assert not any(one.startswith("new") for ids in between[:2] for one in ids)

    assert shop.index.refresh()
    stop.set()
    shoppers.join()
    assert failures == []
    assert rounds[0] > 2
    after = shop.found()
    for ids in after:
        assert list(shop.catalog.many(ids)) == ids
    fresh = shop.grounder.ground([], "stove new", Filter(), k=200)
    assert {one.item_id for one in fresh.candidates} == {f"new{n}" for n in range(200)}
    assert len(shop.index) == len(shop.index.snapshot().lexical) == KEPT + 200
