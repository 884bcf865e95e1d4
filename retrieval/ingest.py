"""Taking a feed into the catalogue: batch by batch, resumable, with a report of every row.

Owns the tables ``ingests`` and ``ingest_seen``, in which an ingest that is under way keeps where it is; each batch of
items and its journal are one transaction. Knows nothing of columns, of the index or of terminals.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlite_utils import Database, Migrations

from retrieval.catalog import BATCH, Catalog, UpsertCount
from retrieval.database import Connections
from retrieval.errors import FeedError
from retrieval.feeds import Feed, Read, Rejected
from retrieval.filters import Filter

FIRST_REASONS = 10  # dropped rows that the report shows; all of them are kept aside

migrations = Migrations("retrieval.ingest")


@migrations()
def m001_initial(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE IF NOT EXISTS ingests (key TEXT PRIMARY KEY, path TEXT NOT NULL, state TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS ingest_seen (
            key TEXT NOT NULL REFERENCES ingests (key) ON DELETE CASCADE,
            item_id TEXT NOT NULL,
            line INTEGER NOT NULL,
            PRIMARY KEY (key, item_id)
        ) WITHOUT ROWID;
        """
    )


@dataclass
class Report:
    """What became of the rows of a file."""

    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    removed: int = 0
    dropped: int = 0
    resumed_after: int = 0  # rows that an interrupted ingest of this file had done
    first_dropped: list[dict[str, Any]] = field(default_factory=list)  # line and reason
    notes: dict[str, int] = field(default_factory=dict)  # what was left out of items, and how often
    kept_aside: str = ""  # file with the dropped rows

    def count(self, upserted: UpsertCount) -> None:
        """Add the outcome of a batch."""
        self.new += upserted.new
        self.changed += upserted.changed
        self.same += upserted.same


class Ingest:
    """One file on its way into the catalogue."""

    def __init__(
        self, catalog: Catalog, connections: Connections, feed: Feed, aside: Path, settings: Sequence[str] = ()
    ) -> None:
        """``aside``: folder for dropped rows. ``settings``: what else, beside the file, decides how it is read."""
        migrations.apply(connections.current)
        self._catalog, self._connections, self._feed = catalog, connections, feed
        path = feed.source.path.resolve()
        stat = path.stat()
        marks = [str(path), stat.st_size, stat.st_mtime_ns, repr(feed.mapping), feed.source.format, *settings]
        self._key = hashlib.sha256(json.dumps(marks).encode()).hexdigest()
        self._path = str(path)
        self._aside = aside / f"{path.name}-{self._key[:12]}.jsonl"

    def run(self, *, replace: bool = False, told: Callable[[int], None] | None = None) -> Report:
        """Read the whole file, from where an interrupted run of the same file stopped.

        ``replace``: afterwards remove the items that the file doesn't hold. ``told`` is given the bytes read. Of rows
        with one id the first counts. Raises FeedError if ``replace`` would leave the catalogue empty.
        """
        database = self._connections.current
        report, seen = self._begin(database)
        report.resumed_after = report.read
        entries = iter(self._feed.after(report.read))
        while batch := list(islice(entries, BATCH)):
            self._take(database, batch, report, seen)
            if told:
                told(self._feed.position)
        if replace:
            if not seen:
                raise FeedError(f"{self._feed.source.path} holds no item; --replace would empty the catalogue.")
            gone = self._catalog.ids(Filter(in_stock_only=False)) - set(seen)
            report.removed = self._catalog.remove(gone)
        database.execute("DELETE FROM ingests WHERE key = ?", [self._key])
        return report

    def _begin(self, database: Database) -> tuple[Report, dict[str, int]]:
        """The report and the ids seen so far, of an interrupted run of this very file; else fresh ones."""
        with database.atomic():
            database.execute("DELETE FROM ingests WHERE path = ? AND key <> ?", [self._path, self._key])
            database.execute(
                "INSERT OR IGNORE INTO ingests VALUES (?, ?, ?)", [self._key, self._path, json.dumps(asdict(Report()))]
            )
            (state,) = database.execute("SELECT state FROM ingests WHERE key = ?", [self._key]).fetchone()
            rows = database.execute("SELECT item_id, line FROM ingest_seen WHERE key = ?", [self._key]).fetchall()
        report = Report(**json.loads(state))
        self._trim_aside(report.dropped)
        return report, dict(rows)

    def _take(self, database: Database, batch: Iterable[Read | Rejected], report: Report, seen: dict[str, int]) -> None:
        """One batch: its items, its dropped rows and how far we are now, all or nothing."""
        kept: dict[str, Read] = {}
        dropped: list[Rejected] = []
        for entry in self._told_apart(batch, seen, dropped):
            kept[entry.item.id] = entry
        self._keep_aside(dropped)
        notes = Counter(report.notes)
        notes.update(note for entry in kept.values() for note in entry.notes)
        with database.atomic():
            report.count(self._catalog.upsert(entry.item for entry in kept.values()))
            report.read += len(kept) + len(dropped)
            report.dropped += len(dropped)
            report.first_dropped += [{"line": one.line, "reason": one.reason} for one in dropped]
            del report.first_dropped[FIRST_REASONS:]
            report.notes = dict(notes)
            report.kept_aside = str(self._aside) if report.dropped else ""
            database.conn.executemany(
                "INSERT INTO ingest_seen VALUES (?, ?, ?)",
                [(self._key, item_id, entry.line) for item_id, entry in kept.items()],
            )
            database.execute("UPDATE ingests SET state = ? WHERE key = ?", [json.dumps(asdict(report)), self._key])

    @staticmethod
    def _told_apart(batch: Iterable[Read | Rejected], seen: dict[str, int], dropped: list[Rejected]) -> Iterator[Read]:
        for entry in batch:
            if isinstance(entry, Rejected):
                dropped.append(entry)
            elif (line := seen.setdefault(entry.item.id, entry.line)) != entry.line:
                reason = f"the id {entry.item.id!r} stands in line {line} already"
                dropped.append(Rejected(entry.line, reason, entry.item.model_dump_json(exclude_defaults=True)))
            else:
                yield entry

    def _keep_aside(self, dropped: Sequence[Rejected]) -> None:
        if dropped:
            self._aside.parent.mkdir(parents=True, exist_ok=True)
            with self._aside.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(asdict(one), ensure_ascii=True) + "\n" for one in dropped)

    def _trim_aside(self, lines: int) -> None:
        """Leave the rows that the journal knows of: those of a batch that was not committed come again."""
        if self._aside.exists():
            with self._aside.open(encoding="utf-8") as file:
                kept = list(islice(file, lines))
            self._aside.write_text("".join(kept), encoding="utf-8")
