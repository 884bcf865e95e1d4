"""The tables of the prompts' versions, and their rows as people see them.

Knows columns. What they mean and who may write them, ``prompts.versions`` knows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import yaml
from sqlite_utils import Database, Migrations

migrations = Migrations("prompts")


@migrations()
def m001_versions(database: Database) -> None:
    """Versions, fragments, drafts, labels, shares of traffic, and the journal."""
    database.execute(
        "CREATE TABLE prompt_fragments (hash TEXT PRIMARY KEY, name TEXT NOT NULL, content TEXT NOT NULL,"
        " author TEXT NOT NULL, time REAL NOT NULL)"
    )
    database.execute(
        "CREATE TABLE prompt_versions (name TEXT NOT NULL, number INTEGER NOT NULL, hash TEXT NOT NULL,"
        " content TEXT NOT NULL, fragments TEXT NOT NULL, author TEXT NOT NULL, time REAL NOT NULL,"
        " PRIMARY KEY (name, number), UNIQUE (name, hash))"
    )
    database.execute(
        "CREATE TABLE prompt_drafts (number INTEGER PRIMARY KEY AUTOINCREMENT, content TEXT NOT NULL,"
        " author TEXT NOT NULL, time REAL NOT NULL)"
    )
    database.execute(
        "CREATE TABLE prompt_labels (name TEXT NOT NULL, label TEXT NOT NULL, site TEXT NOT NULL, hash TEXT NOT NULL,"
        " PRIMARY KEY (name, label, site))"
    )
    database.execute(
        "CREATE TABLE prompt_splits (name TEXT NOT NULL, site TEXT NOT NULL, share REAL NOT NULL,"
        " PRIMARY KEY (name, site))"
    )
    database.execute(
        "CREATE TABLE prompt_journal (number INTEGER PRIMARY KEY, time REAL NOT NULL, who TEXT NOT NULL,"
        " done TEXT NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL, site TEXT NOT NULL, before TEXT NOT NULL,"
        " after TEXT NOT NULL, why TEXT NOT NULL)"
    )


@migrations()
def m002_notes(database: Database) -> None:
    """The notes of each version, so that a list of a thousand need not read their texts."""
    database.execute("ALTER TABLE prompt_versions ADD COLUMN notes TEXT NOT NULL DEFAULT ''")
    for name, number, content in database.execute("SELECT name, number, content FROM prompt_versions").fetchall():
        front = next(yaml.safe_load_all(content)) or {}
        values = [str(front.get("notes", "")), name, number]
        database.execute("UPDATE prompt_versions SET notes = ? WHERE name = ? AND number = ?", values)


@migrations()
def m003_draft_notes(database: Database) -> None:
    """Where a draft came from, if a person did not write it."""
    database.execute("ALTER TABLE prompt_drafts ADD COLUMN note TEXT NOT NULL DEFAULT ''")


@contextmanager
def writing(database: Database) -> Iterator[None]:
    """A transaction in which nobody else writes from its first read on; all of it is kept, or nothing.

    One that only begins to write after it has read is refused where another process wrote in between.
    """
    if database.conn.in_transaction:
        with database.atomic():
            yield
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.conn.rollback()
        raise
    database.execute("COMMIT")


def migrate(database: Database, which: Migrations) -> None:
    """Bring the tables up to date; of several processes that begin at once, one does and the others wait."""
    with writing(database):
        which.apply(database)


class Databases(Protocol):
    """Gives each thread its database."""

    @property
    def current(self) -> Database: ...


@dataclass(frozen=True)
class Version:
    """One published version, without its text."""

    name: str
    number: int
    hash: str
    author: str
    time: float  # unix seconds
    labels: tuple[str, ...] = ()  # "production", "production for SITE"
    notes: str = ""  # as its text has them

    @property
    def title(self) -> str:
        """How people name it: "reply@7"."""
        return f"{self.name}@{self.number}"


@dataclass(frozen=True)
class Draft:
    """A text that is being written; it may be wrong, and may change."""

    number: int
    content: str
    author: str
    time: float
    note: str = ""  # where it came from, if a person did not write it


@dataclass(frozen=True)
class Entry:
    """One line of the journal; ``before`` and ``after`` are hashes, or shares of traffic, "" for none."""

    number: int
    time: float
    who: str
    done: str  # "published", "moved", "back" (moved there by a rollback), "split", "fragment"
    name: str
    label: str
    site: str
    before: str
    after: str
    why: str
