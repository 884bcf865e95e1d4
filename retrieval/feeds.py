"""Rows of a merchant's file as items, or as rejected rows with the reason.

Knows what a field may hold and how shops write it. Knows nothing of the database. Every text is cleaned (see
``retrieval.cleaning``); a value that makes no sense is left out with a note where the item can be sold without it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from retrieval.cleaning import paths_of, plain, price_of
from retrieval.items import Item
from retrieval.mapping import Mapping, Origin, currency_in_name, resolve
from retrieval.rows import Format, Reader, Row, Source, recognise

MOST_CHARACTERS = 100_000  # of a field; beyond it is cut, with a note
LONGEST_TITLE = 1000
LONGEST_VALUE = 500  # of one attribute value
MOST_VALUES = 50  # of one attribute

_NOTHING = {"", "na", "n/a", "nan", "none", "null", "nil", "-", "--", "?", "unknown"}
_OUT = re.compile(r"\b(out|sold|no|false|unavailable|discontinued|0)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Rejected:
    """A row that is no item: its line in the file, why, and the row as it stood."""

    line: int
    reason: str
    raw: str


@dataclass(frozen=True)
class Read:
    """A row that is an item, and what was left out or cut of it."""

    line: int
    item: Item
    notes: tuple[str, ...] = ()


class Feed:
    """One file, read as items.

    >>> for entry in Feed.open(path, ["title=ProductName"]):   # doctest: +SKIP
    ...     print(entry)
    """

    def __init__(self, source: Source, mapping: Mapping, currency: str = "") -> None:
        self.source, self.mapping = source, mapping
        self._currency = currency or currency_in_name(mapping)
        self._reader = Reader(source)

    @staticmethod
    def open(path: Path, options: Sequence[str] = (), *, format: Format | None = None, currency: str = "") -> "Feed":
        """Recognise the file and its columns. ``options`` as in ``--map``; ``currency``: of prices that name none.

        Raises FeedError.
        """
        source = recognise(path, format)
        return Feed(source, resolve(source.columns, options, str(path)), currency)

    @property
    def position(self) -> int:
        """Bytes read so far, of ``source.size``."""
        return self._reader.position

    @property
    def unused(self) -> list[str]:
        """Columns that nothing is made of."""
        used = {column.split(".")[0] for column in self.mapping.used}
        return [column for column in self.source.columns if column not in used]

    def __iter__(self) -> Iterator[Read | Rejected]:
        return self.after(0)

    def after(self, rows: int) -> Iterator[Read | Rejected]:
        """The entries beyond the first ``rows``."""
        for number, row in enumerate(self._reader):
            if number >= rows:
                yield Rejected(row.line, row.fault, row.raw) if row.fault else self._entry(row)

    def _entry(self, row: Row) -> Read | Rejected:
        notes: list[str] = []
        try:
            item = _item(row.values, self.mapping, self._currency, notes)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            return Rejected(row.line, f"{where}: {first['msg'].lower()}", row.raw)
        except ValueError as error:
            return Rejected(row.line, str(error), row.raw)
        return Read(row.line, item, tuple(notes))


def _item(values: dict[str, Any], mapping: Mapping, currency: str, notes: list[str]) -> Item:
    """The item of a row. Raises ValueError with the reason if it cannot be one."""

    def raw(field: str) -> list[Any]:
        return _cells(values, mapping.fields.get(field))

    def text(field: str, limit: int = MOST_CHARACTERS) -> str:
        joined = " ".join(str(cell) for cell in _flat(raw(field)))
        return _cut(plain(_cut(joined, MOST_CHARACTERS, field, notes)), limit, field, notes)

    item_id, title = text("id"), text("title", LONGEST_TITLE)
    if item_id.lower() in _NOTHING:
        raise ValueError("the id is missing")
    if len(item_id) > 200:
        raise ValueError(f"the id has {len(item_id)} characters, 200 at most")
    if title.lower() in _NOTHING:
        raise ValueError("the title is empty")
    price, stated = _price(raw("price"), notes)
    brand = text("brand", LONGEST_TITLE)
    category = raw("category")
    path = [part for cell in category for part in paths_of(cell)] if len(category) > 1 else paths_of(*category or [""])
    return Item(
        id=item_id,
        title=title,
        description=text("description"),
        category=tuple(part for part in path if part.lower() not in _NOTHING),
        brand="" if brand.lower() in _NOTHING else brand,
        price=price,
        currency=(text("currency").upper() or stated or currency) if price is not None else "",
        attributes=_attributes(values, mapping, notes),
        image_url=_address(raw("image_url"), "image_url", notes),
        page_url=_address(raw("page_url"), "page_url", notes),
        stock=_stock(raw("stock"), notes),
        rating=_number(raw("rating"), "rating", 5, notes),
        rating_count=_whole(_number(raw("rating_count"), "rating_count", 10**9, notes)),
    )


def _cells(values: dict[str, Any], origin: Origin | None) -> list[Any]:
    """The cells that an origin names, without empty ones; parted where it says so."""
    if origin is None:
        return []
    if origin.value:
        return [origin.value]
    cells = [cell for column in origin.columns if (cell := _at(values, column)) not in (None, "", [], {})]
    if origin.split:
        return [part for cell in cells for part in str(cell).split(origin.split) if part.strip()]
    return cells


def _at(values: dict[str, Any], column: str) -> Any:
    """The cell of a column; "a.b" also reaches into JSON objects."""
    if column in values:
        return values[column]
    held: Any = values
    for part in column.split("."):
        held = held.get(part) if isinstance(held, dict) else None
    return held


def _flat(cells: Sequence[Any]) -> Iterator[Any]:
    for cell in cells:
        if isinstance(cell, list):
            yield from _flat(cell)
        elif isinstance(cell, dict):
            yield from _flat(list(cell.values()))
        elif cell is not None:
            yield cell


def _cut(text: str, limit: int, field: str, notes: list[str]) -> str:
    if len(text) <= limit:
        return text
    notes.append(f"{field} cut to {limit:,} characters")
    return text[:limit].rstrip()


def _price(cells: list[Any], notes: list[str]) -> tuple[Decimal | None, str]:
    cell = next(_flat(cells), None)
    if isinstance(cell, bool) or cell is None or str(cell).strip().lower() in _NOTHING:
        return None, ""
    if isinstance(cell, int | Decimal):
        if cell < 0:
            raise ValueError(f"the price {cell} is negative")
        return Decimal(cell), ""
    try:
        return price_of(str(cell)[:200])
    except ValueError as error:
        if "negative" in str(error):
            raise
        notes.append("price not understood, left out")
        return None, ""


def _number(cells: list[Any], field: str, most: float, notes: list[str]) -> float | None:
    cell = next(_flat(cells), None)
    if cell is None or str(cell).strip().lower() in _NOTHING:
        return None
    found = re.match(r"\s*(-?\d+(?:[.,]\d+)?)", str(cell)[:50])
    number = float(found[1].replace(",", ".")) if found else -1.0
    if field == "rating_count":
        number = float(re.sub(r"[,.\s]", "", str(cell))) if re.fullmatch(r"\s*[\d,.\s]+\s*", str(cell)[:50]) else number
    if not 0 <= number <= most:
        notes.append(f"{field} not within 0 to {most:g}, left out")
        return None
    return number


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _stock(cells: list[Any], notes: list[str]) -> int | None:
    cell = next(_flat(cells), None)
    if cell is None or cell is True or str(cell).strip().lower() in _NOTHING:
        return None
    if cell is False:
        return 0
    text = str(cell).strip()
    if re.fullmatch(r"-?\d+([.,]\d+)?", text[:30]):
        return max(0, int(float(text.replace(",", "."))))  # oversold is sold out
    return 0 if _OUT.search(text) and not re.search(r"\bin stock\b", text, re.IGNORECASE) else None


def _address(cells: list[Any], field: str, notes: list[str]) -> str:
    cell = str(next(_flat(cells), "")).strip()
    if not cell or cell.lower() in _NOTHING:
        return ""
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", cell)
    if (
        len(cell) > 2000
        or re.search(r"[\s<>\"\x00-\x1f]", cell)
        or (scheme and scheme[1].lower() not in ("http", "https"))
    ):
        notes.append(f"{field} is no web address, left out")
        return ""
    return cell


def _attributes(values: dict[str, Any], mapping: Mapping, notes: list[str]) -> dict[str, tuple[str, ...]]:
    held: dict[str, list[Any]] = {name: _cells(values, origin) for name, origin in mapping.attributes.items()}
    whole = values.get(mapping.whole) if mapping.whole else None
    if isinstance(whole, dict):
        held |= {plain(str(name)): [value] for name, value in whole.items()}
    attributes = {}
    for name, cells in held.items():
        texts = [_cut(plain(_said(cell)), LONGEST_VALUE, name, notes) for cell in _flat(cells)]
        kept = tuple(dict.fromkeys(text for text in texts if text.lower() not in _NOTHING))[:MOST_VALUES]
        if name and kept:
            attributes[name] = kept
    return attributes


def _said(cell: object) -> str:
    return ("yes" if cell else "no") if isinstance(cell, bool) else str(cell)
