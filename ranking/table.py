"""The item table: what the reranker needs of every catalogue item, as arrays.

Knows the Item and its vector. Knows nothing of shoppers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ranking.words import Words
from retrieval.items import Item

PRIOR_RATINGS = 10  # an item's rating counts as if it also had this many average ones
UNRATED = 3.5  # stands for the average where nothing is rated


@dataclass(frozen=True)
class ItemTable:
    """Arrays over the n items of a catalogue, in the order of ``ids``; a place is an index into them."""

    ids: tuple[str, ...]
    place: dict[str, int]
    vectors: NDArray[np.float32]  # [n, d] unit rows
    leaves: tuple[str, ...]  # the distinct category paths
    leaf: NDArray[np.int64]  # [n] index into leaves
    parent: NDArray[np.int64]  # [n] number of the path above the leaf
    maker: NDArray[np.int64]  # [n] number of the brand; of the title's first word where there is no brand
    words: Words
    traits: sp.csr_matrix  # [n, values] of the attributes, rare values weighing more; unit rows, empty without any
    log_price: NDArray[np.float32]  # [n] natural logarithm; NaN: no price
    rating: NDArray[np.float32]  # [n] 0..5, drawn towards the average where few rated
    ratings: NDArray[np.float32]  # [n] log(1 + number of ratings)

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, items: Sequence[Item], vectors: NDArray[np.float32]) -> "ItemTable":
        """The table of these items; ``vectors`` [n, d] in the same order."""
        leaves: dict[str, int] = {}
        parents: dict[tuple[str, ...], int] = {}
        makers: dict[str, int] = {}
        counts = np.array([item.rating_count or 0 for item in items], dtype=np.float32)
        given = np.array([np.nan if item.rating is None else item.rating for item in items], dtype=np.float32)
        rated = given[~np.isnan(given)]
        average = float(rated.mean()) if len(rated) else UNRATED
        # A rating without a count is taken for one of a single shopper.
        trusted = np.where(np.isnan(given), 0, np.maximum(counts, 1))
        rating = (np.nan_to_num(given) * trusted + average * PRIOR_RATINGS) / (trusted + PRIOR_RATINGS)
        return cls(
            ids=tuple(item.id for item in items),
            place={item.id: number for number, item in enumerate(items)},
            vectors=np.ascontiguousarray(vectors, dtype=np.float32),
            leaf=np.array([leaves.setdefault(" > ".join(item.category), len(leaves)) for item in items], np.int64),
            leaves=tuple(leaves),
            parent=np.array([parents.setdefault(item.category[:-1], len(parents)) for item in items], np.int64),
            maker=np.array([makers.setdefault(_maker(item), len(makers)) for item in items], np.int64),
            words=Words.of(items),
            traits=_traits(items),
            log_price=np.array([np.log(float(item.price)) if item.price else np.nan for item in items], np.float32),
            rating=rating.astype(np.float32),
            ratings=np.log1p(counts),
        )


def _maker(item: Item) -> str:
    # Feeds without a brand column mostly open the title with the brand.
    words = (item.brand or item.title).split()
    return item.brand.lower() if item.brand else words[0].lower() if words else ""


def _traits(items: Sequence[Item]) -> sp.csr_matrix:
    values: dict[tuple[str, str], int] = {}
    pairs = [
        (number, values.setdefault((name.lower(), value.lower()), len(values)))
        for number, item in enumerate(items)
        for name, held in item.attributes.items()
        for value in held
    ]
    rows, columns = (np.array(part, dtype=np.int64) for part in (zip(*pairs, strict=True) if pairs else ((), ())))
    counts = np.bincount(columns, minlength=max(len(values), 1))
    weights = np.log((1 + len(items)) / (1 + counts))[columns].astype(np.float32)
    made = sp.csr_matrix((weights, (rows, columns)), shape=(len(items), max(len(values), 1)))
    lengths = np.sqrt(np.asarray(made.multiply(made).sum(axis=1))).ravel()
    return (sp.diags((1 / np.maximum(lengths, 1e-6)).astype(np.float32)) @ made).tocsr()


def one_hot(numbers: NDArray[np.int64]) -> sp.csr_matrix:
    """[n, groups] with a 1 where the item is of the group."""
    rows = np.arange(len(numbers))
    width = int(numbers.max()) + 1 if len(numbers) else 0
    return sp.csr_matrix((np.ones(len(numbers), np.float32), (rows, numbers)), shape=(len(numbers), width))
