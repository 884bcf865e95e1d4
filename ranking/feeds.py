"""Event files: rows of CSV or JSON Lines to events, each bad row rejected with its line and the reason.

Knows column names and what can be wrong with a row. Knows nothing of tables or of the command line.
"""

import csv
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from ranking.errors import UnreadableFeed
from ranking.history import EARLIEST, LONGEST_ORDER, ORDER_STEP_S, Event, Kind

Field = Literal["id", "shopper", "kind", "item", "query", "rating", "time", "order", "turn", "shown_position"]

# Column names, in lower case and with "_" for anything between words, that are understood without --map.
SYNONYMS: dict[Field, tuple[str, ...]] = {
    "id": ("id", "event_id", "uuid"),
    "shopper": (
        *("shopper", "shopper_id", "user", "user_id", "userid", "customer", "customer_id"),
        *("visitor", "visitor_id", "visitorid", "reviewer_id", "reviewerid"),
    ),
    "kind": ("kind", "event", "event_type", "type", "action", "behavior", "behaviour"),
    "item": ("item", "item_id", "itemid", "product", "product_id", "productid", "sku", "asin", "parent_asin"),
    "query": ("query", "search", "search_query", "search_term", "keywords"),
    "rating": ("rating", "stars", "score", "overall"),
    "time": ("time", "timestamp", "date", "datetime", "event_time", "created_at", "unixreviewtime"),
    "order": ("order", "position", "sequence", "step"),
    "turn": ("turn", "turn_id"),
    "shown_position": ("shown_position", "position_shown", "rank_shown"),
}
KIND_SYNONYMS: dict[str, Kind] = {
    "add_to_cart": "cart",
    "addtocart": "cart",
    "basket": "cart",
    "bought": "purchase",
    "buy": "purchase",
    "favourite": "like",
    "favorite": "like",
    "order": "purchase",
    "pageview": "view",
    "product_view": "view",
    "pv": "view",
    "rate": "rating",
    "review": "rating",
    "transaction": "purchase",
    "wishlist": "like",
}
CLOCK_SKEW_S = 300.0  # a time this far ahead is a clock that differs, not a time in the future
MILLISECONDS_FROM = 1e11  # a number from here on counts milliseconds: in seconds it would be the year 5138


@dataclass(frozen=True)
class Rejected:
    """A row that was dropped: its line in the file (from 1), the reason, and the row as it stood."""

    line: int
    reason: str
    raw: str


@dataclass(frozen=True)
class Row:
    """One row as it stands: its line, its values by column (None: not a row of values), and its text."""

    line: int
    values: dict[str, str] | None
    raw: str


@dataclass(frozen=True)
class Columns:
    """Which column holds which field, and the kind of a row that names none."""

    of: dict[Field, str]
    kind: Kind | None

    @classmethod
    def named(
        cls,
        names: Collection[str],
        mapping: Mapping[str, str],
        kind: Kind | None = None,
        order_column: str = "",
    ) -> "Columns":
        """Columns by ``mapping`` (field to column) first, then by their names; UnreadableFeed if one is missing."""
        known = get_args(Field)
        for field, column in mapping.items():
            if field not in known:
                raise UnreadableFeed(f"--map names the field {field!r}, which events don't have: {', '.join(known)}.")
            if column not in names:
                raise UnreadableFeed(f"--map names the column {column!r}, which the file lacks: {', '.join(names)}.")
        if order_column and order_column not in names:
            raise UnreadableFeed(f"The file has no column {order_column!r}. Its columns: {', '.join(names)}.")
        of: dict[Field, str] = {}
        folded = {_folded(name): name for name in names}
        for field in known:
            found = mapping.get(field) or next((folded[name] for name in SYNONYMS[field] if name in folded), None)
            if found and found not in of.values():
                of[field] = found
        if order_column:
            of = {field: column for field, column in of.items() if column != order_column and field != "time"}
            of["order"] = order_column
        elif "time" in of and "order" not in mapping:
            of.pop("order", None)
        missing = [field for field in ("shopper",) if field not in of]
        missing += ["item"] if "item" not in of and "query" not in of else []
        missing += ["time (or --order-column)"] if "time" not in of and "order" not in of else []
        missing += ["kind (or --kind)"] if "kind" not in of and kind is None else []
        if missing:
            raise UnreadableFeed(
                f"No column found for {' and '.join(missing)} among {', '.join(names)}. Name it: --map FIELD=COLUMN."
            )
        return cls(of, kind)


def read_rows(path: Path) -> Iterator[Row]:
    """Rows of a CSV file (with a header) or of JSON Lines, by what the file begins with; UnreadableFeed if neither."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            start = file.read(64).lstrip()
            file.seek(0)
            if not start:
                raise UnreadableFeed(f"{path.name} is empty.")
            yield from _json_rows(file) if start.startswith("{") else _csv_rows(file, path.name)
    except OSError as error:
        raise UnreadableFeed(f"{path} can't be read: {error.strerror}.") from error
    except csv.Error as error:
        raise UnreadableFeed(f"{path.name} can't be read as CSV: {error}.") from error


def _csv_rows(file: Iterator[str], name: str) -> Iterator[Row]:
    reader = csv.reader(file)
    header = [column.strip() for column in next(reader)]
    if len(header) < 2:
        raise UnreadableFeed(f"{name} is neither JSON Lines nor CSV with a comma and a header: {header[0][:60]!r}.")
    end = reader.line_num
    for values in reader:
        line, end = end + 1, reader.line_num
        if not values:
            continue
        whole = dict(zip(header, values, strict=True)) if len(values) == len(header) else None
        yield Row(line, whole, ",".join(values))


def _json_rows(file: Iterator[str]) -> Iterator[Row]:
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            held = json.loads(text)
        except ValueError:
            held = None
        whole = {str(name): _text(value) for name, value in held.items()} if isinstance(held, dict) else None
        yield Row(line, whole, text.rstrip("\n"))


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def read_event(row: Row, columns: Columns, items: Collection[str], now: float) -> Event | Rejected:
    """The event of a row, or why there is none. ``items`` are the catalogue's ids, ``now`` is in unix seconds."""
    if row.values is None:
        return Rejected(row.line, "not a row of the file's columns", row.raw)
    values = row.values

    def held(field: Field) -> str:
        return values.get(columns.of.get(field, ""), "").strip()

    def no(reason: str) -> Rejected:
        return Rejected(row.line, reason, row.raw)

    shopper, item = held("shopper"), held("item")
    kind = read_kind(held("kind")) if held("kind") else columns.kind
    if not shopper:
        return no("no shopper")
    if kind is None:
        return no("unknown kind")
    if kind == "search":
        if not held("query"):
            return no("search without a query")
    elif not item:
        return no("no item")
    if item and item not in items:
        return no("unknown item")
    time = _read_order(held("order")) if "order" in columns.of else read_time(held("time"), now)
    if isinstance(time, str):
        return no(time)
    rating = None
    if held("rating"):
        rating = _number(held("rating"))
        if rating is None or not 0 <= rating <= 5:
            return no("rating outside 0 to 5")
    elif kind == "rating":
        return no("rating without a value")
    position = _number(held("shown_position"))
    try:
        return Event(
            id=held("id"),
            shopper_id=shopper,
            kind=kind,
            item_id=item,
            query=held("query"),
            rating=rating,
            time=time,
            turn_id=held("turn"),
            position=None if position is None else int(position),
        )
    except ValueError:
        return no("a value is too long")


def read_kind(text: str) -> Kind | None:
    """The kind that a file's word means, e.g. "Add to cart" is "cart"; None if it means none."""
    folded = _folded(text)
    own: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
    return own.get(folded) or KIND_SYNONYMS.get(folded)


def read_time(text: str, now: float) -> float | str:
    """Unix seconds of a time (unix seconds or milliseconds, or ISO 8601, UTC where it names no zone), or the reason."""
    seconds = _number(text)
    if seconds is None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return "unreadable time" if text else "no time"
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    elif seconds >= MILLISECONDS_FROM:
        seconds /= 1000
    if seconds < EARLIEST:
        return "time before 1995"
    return "time in the future" if seconds > now + CLOCK_SKEW_S else seconds


def _read_order(text: str) -> float | str:
    order = _number(text)
    if order is None or not 0 <= order <= LONGEST_ORDER:
        return "unreadable order"
    return EARLIEST + order * ORDER_STEP_S


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value - value == 0 else None  # neither NaN nor infinite


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")
