"""Which process is answering a named request, so that of several on one host no two do.

Owns the table ``api_claims``. A claim lives by its heartbeat: one whose process died is free after a while. Knows
nothing of what is answered, nor of HTTP.
"""

import secrets
import time
from collections.abc import Callable

from sqlite_utils import Database, Migrations

from retrieval.database import Connections

BEAT_S = 2.0
STALE_S = 20.0  # longer than a locked database holds up a beat

migrations = Migrations("api.claims")


@migrations()
def m001_claims(database: Database) -> None:
    """Create the table: the claim of each named request, and when its process last said that it is alive."""
    database.execute("CREATE TABLE api_claims (name TEXT PRIMARY KEY, claim TEXT NOT NULL, beat REAL NOT NULL)")


class Claims:
    """The claims of every process on this database. Safe to use from several threads."""

    def __init__(self, connections: Connections, now: Callable[[], float] = time.time) -> None:
        self._connections = connections
        self._now = now
        self._process = secrets.token_hex(8)
        migrations.apply(connections.current)

    def take(self, name: str) -> str | None:
        """The claim on this name, if no other living process has one; None where one has."""
        claim, now = f"{self._process}:{secrets.token_hex(4)}", self._now()
        sql = (
            "INSERT INTO api_claims VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET claim = excluded.claim,"
            " beat = excluded.beat WHERE beat < ? OR claim LIKE ?"
        )
        # A process knows what it runs itself, so a claim of its own is one that is just being let go.
        taken = self._connections.write(sql, [name, claim, now, now - STALE_S, f"{self._process}:%"])
        return claim if taken else None

    def held(self, name: str) -> bool:
        """Whether a living process has a claim on this name."""
        sql = "SELECT 1 FROM api_claims WHERE name = ? AND beat >= ?"
        return self._connections.current.execute(sql, [name, self._now() - STALE_S]).fetchone() is not None

    def beat(self) -> None:
        """Say that this process is alive."""
        self._connections.write(
            "UPDATE api_claims SET beat = ? WHERE claim LIKE ?", [self._now(), f"{self._process}:%"]
        )

    def release(self, claim: str) -> None:
        """Let go of the claim."""
        self._connections.write("DELETE FROM api_claims WHERE claim = ?", [claim])
