from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hashing import Hashing
from indexed_things import thing

from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.index import Index


@pytest.fixture
def connections(tmp_path: Path) -> Connections:
    return Connections(tmp_path / "shop.sqlite3")


@pytest.fixture
def catalog(connections: Connections) -> Catalog:
    made = Catalog(connections)
    made.upsert(thing(number, price=Decimal(number)) for number in range(1200))
    return made


@pytest.fixture
def opened(tmp_path: Path, catalog: Catalog, connections: Connections) -> Callable[..., Index]:
    def open_index(encoder: Hashing | None = None, chroma_url: str = "") -> Index:
        return Index.open(tmp_path / "index", catalog, connections, encoder or Hashing(), chroma_url=chroma_url)

    return open_index
