"""The journal of requests to the catalogue's one writer: what was asked, how far it is, and what came of it.

Owns the table ``catalogue_journal``. Whoever may not write asks here and watches; the writer takes the requests one by
one. A request that was under way when the writer died is the next one again: doing it twice must change nothing. One
that was under way each of three times that a writer died is taken to be what killed it, and fails. Knows nothing of
what a request means.
"""

import json
import time
from dataclasses import dataclass
from typing import Any, Literal

from sqlite_utils import Database, Migrations

from retrieval.database import Connections

KEPT = 200  # requests that are remembered after they ended
MOST_ATTEMPTS = 3  # at a request in the course of which the writer died

State = Literal["waiting", "running", "done", "failed"]

migrations = Migrations("retrieval.journal")


@migrations()
def m001_initial(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE IF NOT EXISTS catalogue_journal (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            request TEXT NOT NULL,
            state TEXT NOT NULL,
            progress TEXT NOT NULL,
            outcome TEXT NOT NULL,
            asked REAL NOT NULL,
            changed REAL NOT NULL
        );
        CREATE INDEX IF NOT EXISTS catalogue_journal_by_state ON catalogue_journal (state);
        """
    )


@migrations()
def m002_attempts(db: Database) -> None:
    db.execute("ALTER TABLE catalogue_journal ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0")


@dataclass(frozen=True)
class Entry:
    """One request as it stands."""

    number: int
    request: dict[str, Any]
    state: State
    progress: tuple[str, int, int] | None  # what is done, how much of it, of how much
    outcome: dict[str, Any]  # of a request that is done: what the writer reports; failed: {"error": a sentence}


class CatalogueJournal:
    """The requests of one shop; any process may ask, and one writes."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        migrations.apply(connections.current)

    def ask(self, request: dict[str, Any]) -> int:
        """Put a request (JSON) at the end; returns its number."""
        now = time.time()
        with self._connections.current.atomic():
            cursor = self._connections.current.execute(
                "INSERT INTO catalogue_journal (request, state, progress, outcome, asked, changed) "
                "VALUES (?, 'waiting', 'null', '{}', ?, ?)",
                [json.dumps(request), now, now],
            )
            return int(cursor.lastrowid or 0)

    def entry(self, number: int) -> Entry | None:
        """The request with this number, if it is remembered."""
        return self._one("WHERE number = ?", [number])

    def next(self) -> Entry | None:
        """What the writer has to do now, marked as running: first what was under way when it last died.

        Each call is an attempt: a writer that is stopped in good order gives it back with ``put_off``.
        """
        unfinished = "WHERE state IN ('running', 'waiting') ORDER BY state = 'waiting', number LIMIT 1"
        while entry := self._one(unfinished, []):
            if self._attempts(entry.number) >= MOST_ATTEMPTS:
                self.fail(
                    entry.number,
                    f"The server ended {MOST_ATTEMPTS} times while it did this, so it is not tried again. Its log may "
                    "tell why: memory or disk may be short for this file.",
                )
                continue
            if entry.state == "waiting":
                self._set(entry.number, "running")
            self._attempt(entry.number, 1)
            return entry
        return None

    def put_off(self, number: int) -> None:
        """The writer stops in good order: the request is still under way, and this was no attempt at it."""
        self._attempt(number, -1)

    def tell(self, number: int, what: str, done: int, of: int) -> None:
        """How far the request is."""
        self._set(number, "running", progress=(what, done, of))

    def finish(self, number: int, outcome: dict[str, Any]) -> None:
        """The request is done."""
        self._set(number, "done", outcome=outcome)

    def fail(self, number: int, error: str) -> None:
        """The request cannot be done; ``error``: why, in a sentence for who asked."""
        self._set(number, "failed", outcome={"error": error})

    def give_up(self, key: str, value: str) -> int:
        """Fail the unfinished requests in which ``key`` has this value: they are done in another way; how many."""
        cursor = self._connections.current.execute(
            "UPDATE catalogue_journal SET state = 'failed', outcome = ?, changed = ? "
            "WHERE state IN ('waiting', 'running') AND json_extract(request, ?) = ?",
            [json.dumps({"error": "A later request took its place."}), time.time(), f"$.{key}", value],
        )
        self._prune()
        return int(cursor.rowcount)

    def _attempts(self, number: int) -> int:
        sql = "SELECT attempts FROM catalogue_journal WHERE number = ?"
        return int(self._connections.current.execute(sql, [number]).fetchone()[0])

    def _attempt(self, number: int, by: int) -> None:
        sql = "UPDATE catalogue_journal SET attempts = attempts + ? WHERE number = ?"
        self._connections.current.execute(sql, [by, number])

    def _one(self, where: str, values: list[Any]) -> Entry | None:
        row = self._connections.current.execute(
            f"SELECT number, request, state, progress, outcome FROM catalogue_journal {where}",  # noqa: S608 - ours
            values,
        ).fetchone()
        if row is None:
            return None
        number, request, state, progress, outcome = row
        far = json.loads(progress)
        return Entry(number, json.loads(request), state, tuple(far) if far else None, json.loads(outcome))

    def _set(
        self,
        number: int,
        state: State,
        *,
        progress: tuple[str, int, int] | None = None,
        outcome: dict[str, Any] | None = None,
    ) -> None:
        self._connections.current.execute(
            "UPDATE catalogue_journal SET state = ?, progress = ?, outcome = ?, changed = ? WHERE number = ?",
            [state, json.dumps(progress), json.dumps(outcome or {}), time.time(), number],
        )
        if state in ("done", "failed"):
            self._prune()

    def _prune(self) -> None:
        """Of the requests that ended, remember the latest 200."""
        self._connections.current.execute(
            "DELETE FROM catalogue_journal WHERE state IN ('done', 'failed') "
            "AND number <= (SELECT max(number) FROM catalogue_journal) - ?",
            [KEPT],
        )
