"""What can be said of a catalogue, or of a part of it, by counting: ranges, top values, its own words.

Pure functions over ``retrieval.columns``; knows nothing of SQL, of conversation, or of how a count is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from retrieval.codes import Codes
from retrieval.columns import Columns

MOST_DISTINCT = 2_000  # values of an attribute that are told apart by kind of thing; one with more is no property
TOP = 10  # values that facts name of each kind; a reply tells of three to five


@dataclass(frozen=True)
class Facts:
    """What can be said of the items that satisfy a filter, counted over all of them; tops are most frequent first."""

    count: int
    price_min: Decimal | None
    price_max: Decimal | None
    cheapest: str  # item id; "" where no item has a price. Of equal prices, the best rated
    dearest: str
    brands: int  # distinct ones
    top_brands: tuple[tuple[str, int], ...] = ()  # with the number of items; at most 10
    top_categories: tuple[tuple[tuple[str, ...], int], ...] = ()  # full paths, as items carry them
    top_attributes: dict[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)  # by name in lower case


@dataclass(frozen=True)
class Vocabulary:
    """The words that the catalogue itself uses; each tuple is most frequent first, then by first arrival."""

    brands: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]  # full paths, as items carry them
    attributes: dict[str, tuple[str, ...]]  # name in lower case -> values in their most frequent spelling
    currency: str  # the most frequent one; "" where no item has any
    price_range: tuple[Decimal, Decimal] | None
    carried: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)  # full path -> names of attributes
    # full path -> name -> its values there, in lower case; of attributes with at most MOST_DISTINCT values
    held: dict[tuple[str, ...], dict[str, frozenset[str]]] = field(default_factory=dict)


def facts_of(columns: Columns, mask: np.ndarray) -> Facts:
    """Facts about the rows of the mask: bool [n]."""
    rows = np.flatnonzero(mask)
    brands = _spelled(columns.texts.brands, columns.brands[rows])
    paths = _counted(columns.paths[rows])
    ends = [columns.ids[row] if (row := _at_end(columns, rows, sign)) is not None else "" for sign in (1, -1)]
    prices = _price_range(columns, rows)
    return Facts(
        count=len(rows),
        price_min=prices[0] if prices else None,
        price_max=prices[1] if prices else None,
        cheapest=str(ends[0]),
        dearest=str(ends[1]),
        brands=len(brands),
        top_brands=tuple(brands[:TOP]),
        top_categories=tuple((path, count) for path, count in _paths(columns, paths))[:TOP],
        top_attributes={
            name: tuple(values[:TOP])
            for name, held in columns.attributes.items()
            if (values := _spelled(columns.texts.attributes[name], held.codes[mask[held.rows]]))
        },
    )


def vocabulary_of(columns: Columns) -> Vocabulary:
    """The words of all items."""
    currencies = _spelled(columns.texts.currencies, columns.currencies)
    first = sorted(columns.attributes, key=lambda name: int(columns.attributes[name].rows[0]))
    return Vocabulary(
        brands=tuple(brand for brand, _ in _each_spelling(columns.texts.brands, columns.brands)),
        categories=tuple(path for path, _ in _paths(columns, _counted(columns.paths))),
        attributes={
            name: tuple(value for value, _ in _spelled(columns.texts.attributes[name], columns.attributes[name].codes))
            for name in first
        },
        currency=currencies[0][0] if currencies else "",
        price_range=_price_range(columns, np.arange(len(columns))),
        carried=_carried(columns),
        held=_held(columns),
    )


def _carried(columns: Columns) -> dict[tuple[str, ...], frozenset[str]]:
    """For each full path the names of the attributes that an item there has."""
    names: dict[int, set[str]] = {}
    for name, held in columns.attributes.items():
        for code in np.flatnonzero(np.bincount(columns.paths[held.rows])).tolist():
            names.setdefault(code, set()).add(name)
    read = columns.texts.paths.values_read
    return {read[code]: frozenset(held) for code, held in names.items() if read[code]}


def _held(columns: Columns) -> dict[tuple[str, ...], dict[str, frozenset[str]]]:
    """For each full path the values that an item there has of each attribute."""
    made: dict[tuple[str, ...], dict[str, frozenset[str]]] = {}
    paths = columns.texts.paths.values_read
    for name, held in columns.attributes.items():
        texts = columns.texts.attributes[name].values_read
        if len(texts) > MOST_DISTINCT:
            continue
        values: dict[int, set[str]] = {}
        # One number for each pair of a path and a value.
        for pair in np.unique(columns.paths[held.rows].astype(np.int64) * len(texts) + held.codes).tolist():
            values.setdefault(pair // len(texts), set()).add(texts[pair % len(texts)].lower())
        for code, there in values.items():
            if paths[code]:
                made.setdefault(paths[code], {})[name] = frozenset(there)
    return made


def most_popular(columns: Columns, rows: np.ndarray) -> np.ndarray:
    """The same rows, most and best rated first."""
    counts = np.maximum(columns.rating_counts[rows], 0)
    ratings = np.nan_to_num(columns.ratings[rows], nan=3.5)
    # The mean of the ratings and of ten imagined ones of 3.5: a single 5.0 does not outrank two hundred of 4.8.
    means = (ratings * counts + 35.0) / (counts + 10.0)
    ordered: np.ndarray = rows[np.lexsort((rows, -columns.rating_counts[rows], -means))]
    return ordered


def _price_range(columns: Columns, rows: np.ndarray) -> tuple[Decimal, Decimal] | None:
    places = columns.prices[rows]
    places = places[places >= 0]
    return (columns.price_list[places.min()], columns.price_list[places.max()]) if len(places) else None


def _at_end(columns: Columns, rows: np.ndarray, sign: int) -> int | None:
    """The cheapest row (sign 1) or the dearest (-1); of equal ones the best rated, then the first."""
    priced = rows[columns.prices[rows] >= 0]
    if not len(priced):
        return None
    places = sign * columns.prices[priced]
    equal = priced[places == places.min()]
    return int(equal[np.argmax(np.nan_to_num(columns.ratings[equal], nan=-1.0))])


def _counted(codes: np.ndarray) -> list[tuple[int, int]]:
    """Codes with their counts, most frequent first, then by first occurrence."""
    counts = np.bincount(codes)
    first = np.zeros(len(counts), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)  # of one code's places the last written stays: the first
    present = np.flatnonzero(counts)
    order = present[np.lexsort((first[present], -counts[present]))]
    return list(zip(order.tolist(), counts[order].tolist(), strict=True))


def _each_spelling(texts: Codes[str], codes: np.ndarray) -> Iterator[tuple[str, int]]:
    """Values with their counts, most frequent first, without the empty one."""
    return ((text, count) for code, count in _counted(codes) if (text := texts.values_read[code]))


def _spelled(texts: Codes[str], codes: np.ndarray) -> list[tuple[str, int]]:
    """Like ``_each_spelling``, those that differ in case only counted together, in their most frequent spelling."""
    spelling: dict[str, str] = {}
    totals: dict[str, int] = {}
    for text, count in _each_spelling(texts, codes):
        key = text.lower()
        spelling.setdefault(key, text)
        totals[key] = totals.get(key, 0) + count
    return [(spelling[key], total) for key, total in sorted(totals.items(), key=lambda pair: -pair[1])]


def _paths(columns: Columns, counted: list[tuple[int, int]]) -> Iterator[tuple[tuple[str, ...], int]]:
    return ((path, count) for code, count in counted if (path := columns.texts.paths.values_read[code]))
