"""What the cells of a row say of an item: its fields, each from the columns that a mapping names.

Knows what a field may hold and how shops write it. Knows nothing of files. Every text is cleaned (see
``retrieval.cleaning``); a value that makes no sense is left out with a note where the item can be sold without it.
"""

import html
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from retrieval.addressed import without_addresses
from retrieval.cleaning import paths_of, plain
from retrieval.items import Item
from retrieval.mapping import Mapping, Origin, attribute_name
from retrieval.prices import HIGHEST, Mark, Price, price_of

MOST_CHARACTERS = 100_000  # of a field; beyond it is cut, with a note
LONGEST_TITLE = 1000
LONGEST_ID = 200
LONGEST_VALUE = 500  # of one attribute value
LONGEST_NAME = 100  # of an attribute
MOST_VALUES = 50  # of one attribute
MOST_ATTRIBUTES = 100

_NOTHING = {"", "na", "n/a", "#n/a", "nan", "none", "null", "nil", "-", "--", "?", "unknown"}
_OUT = re.compile(r"\b(out|sold|no|false|unavailable|discontinued|0)\b", re.IGNORECASE)
_SOLD = re.compile(r"\b(in stock|pre ?order|back ?order|available)\b", re.IGNORECASE)


def id_of(values: dict[str, Any], mapping: Mapping) -> str:
    """The id that a row states; "" if none."""
    return plain(" ".join(str(cell) for cell in flat(cells(values, mapping.fields.get("id"))))[:MOST_CHARACTERS])


def item_of(values: dict[str, Any], mapping: Mapping, currency: str, mark: Mark, notes: list[str]) -> Item:
    """The item of a row; what was left out or cut is added to ``notes``. Raises ValueError with the reason if it
    cannot be one.

    ``currency``: of prices that name none; ``mark``: the decimal mark of the file's prices, see ``price_of``.
    """

    def raw(field: str) -> list[Any]:
        return cells(values, mapping.fields.get(field))

    def text(field: str, limit: int = MOST_CHARACTERS) -> str:
        joined = " ".join(str(cell) for cell in flat(raw(field)))
        return _cut(plain(_cut(joined, MOST_CHARACTERS, field, notes)), limit, field, notes)

    item_id, title = id_of(values, mapping), text("title", LONGEST_TITLE)
    if item_id.lower() in _NOTHING:
        raise ValueError("the id is missing")
    if len(item_id) > LONGEST_ID:
        raise ValueError(f"the id has {len(item_id):,} characters, {LONGEST_ID} at most")
    if title.lower() in _NOTHING:
        raise ValueError("the title is empty")
    price = _charged(raw("price"), raw("sale_price"), raw("sale_dates"), mark, notes)
    brand, group = text("brand", LONGEST_TITLE), text("group_id", LONGEST_ID)
    category = raw("category")
    path = [part for cell in category for part in paths_of(cell)] if len(category) > 1 else paths_of(*category or [""])
    if len(path) == 1 and path[0].isdecimal():  # as Google numbers them; a shopper knows no numbers
        notes.append("category is a number, left out")
        path = []
    return Item(
        id=item_id,
        title=title,
        description=_addressed(text("description"), notes),
        category=tuple(_cut(part, LONGEST_VALUE, "category", notes) for part in path if part.lower() not in _NOTHING),
        brand="" if brand.lower() in _NOTHING else brand,
        price=None if price is None else price.amount,
        currency="" if price is None else (text("currency").upper() or price.currency or currency),
        attributes=_attributes(values, mapping, notes),
        image_url=_address(raw("image_url"), "image_url", notes),
        page_url=_address(raw("page_url"), "page_url", notes),
        stock=_stock(raw("stock"), notes),
        rating=_number(raw("rating"), "rating", 5, notes),
        rating_count=_whole(_number(raw("rating_count"), "rating_count", 10**9, notes)),
        group_id="" if group.lower() in _NOTHING else group,
    )


def _addressed(description: str, notes: list[str]) -> str:
    """The description without what it says to a machine, which is noted."""
    left, times = without_addresses(description)
    notes += ["description speaks to a machine, that part left out"] * bool(times)
    return left


def cells(values: dict[str, Any], origin: Origin | None) -> list[Any]:
    """The cells that an origin names, without empty ones; parted where it says so."""
    if origin is None:
        return []
    if origin.value:
        return [origin.value]
    found = [cell for column in origin.columns if (cell := _at(values, column)) not in (None, "", [], {})]
    if origin.split:
        return [part for cell in found for part in str(cell).split(origin.split) if part.strip()]
    return found


def flat(held: Sequence[Any]) -> Iterator[Any]:
    """Every value in nested lists and objects."""
    for cell in held:
        if isinstance(cell, list):
            yield from flat(cell)
        elif isinstance(cell, dict):
            yield from flat(list(cell.values()))
        elif cell is not None:
            yield cell


def _at(values: dict[str, Any], column: str) -> Any:
    """The cell of a column; "a.b" also reaches into JSON objects."""
    if column in values:
        return values[column]
    held: Any = values
    for part in column.split("."):
        held = held.get(part) if isinstance(held, dict) else None
    return held


def _cut(text: str, limit: int, field: str, notes: list[str]) -> str:
    if len(text) <= limit:
        return text
    notes.append(f"{field} cut to {limit:,} characters")
    return text[:limit].rstrip()


def _charged(regular: list[Any], sale: list[Any], dates: list[Any], mark: Mark, notes: list[str]) -> Price | None:
    """What the shopper pays: the sale price where it is above 0, below the regular one, of the same currency, and of
    today; else the regular price.
    """
    price, reduced = _price(regular, "price", mark, notes), _price(sale, "sale_price", mark, notes)
    if reduced is not None and reduced.amount > 0 and _running(dates, notes):
        if price is None:
            return reduced
        if reduced.amount < price.amount and reduced.currency in ("", price.currency):
            return Price(reduced.amount, price.currency)
        if not price.currency and reduced.amount < price.amount:
            return reduced
        if reduced.amount > price.amount:
            notes.append("sale_price above the price, left out")
    if price is not None and price.amount == 0:
        notes.append("the price is 0")
    return price


def _price(held: list[Any], field: str, mark: Mark, notes: list[str]) -> Price | None:
    cell = next(flat(held), None)
    if isinstance(cell, bool) or cell is None or str(cell).strip().lower() in _NOTHING:
        return None
    try:
        if isinstance(cell, int | Decimal):
            if cell < 0:
                raise ValueError(f"the {field} {cell} is negative")
            price = Price(Decimal(cell))
        else:
            price = price_of(str(cell)[:200], mark)
    except ValueError as error:
        if "negative" in str(error) and field == "price":
            raise
        notes.append(f"{field} not understood, left out")
        return None
    if price.amount > HIGHEST:
        notes.append(f"{field} not understood, left out")
        return None
    if price.lowest:
        notes.append(f"{field} is a range, of which the lowest counts")
    return price


def _running(dates: list[Any], notes: list[str]) -> bool:
    """True unless the dates of a sale (an interval "start/end", or both on their own) say that it is not now."""
    said = [str(one).strip() for one in flat(dates)] if len(dates) != 1 else _interval(dates[0])
    try:
        times = [datetime.fromisoformat(one) if one else None for one in said]
    except ValueError:
        notes.append("sale_dates not understood, taken as of now")
        return True
    start, end = [one.replace(tzinfo=one.tzinfo or UTC) if one else None for one in (*times, None, None)][:2]
    now = datetime.now(UTC)
    return (start is None or start <= now) and (end is None or now <= end)


def _interval(held: Any) -> list[str]:
    if isinstance(held, list):
        return [str(one).strip() for one in held]
    return [part.strip() for part in str(held).split("/")]


def _number(held: list[Any], field: str, most: float, notes: list[str]) -> float | None:
    cell = next(flat(held), None)
    if cell is None or str(cell).strip().lower() in _NOTHING:
        return None
    found = re.match(r"\s*(-?\d+(?:[.,]\d+)?)", str(cell)[:50])
    number = float(found[1].replace(",", ".")) if found else -1.0
    if field == "rating_count":
        number = float(re.sub(r"[,.\s]", "", str(cell))) if re.fullmatch(r"\s*[\d,.\s]+\s*", str(cell)[:50]) else number
    if not 0 <= number <= most:
        notes.append(f"{field} not within 0 to {most:,g}, left out")
        return None
    return number


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _stock(held: list[Any], notes: list[str]) -> int | None:
    cell = next(flat(held), None)
    if cell is None or cell is True or str(cell).strip().lower() in _NOTHING:
        return None
    if cell is False:
        return 0
    text = str(cell).strip()
    if re.fullmatch(r"[-+]?\d+([.,]\d+)?", text[:30]):
        return min(max(0, int(float(text[:30].replace(",", ".")))), 10**9)  # oversold is sold out
    # "out_of_stock", "https://schema.org/OutOfStock"
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]+", " ", text[:200].rpartition("/")[2])
    return 0 if _OUT.search(words) and not _SOLD.search(words) else None


def _address(held: list[Any], field: str, notes: list[str]) -> str:
    cell = html.unescape(str(next(flat(held), "")).strip())
    cell = re.split(r"[\s,;|]+(?=https?://)", cell, maxsplit=1)[0]  # of several addresses the first
    if not cell or cell.lower() in _NOTHING:
        return ""
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", cell)
    if scheme and scheme[1].lower() in ("http", "https"):
        cell = cell.replace(" ", "%20")
    if (
        len(cell) > 2000
        or re.search(r"[\s<>\"\x00-\x1f]", cell)
        or (scheme and scheme[1].lower() not in ("http", "https"))
    ):
        notes.append(f"{field} is no web address, left out")
        return ""
    return cell


def _attributes(values: dict[str, Any], mapping: Mapping, notes: list[str]) -> dict[str, tuple[str, ...]]:
    held: dict[str, list[Any]] = {}
    for column in mapping.whole:
        for name, value in _named(values.get(column), column):
            held.setdefault(attribute_name(plain(name).strip(" :")), []).append(value)
    held |= {name: cells(values, origin) for name, origin in mapping.attributes.items()}
    attributes: dict[str, tuple[str, ...]] = {}
    for name, found in held.items():
        texts = [_cut(plain(_said(cell)[:MOST_CHARACTERS]), LONGEST_VALUE, name[:40], notes) for cell in flat(found)]
        kept = tuple(dict.fromkeys(text for text in texts if text.lower() not in _NOTHING))
        if not name or not kept:
            continue
        if len(kept) > MOST_VALUES:
            notes.append(f"{name[:40]} cut to {MOST_VALUES} values")
        if len(name) > LONGEST_NAME or len(attributes) == MOST_ATTRIBUTES:
            notes.append(f"an attribute beyond {MOST_ATTRIBUTES} of {LONGEST_NAME} characters was left out")
            continue
        attributes[name] = kept[:MOST_VALUES]
    return attributes


def _named(held: Any, column: str) -> Iterator[tuple[str, Any]]:
    """Names and values in a cell that holds attributes: an object; objects of a name and a value each; or words, which
    are values of the column itself.
    """
    if isinstance(held, str) and held.strip()[:1] in ("{", "["):
        try:
            held = json.loads(held, parse_float=Decimal)
        except (ValueError, RecursionError):
            return
    if isinstance(held, str) and ":" in held:  # as Google's text feeds write it: "section:name:value,name:value"
        for part in re.split(r",(?=[^,:]+:)", held):
            named = [said.strip() for said in part.split(":")]
            yield named[-2] if len(named) > 1 else column, named[-1]
    elif isinstance(held, dict):
        name = next((held[key] for key in ("name", "attribute_name", "key") if isinstance(held.get(key), str)), "")
        value = next((held[key] for key in ("value", "values", "attribute_value") if key in held), None)
        if name and value is not None:
            yield name, value
        else:
            yield from ((str(key), one) for key, one in held.items())
    elif isinstance(held, list):
        for one in held:
            yield from _named(one, column) if isinstance(one, dict) else [("features", one)]


def _said(cell: object) -> str:
    return ("yes" if cell else "no") if isinstance(cell, bool) else str(cell)
