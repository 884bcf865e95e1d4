"""The columns of the catalogue as it is now, kept between calls, so that nobody waits for a large catalogue to be read.

Knows how a snapshot is brought up to date from SQLite, and when that is done in the background. What is in a snapshot
is ``retrieval.columns``; what is asked of it, ``retrieval.catalog``.
"""

import logging
import threading
from collections.abc import Iterator
from sqlite3 import Cursor

from sqlite_utils import Database

from retrieval.columns import FIELDS, Columns
from retrieval.database import Connections, reading

APPLIED_AT_MOST = 1000  # changes, or a fifth of the items; with more, reading everything anew is faster
WAITED_FOR = 5_000  # changes that a caller waits for, about 0.1 s; more of them are read in the background
LOOKS_EVERY = 1_000  # rows, after which a background reading looks whether it should stop

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The catalogue is being closed."""


class CurrentColumns:
    """The latest snapshot. Any thread may ask; one at a time reads."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._held: tuple[int, Columns] | None = None  # with the sequence as of which they are
        self._reading = threading.Lock()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def get(self) -> Columns:
        """The columns as they are now; after more than 5,000 changes those of before, until the new ones are read.

        The first call reads the whole catalogue and waits for it, unless ``read_soon`` was called before. Within a
        transaction of the caller's own, what it has written is in them.
        """
        database, held = self._connections.current, self._held
        if held and not database.conn.in_transaction:
            (sequence,) = database.execute("SELECT sequence FROM catalogue_state").fetchone()
            if held[0] == sequence:
                return held[1]
            if self._far_behind(database, held[0]):
                self.read_soon()
                return held[1]
        return self._read(database)

    def read_soon(self) -> None:
        """Read what changed in the background, if that is not being done already."""
        with self._starting:
            if not self._stop.is_set() and not (self._thread and self._thread.is_alive()):
                self._thread = threading.Thread(target=self._read_aside, name="columns", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop reading in the background, so that the connections can be closed."""
        self._stop.set()
        with self._starting:
            thread = self._thread
        if thread:
            thread.join()

    @staticmethod
    def _far_behind(database: Database, since: int) -> bool:
        """Whether more has changed after this sequence than a caller should wait for."""
        with reading(database):
            (told_since,) = database.execute("SELECT told_since FROM catalogue_state").fetchone()
            some = "SELECT count(*) FROM (SELECT 1 FROM {} WHERE changed > ? LIMIT ?)"
            behind = 0
            for table in ("items", "removed_items"):
                values = [0 if since < told_since else since, WAITED_FOR + 1]
                (count,) = database.execute(some.format(table), values).fetchone()
                behind += count
        return behind > WAITED_FOR

    def _read_aside(self) -> None:
        try:
            self._read(self._connections.current)
        except Stopped:
            pass
        except Exception:
            # Whatever it is (a full disk, a locked database): those of before stay, and the next call tries again.
            log.exception("the catalogue's columns could not be read")
        finally:
            self._connections.release()

    def _read(self, database: Database) -> Columns:
        with self._reading, reading(database) as own:
            since, columns = self._held or (0, Columns.empty())
            sequence, told_since = database.execute("SELECT sequence, told_since FROM catalogue_state").fetchone()
            if since < told_since:
                since, columns = 0, Columns.empty()
            fields = ", ".join(FIELDS)
            (changed,) = database.execute("SELECT count(*) FROM items WHERE changed > ?", [since]).fetchone()
            if changed > max(APPLIED_AT_MOST, len(columns) // 5):
                rows = database.execute(f"SELECT {fields} FROM items ORDER BY number")  # noqa: S608 - ours
                columns = Columns.empty().applied(self._rows(rows))
            else:
                sql = f"SELECT {fields} FROM items WHERE changed > ? ORDER BY changed"  # noqa: S608 - ours
                gone = database.execute("SELECT number FROM removed_items WHERE changed > ?", [since]).fetchall()
                rows = database.execute(sql, [since])
                columns = columns.applied(sorted(self._rows(rows)), [number for (number,) in gone])
            if own:  # else it may hold what this thread has written and not committed
                self._held = (int(sequence), columns)
        return columns

    def _rows(self, cursor: Cursor) -> Iterator[tuple[object, ...]]:
        while some := cursor.fetchmany(LOOKS_EVERY):
            if self._stop.is_set():
                raise Stopped
            yield from some
