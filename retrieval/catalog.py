# ruff: noqa: S608 - the SQL put together here is ours alone; every value from outside is a bound parameter
"""The catalogue in SQLite: the truth about every item, and full-text search over it.

Owns the tables ``items``, ``item_attributes``, ``items_fts`` and ``catalogue_state``, and is the only module that
writes SQL about them. Knows nothing of files, vectors or conversation. Every method may be called from any thread.
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

from sqlite_utils import Database, Migrations

from retrieval.conditions import category_key, conditions, price_key, suspects
from retrieval.database import Connections
from retrieval.filters import Filter, contains_term, words_of
from retrieval.items import Item

T = TypeVar("T")

BATCH = 500  # items a transaction: an interrupted ingest loses at most these
REMEMBERED_FILTERS = 64  # outcomes of filters kept, of one generation
MOST_WORDS = 48  # distinct words of a query that are searched for; a pasted page of text has more

# A word in the title says more of what the item is than one in the description. bm25's weights, in column order.
_SEARCHED = {"title": 8.0, "brand": 3.0, "category_text": 3.0, "attributes_text": 2.0, "description": 0.6}

_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a about an and any are as at be but by can could do does for from get give got had has have hi hello how i if "
        "in into is it its just like looking me my need of on or our please recommend search shop show so some "
        "something than that the their them there these they this those to too up us very want was we what when where "
        "which who will with would you your",
    )
)

migrations = Migrations("retrieval.catalog")


@migrations()
def m001_initial(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE IF NOT EXISTS items (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            hash TEXT NOT NULL,
            record TEXT NOT NULL,
            title TEXT NOT NULL,
            brand TEXT NOT NULL,
            category_text TEXT NOT NULL,
            attributes_text TEXT NOT NULL,
            description TEXT NOT NULL,
            words TEXT NOT NULL,
            brand_key TEXT NOT NULL,
            category_key TEXT NOT NULL,
            price_key TEXT,
            currency TEXT NOT NULL,
            stock INTEGER,
            rating REAL,
            rating_count INTEGER
        );
        CREATE INDEX IF NOT EXISTS items_by_price ON items (price_key);
        CREATE TABLE IF NOT EXISTS item_attributes (
            item_number INTEGER NOT NULL REFERENCES items (number) ON DELETE CASCADE,
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (name, value, item_number)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS item_attributes_by_item ON item_attributes (item_number);
        CREATE TABLE IF NOT EXISTS catalogue_state (only INTEGER PRIMARY KEY CHECK (only = 1), digest TEXT NOT NULL);
        INSERT OR IGNORE INTO catalogue_state VALUES (1, '0');
        """
    )
    items = db.table("items")
    items.enable_fts(list(_SEARCHED), create_triggers=True, tokenize="porter unicode61 remove_diacritics 2")


@dataclass(frozen=True)
class UpsertCount:
    """How many items of an ``upsert`` were new, changed, or the same as before."""

    new: int = 0
    changed: int = 0
    same: int = 0

    def __add__(self, other: "UpsertCount") -> "UpsertCount":
        return UpsertCount(self.new + other.new, self.changed + other.changed, self.same + other.same)


@dataclass(frozen=True)
class Vocabulary:
    """The words that the catalogue itself uses; each tuple is most frequent first."""

    brands: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]  # full paths, as items carry them
    attributes: dict[str, tuple[str, ...]]  # name in lower case -> values in their most frequent spelling
    currency: str  # the most frequent one; "" where no item has any
    price_range: tuple[Decimal, Decimal] | None


@dataclass(frozen=True)
class Facts:
    """What can be said of the items that satisfy a filter, counted over all of them."""

    count: int
    price_min: Decimal | None
    price_max: Decimal | None
    cheapest: str  # item id; "" where no item has a price
    dearest: str
    brands: int  # distinct ones


class Catalog:
    """The items of one shop."""

    def __init__(self, connections: Connections) -> None:
        """Open the catalogue, creating or migrating its tables."""
        self._connections = connections
        self._lock = threading.Lock()
        self._remembered: dict[str, Any] = {}  # filled and emptied under the lock, valid for one generation
        self._remembered_generation = ""
        migrations.apply(connections.current)

    def upsert(self, items: Iterable[Item]) -> UpsertCount:
        """Write items, in place by id, one transaction per 500; an item equal to what is held is not written."""
        count, remaining = UpsertCount(), iter(items)
        while batch := list(islice(remaining, BATCH)):
            count += self._upsert_batch({item.id: item for item in batch})
        return count

    def _upsert_batch(self, items: dict[str, Item]) -> UpsertCount:
        database = self._connections.current
        new = changed = same = 0
        with database.atomic():
            # A write first: it takes the lock, so what is read below cannot change before we write.
            database.execute("UPDATE catalogue_state SET digest = digest")
            hashes = self._hashes(database, items)
            digest = 0
            for item in items.values():
                before, after = hashes.get(item.id), item.content_hash()
                if before == after:
                    same += 1
                    continue
                new += before is None
                changed += before is not None
                digest += _number(after) - (_number(before) if before else 0)
                _write(database, item, after)
            _move_digest(database, digest)
        return UpsertCount(new, changed, same)

    def remove(self, ids: Iterable[str]) -> int:
        """Remove the items with these ids, in one transaction; returns how many there were."""
        database = self._connections.current
        removed = 0
        with database.atomic():
            database.execute("UPDATE catalogue_state SET digest = digest")
            hashes = self._hashes(database, ids)
            for item_id in hashes:
                removed += database.execute("DELETE FROM items WHERE id = ?", [item_id]).rowcount
            _move_digest(database, -sum(map(_number, hashes.values())))
        return removed

    @staticmethod
    def _hashes(database: Database, ids: Iterable[str]) -> dict[str, str]:
        sql = "SELECT id, hash FROM items WHERE id IN (SELECT value FROM json_each(?))"
        return dict(database.execute(sql, [json.dumps(list(ids))]).fetchall())

    def get(self, item_id: str) -> Item | None:
        """The item with this id, or None."""
        return self.many([item_id]).get(item_id)

    def many(self, ids: Sequence[str]) -> dict[str, Item]:
        """The items with these ids, by id, in the order asked for; unknown ids are left out."""
        sql = "SELECT id, record FROM items WHERE id IN (SELECT value FROM json_each(?))"
        records = dict(self._connections.current.execute(sql, [json.dumps(list(ids))]).fetchall())
        return {item_id: Item.model_validate_json(records[item_id]) for item_id in ids if item_id in records}

    def all(self) -> Iterator[Item]:
        """Every item, in the order of first arrival, as the catalogue is when the iteration begins."""
        for (record,) in self._connections.current.execute("SELECT record FROM items ORDER BY number"):
            yield Item.model_validate_json(record)

    def ids(self, filter: Filter) -> set[str]:
        """Ids of all items that satisfy the filter: exactly those for which ``filter.matches`` is true."""
        return set(self.matching(filter))

    def matching(self, filter: Filter) -> frozenset[str]:
        """Like ``ids``, remembered while the catalogue does not change."""
        return self._remember("matching" + filter.model_dump_json(), lambda: self._matching(filter))

    def _matching(self, filter: Filter) -> frozenset[str]:
        where, values = conditions(filter)
        database = self._connections.current
        found = {item_id for (item_id,) in database.execute(f"SELECT id FROM items WHERE {where}", values)}
        if filter.excluded_terms:
            found -= self._breaking(filter.excluded_terms)
        return frozenset(found)

    def _breaking(self, terms: Sequence[str]) -> frozenset[str]:
        """Ids of items in whose words one of the terms stands."""
        where, values = suspects(terms)
        rows = self._connections.current.execute(f"SELECT id, words FROM items WHERE {where}", values)
        return frozenset(item_id for item_id, words in rows if any(contains_term(words, term) for term in terms))

    def count(self, filter: Filter | None = None) -> int:
        """How many items satisfy the filter; without one, those in stock."""
        return len(self.matching(filter or Filter()))

    def size(self) -> int:
        """How many items there are, in stock or not."""
        (size,) = self._connections.current.execute("SELECT count(*) FROM items").fetchone()
        return int(size)

    def search(self, words: str, filter: Filter, k: int) -> list[tuple[str, float]]:
        """Items in which any of the words stand, and that satisfy the filter: at most k, best first.

        The words are whatever the shopper typed; no character of them has a meaning of its own. Returns (id, score),
        score being BM25 with weighted columns, above 0. Words that say nothing (see the stop list) are left out.
        """
        terms = search_terms(words)
        if not terms or k < 1:
            return []
        where, values = conditions(filter)
        excluded = self._breaking(filter.excluded_terms) if filter.excluded_terms else frozenset()
        weights = ", ".join(map(str, _SEARCHED.values()))
        rows = self._connections.current.execute(
            f"SELECT items.id, -bm25(items_fts, {weights}) AS score FROM items_fts "
            f"JOIN items ON items.number = items_fts.rowid WHERE items_fts MATCH ? AND {where} "
            "ORDER BY score DESC, items.number LIMIT ?",
            [" OR ".join(f'"{term}"' for term in terms), *values, k + len(excluded)],
        )
        return [(item_id, float(score)) for item_id, score in rows if item_id not in excluded][:k]

    def popular(self, filter: Filter, k: int) -> list[str]:
        """Ids of items that satisfy the filter, most and best rated first."""
        where, values = conditions(filter)
        excluded = self._breaking(filter.excluded_terms) if filter.excluded_terms else frozenset()
        # The mean of the ratings and of ten imagined ones of 3.5: a single 5.0 does not outrank two hundred of 4.8.
        mean = "(coalesce(rating, 3.5) * coalesce(rating_count, 0) + 35.0) / (coalesce(rating_count, 0) + 10.0)"
        rows = self._connections.current.execute(
            f"SELECT id FROM items WHERE {where} ORDER BY {mean} DESC, rating_count DESC, number LIMIT ?",
            [*values, k + len(excluded)],
        )
        return [item_id for (item_id,) in rows if item_id not in excluded][:k]

    def generation(self) -> str:
        """Names the state of the catalogue: the same for the same items, whatever the order they came in."""
        (digest,) = self._connections.current.execute("SELECT digest FROM catalogue_state").fetchone()
        return f"{int(digest):032x}"

    def facts(self, filter: Filter) -> Facts:
        """Counts and extremes over all items that satisfy the filter; of equal prices, the best rated item is named."""
        where, values = conditions(filter)
        if filter.excluded_terms:
            where = "id IN (SELECT value FROM json_each(?))"
            values = [json.dumps(list(self.matching(filter)))]
        database = self._connections.current
        count, brands = database.execute(
            f"SELECT count(*), count(DISTINCT nullif(brand_key, '')) FROM items WHERE {where}", values
        ).fetchone()
        ends: list[Item | None] = []
        for direction in ("ASC", "DESC"):
            row = database.execute(
                f"SELECT record FROM items WHERE {where} AND price_key IS NOT NULL "
                f"ORDER BY price_key {direction}, rating DESC, number LIMIT 1",
                values,
            ).fetchone()
            ends.append(Item.model_validate_json(row[0]) if row else None)
        cheapest, dearest = ends
        return Facts(
            count=count,
            price_min=cheapest.price if cheapest else None,
            price_max=dearest.price if dearest else None,
            cheapest=cheapest.id if cheapest else "",
            dearest=dearest.id if dearest else "",
            brands=brands,
        )

    def vocabulary(self) -> Vocabulary:
        """The catalogue's own words, counted over all items; remembered while the catalogue does not change."""
        return self._remember("vocabulary", self._vocabulary)

    def _vocabulary(self) -> Vocabulary:
        brands, categories, currencies = Counter[str](), Counter[tuple[str, ...]](), Counter[str]()
        spellings: dict[str, dict[str, Counter[str]]] = {}
        prices: list[Decimal] = []
        for item in self.all():
            brands.update([item.brand] if item.brand else [])
            categories.update([item.category] if item.category else [])
            currencies.update([item.currency] if item.currency else [])
            prices.extend([item.price] if item.price is not None else [])
            for name, values in item.attributes.items():
                counted = spellings.setdefault(name.lower(), {})
                for value in values:
                    counted.setdefault(value.lower(), Counter())[value] += 1
        return Vocabulary(
            brands=tuple(brand for brand, _ in brands.most_common()),
            categories=tuple(path for path, _ in categories.most_common()),
            attributes={
                name: tuple(
                    counted.most_common(1)[0][0]
                    for counted in sorted(values.values(), key=lambda counted: -counted.total())
                )
                for name, values in spellings.items()
            },
            currency=max(currencies, key=lambda currency: currencies[currency], default=""),
            price_range=(min(prices), max(prices)) if prices else None,
        )

    def _remember(self, key: str, make: Callable[[], T]) -> T:
        generation = self.generation()
        with self._lock:
            if self._remembered_generation != generation or len(self._remembered) > REMEMBERED_FILTERS:
                self._remembered.clear()
                self._remembered_generation = generation
            elif key in self._remembered:
                held: T = self._remembered[key]
                return held
        made = make()
        with self._lock:
            # Kept only if nothing changed meanwhile: else it may be half of one state and half of another.
            if self._remembered_generation == generation == self.generation():
                self._remembered[key] = made
        return made


def search_terms(words: str) -> list[str]:
    """The distinct words worth searching for, in lower case, in order; at most 48.

    >>> search_terms('I want a "red" tent (NEAR/2 the lake)')
    ['red', 'tent', 'near', '2', 'lake']
    """
    found = dict.fromkeys(re.findall(r"\w+(?:['’]\w+)?", words.lower()))
    telling = [word for word in found if word not in _STOP_WORDS]
    return (telling or list(found))[:MOST_WORDS]


def _write(database: Database, item: Item, content_hash: str) -> None:
    row = {
        "id": item.id,
        "hash": content_hash,
        "record": item.model_dump_json(),
        "title": item.title,
        "brand": item.brand,
        "category_text": " ".join(item.category),
        "attributes_text": " ".join(value for values in item.attributes.values() for value in values),
        "description": item.description,
        "words": words_of(item).casefold(),
        "brand_key": item.brand.lower(),
        "category_key": category_key(item.category),
        "price_key": None if item.price is None else price_key(item.price),
        "currency": item.currency,
        "stock": item.stock,
        "rating": item.rating,
        "rating_count": item.rating_count,
    }
    updates = ", ".join(f"{column} = excluded.{column}" for column in row if column != "id")
    database.execute(
        f"INSERT INTO items ({', '.join(row)}) VALUES ({', '.join('?' * len(row))}) "
        f"ON CONFLICT (id) DO UPDATE SET {updates}",
        list(row.values()),
    )
    (number,) = database.execute("SELECT number FROM items WHERE id = ?", [item.id]).fetchone()
    database.execute("DELETE FROM item_attributes WHERE item_number = ?", [number])
    # As Filter.matches sees them: of two names that differ in case only, the later one.
    held = {name.lower(): {value.lower() for value in values} for name, values in item.attributes.items()}
    database.conn.executemany(
        "INSERT INTO item_attributes (item_number, name, value) VALUES (?, ?, ?)",
        [(number, name, value) for name, values in held.items() for value in values],
    )


def _number(content_hash: str) -> int:
    return int(content_hash[:32], 16)


def _move_digest(database: Database, difference: int) -> None:
    (digest,) = database.execute("SELECT digest FROM catalogue_state").fetchone()
    # A sum modulo 2^128: it does not depend on the order in which items came and went.
    database.execute("UPDATE catalogue_state SET digest = ?", [str((int(digest) + difference) % 2**128)])
