"""Texts that were proposed as versions, kept by what they were made from, so that a run that was cut off asks no more.

Owns the table ``prompt_proposals``. What they are worth, ``prompts.optimising`` says.
"""

import time
from dataclasses import dataclass

from sqlite_utils import Database, Migrations

from prompts.tables import Databases, migrate

migrations = Migrations("prompt_proposals")


@migrations()
def m001_proposals(database: Database) -> None:
    """Proposed texts."""
    database.execute(
        "CREATE TABLE prompt_proposals (made_from TEXT NOT NULL, number INTEGER NOT NULL, content TEXT NOT NULL,"
        " why TEXT NOT NULL, time REAL NOT NULL, PRIMARY KEY (made_from, number))"
    )


@dataclass(frozen=True)
class Proposal:
    """One text, "" where none was written, and what is said for it."""

    content: str
    why: str = ""


class Proposals:
    """The table. Safe to use from several threads and processes."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        migrate(databases.current, migrations)

    def get(self, made_from: str, number: int) -> Proposal | None:
        """The proposal with that number that was made from this; None if there is none yet."""
        sql = "SELECT content, why FROM prompt_proposals WHERE made_from = ? AND number = ?"
        row = self._databases.current.execute(sql, [made_from, number]).fetchone()
        return None if row is None else Proposal(*row)

    def put(self, made_from: str, number: int, proposal: Proposal) -> None:
        """Keep it, in the place of one with that number."""
        database = self._databases.current
        with database.atomic():
            values = [made_from, number, proposal.content, proposal.why, time.time()]
            database.execute("INSERT OR REPLACE INTO prompt_proposals VALUES (?, ?, ?, ?, ?)", values)
