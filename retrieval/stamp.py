"""What the index holds, written down in SQLite: of which folder, encoder and state of the catalogue it is.

Owns the tables ``index_state`` and ``index_overlay``. The stamp is written last: whatever was interrupted before is
done again. Knows nothing of vectors.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlite_utils import Database, Migrations

from retrieval.database import Connections

migrations = Migrations("retrieval.index")


@migrations()
def m001_initial(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE IF NOT EXISTS index_state (
            only INTEGER PRIMARY KEY CHECK (only = 1), shop TEXT NOT NULL, stamp TEXT NOT NULL
        );
        CREATE TABLE IF NOT EXISTS index_overlay (number INTEGER PRIMARY KEY, digest INTEGER);
        """
    )
    # Names this shop on a Chroma server that serves several.
    db.execute("INSERT OR IGNORE INTO index_state VALUES (1, ?, '')", [uuid.uuid4().hex])


@dataclass(frozen=True)
class Stamp:
    """One state of the index."""

    folder: str  # name, inside the index's folder
    layout: int  # of what the folder holds
    encoder: str  # name
    chroma: str  # address of the Chroma server; "" where Chroma is embedded in the folder
    sequence: int  # of the catalogue, as of which everything is in the index
    generation: str  # of the catalogue; the same items have the same
    recall: float | None = None  # of Chroma's answers, as measured on this folder; None: not yet


class Stamps:
    """The stamp in use, and which items have changed since the folder was written."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        migrations.apply(connections.current)

    @property
    def shop(self) -> str:
        """Names this shop; the same for its whole life."""
        (shop,) = self._connections.current.execute("SELECT shop FROM index_state").fetchone()
        return str(shop)

    def read(self) -> Stamp | None:
        """The stamp in use; None where there is none that this version can read."""
        (text,) = self._connections.current.execute("SELECT stamp FROM index_state").fetchone()
        try:
            return Stamp(**json.loads(text))
        except (ValueError, TypeError):
            return None

    def swap(self, stamp: Stamp) -> None:
        """A new folder is in use; nothing has changed since it was written."""
        with self._connections.current.atomic():
            self._write(stamp)
            self._connections.current.execute("DELETE FROM index_overlay")

    def move(self, stamp: Stamp, digests: Mapping[int, int | None]) -> None:
        """The folder is the same; these items changed since it was written: digests of their texts, None if gone."""
        with self._connections.current.atomic():
            self._write(stamp)
            self._connections.current.conn.executemany(
                "INSERT OR REPLACE INTO index_overlay VALUES (?, ?)",
                [(number, None if digest is None else _signed(digest)) for number, digest in digests.items()],
            )

    def overlay(self) -> dict[int, int | None]:
        """By number, what has changed since the folder was written: digests of texts, None for what is gone."""
        rows = self._connections.current.execute("SELECT number, digest FROM index_overlay ORDER BY number")
        return {number: None if digest is None else digest % 2**64 for number, digest in rows}

    def _write(self, stamp: Stamp) -> None:
        self._connections.current.execute("UPDATE index_state SET stamp = ?", [json.dumps(asdict(stamp))])


def _signed(digest: int) -> int:
    """As SQLite's integers are: 64 bits with a sign."""
    return digest - 2**64 if digest >= 2**63 else digest
