"""Taking a feed into the catalogue: staged batch by batch, resumable, committed at once, with a report of every row.

Owns the table ``ingests``, the journal of those under way; each batch of staged items and its journal are one
transaction. Knows nothing of columns, of the index or of terminals.
"""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlite_utils import Database, Migrations

from retrieval import tables
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.errors import FeedError
from retrieval.feeds import Feed, Read, Rejected, note_lines
from retrieval.generation import Build, Generation, at_once, commit_at_once, sweep
from retrieval.staging import Held, Staging

BATCH = 500  # rows a transaction: an interrupted ingest loses at most these
FIRST_REASONS = 10  # dropped rows that the report shows; all of them are kept aside

migrations = Migrations("retrieval.ingest")


@migrations()
def m001_initial(db: Database) -> None:
    db.execute("CREATE TABLE IF NOT EXISTS ingests (key TEXT PRIMARY KEY, path TEXT NOT NULL, state TEXT NOT NULL)")


@migrations()
def m002_staged(db: Database) -> None:
    """An ingest that an older version began wrote into the catalogue itself; it is begun again."""
    db.execute("DROP TABLE IF EXISTS ingest_seen")
    db.execute("DELETE FROM ingests")


@dataclass
class Report:
    """What became of the rows of a file."""

    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    removed: int = 0
    spared: int = 0  # items that --replace left, because their rows are in the file and could not be used
    dropped: int = 0
    resumed_after: int = 0  # rows that an interrupted ingest of this file had done
    first_dropped: list[dict[str, Any]] = field(
        default_factory=list
    )  # line (which row or item, in other formats) and reason
    notes: dict[str, int] = field(default_factory=dict)  # what was left out of items, and how often
    noted_lines: dict[str, list[int]] = field(default_factory=dict)  # the first few of each note's lines
    kept_aside: str = ""  # file with the dropped rows


@dataclass
class Journal:
    """How far an ingest is."""

    name: str  # of its tables
    since: int  # sequence of the catalogue before the first item was staged
    report: Report = field(default_factory=Report)
    build: Build | None = None  # of the new generation, once it is begun
    cut: bool = False  # the file ends before its items do
    lost: int = 0  # dropped rows by which an item is not known


class Ingest:
    """One file on its way into the catalogue."""

    def __init__(
        self, catalog: Catalog, connections: Connections, feed: Feed, aside: Path, settings: Sequence[str] = ()
    ) -> None:
        """``aside``: folder for dropped rows. ``settings``: what else, beside the file, decides how it is read."""
        migrations.apply(connections.current)
        self._catalog, self._connections, self._feed = catalog, connections, feed
        path = feed.source.path.resolve()
        self._marks = _marks(path)
        marks = [
            str(path),
            *self._marks,
            repr(feed.mapping),
            feed.source.format,
            feed.update,
            *settings,
        ]
        self._key = hashlib.sha256(json.dumps(marks).encode()).hexdigest()
        self._path = str(path)
        self._aside = aside / f"{path.name}-{self._key[:12]}.jsonl"

    def run(
        self,
        *,
        replace: bool = False,
        told: Callable[[int], None] | None = None,
        written: Callable[[int, int], None] | None = None,
    ) -> Report:
        """Read the whole file, from where an interrupted run of the same file stopped, then commit it at once.

        ``replace``: remove the items of which the file has no row. ``told`` is given the bytes read; ``written``, where
        a new generation is built, how much of it is, and of what. Of rows with one id the first counts. Raises
        FeedError if ``replace`` would leave the catalogue empty, or is asked of an update, of a file that is cut or of
        one of which most rows cannot be used, and if the file is changed meanwhile.
        """
        if replace and self._feed.update:
            raise FeedError("--update changes items and removes none: it cannot go with --replace.")
        database = self._connections.current
        journal = self._begin(database)
        self._sweep(database)
        staging = Staging(database, journal.name, update=self._feed.update)
        report = journal.report
        report.resumed_after = report.read
        entries = iter(self._feed.after(report.read))
        while batch := list(islice(entries, BATCH)):
            self._take(database, batch, journal, staging)
            if told:
                told(self._feed.position)
        counts = staging.counts()
        if replace and not counts.new + counts.changed + counts.same:
            raise FeedError(f"{self._feed.source.path} holds no item; --replace would empty the catalogue.")
        if replace and 2 * journal.lost > report.read:
            raise FeedError(
                f"{journal.lost:,} of the {report.read:,} rows of {self._feed.source.path} cannot be used, and "
                "--replace might take most of the shop away. See why with --dry-run, or run this without --replace."
            )
        if replace and journal.cut:
            raise FeedError(
                f"{self._feed.source.path} is cut or damaged, and --replace would remove the items of the part that is "
                "missing. Export or copy it again, or run this without --replace."
            )
        if _marks(self._feed.source.path) != self._marks:
            raise FeedError(f"{self._feed.source.path} was changed while it was read. Run the same command again.")
        report.spared = counts.spared if replace else 0
        report.removed = self._commit(database, journal, staging, replace, written)
        self._sweep(database)
        return report

    def _commit(
        self,
        database: Database,
        journal: Journal,
        staging: Staging,
        replace: bool,
        written: Callable[[int, int], None] | None,
    ) -> int:
        """Make what is staged the catalogue, and end the journal with it; how many items were removed."""
        missing = staging.missing() if replace else []
        if not journal.build and at_once(staging, self._catalog.size(), len(missing)):
            with database.atomic():
                removed = commit_at_once(database, staging, journal.since, missing if replace else None)
                self._end(database, journal, staging)
            return removed
        generation = self._generation(database, journal, staging, replace)
        generation.fill(lambda: self._keep(database, journal), written)
        with database.atomic():
            removed = generation.swap(missing)
            self._end(database, journal, staging)
        return removed

    def _generation(self, database: Database, journal: Journal, staging: Staging, replace: bool) -> Generation:
        """The new generation that was begun, or a fresh one; a build for the other ``replace`` is no use."""
        if journal.build and journal.build.replace == replace:
            return Generation(database, staging, journal.name, journal.build)
        with database.atomic():
            generation = Generation.begin(database, staging, journal.name, journal.since, replace=replace)
            journal.build = generation.build
            self._keep(database, journal)
        return generation

    def _end(self, database: Database, journal: Journal, staging: Staging) -> None:
        counts = staging.counts()
        report = journal.report
        report.new, report.changed, report.same = counts.new, counts.changed, counts.same
        database.execute("DELETE FROM ingests WHERE key = ?", [self._key])

    def _keep(self, database: Database, journal: Journal) -> None:
        database.execute("UPDATE ingests SET state = ? WHERE key = ?", [json.dumps(asdict(journal)), self._key])

    def _begin(self, database: Database) -> Journal:
        """The journal of an interrupted run of this very file; else a fresh one."""
        with database.atomic():
            sequence = tables.begin_writing(database) - 1
            database.execute("DELETE FROM ingests WHERE path = ? AND key <> ?", [self._path, self._key])
            fresh = Journal(secrets.token_hex(6), sequence)
            database.execute(
                "INSERT OR IGNORE INTO ingests VALUES (?, ?, ?)", [self._key, self._path, json.dumps(asdict(fresh))]
            )
            (text,) = database.execute("SELECT state FROM ingests WHERE key = ?", [self._key]).fetchone()
        state = json.loads(text)
        build = Build(**state["build"]) if state["build"] else None
        cut, lost = state.get("cut", False), state.get("lost", 0)
        journal = Journal(state["name"], state["since"], Report(**state["report"]), build, cut, lost)
        self._trim_aside(journal.report.dropped)
        return journal

    @staticmethod
    def _sweep(database: Database) -> None:
        states = database.execute("SELECT state FROM ingests").fetchall()
        sweep(database, [json.loads(state)["name"] for (state,) in states])

    def _take(self, database: Database, batch: Sequence[Read | Rejected], journal: Journal, staging: Staging) -> None:
        """One batch: its staged items, its dropped rows and how far we are now, all or nothing."""
        report = journal.report
        with database.atomic():
            tables.begin_writing(database)
            ids = [entry.item.id for entry in batch if isinstance(entry, Read)]
            held, seen = staging.held(ids), staging.lines(ids)
            kept: dict[str, Read] = {}
            dropped: list[Rejected] = []
            for entry in self._told_apart(batch, seen, held, dropped):
                kept[entry.item.id] = entry
            staging.add({item_id: (entry.line, entry.item) for item_id, entry in kept.items()}, held)
            if not self._feed.update:
                staging.spare({one.item_id: one.line for one in dropped if one.item_id})
            self._keep_aside(dropped)
            notes = Counter(report.notes)
            for entry in kept.values():
                note_lines(report.noted_lines, entry)
                notes.update(entry.notes)
            report.read += len(batch)
            report.dropped += len(dropped)
            journal.lost += sum(one.lost for one in dropped)
            journal.cut = journal.cut or any(one.cut for one in dropped)
            report.first_dropped += [{"line": one.line, "reason": one.reason} for one in dropped]
            del report.first_dropped[FIRST_REASONS:]
            report.notes = dict(notes)
            report.kept_aside = str(self._aside) if report.dropped else ""
            self._keep(database, journal)

    def _told_apart(
        self, batch: Iterable[Read | Rejected], seen: dict[str, int], held: Mapping[str, Held], dropped: list[Rejected]
    ) -> Iterator[Read]:
        unit = self._feed.source.unit
        for entry in batch:
            if isinstance(entry, Rejected):
                dropped.append(entry)
                continue
            reason, item = "", entry.item
            if (line := seen.setdefault(item.id, entry.line)) != entry.line:
                reason = f"the id {item.id!r} stands in {unit} {line} already"
            elif self._feed.update and item.id not in held:
                reason = f"no item has the id {item.id!r}: an update changes only those that exist"
            if reason:
                dropped.append(Rejected(entry.line, reason, item.model_dump_json(exclude_defaults=True)))
            else:
                yield entry

    def _keep_aside(self, dropped: Sequence[Rejected]) -> None:
        if dropped:
            self._aside.parent.mkdir(parents=True, exist_ok=True)
            with self._aside.open("a", encoding="utf-8") as file:
                for one in dropped:
                    said = {self._feed.source.unit: one.line, "reason": one.reason, "raw": one.raw}
                    file.write(json.dumps(said, ensure_ascii=True) + "\n")

    def _trim_aside(self, lines: int) -> None:
        """Leave the rows that the journal knows of: those of a batch that was not committed come again."""
        if self._aside.exists():
            with self._aside.open(encoding="utf-8") as file:
                kept = list(islice(file, lines))
            self._aside.write_text("".join(kept), encoding="utf-8")


def _marks(path: Path) -> tuple[int, int]:
    """By which a file is known to be the same: its size and the time of its last change."""
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
