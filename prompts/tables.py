"""The tables of the prompts' versions, and their rows as people see them.

Knows columns. What they mean and who may write them, ``prompts.versions`` knows.
"""

from dataclasses import dataclass
from typing import Protocol

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


@dataclass(frozen=True)
class Entry:
    """One line of the journal; ``before`` and ``after`` are hashes, or shares of traffic, "" for none."""

    number: int
    time: float
    who: str
    done: str  # "published", "moved", "split", "fragment"
    name: str
    label: str
    site: str
    before: str
    after: str
    why: str
