"""Tables of text as rows: delimiter and header found out, broken rows told apart from good ones.

Knows quotes and line ends. Knows nothing of what columns mean.
"""

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator

from retrieval.lines import LONGEST_LINE, TOO_LONG, CutLine, next_line
from retrieval.rows import Row

DELIMITERS = ",;\t|"
LONGEST_RECORD = 200  # lines of one record; a quote that is not closed by then never is
_SEPARATOR = re.compile(r'"?sep=(.)"?[,;\t|]*[\r\n]*', re.IGNORECASE)  # the first line that Excel understands

csv.field_size_limit(50_000_000)  # fields are cut later, with a note; csv's own limit would end the reading


def delimiter_of(text: str, *, complete: bool) -> str:
    """The delimiter that gives most columns, in as many of the first rows as possible; or which Excel's line names.

    ``complete``: the text is the whole file, so its last line is not cut.
    """
    lines = text.splitlines(keepends=True)
    lines = (lines if complete else lines[:-1] or lines)[:50]
    if lines and (stated := _SEPARATOR.fullmatch(lines[0])):
        return stated[1]

    def merit(delimiter: str) -> tuple[float, int]:
        try:
            widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
            header = len(next(csv.reader(lines, delimiter=delimiter), []))
        except csv.Error:
            return (0.0, 0)
        return (widths[header] / max(1, widths.total()) if header > 1 else 0.0, header)

    return max(DELIMITERS, key=merit)


def csv_columns(text: io.TextIOWrapper, delimiter: str) -> tuple[str, ...]:
    """The header's names, each different: of two alike, the second is called "name (2)"."""
    lines = _Lines(text)
    try:
        header = next((cells for cells in csv.reader(lines, delimiter=delimiter) if any(cells) and not lines.sep), [])
    except (_TooLongError, csv.Error):
        return ()
    names: dict[str, None] = {}
    counts = Counter[str]()
    for at, cell in enumerate(header, start=1):
        name = cell.replace("\0", "").strip().strip("\ufeff\u200b").strip() or f"column {at}"
        counts[name] += 1
        while name in names:
            name = f"{name} ({counts[name]})"
        names[name] = None
    return tuple(names)


def csv_rows(text: io.TextIOWrapper, delimiter: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """The rows below the header; blank ones are no rows."""
    lines = _Lines(text)
    header_seen = False
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        lines.begin()
        first = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (_TooLongError, csv.Error):
            cells = None
        if header_seen and _ran_away(lines.taken, cells, delimiter, columns):
            # A quote that is never closed swallowed the rows after it: give those back.
            raw = lines.give_back()
            reader = csv.reader(lines, delimiter=delimiter)
            yield _unclosed(first, raw.rstrip("\r\n"), delimiter, columns)
        elif cells is None:
            reader = csv.reader(lines, delimiter=delimiter)
            fault = TOO_LONG if isinstance(lines.taken[-1], CutLine) else "cannot be read as CSV"
            yield Row(first, "".join(lines.taken).rstrip("\r\n"), fault=fault)
        elif not any(cell.strip() for cell in cells) or (lines.sep and not header_seen):
            continue
        elif not header_seen:
            header_seen = True
        else:
            yield _row(first, "".join(lines.taken).rstrip("\r\n"), cells, columns)


def _ran_away(lines: list[str], cells: list[str] | None, delimiter: str, columns: tuple[str, ...]) -> bool:
    """True if a quote that is not closed holds these lines together, or holds this one open to the file's end."""
    if len(lines) == 1:
        short = cells is not None and len(cells) < len(columns)
        return short and len(list(csv.reader([*lines, "\n"], delimiter=delimiter))) == 1
    rows = all(line.count(delimiter) == len(columns) - 1 for line in lines)  # each is a whole row by itself
    return cells is None or len(cells) > len(columns) or rows or not _well_quoted(lines, delimiter)


def _well_quoted(lines: list[str], delimiter: str) -> bool:
    """True if every quote that closes stands before a delimiter or a line end, as in a record that is meant."""
    try:
        return len(list(csv.reader(lines, delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def _row(line: int, raw: str, cells: list[str], columns: tuple[str, ...]) -> Row:
    extra = [cell for cell in cells[len(columns) :] if cell.strip()]
    if extra:
        told = dict(zip(columns, cells, strict=False))
        return Row(line, raw, told, fault=f"{len(cells):,} values for {len(columns):,} columns")
    notes = ("fewer values than columns",) if len(cells) < len(columns) else ()
    return Row(line, raw, dict(zip(columns, cells, strict=False)), notes=notes)


def _unclosed(line: int, raw: str, delimiter: str, columns: tuple[str, ...]) -> Row:
    """The row of a quote that is not closed: dropped alone, or, in a file parted by tabs, where quotes are often plain
    characters, read as it stands.
    """
    cells = raw.split(delimiter)
    if delimiter == "\t" and len(cells) == len(columns):
        return Row(line, raw, dict(zip(columns, cells, strict=True)), notes=("a single quote was read as a character",))
    told = {column: cell.strip(' "') for column, cell in zip(columns, cells, strict=False)}
    return Row(line, raw, told, fault="a quote is opened and never closed")


class _TooLongError(Exception):
    pass


class _Lines:
    """Lines of a file, of which those of the present record can be given back."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._returned: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0  # lines that complete records took

    @property
    def sep(self) -> bool:
        """True if the present record is Excel's line that names the delimiter."""
        return self.number == 0 and len(self.taken) == 1 and _SEPARATOR.fullmatch(self.taken[0]) is not None

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
        if len(self.taken) >= LONGEST_RECORD or (self.taken and sum(map(len, self.taken)) > LONGEST_LINE):
            raise _TooLongError
        line = self._returned.popleft() if self._returned else next_line(self._text)
        if not line:
            raise StopIteration
        self.taken.append(line)
        if isinstance(line, CutLine):
            raise _TooLongError
        return line
