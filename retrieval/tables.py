# ruff: noqa: S608 - the SQL put together here is ours alone; every value from outside is a bound parameter
"""The catalogue's tables: how they came to be, and how an item is written into them.

Owns ``items`` (what is filtered and counted by, a narrow row an item), ``records`` (the items themselves),
``removed_items`` and ``catalogue_state``. Knows nothing of what is asked of the catalogue: that is
``retrieval.catalog``.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlite_utils import Database, Migrations

from retrieval.filters import words_of
from retrieval.items import Item
from retrieval.variants import variant_key

MOST_TOMBSTONES = 100_000  # removed items that are remembered; who is further behind reads everything anew

# The columns of ``items`` that say something of the item; before them stand its number and its last change.
SAID = (
    "id", "hash", "brand", "path", "attributes", "price", "currency", "stock", "rating", "rating_count", "variant",
    "words",
)  # fmt: skip
_TYPES = (
    "id TEXT NOT NULL, hash TEXT NOT NULL, brand TEXT NOT NULL, path TEXT NOT NULL, attributes TEXT NOT NULL, "
    "price TEXT, currency TEXT NOT NULL, stock INTEGER, rating REAL, rating_count INTEGER, variant TEXT NOT NULL, "
    "words TEXT NOT NULL"
)
# An item that is alone has a key of its own; only of the others is there anything to look up by the key.
MAY_VARY = "substr(variant, 1, 5) <> 'item '"
HASH_DIGITS = 32  # of an item's content hash, hexadecimal: 128 bits
MOST_STOCK = 10**15  # SQLite's integers end at 2^63; no shop has more pieces

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
    columns = ["title", "brand", "category_text", "attributes_text", "description"]
    db.table("items").enable_fts(columns, create_triggers=True, tokenize="porter unicode61 remove_diacritics 2")


@migrations()
def m002_changes(db: Database) -> None:
    """Each item tells at which sequence it last changed, and holds what ``retrieval.columns`` is made of."""
    for column in (
        "changed INTEGER NOT NULL DEFAULT 1",
        "path TEXT NOT NULL DEFAULT '[]'",
        "attributes TEXT NOT NULL DEFAULT '{}'",
        "price TEXT",
    ):
        db.execute(f"ALTER TABLE items ADD COLUMN {column}")
    db.execute(
        "UPDATE items SET path = json_extract(record, '$.category'), price = json_extract(record, '$.price'), "
        "attributes = json_extract(record, '$.attributes')"
    )
    db.execute("CREATE INDEX items_by_change ON items (changed)")
    db.execute("CREATE TABLE removed_items (number INTEGER PRIMARY KEY, changed INTEGER NOT NULL)")
    db.execute("CREATE INDEX removed_items_by_change ON removed_items (changed)")
    # told_since: the sequence from which on every removal is remembered.
    for column in ("sequence", "next_number", "told_since"):
        db.execute(f"ALTER TABLE catalogue_state ADD COLUMN {column} INTEGER NOT NULL DEFAULT 1")
    db.execute("UPDATE catalogue_state SET next_number = (SELECT coalesce(max(number), 0) + 1 FROM items)")


@migrations()
def m003_narrow_items(db: Database) -> None:
    """Records apart from what is filtered by; no full-text search and no attribute table, which others do better."""
    db.table("items").disable_fts()
    db.execute("DROP TABLE item_attributes")
    db.execute("ALTER TABLE items RENAME TO items_before")
    db.execute("DROP INDEX items_by_change")
    create(db, "items", "records", "first")
    db.conn.create_function("variant_key", 1, lambda record: variant_key(Item.model_validate_json(record)))
    db.execute(
        f"INSERT INTO items (number, changed, {', '.join(SAID)}) SELECT number, changed, id, substr(hash, 1, 32), "
        "brand, path, attributes, price, currency, stock, rating, rating_count, variant_key(record), words "
        "FROM items_before"
    )
    db.execute("INSERT INTO records SELECT number, record FROM items_before")
    db.execute("DROP TABLE items_before")


@migrations()
def m004_index_by_variant(db: Database) -> None:
    """The variants of a product are looked up by their key."""
    if not any(index.columns == ["variant"] for index in db.table("items").indexes):  # m003 may have made it
        db.execute(f"CREATE INDEX items_by_variant ON items (variant) WHERE {MAY_VARY}")


def create(database: Database, items: str, records: str, name: str) -> None:
    """Empty tables of these names; ``name`` makes the names of their indexes."""
    database.execute(f"CREATE TABLE {items} (number INTEGER PRIMARY KEY, changed INTEGER NOT NULL, {_TYPES})")
    database.execute(f"CREATE UNIQUE INDEX items_{name}_by_id ON {items} (id)")
    database.execute(f"CREATE INDEX items_{name}_by_change ON {items} (changed)")
    database.execute(f"CREATE INDEX items_{name}_by_variant ON {items} (variant) WHERE {MAY_VARY}")
    database.execute(f"CREATE TABLE {records} (number INTEGER PRIMARY KEY, record TEXT NOT NULL)")


def begin_writing(database: Database) -> int:
    """Take the write lock, so that what is read in this transaction cannot change; the next sequence."""
    database.execute("UPDATE catalogue_state SET sequence = sequence")
    (sequence,) = database.execute("SELECT sequence FROM catalogue_state").fetchone()
    return int(sequence) + 1


def new_numbers(database: Database, count: int) -> range:
    """So many numbers that no item has or had."""
    (first,) = database.execute("SELECT next_number FROM catalogue_state").fetchone()
    database.execute("UPDATE catalogue_state SET next_number = next_number + ?", [count])
    return range(first, first + count)


def hash_of(item: Item) -> str:
    """Names the item's content; two items with the same need no update."""
    return item.content_hash()[:HASH_DIGITS]


def said(item: Item, content_hash: str) -> tuple[Any, ...]:
    """The values of ``SAID``."""
    return (
        item.id,
        content_hash,
        item.brand,
        json.dumps(item.category, ensure_ascii=False),
        json.dumps(item.attributes, ensure_ascii=False),
        None if item.price is None else str(item.price),
        item.currency,
        None if item.stock is None else min(item.stock, MOST_STOCK),
        item.rating,
        None if item.rating_count is None else min(item.rating_count, MOST_STOCK),
        variant_key(item),
        words_of(item).casefold(),
    )


def write(database: Database, items: Iterable[tuple[int, Item]], sequence: int) -> None:
    """Write the items with these numbers, in place of what those held before."""
    held, marks = list(items), ", ".join("?" * (len(SAID) + 2))
    database.conn.executemany(
        f"INSERT OR REPLACE INTO items (number, changed, {', '.join(SAID)}) VALUES ({marks})",
        [(number, sequence, *said(item, hash_of(item))) for number, item in held],
    )
    database.conn.executemany(
        "INSERT OR REPLACE INTO records VALUES (?, ?)", [(number, item.model_dump_json()) for number, item in held]
    )


def erase(database: Database, numbers: Sequence[int], sequence: int) -> None:
    """Remove the items with these numbers, and remember that they were there."""
    for table in ("items", "records"):
        database.conn.executemany(f"DELETE FROM {table} WHERE number = ?", [(number,) for number in numbers])
    bury(database, numbers, sequence)


def bury(database: Database, numbers: Sequence[int], sequence: int) -> None:
    """Remember that these numbers are gone; the oldest of too many are forgotten, with the sequence they went at."""
    if len(numbers) > MOST_TOMBSTONES:
        database.execute("UPDATE catalogue_state SET told_since = ?", [sequence])
        return
    database.conn.executemany(
        "INSERT OR REPLACE INTO removed_items VALUES (?, ?)", [(number, sequence) for number in numbers]
    )
    oldest = "SELECT changed FROM removed_items ORDER BY changed DESC LIMIT 1 OFFSET ?"
    if row := database.execute(oldest, [MOST_TOMBSTONES]).fetchone():
        database.execute("DELETE FROM removed_items WHERE changed <= ?", row)
        database.execute("UPDATE catalogue_state SET told_since = ?", row)


def digest_of(hashes: Iterable[str]) -> int:
    """What items with these hashes add to the catalogue's digest."""
    return sum(int(one, 16) for one in hashes)


def moved(database: Database, sequence: int, difference: int) -> None:
    """End a transaction that changed items: its sequence, and what it added to the digest."""
    (digest,) = database.execute("SELECT digest FROM catalogue_state").fetchone()
    # A sum modulo 2^128: it does not depend on the order in which items came and went.
    database.execute(
        "UPDATE catalogue_state SET sequence = ?, digest = ?", [sequence, str((int(digest) + difference) % 2**128)]
    )
