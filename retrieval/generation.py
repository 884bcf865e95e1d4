# ruff: noqa: S608 - the SQL put together here is ours alone; every value from outside is a bound parameter
"""How staged items become the catalogue: all of them in one instant.

A small change is one transaction. A large one is a new generation: its tables are filled beside those in use, a slice
at a time, and take their place by being renamed, in one transaction. Whoever reads sees the catalogue of before or of
after; whoever writes waits for a slice at most. Interrupted anywhere, it goes on from its journal.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from retrieval import tables
from retrieval.staging import Staging

ALWAYS_AT_ONCE = 1_000  # changed items that are one transaction however small the catalogue is
MOST_AT_ONCE = 20_000  # and however large: about half a second; beyond a fifth of the catalogue, less
SLICE = 4_000  # numbers that are copied, or rows that are deleted, in one transaction: about 0.1 s
PAUSE_S = 0.02  # between slices, in which a waiting writer gets its turn
CAUGHT_UP = 500  # changes by others that the last transaction may still have to take over
RESERVED = 2**40  # sequences left to other writers while a generation is built

_ASIDE, _FORMER, _STAGED = "aside_", "former_", "staged_"


@dataclass
class Build:
    """How far a new generation is; kept in the ingest's journal."""

    replace: bool
    sequence: int  # what is new in it has this one
    built_to: int = 0  # number up to which items are in it
    caught_up_to: int = 0  # sequence of the catalogue in use, up to which it has everything
    digest: int = 0


def at_once(staging: Staging, items: int, missing: int) -> bool:
    """Whether so large a change of a catalogue of so many items is one transaction."""
    counts = staging.counts()
    changed = counts.new + counts.changed + missing
    return changed <= max(ALWAYS_AT_ONCE, min(MOST_AT_ONCE, items // 5))


def commit_at_once(database: Database, staging: Staging, since: int, missing: list[int] | None) -> int:
    """Write what is staged over the catalogue, within the caller's transaction; how many items were removed.

    ``since``: the sequence before the first item was staged. ``missing``: numbers of the items to remove; None if no
    item is removed.
    """
    sequence = tables.begin_writing(database)
    touched = staging.reconcile(since)
    changed = f"SELECT number FROM {staging.table} WHERE hash IS NOT NULL"
    before = database.execute(f"SELECT hash FROM items WHERE number IN ({changed})").fetchall()
    after = database.execute(f"SELECT hash FROM {staging.table} WHERE hash IS NOT NULL").fetchall()
    difference = tables.digest_of(one for (one,) in after) - tables.digest_of(one for (one,) in before)
    said = ", ".join(tables.SAID)
    database.execute(
        f"INSERT OR REPLACE INTO items (number, changed, {said}) SELECT number, ?, {said} FROM {staging.table} "
        "WHERE hash IS NOT NULL",
        [sequence],
    )
    database.execute(
        f"INSERT OR REPLACE INTO records SELECT number, record FROM {staging.table} WHERE hash IS NOT NULL"
    )
    gone: list[int] = []
    if missing is not None:
        among = json.dumps(sorted({*missing, *touched}))
        gone = staging.missing("number IN (SELECT value FROM json_each(?))", among)
        listed = "SELECT hash FROM items WHERE number IN (SELECT value FROM json_each(?))"
        difference -= tables.digest_of(one for (one,) in database.execute(listed, [json.dumps(gone)]).fetchall())
        tables.erase(database, gone, sequence)
    if after or gone:
        tables.moved(database, sequence, difference)
    return len(gone)


class Generation:
    """A new generation of the catalogue, built aside from what is staged and what is in use."""

    def __init__(self, database: Database, staging: Staging, name: str, build: Build) -> None:
        self._database, self._staging, self._name, self.build = database, staging, name, build
        self._items, self._records = f"{_ASIDE}items_{name}", f"{_ASIDE}records_{name}"

    @staticmethod
    def begin(database: Database, staging: Staging, name: str, since: int, *, replace: bool) -> "Generation":
        """Make its tables, within the caller's transaction; ``since`` as in ``commit_at_once``."""
        sequence = tables.begin_writing(database)
        build = Build(replace, sequence + RESERVED, caught_up_to=since)
        generation = Generation(database, staging, name, build)
        for table in (generation._items, generation._records):
            database.execute(f"DROP TABLE IF EXISTS {table}")
        tables.create(database, generation._items, generation._records, name)
        return generation

    def fill(self, kept: Callable[[], None], told: Callable[[int, int], None] | None = None) -> None:
        """Copy everything, in transactions of their own; ``kept`` writes the journal within each."""
        while self.build.built_to < (last := self._last()) or self._behind() > CAUGHT_UP:
            with self._database.atomic():
                self._catch_up()
                end = min(self.build.built_to + SLICE, last)
                self._add(f"BETWEEN {self.build.built_to + 1} AND {end}")
                self.build.built_to = end
                kept()
            if told:
                told(end, last)
            time.sleep(PAUSE_S)

    def _last(self) -> int:
        (number,) = self._database.execute("SELECT next_number - 1 FROM catalogue_state").fetchone()
        return int(number)

    def _behind(self) -> int:
        sql = "SELECT count(*) FROM {} WHERE changed > ?"
        counts = [
            self._database.execute(sql.format(table), [self.build.caught_up_to]).fetchone()
            for table in ("items", "removed_items")
        ]
        return sum(count for (count,) in counts)

    def _catch_up(self, *, whole: bool = False) -> set[int]:
        """Take over what others wrote into the catalogue in use, as far as it is built, or all; the numbers touched."""
        sequence = tables.begin_writing(self._database) - 1
        touched = self._staging.reconcile(self.build.caught_up_to)
        within = json.dumps(sorted(number for number in touched if whole or number <= self.build.built_to))
        listed = f"IN (SELECT value FROM json_each('{within}'))"
        self.build.digest -= self._digest(listed)
        for table in (self._items, self._records):
            self._database.execute(f"DELETE FROM {table} WHERE number {listed}")
        self._add(listed)
        self.build.caught_up_to = sequence
        return touched

    def _add(self, numbers: str) -> None:
        """Add the items with these numbers (an SQL condition), as they are to be."""
        execute, staged, said = self._database.execute, self._staging.table, ", ".join(tables.SAID)
        differing = f"number {numbers} AND hash IS NOT NULL"
        as_before = f"number {numbers} AND number NOT IN (SELECT number FROM {staged} WHERE {differing})"
        if self.build.replace:
            as_before += f" AND number IN (SELECT number FROM {staged} WHERE number {numbers})"
        into = f"INSERT INTO {self._items} (number, changed, {said})"
        execute(f"{into} SELECT number, changed, {said} FROM items WHERE {as_before}")
        execute(f"INSERT INTO {self._records} SELECT number, record FROM records WHERE {as_before}")
        execute(f"{into} SELECT number, ?, {said} FROM {staged} WHERE {differing}", [self.build.sequence])
        execute(f"INSERT INTO {self._records} SELECT number, record FROM {staged} WHERE {differing}")
        self.build.digest += self._digest(numbers)

    def _digest(self, numbers: str) -> int:
        rows = self._database.execute(f"SELECT hash FROM {self._items} WHERE number {numbers}")
        return tables.digest_of(one for (one,) in rows.fetchall())

    def swap(self, missing: Iterable[int]) -> int:
        """Take the place of the catalogue in use, within the caller's transaction; how many items were removed.

        ``missing``: numbers that the catalogue in use has and the feed has not, as known before the transaction; none
        where no item is to be removed.
        """
        touched = self._catch_up(whole=True)
        gone: list[int] = []
        if self.build.replace:
            among = json.dumps(sorted({*missing, *touched}))
            gone = self._staging.missing("number IN (SELECT value FROM json_each(?))", among)
            tables.bury(self._database, gone, self.build.sequence)
        for table, aside in (("items", self._items), ("records", self._records)):
            self._database.execute(f"ALTER TABLE {table} RENAME TO {_FORMER}{table}_{self._name}")
            self._database.execute(f"ALTER TABLE {aside} RENAME TO {table}")
        self._database.execute(
            "UPDATE catalogue_state SET sequence = ?, digest = ?",
            [self.build.sequence, str(self.build.digest % 2**128)],
        )
        return len(gone)


def sweep(database: Database, names: Iterable[str]) -> None:
    """Remove the tables of former generations and of ingests that are over; ``names``: of those that are not."""
    kept, tables_of_all = (
        tuple(names),
        database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall(),
    )
    for (table,) in tables_of_all:
        if table.startswith((_ASIDE, _FORMER, _STAGED)) and not table.endswith(kept or ("/",)):
            _remove(database, table)


def _remove(database: Database, table: str) -> None:
    """Empty the table before it is dropped: at once, it would keep other writers waiting for seconds."""
    indexes = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?", [table]
    ).fetchall()
    for (index,) in indexes:
        database.execute(f"DROP INDEX {index}")
    some = f"DELETE FROM {table} WHERE number IN (SELECT number FROM {table} ORDER BY number LIMIT {SLICE})"
    while database.execute(some).rowcount:
        time.sleep(PAUSE_S)
    database.execute(f"DROP TABLE {table}")
