"""A small shop and a reranker trained on it once for all tests."""

import pytest
from small_shop_data import SETTINGS, encode, events, items, vectors

from ranking.behaviour import tracks
from ranking.history import Events
from ranking.table import ItemTable
from ranking.training import train
from retrieval.catalog import Catalog
from retrieval.database import Connections


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory):
    """Catalogue and events in SQLite."""
    connections = Connections(tmp_path_factory.mktemp("shop") / "shop.sqlite3")
    catalog, table = Catalog(connections), Events(connections)
    catalog.upsert(items())
    table.add(events())
    yield catalog, table
    connections.close()


@pytest.fixture(scope="session")
def material(small_shop):
    """Table, items and tracks."""
    catalog, table = small_shop
    held = list(catalog.all())
    made = ItemTable.of(held, vectors([item.id for item in held]))
    return made, held, tracks(table.rows(), made.place)


@pytest.fixture(scope="session")
def training(material):
    """A training on the small shop."""
    table, held, made = material
    return train(table, held, made, encode, SETTINGS)
