"""Backup and restore of one shop as one file, the backup while the shop runs.

A backup is a zip archive: every database of the home, copied by SQLite's own backup so that each is of one moment; the
trained rerankers; settings that were found by tuning; the shop's own cases; pictures and the other files that a shop is
built from. The index and the logs are not in it: the one is built from the database, the others are of what is past.
What it is of stands in its manifest. Knows files; knows nothing of what they hold.

BackupError     it cannot be made or taken back, said to whoever asked
"""

import json
import os
import re
import shutil
import sqlite3
import tempfile
import time
import zipfile
import zlib
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from chat.errors import ChatError
from ui.home import Home

FORM = 1  # changes when older archives can no longer be taken back
MANIFEST = "shoptalk.json"
NAME = re.compile(r"shoptalk-\d{8}-\d{6}\.zip")  # of those in the folder of backups, which expire
FOLDERS = ("reranker", "pictures", "cases")
FILES = (
    "training.json",
    "importances.json",
    "personas.json",
    "first_questions.json",
    "demo.sha256",
    "demo-policies.sha256",
)
PASSING = ("partial", "partial-", "current.partial")  # of a training that is under way: begun anew after a restore
LEVEL = 1  # of compression: nearly all of the gain at a fifth of the time


class BackupError(ChatError):
    """A backup cannot be made or taken back, as asked."""


@dataclass(frozen=True)
class Backup:
    """One archive and what it is of."""

    file: Path
    made: float  # unix seconds
    files: int
    size: int  # bytes


def default_name(now: float) -> str:
    """The name of a backup in the folder of backups, by its time in UTC."""
    return f"shoptalk-{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}.zip"


def backups_in(folder: Path) -> list[Path]:
    """The backups in the folder of backups, oldest first, by their names."""
    return sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name)) if folder.is_dir() else []


def make(home: Home, file: Path) -> Backup:
    """Write a backup of the home into a new file; shoppers and writers go on meanwhile. Raises BackupError."""
    if not home.database.exists():
        raise BackupError(f"There is no shop in {home.folder} to make a backup of.")
    if file.resolve().is_relative_to(home.folder.resolve()):
        raise BackupError(
            f"{file} lies in the shop's own folder, where an erasure must leave nothing. Name a file elsewhere."
        )
    if file.exists():
        raise BackupError(f"{file} is there already. Name a new file, or delete that one first.")
    file.parent.mkdir(parents=True, exist_ok=True)
    made, names = time.time(), list[str]()
    with tempfile.TemporaryDirectory(prefix=".shoptalk-backup-", dir=file.parent) as aside:
        whole = Path(aside) / "whole.zip"
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
            for database in _databases(home):
                if database.exists():
                    copy = Path(aside) / database.name
                    _copied(database, copy)
                    archive.write(copy, database.name)
                    names.append(database.name)
                    copy.unlink()
            for path in _loose(home):
                name = path.relative_to(home.folder).as_posix()
                try:
                    archive.write(path, name)
                except FileNotFoundError:
                    continue  # an older reranker, which a training has just taken away
                names.append(name)
            archive.writestr(MANIFEST, json.dumps({"form": FORM, "made": made, "files": names}))
        with whole.open("rb") as written:
            os.fsync(written.fileno())
        whole.chmod(0o600)
        os.replace(whole, file)
    return Backup(file, made, len(names), file.stat().st_size)


def restore(home: Home, file: Path, *, replace: bool = False) -> Backup:
    """Make the home what the backup is of; it is looked through first, and nothing is touched if anything is wrong.

    ``replace``: a shop that is in the home is given up for it. Raises BackupError, and SetupError if a process has the
    home open. The index is built anew when the shop is opened next.
    """
    with home.owned():
        if home.database.exists() and not replace:
            raise BackupError(
                f"There is a shop in {home.folder} already. Set SHOPTALK_HOME to a new folder, or give that shop up "
                "with --replace."
            )
        with tempfile.TemporaryDirectory(prefix=".restoring-", dir=home.folder) as aside:
            backup, names = _unpacked(file, Path(aside))
            for database in _databases(home):
                if database.name in names:
                    _checked(Path(aside) / database.name, file)
            _swap(home, Path(aside), names)
    return backup


def _databases(home: Home) -> tuple[Path, ...]:
    return home.database, home.embeddings, home.tuning


def _loose(home: Home) -> list[Path]:
    """The files beside the databases; the name of the live reranker before the rerankers, so that it is among them."""
    found = [home.folder / name for name in FILES if (home.folder / name).is_file()]
    for folder in FOLDERS:
        for path in sorted((home.folder / folder).rglob("*"), key=lambda path: (len(path.parts), path)):
            below = path.relative_to(home.folder / folder).parts[0]
            passing = folder == "reranker" and (below in PASSING or below.startswith("partial-"))
            if path.is_file() and not passing:
                found.append(path)
    return found


def _copied(database: Path, copy: Path) -> None:
    copy.touch(mode=0o600)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)  # in one step: several would begin again with every write meanwhile
        target.execute("PRAGMA journal_mode=DELETE")


def _unpacked(file: Path, aside: Path) -> tuple[Backup, list[str]]:
    """The archive's files, written aside, each held against its checksum."""
    wrong = BackupError(f"{file} is no backup of Shoptalk's, or is damaged. Nothing was changed.")
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            if manifest["form"] != FORM:
                raise BackupError(f"{file} was made by another version of Shoptalk. Nothing was changed.")
            names = [str(name) for name in manifest["files"]]
            for name in names:
                parts = PurePosixPath(name)
                if parts.is_absolute() or ".." in parts.parts:
                    raise wrong
                archive.extract(name, aside)
            made = float(manifest["made"])
    except FileNotFoundError as error:
        raise BackupError(f"There is no file {file}.") from error
    except (zipfile.BadZipFile, zlib.error, KeyError, TypeError, ValueError, EOFError, OSError) as error:
        raise wrong from error
    return Backup(file, made, len(names), file.stat().st_size), names


def _checked(database: Path, file: Path) -> None:
    """BackupError unless SQLite finds nothing wrong with the database."""
    try:
        with closing(sqlite3.connect(database)) as opened:
            (said,) = opened.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        said = str(error)
    if said != "ok":
        raise BackupError(f"The database {database.name} in {file} is damaged ({said}). Nothing was changed.")


def _swap(home: Home, aside: Path, names: list[str]) -> None:
    """Put what was unpacked in the place of what is there; what is derived from that goes with it."""
    shutil.rmtree(home.folder / "index", ignore_errors=True)
    for database in _databases(home):
        for end in ("", "-wal", "-shm", "-journal"):
            Path(f"{database}{end}").unlink(missing_ok=True)
    for name in FOLDERS:
        shutil.rmtree(home.folder / name, ignore_errors=True)
    for name in FILES:
        (home.folder / name).unlink(missing_ok=True)
    for name in names:
        target = home.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(aside / name, target)
    for database in _databases(home):
        if database.exists():
            database.chmod(0o600)
