"""The audit: one line for each erasure, export, retention, backup and change by an operator, without any content.

Owns the table ``audit``. A line says who, when, what kind of thing and how many of what; it names no shopper, so that
an erasure leaves nothing of whom it erased. Lines are kept for good.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlite_utils import Database, Migrations

from retrieval.database import Connections

COMMAND = "command line"  # whoever may run commands on this machine
SERVER = "server"  # what it does by itself, every day
SHOPPER = "shopper"  # themselves, by their token or the id of their session

migrations = Migrations("audit")


@migrations()
def m001_audit(database: Database) -> None:
    """Create the table."""
    database.execute(
        "CREATE TABLE audit (number INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, who TEXT NOT NULL,"
        " what TEXT NOT NULL, counts TEXT NOT NULL)"
    )


@dataclass(frozen=True)
class Line:
    """One thing that was done."""

    time: float  # unix seconds
    who: str  # COMMAND, SERVER, SHOPPER, or the id of an admin key
    what: str  # e.g. "erase"
    counts: dict[str, int]  # how many of what


class Audit:
    """The lines of one shop. Safe to use from several threads."""

    def __init__(self, connections: Connections, now: Callable[[], float] = time.time) -> None:
        self._connections = connections
        self._now = now
        migrations.apply(connections.current)

    def write(self, who: str, what: str, counts: Mapping[str, int]) -> None:
        """Add a line; it survives a power cut."""
        database = self._connections.current
        database.execute("PRAGMA synchronous=FULL")
        try:
            with database.atomic():
                database.execute(
                    "INSERT INTO audit (time, who, what, counts) VALUES (?, ?, ?, ?)",
                    [self._now(), who, what, json.dumps(dict(counts))],
                )
        finally:
            database.execute("PRAGMA synchronous=NORMAL")

    def lines(self, most: int) -> list[Line]:
        """The latest lines, at most so many, oldest first."""
        sql = "SELECT time, who, what, counts FROM audit ORDER BY number DESC LIMIT ?"
        rows = self._connections.current.execute(sql, [most]).fetchall()
        return [Line(when, who, what, json.loads(counts)) for when, who, what, counts in reversed(rows)]

    def last(self, what: str) -> float | None:
        """When that was last done; None: never."""
        (when,) = self._connections.current.execute("SELECT max(time) FROM audit WHERE what = ?", [what]).fetchone()
        return None if when is None else float(when)

    def times(self, what: str) -> list[float]:
        """When that was done, each time, oldest first."""
        sql = "SELECT time FROM audit WHERE what = ? ORDER BY number"
        return [float(row[0]) for row in self._connections.current.execute(sql, [what]).fetchall()]
