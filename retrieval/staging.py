# ruff: noqa: S608 - the SQL put together here is ours alone; every value from outside is a bound parameter
"""The items of one feed, held aside until they are committed all at once.

Owns the table ``staged_NAME`` of one ingest: a row an item, with its number in the catalogue, and what it says only
where that differs from what the catalogue held. Knows nothing of files or reports, nor how the whole is committed.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlite_utils import Database

from retrieval import tables
from retrieval.errors import FeedError
from retrieval.items import Item


@dataclass(frozen=True)
class Held:
    """An item as the catalogue holds it."""

    number: int
    hash: str
    item: Item | None  # only where an update needs it


@dataclass(frozen=True)
class Counts:
    """How many staged items are new, differ from what the catalogue held, or do not; and how many are spared."""

    new: int
    changed: int
    same: int
    spared: int


class Staging:
    """The staged items of one ingest; ``update`` tells that they state only some fields of items that exist.

    Methods that write belong within a transaction of the caller's that holds the write lock.
    """

    def __init__(self, database: Database, name: str, *, update: bool) -> None:
        self.table = f"staged_{name}"
        self._database, self._update = database, update
        # Without declared types, so that every value is handed on exactly as it came. ``hash`` is null where the item
        # is as the catalogue holds it; ``before`` is the hash that an update was applied to.
        database.execute(
            f"CREATE TABLE IF NOT EXISTS {self.table} (number INTEGER PRIMARY KEY, line INTEGER NOT NULL, "
            f"new INTEGER NOT NULL, before, stated, {', '.join(tables.SAID)}, record)"
        )
        database.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {self.table}_by_id ON {self.table} (id)")
        # For ``counts``: a few megabytes of a million items, where the rows themselves are a gigabyte.
        differing = f"ON {self.table} (new) WHERE hash IS NOT NULL"
        database.execute(f"CREATE INDEX IF NOT EXISTS {self.table}_differing {differing}")
        # A line below 0 is that of a spared item.
        database.execute(f"CREATE INDEX IF NOT EXISTS {self.table}_spared ON {self.table} (line) WHERE line < 0")

    def lines(self, ids: Iterable[str]) -> dict[str, int]:
        """The lines of those of these items that are staged."""
        sql = f"SELECT id, line FROM {self.table} WHERE line > 0 AND id IN (SELECT value FROM json_each(?))"
        return dict(self._database.execute(sql, [json.dumps(list(ids))]).fetchall())

    def held(self, ids: Iterable[str]) -> dict[str, Held]:
        """Those of these items that the catalogue holds."""
        sql = "SELECT id, number, hash, {} FROM items {} WHERE id IN (SELECT value FROM json_each(?))"
        sql = sql.format("record", "JOIN records USING (number)") if self._update else sql.format("NULL", "")
        return {
            item_id: Held(number, before, Item.model_validate_json(record) if record else None)
            for item_id, number, before, record in self._database.execute(sql, [json.dumps(list(ids))]).fetchall()
        }

    def add(self, items: Mapping[str, tuple[int, Item]], held: Mapping[str, Held]) -> None:
        """Stage these items, each with its line, beside what the catalogue holds; of an update, all must be held."""
        fresh = iter(tables.new_numbers(self._database, sum(item_id not in held for item_id in items)))
        rows = []
        for item_id, (line, item) in items.items():
            kept = held.get(item_id)
            rows.append(self._row(kept.number if kept else next(fresh), line, item, kept))
        marks = ", ".join("?" * (len(tables.SAID) + 6))
        self._database.conn.executemany(f"INSERT OR REPLACE INTO {self.table} VALUES ({marks})", rows)

    def spare(self, lines: Mapping[str, int]) -> None:
        """Leave these items, of which the feed has an unusable row (by its line), as the catalogue holds them, unless
        another row states them.
        """
        rows = [
            [kept.number, -lines[item_id], 0, kept.hash, None, *self._unsaid(item_id)]
            for item_id, kept in self.held(lines).items()
        ]
        marks = ", ".join("?" * (len(tables.SAID) + 6))
        self._database.conn.executemany(f"INSERT OR IGNORE INTO {self.table} VALUES ({marks})", rows)

    @staticmethod
    def _unsaid(item_id: str) -> list[object]:
        """What stands in the row of an item that stays as the catalogue holds it, and its record."""
        return [item_id, *[None] * (len(tables.SAID) - 1), None]

    def _row(self, number: int, line: int, item: Item, held: Held | None) -> list[object]:
        stated = None
        if self._update and held and held.item:
            stated = item.model_dump_json(exclude_defaults=True)
            item = held.item.updated(item)
        content_hash, before = tables.hash_of(item), held.hash if held else None
        if content_hash == before:
            return [number, line, 0, before, stated, *self._unsaid(item.id)]
        return [number, line, int(not held), before, stated, *tables.said(item, content_hash), item.model_dump_json()]

    def counts(self) -> Counts:
        """How many are staged, by what they will do to the catalogue."""
        # Each query is of an index alone: this runs while other writers wait.
        (every,) = self._database.execute(f"SELECT count(*) FROM {self.table}").fetchone()
        sql = f"SELECT new, count(*) FROM {self.table} WHERE hash IS NOT NULL GROUP BY new"
        counted = dict(self._database.execute(sql).fetchall())
        new, changed = counted.get(1, 0), counted.get(0, 0)
        (spared,) = self._database.execute(f"SELECT count(*) FROM {self.table} WHERE line < 0").fetchone()
        return Counts(new, changed, every - new - changed - spared, spared)

    def missing(self, where: str = "1", *values: object) -> list[int]:
        """Numbers of items, of those in the WHERE, that the catalogue holds and the feed does not."""
        sql = f"SELECT number FROM items WHERE {where} AND number NOT IN (SELECT number FROM {self.table})"
        return [number for (number,) in self._database.execute(sql, values).fetchall()]

    def reconcile(self, since: int) -> set[int]:
        """Fit what is staged to what others changed in the catalogue after this sequence; numbers that this touches.

        The feed's items are committed after theirs, so the feed has the last word on what it changes, and theirs stays
        where the feed said nothing new. Raises FeedError if it can no longer be told what they removed.
        """
        (told_since,) = self._database.execute("SELECT told_since FROM catalogue_state").fetchone()
        if told_since > since > 0:
            raise FeedError("The catalogue was replaced while the file was read. Run the same command again.")
        touched: set[int] = set()
        written = self._database.execute("SELECT number, id, hash FROM items WHERE changed > ?", [since]).fetchall()
        for number, item_id, live in written:
            touched |= {number, *self._fit_written(number, item_id, live)}
        removed = self._database.execute("SELECT number FROM removed_items WHERE changed > ?", [since]).fetchall()
        for (number,) in removed:
            touched |= {number, *self._fit_removed(number)}
        return touched

    def _fit_written(self, number: int, item_id: str, live: str) -> Iterable[int]:
        """Another writer wrote this item: its number counts, and an update is applied to what it is now."""
        sql = f"SELECT number, line, hash, before, stated FROM {self.table} WHERE id = ?"
        row = self._database.execute(sql, [item_id]).fetchone()
        if row is None:
            return
        staged, line, content_hash, before, stated = row
        if self._update and before != live:
            update = Item.model_validate_json(stated)
            self._database.execute(f"DELETE FROM {self.table} WHERE id = ?", [item_id])
            self.add({item_id: (line, update)}, self.held([item_id]))
        elif content_hash == live:  # what the feed says, they wrote too
            same = f"UPDATE {self.table} SET number = ?, new = 0, hash = NULL WHERE id = ?"
            self._database.execute(same, [number, item_id])
        elif staged != number:
            self._database.execute(f"UPDATE {self.table} SET number = ?, new = 0 WHERE id = ?", [number, item_id])
        yield staged

    def _fit_removed(self, number: int) -> Iterable[int]:
        """Another writer removed this item: what the feed says anew is a new item; else it stays away, unless they
        bring it back.
        """
        row = self._database.execute(f"SELECT hash FROM {self.table} WHERE number = ?", [number]).fetchone()
        if row is None:
            return
        (fresh,) = tables.new_numbers(self._database, 1)
        if row[0] is None or self._update:
            gone = f"UPDATE {self.table} SET number = ?, new = 0, hash = NULL, before = NULL WHERE number = ?"
            self._database.execute(gone, [fresh, number])
            return
        self._database.execute(f"UPDATE {self.table} SET number = ?, new = 1 WHERE number = ?", [fresh, number])
        yield fresh
