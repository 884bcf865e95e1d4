# ruff: noqa: S608 - the SQL put together here is ours alone; every value from outside is a bound parameter
"""The catalogue in SQLite: the truth about every item.

With ``retrieval.tables``, which says what lies in them, ``retrieval.current_columns`` and the ingest, the only module
that knows SQL about the catalogue's tables.
Knows nothing of files, vectors or conversation. Every method may be called from any thread.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

import numpy as np
from sqlite_utils import Database

from retrieval import tables
from retrieval.columns import Columns
from retrieval.current_columns import CurrentColumns
from retrieval.database import Connections, reading
from retrieval.facts import Facts, Vocabulary, facts_of, most_popular, vocabulary_of
from retrieval.filters import Filter, contains_term
from retrieval.items import Item
from retrieval.orders import Order, first

BATCH = 500  # items a transaction: an interrupted ingest loses at most these
FIRST_READ, DEEPER = 32, 4  # items of an order that are looked at first, and how many times as many next


@dataclass(frozen=True)
class UpsertCount:
    """How many items of an ``upsert`` were new, changed, or the same as before."""

    new: int = 0
    changed: int = 0
    same: int = 0

    def __add__(self, other: "UpsertCount") -> "UpsertCount":
        return UpsertCount(self.new + other.new, self.changed + other.changed, self.same + other.same)


@dataclass(frozen=True)
class Changes:
    """What became of the catalogue after some sequence."""

    upserted: Iterator[tuple[int, Item]]  # number and item; read it in the thread that asked, once
    removed: list[int]  # numbers
    count: int  # of both together
    sequence: int  # as of which this is what changed
    everything: bool  # True: what was removed is no longer known; ``upserted`` is every item there is


class Catalog:
    """The items of one shop."""

    def __init__(self, connections: Connections) -> None:
        """Open the catalogue, creating or migrating its tables."""
        self._connections = connections
        self._vocabulary: tuple[Columns, Vocabulary] | None = None
        self._current = CurrentColumns(connections)
        tables.migrations.apply(connections.current)

    def upsert(self, items: Iterable[Item]) -> UpsertCount:
        """Write items, in place by id, one transaction per 500; an item equal to what is held is not written."""
        count, remaining = UpsertCount(), iter(items)
        while batch := list(islice(remaining, BATCH)):
            count += self._upsert_batch({item.id: item for item in batch})
        return count

    def _upsert_batch(self, items: dict[str, Item]) -> UpsertCount:
        database = self._connections.current
        hashes = {item_id: tables.hash_of(item) for item_id, item in items.items()}
        with database.atomic():
            sequence = tables.begin_writing(database)
            held = self._held(database, items)
            new = [item for item_id, item in items.items() if item_id not in held]
            changed = [items[item_id] for item_id, (_, before) in held.items() if before != hashes[item_id]]
            if new or changed:
                numbers = [*tables.new_numbers(database, len(new)), *(held[item.id][0] for item in changed)]
                tables.write(database, zip(numbers, [*new, *changed], strict=True), sequence)
                after = tables.digest_of(hashes[item.id] for item in [*new, *changed])
                tables.moved(database, sequence, after - tables.digest_of(held[item.id][1] for item in changed))
        return UpsertCount(len(new), len(changed), len(items) - len(new) - len(changed))

    def remove(self, ids: Iterable[str]) -> int:
        """Remove the items with these ids, in one transaction; returns how many there were."""
        database = self._connections.current
        with database.atomic():
            sequence = tables.begin_writing(database)
            held = self._held(database, ids)
            if held:
                tables.erase(database, [number for number, _ in held.values()], sequence)
                tables.moved(database, sequence, -tables.digest_of(before for _, before in held.values()))
        return len(held)

    @staticmethod
    def _held(database: Database, ids: Iterable[str]) -> dict[str, tuple[int, str]]:
        """Number and hash, by id."""
        sql = "SELECT id, number, hash FROM items WHERE id IN (SELECT value FROM json_each(?))"
        rows = database.execute(sql, [json.dumps(list(ids))]).fetchall()
        return {item_id: (number, before) for item_id, number, before in rows}

    def sequence(self) -> int:
        """Grows with every committed change of items; nothing else does it."""
        (sequence,) = self._connections.current.execute("SELECT sequence FROM catalogue_state").fetchone()
        return int(sequence)

    def changes(self, since: int) -> "Changes":
        """What was written and removed after this sequence; ``since=0``: all there is.

        Applied to what was right at ``since``, upserts first, it is right at ``Changes.sequence``; again applied, it
        changes nothing. What other threads write while ``upserted`` is read may be in it already, and comes again.
        """
        database = self._connections.current
        with reading(database):
            sequence, told_since = database.execute("SELECT sequence, told_since FROM catalogue_state").fetchone()
            everything = since < told_since
            after = 0 if everything else since
            (count,) = database.execute("SELECT count(*) FROM items WHERE changed > ?", [after]).fetchone()
            removed = [] if everything else self._removed(database, after)
        # In the order of an index, so that nothing has to be sorted.
        where = "WHERE changed > ? ORDER BY changed, number" if after else "WHERE changed > ? ORDER BY number"
        rows = database.execute(f"SELECT number, record FROM items JOIN records USING (number) {where}", [after])
        upserted = ((int(number), Item.model_validate_json(record)) for number, record in rows)
        return Changes(upserted, removed, count + len(removed), int(sequence), everything)

    def changed(self, since: int) -> int:
        """How many items were written or removed after this sequence."""
        database = self._connections.current
        with reading(database):
            (told_since,) = database.execute("SELECT told_since FROM catalogue_state").fetchone()
            after = 0 if since < told_since else since
            (count,) = database.execute("SELECT count(*) FROM items WHERE changed > ?", [after]).fetchone()
            return int(count) + (len(self._removed(database, after)) if after else 0)

    @staticmethod
    def _removed(database: Database, since: int) -> list[int]:
        rows = database.execute("SELECT number FROM removed_items WHERE changed > ? ORDER BY number", [since])
        return [number for (number,) in rows.fetchall()]

    def columns(self) -> Columns:
        """The filterable fields of every item: a snapshot that never changes, as of now or, for seconds, of before.

        A change of up to 5,000 items is in it at once; after a larger one, those of before are given until the new ones
        are read in the background. The first call waits until the whole catalogue is read.
        """
        return self._current.get()

    def read_columns_soon(self) -> None:
        """Begin to read the columns in the background; a call of ``columns`` waits for what is left of it."""
        self._current.read_soon()

    def close(self) -> None:
        """Stop what goes on in the background; the connections may then be closed."""
        self._current.close()

    def numbers(self, ids: Sequence[str]) -> dict[str, int]:
        """Numbers of the items with these ids; unknown ids are left out."""
        return {item_id: number for item_id, (number, _) in self._held(self._connections.current, ids).items()}

    def ids_of(self, numbers: Iterable[int]) -> dict[int, str]:
        """Ids of the items with these numbers; unknown numbers are left out."""
        sql = "SELECT number, id FROM items WHERE number IN (SELECT value FROM json_each(?))"
        return dict(self._connections.current.execute(sql, [_listed(numbers)]).fetchall())

    def breaking(self, numbers: Iterable[int] | None, terms: Sequence[str]) -> set[int]:
        """Numbers of those of these items (None: of all) in whose words one of the terms stands (``contains_term``)."""
        if numbers is None:
            return set(self._breaking(terms))
        return set(self._breaking(terms, "number IN (SELECT value FROM json_each(?))", _listed(numbers)))

    def get(self, item_id: str) -> Item | None:
        """The item with this id, or None."""
        return self.many([item_id]).get(item_id)

    def many(self, ids: Sequence[str]) -> dict[str, Item]:
        """The items with these ids, by id, in the order asked for; unknown ids are left out."""
        sql = "SELECT id, record FROM items JOIN records USING (number) WHERE id IN (SELECT value FROM json_each(?))"
        records = dict(self._connections.current.execute(sql, [json.dumps(list(ids))]).fetchall())
        return {item_id: Item.model_validate_json(records[item_id]) for item_id in ids if item_id in records}

    def all(self) -> Iterator[Item]:
        """Every item, in the order of first arrival, as the catalogue is when the iteration begins."""
        for (record,) in self._connections.current.execute("SELECT record FROM records ORDER BY number"):
            yield Item.model_validate_json(record)

    def ids(self, filter: Filter) -> set[str]:
        """Ids of all items that satisfy the filter: exactly those for which ``filter.matches`` is true."""
        columns = self.columns()
        return set(columns.ids[self._mask(columns, filter)].tolist())

    def _mask(self, columns: Columns, filter: Filter) -> np.ndarray:
        """Which rows satisfy the whole filter: bool [n]."""
        mask = columns.mask(filter)
        if filter.excluded_terms:
            rows = columns.rows(list(self._breaking(filter.excluded_terms)))
            mask[rows[rows >= 0]] = False
        return mask

    def _breaking(self, terms: Sequence[str], where: str = "1", *values: str) -> Iterator[int]:
        """Numbers of items, of those in the WHERE, in whose words one of the terms stands."""
        # What contains no term as part of its words, perhaps inside a longer one, needs no closer look.
        suspect = " OR ".join("instr(words, ?)" for _ in terms) or "0"
        sql = f"SELECT number, words FROM items WHERE {where} AND ({suspect})"
        rows = self._connections.current.execute(
            sql, [*values, *(term.casefold().encode("utf-8", "ignore").decode() for term in terms)]
        )
        return (number for number, words in rows if any(contains_term(words, term) for term in terms))

    def count(self, filter: Filter | None = None) -> int:
        """How many items satisfy the filter; without one, those in stock."""
        return int(np.count_nonzero(self._mask(self.columns(), filter or Filter())))

    def size(self) -> int:
        """How many items there are, in stock or not."""
        (size,) = self._connections.current.execute("SELECT count(*) FROM items").fetchone()
        return int(size)

    def popular(self, filter: Filter, k: int) -> list[str]:
        """Ids of items that satisfy the filter, most and best rated first."""
        columns = self.columns()
        ordered = most_popular(columns, np.flatnonzero(self._mask(columns, filter)))
        found: list[str] = columns.ids[ordered[:k]].tolist()
        return found

    def ordered(
        self, filter: Filter, order: Order, *, near: Decimal = Decimal(0), among: Iterable[str] | None = None
    ) -> Iterator[str]:
        """Ids of the items that satisfy the filter, in that order (see ``orders.first``); only as many as are taken.

        ``among``: of these ids alone. Read it in the thread that asked.
        """
        columns = self.columns()
        mask = columns.mask(filter)
        rows = np.flatnonzero(mask) if among is None else (some := columns.rows_of_ids(among))[mask[some]]
        done, depth = 0, FIRST_READ
        while True:
            found = first(columns, rows, order, depth, near)
            numbers = columns.numbers[found[done:]].tolist()
            broken = self.breaking(numbers, filter.excluded_terms) if filter.excluded_terms else set[int]()
            ids = columns.ids[found[done:]].tolist()
            yield from (item_id for number, item_id in zip(numbers, ids, strict=True) if number not in broken)
            if len(found) < depth:
                return
            done, depth = depth, depth * DEEPER

    def variants(self, ids: Sequence[str]) -> dict[str, str]:
        """The variant key of each of these items: the same for the variants of one product; unknown ids left out."""
        sql = "SELECT id, variant FROM items WHERE id IN (SELECT value FROM json_each(?))"
        return dict(self._connections.current.execute(sql, [json.dumps(list(ids))]).fetchall())

    def siblings(self, ids: Sequence[str], most: int) -> dict[str, tuple[str, ...]]:
        """Of each of these items the other variants of its product that are in stock: ids by arrival, at most so many.

        Unknown ids are left out.
        """
        # The index holds only what may have others, so the condition that says so has to be repeated.
        sql = (
            f"SELECT id FROM items WHERE variant = ? AND {tables.MAY_VARY} AND id <> ? "
            "AND (stock IS NULL OR stock > 0) ORDER BY number LIMIT ?"
        )
        database = self._connections.current
        return {
            item_id: tuple(other for (other,) in database.execute(sql, [key, item_id, most]).fetchall())
            for item_id, key in self.variants(ids).items()
        }

    def generation(self) -> str:
        """Names the state of the catalogue: the same for the same items, whatever the order they came in."""
        (digest,) = self._connections.current.execute("SELECT digest FROM catalogue_state").fetchone()
        return f"{int(digest):032x}"

    def facts(self, filter: Filter) -> Facts:
        """Counts, extremes and top values over all items that satisfy the filter."""
        columns = self.columns()
        return facts_of(columns, self._mask(columns, filter))

    def vocabulary(self) -> Vocabulary:
        """The catalogue's own words, counted over all items; the same object until they change."""
        columns, held = self.columns(), self._vocabulary
        if held and held[0] is columns:
            return held[1]
        made = vocabulary_of(columns)
        if held and held[1] == made:
            made = held[1]
        self._vocabulary = (columns, made)
        return made


def _listed(numbers: Iterable[int]) -> str:
    return json.dumps([int(number) for number in numbers])
