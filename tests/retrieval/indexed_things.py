"""A shop of 1,200 things by number, and what an index over it finds, beside what the texts alone say."""

from pathlib import Path

import numpy as np
from hashing import Hashing

from retrieval.catalog import Catalog
from retrieval.filters import Filter
from retrieval.index import Index
from retrieval.items import Item


def thing(number: int, **fields: object) -> Item:
    return Item(id=f"i{number}", title=f"Thing {number}", **fields)  # type: ignore[arg-type]


def folder_of(index: Index) -> Path:
    return index.snapshot().shelf.folder


def worded(index: Index, catalog: Catalog, text: str) -> list[str]:
    found = index.snapshot().lexical.search(text, 5)
    ids = catalog.ids_of([number for number, _ in found])
    return [ids[number] for number, _ in found]


def nearest(index: Index, catalog: Catalog, text: str, k: int, filter: Filter | None = None) -> list[str]:
    columns = catalog.columns()
    mask = columns.mask(filter) if filter else None
    ((numbers, cosines),) = index.snapshot().nearest(Hashing().encode([text]), k, columns, mask)
    assert (np.diff(cosines) <= 0).all()
    ids = catalog.ids_of(numbers.tolist())
    return [ids[number] for number in numbers.tolist()]


def exactly(catalog: Catalog, text: str, k: int, filter: Filter | None = None) -> list[str]:
    """The same, from the texts alone."""
    items = [item for item in catalog.all() if filter is None or filter.matches(item)]
    encoder = Hashing()
    vectors = 0.5 * encoder.encode([item.title for item in items]) + 0.5 * encoder.encode(
        [item.encoder_text() for item in items]
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    order = np.argsort(-(vectors @ encoder.encode([text])[0]), kind="stable")[:k]
    return [items[at].id for at in order]
