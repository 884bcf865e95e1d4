"""Intake of an events file: what was read, what was new, and what was dropped and why.

Knows files and the table of events. Knows nothing of how a report is shown.
"""

import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ranking.feeds import Columns, Rejected, read_event, read_rows
from ranking.history import Event, Events, Kind

Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much


@dataclass(frozen=True)
class Intake:
    """What came of a file: ``kinds`` counts the good rows, ``kept`` is the file of the dropped ones, if any."""

    read: int
    new: int
    kinds: Counter[str]
    rejected: tuple[Rejected, ...]
    kept: Path | None

    @property
    def known(self) -> int:
        """Good rows whose event was in the table already."""
        return self.read - len(self.rejected) - self.new

    def reasons(self) -> list[tuple[str, list[int]]]:
        """Each reason with the lines dropped for it, the most frequent first."""
        lines: dict[str, list[int]] = {}
        for one in self.rejected:
            lines.setdefault(one.reason, []).append(one.line)
        return sorted(lines.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def take_in(
    file: Path,
    table: Events,
    items: Collection[str],
    rejected_folder: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    kind: Kind | None = None,
    order_column: str = "",
    progress: Progress = lambda what, done, total: None,
) -> Intake:
    """Read the file into the table, all or nothing; the dropped rows go to a file in ``rejected_folder``.

    ``items`` are the ids of the catalogue. Raises UnreadableFeed.
    """
    now = time.time()
    rejected: list[Rejected] = []
    kinds: Counter[str] = Counter()
    read, expected = 0, _count_lines(file)

    def good() -> Iterator[Event]:
        nonlocal read
        columns: Columns | None = None
        seen: set[str] = set()
        for row in read_rows(file):
            read += 1
            if columns is None and row.values is not None:
                columns = Columns.named(list(row.values), mapping or {}, kind, order_column)
            if columns is None:
                event: Event | Rejected = Rejected(row.line, "not a row of values", row.raw)
            else:
                event = read_event(row, columns, items, now)
            if isinstance(event, Event) and event.id in seen:
                event = Rejected(row.line, "duplicate", row.raw)
            if isinstance(event, Rejected):
                rejected.append(event)
                continue
            seen.add(event.id)
            kinds[event.kind] += 1
            yield event

    new = table.add(good(), lambda count: progress("reading events", min(read, expected), expected))
    return Intake(read, new, kinds, tuple(rejected), _keep(rejected_folder / f"events-{file.stem}.jsonl", rejected))


def _count_lines(file: Path) -> int:
    try:
        with file.open("rb") as held:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: held.read(1 << 20), b""))
    except OSError:
        return 0  # read_rows says what is wrong with the file


def _keep(path: Path, rejected: list[Rejected]) -> Path | None:
    if not rejected:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as held:
        for one in rejected:
            row = {"line": one.line, "reason": one.reason, "row": one.raw}
            held.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def kept_of(rejected_folder: Path, shopper_id: str) -> list[dict[str, object]]:
    """The dropped rows that are kept and name the shopper, each with its file, line and reason."""
    return [
        {"file": path.name, **row}
        for path in _kept_files(rejected_folder)
        for text, row in _kept_rows(path)
        if _names(text, row, shopper_id)
    ]


def forget_kept(rejected_folder: Path, shopper_id: str) -> int:
    """Take the rows that name the shopper out of the dropped rows that are kept; returns how many there were."""
    count = 0
    for path in _kept_files(rejected_folder):
        rows = list(_kept_rows(path))
        left = [text for text, row in rows if not _names(text, row, shopper_id)]
        if len(left) == len(rows):
            continue
        count += len(rows) - len(left)
        aside = path.with_suffix(".partial")
        aside.write_text("".join(left), encoding="utf-8")
        os.replace(aside, path)
        if not left:
            path.unlink()
    return count


def _kept_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("events-*.jsonl"))


def _kept_rows(path: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """Each line of the file as it stands, and what it says; {} where it says nothing that can be read."""
    with path.open(encoding="utf-8", errors="replace") as held:
        for text in held:
            try:
                row = json.loads(text)
            except ValueError:
                row = {}
            yield text, row if isinstance(row, dict) else {}


def _names(text: str, row: Mapping[str, object], shopper_id: str) -> bool:
    """Whether the id stands in the row, not as a part of a longer word; what cannot be read is searched as it stands.

    A row was dropped because something is wrong with it: which of its words is the shopper is not known, so that the
    row goes also where the same word means something else.
    """
    said = f"{row.get('row', '')} {row.get('reason', '')}" if row else text
    # As the id is written bare, inside JSON, and inside a quoted cell of CSV.
    written = {shopper_id, *(json.dumps(shopper_id, ensure_ascii=one)[1:-1] for one in (True, False))}
    written.add(shopper_id.replace('"', '""'))
    return any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", said) for one in written)
