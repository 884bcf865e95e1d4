"""A merchant's file as raw rows: format, encoding and delimiter recognised, broken rows told apart from good ones.

Knows CSV and JSON Lines. Knows nothing of items or of what columns mean. Reads as a stream: a file may be larger than
memory.
"""

import codecs
import csv
import io
import json
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Literal

from retrieval.errors import FeedError

Format = Literal["csv", "jsonl"]

DELIMITERS = ",;\t|"
LONGEST_RECORD = 200  # lines of one CSV record; a quote that is not closed by then never is
SNIFFED = 64 * 1024  # bytes that format and delimiter are recognised from
SAMPLED_ROWS = 100  # rows of JSON Lines whose keys make the columns

csv.field_size_limit(50_000_000)  # fields are cut later, with a note; csv's own limit would end the reading


@dataclass(frozen=True)
class Row:
    """One row: its first line in the file (from 1), its values by column, its raw text; or why it cannot be read."""

    line: int
    raw: str
    values: dict[str, Any] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True)
class Source:
    """A file that was recognised."""

    path: Path
    format: Format
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    size: int  # bytes


def recognise(path: Path, format: Format | None = None) -> Source:
    """Find out how the file is written. Raises FeedError if it cannot be a catalogue."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise FeedError(f"{path} is a folder. Name a CSV or JSON Lines file.")
        with path.open("rb") as file:
            encoding = _encoding(file, path)
            file.seek(0)
            head = file.read(SNIFFED)
    except FileNotFoundError as error:
        raise FeedError(f"There is no file {path}.") from error
    except PermissionError as error:
        raise FeedError(f"The file {path} may not be read by this user.") from error
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head).lstrip("\ufeff")
    start = text.lstrip()[:1]
    if not start:
        raise FeedError(f"The file {path} is empty.")
    if format is None:
        if start == "<":
            raise FeedError(f"{path} looks like XML or HTML. Only CSV and JSON Lines can be read.")
        if re.match(r"\s*\[\s*[\[{\]]", text):
            raise FeedError(
                f"{path} is one JSON list. JSON Lines is wanted, one object a line: jq -c '.[]' {path.name}"
            )
        format = "jsonl" if start == "{" else "csv"
    delimiter = _delimiter(text, complete=size <= SNIFFED) if format == "csv" else ""
    source = Source(path, format, encoding, delimiter, (), size)
    columns = _csv_columns(source) if format == "csv" else _jsonl_columns(source)
    if not columns:
        raise FeedError(f"{path} has no row that can be read as {'CSV' if format == 'csv' else 'JSON Lines'}.")
    return Source(path, format, encoding, delimiter, columns, size)


class Reader:
    """Iterates over the rows of a source; ``position`` is how many bytes were read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._file: BinaryIO | None = None
        self._done = 0

    @property
    def position(self) -> int:
        return self._done if self._file is None else self._file.tell()

    def __iter__(self) -> Iterator[Row]:
        with self._source.path.open("rb") as self._file:
            # What no encoding explains becomes "�": one bad byte does not cost the row.
            text = io.TextIOWrapper(self._file, self._source.encoding, errors="replace", newline="")
            try:
                yield from (_csv_rows if self._source.format == "csv" else _jsonl_rows)(text, self._source)
            finally:
                self._done = self._file.tell()
                text.detach()
                self._file = None


def _encoding(file: BinaryIO, path: Path) -> str:
    start = file.read(4096)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ")):
        raise FeedError(f"{path} is compressed (or a spreadsheet). Unpack it, or save it as CSV, first.")
    if b"\0" in start:
        even, odd = start[::2].count(0), start[1::2].count(0)
        if max(even, odd) < len(start) / 4:
            raise FeedError(f"{path} is not a text file. Name a CSV or JSON Lines file.")
        return "utf-16-le" if odd > even else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(start)
        while block := file.read(1 << 20):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _delimiter(text: str, *, complete: bool) -> str:
    """The delimiter that gives most columns, in as many of the first rows as possible."""
    lines = text.splitlines(keepends=True)
    lines = (lines if complete else lines[:-1] or lines)[:50]

    def merit(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        header = len(next(csv.reader(lines, delimiter=delimiter), []))
        return (widths[header] / max(1, widths.total()) if header > 1 else 0.0, header)

    return max(DELIMITERS, key=merit)


def _csv_columns(source: Source) -> tuple[str, ...]:
    with source.path.open("r", encoding=source.encoding, errors="replace", newline="") as text:
        header = next((row for row in csv.reader(text, delimiter=source.delimiter) if any(row)), [])
    return _columns(header)


def _columns(header: list[str]) -> tuple[str, ...]:
    return tuple(name.strip().strip("\ufeff") or f"column {at}" for at, name in enumerate(header, start=1))


def _csv_rows(text: io.TextIOWrapper, source: Source) -> Iterator[Row]:
    lines = _Lines(text)
    header_seen = False
    reader = csv.reader(lines, delimiter=source.delimiter)
    while True:
        lines.begin()
        first = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (_TooLongError, csv.Error):
            cells = None
        wide = cells is not None and len(cells) != len(source.columns)
        if header_seen and len(lines.taken) > 1 and (cells is None or wide):
            # A quote that is never closed swallowed the rows after it: give those back, and drop the first alone.
            raw = lines.give_back()
            reader = csv.reader(lines, delimiter=source.delimiter)
            yield Row(first, raw.rstrip("\r\n"), fault="a quote is opened and never closed")
            continue
        if cells is None:
            reader = csv.reader(lines, delimiter=source.delimiter)
            yield Row(first, "".join(lines.taken).rstrip("\r\n"), fault="cannot be read as CSV")
        elif not any(cell.strip() for cell in cells):
            continue
        elif not header_seen:
            header_seen = True
        else:
            yield _csv_row(first, "".join(lines.taken).rstrip("\r\n"), cells, source.columns)


def _csv_row(line: int, raw: str, cells: list[str], columns: tuple[str, ...]) -> Row:
    extra = [cell for cell in cells[len(columns) :] if cell.strip()]
    if extra:
        return Row(line, raw, fault=f"{len(cells)} values for {len(columns)} columns")
    return Row(line, raw, dict(zip(columns, cells, strict=False)))


class _TooLongError(Exception):
    pass


class _Lines:
    """Lines of a file, of which those of the present record can be given back."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._returned: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0  # lines that complete records took

    def begin(self) -> None:
        self.number += len(self.taken)
        self.taken = []

    def give_back(self) -> str:
        self._returned.extendleft(reversed(self.taken[1:]))
        self.taken = self.taken[:1]
        return self.taken[0]

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= LONGEST_RECORD:
            raise _TooLongError
        line = self._returned.popleft() if self._returned else self._text.readline()
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line


def _jsonl_columns(source: Source) -> tuple[str, ...]:
    columns: dict[str, None] = {}
    for read, row in enumerate(Reader(source)):
        columns.update(dict.fromkeys(row.values))
        if read >= SAMPLED_ROWS:
            break
    return tuple(columns)


def _jsonl_rows(text: io.TextIOWrapper, source: Source) -> Iterator[Row]:
    for number, line in enumerate(iter(text.readline, ""), start=1):
        raw = line.strip().lstrip("\ufeff")
        if not raw:
            continue
        try:
            # Decimals, so that a price is what the file says and not its nearest binary fraction.
            values = json.loads(raw, parse_float=Decimal, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            yield Row(number, raw, fault=f"not JSON ({str(error) or 'nested too deeply'})")
            continue
        if isinstance(values, dict):
            yield Row(number, raw, values)
        else:
            yield Row(number, raw, fault="not a JSON object")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")
