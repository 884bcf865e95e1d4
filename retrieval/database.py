"""How SQLite is opened: one connection a thread, write-ahead log, foreign keys.

Knows nothing of any table. Tables and their migrations belong to the module that owns them.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

BUSY_TIMEOUT_MS = 10_000  # how long a writer waits for another before it gives up


class Connections:
    """Hands each thread its own connection to one SQLite file.

    >>> connections = Connections(path)      # doctest: +SKIP
    >>> connections.current["items"].count   # doctest: +SKIP

    A connection is never shared, so that the transaction of one thread cannot swallow another's statements.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
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
            database = Database(connection)
            self._local.database = database
            with self._lock:
                self._opened.append(connection)
        return database

    def release(self) -> None:
        """Close the calling thread's connection, for a thread that ends before this object does."""
        database: Database | None = getattr(self._local, "database", None)
        if database is None:
            return
        self._local.database = None
        with self._lock:
            if database.conn in self._opened:
                self._opened.remove(database.conn)
        database.conn.close()

    def close(self) -> None:
        """Close every connection of every thread; the object is not used afterwards."""
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()


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
