"""The catalogue's filterable fields as arrays in memory: one row an item, every filter a mask over the rows.

Pure: knows numpy, the Filter and the rows it is given; knows nothing of SQL. A snapshot never changes; ``applied``
makes the next one, sharing what stayed the same. A test holds ``mask`` to ``Filter.matches`` on anything.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import Any

import numpy as np
from pydantic_core import from_json

from retrieval.codes import Codes
from retrieval.filters import Filter

# What a row given to ``applied`` holds, in this order, by the names that the catalogue's table has for them. ``path``
# and ``attributes`` are JSON, ``price`` is the Decimal's text; all three as the item has them.
FIELDS = ("number", "id", "brand", "path", "attributes", "price", "currency", "stock", "rating", "rating_count")
AT_ONCE = 20_000  # rows that are turned into arrays together: bounds what a load needs beyond its result

Text = np.dtypes.StringDType()


def _lower_prefixes(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    lower = tuple(part.lower() for part in path)
    return (lower[:end] for end in range(len(lower) + 1))


def _path(text: str) -> tuple[str, ...]:
    return tuple(from_json(text))


def _values() -> Codes[str]:
    return Codes(str, lambda value: [value.lower()])


class Texts:
    """The codes of every column of text; shared by all snapshots that came from one another."""

    def __init__(self) -> None:
        self.brands: Codes[str] = _values()
        self.paths: Codes[tuple[str, ...]] = Codes(_path, _lower_prefixes)
        self.currencies: Codes[str] = _values()
        self.attributes: dict[str, Codes[str]] = {}  # by the attribute's name in lower case


@dataclass(frozen=True)
class Held:
    """The values of one attribute: pairs of a row and a code, by row."""

    rows: np.ndarray  # int32 [pairs], ascending
    codes: np.ndarray  # int32 [pairs]


@dataclass(frozen=True)
class Columns:
    """One state of the catalogue, by row; rows are in ascending order of the items' numbers."""

    numbers: np.ndarray  # int64 [n], ascending
    ids: np.ndarray  # text [n]
    brands: np.ndarray  # int32 [n], codes in ``texts``
    paths: np.ndarray  # int32 [n]
    currencies: np.ndarray  # int32 [n]
    prices: np.ndarray  # int32 [n], places in ``price_list``; -1 where there is none
    stocked: np.ndarray  # bool [n]
    ratings: np.ndarray  # float64 [n]; NaN where there is none
    rating_counts: np.ndarray  # int64 [n]; -1 where there is none
    attributes: dict[str, Held]  # by the name in lower case
    price_list: list[Decimal]  # distinct, ascending; some may have gone out of use
    texts: Texts = field(repr=False)
    _marks: np.ndarray = field(repr=False)  # uint16 [n], of the id's hash: narrows a search by id

    @staticmethod
    def empty() -> "Columns":
        """No items."""
        whole, code = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32)
        return Columns(
            whole, np.empty(0, dtype=Text), code, code, code, code, np.empty(0, dtype=bool), np.empty(0), whole,
            {}, [], Texts(), np.empty(0, dtype=np.uint16),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.numbers)

    def rows(self, numbers: Any) -> np.ndarray:
        """Rows of the items with these numbers: int64, -1 where there is none."""
        wanted = np.asarray(numbers, dtype=np.int64)
        if not len(self):
            return np.full(wanted.shape, -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.numbers, wanted), len(self) - 1)
        rows: np.ndarray = np.where(self.numbers[at] == wanted, at, -1)
        return rows

    def rows_of_ids(self, ids: Iterable[str]) -> np.ndarray:
        """Rows of the items with these ids, ascending: int64; unknown ids are left out."""
        wanted = set(ids)
        table = np.zeros(1 << 16, dtype=bool)
        table[[_mark(item_id) for item_id in wanted]] = True
        likely = np.flatnonzero(table[self._marks])
        held = self.ids[likely].tolist()
        found: np.ndarray = likely[np.array([item_id in wanted for item_id in held], dtype=bool)]
        return found

    def mask(self, filter: Filter) -> np.ndarray:
        """Which rows satisfy every constraint but ``excluded_terms``: bool [n]."""
        mask = self.stocked.copy() if filter.in_stock_only else np.ones(len(self), dtype=bool)
        self._mask_prices(mask, filter)
        for names, refused in ((filter.brands, False), (filter.excluded_brands, True)):
            if names:
                mask &= self.texts.brands.holding(map(str.lower, names))[self.brands] ^ refused
        if filter.categories:
            prefixes = [tuple(part.lower() for part in path) for path in filter.categories]
            mask &= self.texts.paths.holding(prefixes)[self.paths]
        if filter.excluded_categories:
            refused_paths = [tuple(part.lower() for part in path) for path in filter.excluded_categories]
            mask &= ~self.texts.paths.holding(refused_paths)[self.paths]
        for name, wanted in filter.attributes.items():
            mask &= self._with([(name, value) for value in wanted])
        for group in filter.one_of:
            mask &= self._with(group)
        for name, unwanted in filter.excluded_attributes.items():
            mask &= ~self._with([(name, value) for value in unwanted])
        if filter.rating_min is not None:
            mask &= self.ratings >= filter.rating_min
        if filter.excluded_ids:
            mask[self.rows_of_ids(filter.excluded_ids)] = False
        return mask

    def _mask_prices(self, mask: np.ndarray, filter: Filter) -> None:
        low, high = 0, len(self.price_list)  # places in the list of prices, the upper one exclusive
        if filter.price_min is not None:
            low = max(low, bisect_left(self.price_list, filter.price_min))
        if filter.price_above is not None:
            low = max(low, bisect_right(self.price_list, filter.price_above))
        if filter.price_max is not None:
            high = min(high, bisect_right(self.price_list, filter.price_max))
        if filter.price_below is not None:
            high = min(high, bisect_left(self.price_list, filter.price_below))
        if filter.lowest is not None or filter.highest is not None:
            mask &= (self.prices >= low) & (self.prices < high)

    def _with(self, pairs: Iterable[tuple[str, str]]) -> np.ndarray:
        """Rows with any of these (attribute name, value) pairs: bool [n]."""
        found = np.zeros(len(self), dtype=bool)
        wanted: dict[str, list[str]] = {}
        for name, value in pairs:
            wanted.setdefault(name.lower(), []).append(value.lower())
        for name, values in wanted.items():
            if held := self.attributes.get(name):
                found[held.rows[self.texts.attributes[name].holding(values)[held.codes]]] = True
        return found

    def applied(self, upserted: Iterable[Sequence[Any]], removed: Sequence[int] = ()) -> "Columns":
        """The columns after these changes: rows of ``FIELDS``, new or changed, by number; numbers that are gone.

        Changes of price, stock or rating alone copy a few arrays and share the rest.
        """
        return _joined(self._without(removed), _encoded(upserted, self.texts))

    def _without(self, removed: Sequence[int]) -> "Columns":
        gone = self.rows(removed)
        gone = gone[gone >= 0]
        if not len(gone):
            return self
        kept = np.ones(len(self), dtype=bool)
        kept[gone] = False
        moved = np.cumsum(kept, dtype=np.int32) - 1
        attributes = {
            name: Held(moved[held.rows[still]], held.codes[still])
            for name, held in self.attributes.items()
            if (still := kept[held.rows]).any()
        }
        return replace(self, **{name: getattr(self, name)[kept] for name in _BY_ROW}, attributes=attributes)


_BY_ROW = (
    "numbers", "ids", "brands", "paths", "currencies", "prices", "stocked", "ratings", "rating_counts", "_marks",
)  # fmt: skip


def _mark(item_id: str) -> int:
    """16 bits of an id's hash; another process has another one, so it is not to be stored."""
    return hash(item_id) & 0xFFFF


class _Pairs(dict[str, "tuple[array[int], array[int], Codes[str]]"]):
    """Rows and codes of each attribute, as they are read."""

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts

    def __missing__(self, name: str) -> "tuple[array[int], array[int], Codes[str]]":
        codes = self._texts.attributes.setdefault(name, _values())
        self[name] = (array("i"), array("i"), codes)
        return self[name]

    def read(self, row: int, attributes: str) -> None:
        # As Filter.matches sees them: of two names that differ in case only, the later one.
        for name, values in {name.lower(): held for name, held in from_json(attributes).items()}.items():
            rows, codes, texts = self[name]
            for value in values:
                rows.append(row)
                codes.append(texts[value])


def _encoded(items: Iterable[Sequence[Any]], texts: Texts) -> Columns:
    """Columns of these rows of ``FIELDS`` alone, in ascending order of their numbers."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in _BY_ROW}
    pairs, prices, done, remaining = _Pairs(texts), dict[str, int](), 0, iter(items)
    while some := list(islice(remaining, AT_ONCE)):
        numbers, ids, brands, paths, attributes, texts_of_prices, currencies, stocks, ratings, counts = zip(
            *some, strict=True
        )
        for row, text in enumerate(attributes, start=done):
            if text != "{}":
                pairs.read(row, text)
        coded = [-1 if price is None else prices.setdefault(price, len(prices)) for price in texts_of_prices]
        made = {
            "numbers": np.array(numbers, dtype=np.int64),
            "ids": np.array(ids, dtype=Text),
            "brands": texts.brands.coded(brands),
            "paths": texts.paths.coded(paths),
            "currencies": texts.currencies.coded(currencies),
            "prices": np.array(coded, dtype=np.int32),
            "stocked": np.array([stock is None or stock > 0 for stock in stocks], dtype=bool),
            "ratings": np.array([np.nan if rating is None else rating for rating in ratings], dtype=np.float64),
            "rating_counts": np.array([-1 if count is None else count for count in counts], dtype=np.int64),
            "_marks": np.fromiter(map(_mark, ids), dtype=np.uint16, count=len(ids)),
        }
        for name, values in made.items():
            parts[name].append(values)
        done += len(some)
    if not done:
        return replace(Columns.empty(), texts=texts)
    whole = {name: np.concatenate(values) for name, values in parts.items()}
    decimals = [Decimal(text) for text in prices]
    ranked = sorted(set(decimals))
    place = {price: rank for rank, price in enumerate(ranked)}
    whole["prices"] = _moved(whole["prices"], [place[price] for price in decimals])
    held = {
        name: Held(np.array(rows, dtype=np.int32), np.array(codes, dtype=np.int32))
        for name, (rows, codes, _) in pairs.items()
        if rows
    }
    return Columns(**whole, attributes=held, price_list=ranked, texts=texts)


def _moved(places: np.ndarray, to: Any) -> np.ndarray:
    """Places of prices in a new list, by their places in the old one; -1 stays."""
    moved: np.ndarray = np.append(to, -1).astype(np.int32)[places]
    return moved


def _joined(base: Columns, part: Columns) -> Columns:
    """The base with the rows of the part in place of its own, or beside them where it has none."""
    if not len(part):
        return base
    if not len(base):
        return part
    base, part = _same_prices(base, part)
    at = base.rows(part.numbers)
    fresh = at < 0
    known = at[~fresh]
    target = at.astype(np.int32)
    target[fresh] = np.arange(len(base), len(base) + np.count_nonzero(fresh), dtype=np.int32)
    by_row = {}
    for name in _BY_ROW:
        values, news = getattr(base, name), getattr(part, name)
        if not np.array_equal(values[known], news[~fresh]):
            values = values.copy()
            values[known] = news[~fresh]
        by_row[name] = np.concatenate([values, news[fresh]]) if fresh.any() else values
    attributes = {}
    for name in dict.fromkeys([*base.attributes, *part.attributes]):
        old, new = base.attributes.get(name, _NONE), part.attributes.get(name, _NONE)
        attributes[name] = _replaced(old, known, Held(target[new.rows], new.codes))
    joined = replace(base, **by_row, attributes={name: held for name, held in attributes.items() if len(held.rows)})
    return joined if (np.diff(joined.numbers) > 0).all() else _ordered(joined)


_NONE = Held(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32))


def _replaced(old: Held, rows: np.ndarray, new: Held) -> Held:
    """The pairs without those of these rows (ascending), and with the new ones."""
    first, last = np.searchsorted(old.rows, rows, "left"), np.searchsorted(old.rows, rows, "right")
    lengths = last - first
    gone = np.repeat(first - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
    if np.array_equal(old.rows[gone], new.rows) and np.array_equal(old.codes[gone], new.codes):
        return old
    kept_rows, kept_codes = np.delete(old.rows, gone), np.delete(old.codes, gone)
    places = np.searchsorted(kept_rows, new.rows)
    return Held(np.insert(kept_rows, places, new.rows), np.insert(kept_codes, places, new.codes))


def _same_prices(base: Columns, part: Columns) -> tuple[Columns, Columns]:
    """Both over one list of prices."""

    def among(price: Decimal) -> bool:
        at = bisect_left(base.price_list, price)
        return at < len(base.price_list) and base.price_list[at] == price

    fresh = [price for price in part.price_list if not among(price)]
    if fresh:
        before = [bisect_left(base.price_list, price) for price in fresh]
        places = np.arange(len(base.price_list))
        places += np.searchsorted(before, places, "right")
        merged = list(base.price_list)
        for at, price in zip(reversed(before), reversed(fresh), strict=True):
            merged.insert(at, price)
        base = replace(base, prices=_moved(base.prices, places), price_list=merged)
    places = _moved(part.prices, [bisect_left(base.price_list, price) for price in part.price_list])
    return base, replace(part, prices=places, price_list=base.price_list)


def _ordered(columns: Columns) -> Columns:
    """The same rows, by number."""
    order = np.argsort(columns.numbers, kind="stable")
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    attributes = {}
    for name, held in columns.attributes.items():
        rows = place[held.rows]
        by_row = np.argsort(rows, kind="stable")
        attributes[name] = Held(rows[by_row], held.codes[by_row])
    return replace(columns, **{name: getattr(columns, name)[order] for name in _BY_ROW}, attributes=attributes)
