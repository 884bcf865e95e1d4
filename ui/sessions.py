"""What the API remembers of its conversations: whose each is, and the answers that a repeated request gets again.

Owns the tables ``api_sessions``, ``api_answers`` and ``api_prefixes``. Knows nothing of HTTP, nor of how an answer is
made; what was said lies in ``chat.store``. An answer is kept for a day, and goes with its session.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlite_utils import Database, Migrations

from chat.errors import UnknownSession
from chat.events import TurnEvent
from retrieval.database import Connections, wiping

KEPT_S = 24 * 3600.0  # a request is repeated within seconds; a day covers a phone in a drawer

migrations = Migrations("api")
_events: TypeAdapter[tuple[TurnEvent, ...]] = TypeAdapter(tuple[TurnEvent, ...])


@migrations()
def m001_sessions(database: Database) -> None:
    """Create the tables: whose a session is, and the events of answers by what named their request."""
    database.execute(
        "CREATE TABLE api_sessions (id TEXT PRIMARY KEY, site_id TEXT NOT NULL, shopper_id TEXT NOT NULL,"
        " begun REAL NOT NULL)"
    )
    database.execute(
        "CREATE TABLE api_answers (name TEXT PRIMARY KEY, asked TEXT NOT NULL, session_id TEXT NOT NULL,"
        " time REAL NOT NULL, events TEXT NOT NULL)"
    )
    database.execute("CREATE INDEX api_answers_by_session ON api_answers (session_id)")
    database.execute("CREATE INDEX api_answers_by_time ON api_answers (time)")


@migrations()
def m002_prefixes(database: Database) -> None:
    """Create the table: for whoever names a conversation by all that was said in it, which one that was."""
    database.execute(
        "CREATE TABLE api_prefixes (name TEXT NOT NULL, session_id TEXT NOT NULL, turn_id TEXT NOT NULL,"
        " taken INTEGER NOT NULL, PRIMARY KEY (name, session_id, turn_id))"
    )
    database.execute("CREATE INDEX api_prefixes_by_session ON api_prefixes (session_id)")


@dataclass(frozen=True)
class Owner:
    """Who holds a session: a site key's surface, and on it a shopper; "" for an anonymous one."""

    site_id: str
    shopper_id: str = ""

    def name_of(self, key: str) -> str:
        """The name under which this owner's request of that idempotency key is kept: no other owner's is the same."""
        return hashlib.sha256("\0".join((self.site_id, self.shopper_id, key)).encode()).hexdigest()


@dataclass(frozen=True)
class Resumption:
    """Where a conversation stood; ``alone``: nobody else's has the same words, and it was not gone on with yet."""

    session_id: str
    turn_id: str
    alone: bool


@dataclass(frozen=True)
class Kept:
    """An answer as it was given; ``asked`` is the fingerprint of its request."""

    asked: str
    events: tuple[TurnEvent, ...]


class Sessions:
    """Whose the sessions of the API are. Safe to use from several threads."""

    def __init__(self, connections: Connections, now: Callable[[], float] = time.time) -> None:
        self._connections = connections
        self._now = now
        migrations.apply(connections.current)

    def begin(self, session_id: str, owner: Owner) -> None:
        """The session is this owner's from now on; one that is somebody's already stays theirs."""
        known = "SELECT 1 FROM api_sessions WHERE id = ?"
        if self._connections.current.execute(known, [session_id]).fetchone() is not None:
            return  # without a write, which would wait where the database is locked
        self._connections.write(
            "INSERT OR IGNORE INTO api_sessions VALUES (?, ?, ?, ?)",
            [session_id, owner.site_id, owner.shopper_id, self._now()],
        )

    def check(self, session_id: str, owner: Owner) -> None:
        """UnknownSession unless the session is this owner's."""
        if self.whose(session_id) != owner:
            raise UnknownSession("This conversation is not known here. Start a new one.")

    def keep(self, name: str, asked: str, session_id: str, events: Sequence[TurnEvent]) -> None:
        """Keep an answer under the name of its request, and let go of those that are a day old."""
        database = self._connections.current
        with wiping(database), database.atomic():
            database.execute("DELETE FROM api_answers WHERE time < ?", [self._now() - KEPT_S])
            database.execute(
                "INSERT OR REPLACE INTO api_answers VALUES (?, ?, ?, ?, ?)",
                [name, asked, session_id, self._now(), _events.dump_json(tuple(events)).decode()],
            )

    def kept(self, name: str) -> Kept | None:
        """The answer that is kept under that name, if there is one."""
        row = self._connections.current.execute(
            "SELECT asked, events FROM api_answers WHERE name = ? AND time >= ?", [name, self._now() - KEPT_S]
        ).fetchone()
        return None if row is None else Kept(row[0], _events.validate_json(row[1]))

    def name_prefix(self, name: str, session_id: str, turn_id: str) -> None:
        """All that was said up to and with that turn goes by this name from now on: a digest, which tells nothing."""
        self._connections.write("INSERT OR IGNORE INTO api_prefixes VALUES (?, ?, ?, 0)", [name, session_id, turn_id])

    def resume(self, name: str) -> Resumption | None:
        """The conversation that goes by the name, taken by whoever asks first; None if there is none.

        Two shoppers may say and hear the very same: then neither is told from the other, and nobody is ``alone``.
        """
        database = self._connections.current
        with database.atomic():
            # Written before it is read, so that of two that ask at once the second waits for the first.
            database.execute("UPDATE api_prefixes SET taken = taken + 1 WHERE name = ?", [name])
            rows = database.execute(
                "SELECT session_id, turn_id, taken FROM api_prefixes WHERE name = ? ORDER BY rowid", [name]
            ).fetchall()
        if not rows:
            return None
        session_id, turn_id, taken = rows[-1]
        return Resumption(session_id, turn_id, alone=len(rows) == 1 and taken == 1)

    def of_shopper(self, shopper_id: str) -> list[str]:
        """Ids of every session that the shopper began, also of those in which no turn was saved; "" has none."""
        sql = "SELECT id FROM api_sessions WHERE shopper_id = ? AND shopper_id <> '' ORDER BY begun, id"
        return [str(row[0]) for row in self._connections.current.execute(sql, [shopper_id]).fetchall()]

    def begun_before(self, moment: float) -> list[str]:
        """Ids of the sessions that began before that moment (unix seconds)."""
        sql = "SELECT id FROM api_sessions WHERE begun < ? ORDER BY begun, id"
        return [str(row[0]) for row in self._connections.current.execute(sql, [moment]).fetchall()]

    def whose(self, session_id: str) -> Owner | None:
        """Whose the session is; None where the API knows none of that id, as of the page's own."""
        row = self._connections.current.execute(
            "SELECT site_id, shopper_id FROM api_sessions WHERE id = ?", [session_id]
        ).fetchone()
        return None if row is None else Owner(*row)

    def forget(self, session_id: str) -> int:
        """Let go of the session and of every answer in it, overwriting them; returns how many answers there were."""
        database = self._connections.current
        with wiping(database), database.atomic():
            answers = int(database.execute("DELETE FROM api_answers WHERE session_id = ?", [session_id]).rowcount)
            database.execute("DELETE FROM api_prefixes WHERE session_id = ?", [session_id])
            database.execute("DELETE FROM api_sessions WHERE id = ?", [session_id])
        return answers

    def expire(self) -> int:
        """Let go of the answers that are a day old, overwriting them; returns how many."""
        database = self._connections.current
        with wiping(database), database.atomic():
            cursor = database.execute("DELETE FROM api_answers WHERE time < ?", [self._now() - KEPT_S])
            return int(cursor.rowcount)
