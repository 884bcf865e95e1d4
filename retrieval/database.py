"""How SQLite is opened: one connection a thread, write-ahead log, foreign keys.

Knows nothing of any table. Tables and their migrations belong to the module that owns them.
"""

import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from retrieval.traces import stands_in

BUSY_TIMEOUT_MS = 10_000  # how long a writer waits for another before it gives up
TRACES = 16  # that are looked for; to write the file anew takes no longer than to look through it for more


class Connections:
    """Hands each thread its own connection to one SQLite file.

    >>> connections = Connections(path)      # doctest: +SKIP
    >>> connections.current["items"].count   # doctest: +SKIP

    A connection is never shared, so that the transaction of one thread cannot swallow another's statements. It ends
    with its thread: a server's threads come and go, and each connection holds two open files and a cache.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._opened: weakref.WeakKeyDictionary[Database, threading.Thread] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)

    @property
    def current(self) -> Database:
        """The calling thread's database, opened on first use."""
        database: Database | None = getattr(self._local, "database", None)
        if database is None:
            # What shoppers say is for nobody else on the machine; SQLite's own files take the same permissions.
            self.path.touch(mode=0o600)
            connection = sqlite3.connect(self.path, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA synchronous=NORMAL")
            # What is deleted is overwritten wherever that costs no further writing; where it must be, see ``wiping``.
            connection.execute("PRAGMA secure_delete=FAST")
            database = Database(connection)
            self._local.database = database
            # The thread's end drops the database, the last to hold it; nothing is to be closed when the program ends.
            weakref.finalize(database, connection.close).atexit = False
            with self._lock:
                self._opened[database] = threading.current_thread()
        return database

    def write(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one statement in a transaction of its own; how many rows it wrote or deleted."""
        database = self.current
        with database.atomic():
            return int(database.execute(sql, list(values)).rowcount)

    def release(self) -> None:
        """Close the calling thread's connection, for a thread that ends before this object does."""
        database: Database | None = getattr(self._local, "database", None)
        if database is None:
            return
        self._local.database = None
        with self._lock:
            self._opened.pop(database, None)
        database.conn.close()

    def close(self) -> None:
        """Close the calling thread's connection and those of ended threads; the object is not used afterwards.

        What another thread still runs is not cut off: SQLite's module frees statements on closing, also those that are
        being run, and the process would end there. Such a connection ends with its thread.
        """
        self.release()
        with self._lock:
            for database, thread in list(self._opened.items()):
                if not thread.is_alive():
                    database.conn.close()
                    del self._opened[database]


@contextmanager
def reading(database: Database) -> Iterator[bool]:
    """Everything read within is of one state; False where that state is the caller's own, uncommitted one."""
    if database.conn.in_transaction:
        yield False
        return
    database.execute("BEGIN")
    try:
        yield True
    finally:
        database.execute("COMMIT")


@contextmanager
def wiping(database: Database) -> Iterator[None]:
    """Whatever is deleted or replaced within is overwritten in the file, at the cost of writing that anew.

    For what shoppers say and do; a catalogue that is replaced would be written twice for nothing.
    """
    database.execute("PRAGMA secure_delete=ON")
    try:
        yield
    finally:
        database.execute("PRAGMA secure_delete=FAST")


def settle(connections: Connections, traces: Sequence[str]) -> None:
    """Leave nothing of what was deleted in the bytes of the file or of its log; ``traces`` are texts that stood in it.

    SQLite overwrites what it deletes, but may leave a copy of a row that it once moved to another page: where a trace
    is still found, the whole file is written anew. sqlite3.OperationalError if somebody reads an old state meanwhile,
    or has the file locked, for longer than a writer waits.
    """
    database = connections.current
    _empty_log(database)
    sought = [trace.encode("utf-8", "surrogatepass") for trace in traces if trace]
    if len(sought) > TRACES or stands_in(connections.path, sought):
        database.execute("VACUUM")
        _empty_log(database)


def _empty_log(database: Database) -> None:
    (busy, _, _) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise sqlite3.OperationalError("database is locked: somebody still reads what was deleted from it")
