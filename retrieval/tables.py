# ruff: noqa: S608 - the SQL put together here is ours alone; every value from outside is a bound parameter
"""The catalogue's tables: how they came to be, and how an item is written into them.

Owns ``items``, ``item_attributes``, ``items_fts``, ``removed_items`` and ``catalogue_state``. Knows nothing of
filters' meaning or of what is asked of the catalogue: that is ``retrieval.catalog``.
"""

import json
from collections.abc import Mapping

from sqlite_utils import Database, Migrations

from retrieval.conditions import category_key, price_key
from retrieval.filters import words_of
from retrieval.items import Item

MOST_TOMBSTONES = 100_000  # removed items that are remembered; who is further behind reads everything anew

# A word in the title says more of what the item is than one in the description. bm25's weights, in column order.
SEARCHED = {"title": 8.0, "brand": 3.0, "category_text": 3.0, "attributes_text": 2.0, "description": 0.6}

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
    items.enable_fts(list(SEARCHED), create_triggers=True, tokenize="porter unicode61 remove_diacritics 2")


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


def write(database: Database, item: Item, number: int, content_hash: str, sequence: int) -> None:
    """Write the item with this number, in place of what it held before."""
    row = {
        "number": number,
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
        "changed": sequence,
        "path": json.dumps(item.category, ensure_ascii=False),
        "attributes": json.dumps(item.attributes, ensure_ascii=False),
        "price": None if item.price is None else str(item.price),
    }
    updates = ", ".join(f"{column} = excluded.{column}" for column in row if column not in ("id", "number"))
    database.execute(
        f"INSERT INTO items ({', '.join(row)}) VALUES ({', '.join('?' * len(row))}) "
        f"ON CONFLICT (id) DO UPDATE SET {updates}",
        list(row.values()),
    )
    database.execute("DELETE FROM item_attributes WHERE item_number = ?", [number])
    # As Filter.matches sees them: of two names that differ in case only, the later one.
    held = {name.lower(): {value.lower() for value in values} for name, values in item.attributes.items()}
    database.conn.executemany(
        "INSERT INTO item_attributes (item_number, name, value) VALUES (?, ?, ?)",
        [(number, name, value) for name, values in held.items() for value in values],
    )


def erase(database: Database, numbers: Mapping[str, int], sequence: int) -> None:
    """Remove the items with these ids and numbers, and remember that they were there."""
    database.conn.executemany("DELETE FROM items WHERE number = ?", [(number,) for number in numbers.values()])
    database.conn.executemany(
        "INSERT INTO removed_items VALUES (?, ?)", [(number, sequence) for number in numbers.values()]
    )
    forgotten = "SELECT changed FROM removed_items ORDER BY changed DESC LIMIT 1 OFFSET ?"
    if row := database.execute(forgotten, [MOST_TOMBSTONES]).fetchone():
        database.execute("DELETE FROM removed_items WHERE changed <= ?", row)
        database.execute("UPDATE catalogue_state SET told_since = ?", row)


def moved(database: Database, sequence: int, difference: int) -> None:
    """End a transaction that changed items: its sequence, and what it added to the digest."""
    (digest,) = database.execute("SELECT digest FROM catalogue_state").fetchone()
    # A sum modulo 2^128: it does not depend on the order in which items came and went.
    database.execute(
        "UPDATE catalogue_state SET sequence = ?, digest = ?", [sequence, str((int(digest) + difference) % 2**128)]
    )
