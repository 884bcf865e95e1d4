"""A merchant's file as items, or as rejected rows with the reason.

Joins what the other modules know: how the file is written, which column holds which field, what cells say. Knows
nothing of the database. Each row becomes one item or one rejected row: nothing is lost silently.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from retrieval import json_ld, shopify, woocommerce
from retrieval.cleaning import visible
from retrieval.fields import cells, flat, id_of, item_of
from retrieval.items import UNCHANGED, Item
from retrieval.lines import shortened
from retrieval.mapping import Mapping, Origin, currency_in_name, folded, resolve
from retrieval.prices import Mark, decimal_mark
from retrieval.reading import Reader
from retrieval.recognition import SAMPLED_ROWS, recognise
from retrieval.rows import Format, Row, Source

FIRST_LINES = 5  # of what was noted of items, that a report names


@dataclass(frozen=True)
class Rejected:
    """A row that is no item: its line in the file, why, and the row as it stood, cut where it is very long."""

    line: int
    reason: str
    raw: str
    cut: bool = False  # what the file would have held from here on is not known
    lost: bool = False  # an item that is for sale is not known by it
    item_id: str = ""  # of a lost one, where the row still tells


@dataclass(frozen=True)
class Read:
    """A row that is an item, and what was left out or cut of it."""

    line: int
    item: Item
    notes: tuple[str, ...] = ()


def note_lines(lines: dict[str, list[int]], entry: Read) -> None:
    """Add the entry's line to those of its notes; the first few of each are kept."""
    for note in entry.notes:
        held = lines.setdefault(note, [])
        if len(held) < FIRST_LINES:
            held.append(entry.line)


class Feed:
    """One file, read as items.

    >>> for entry in Feed.open(path, ["title=ProductName"]):   # doctest: +SKIP
    ...     print(entry)
    """

    def __init__(self, source: Source, mapping: Mapping, currency: str = "", *, update: bool = False) -> None:
        self.source, self.mapping, self.update = source, mapping, update
        self._currency = currency or currency_in_name(mapping)
        self._reader = Reader(source)

    @staticmethod
    def open(
        path: Path,
        options: Sequence[str] = (),
        *,
        format: Format | None = None,
        currency: str = "",
        update: bool = False,
    ) -> "Feed":
        """Recognise the file and its columns. ``options`` as in ``--map``; ``currency``: of prices that name none.

        ``update``: the rows state only some fields of items that exist, the id at least; an item then has the title
        UNCHANGED where the file has none. Raises FeedError.
        """
        source = recognise(path, format)
        needed = ("id",) if update else ("id", "title")
        mapping = resolve(source.columns, options, str(path), needed)
        if "title" not in mapping.fields:
            mapping.fields["title"] = Origin(value=UNCHANGED)
        return Feed(source, mapping, currency, update=update)

    @property
    def position(self) -> int:
        """Bytes read so far, of ``source.size``."""
        return self._reader.position

    @property
    def unused(self) -> list[str]:
        """Columns that nothing is made of."""
        used = {column.split(".")[0] for column in self.mapping.used}
        return [column for column in self.source.columns if column not in used and not self._read_by_format(column)]

    def in_words(self, column: str) -> str:
        """A column's name; of one that a format's reader makes, what it is made of."""
        made = {"shopify": shopify.MADE, "woocommerce": woocommerce.MADE, "json-ld": json_ld.MADE}
        return made.get(self.source.format, {}).get(column, visible(column))

    @cached_property
    def decimal_mark(self) -> Mark:
        """The decimal mark of the file's prices, by its first rows; "" if they do not tell."""
        origins = [self.mapping.fields.get(field) for field in ("price", "sale_price")]
        rows = (row for row in islice(Reader(self.source), SAMPLED_ROWS) if not row.fault)
        said = [cell for row in rows for origin in origins for cell in flat(cells(row.values, origin))]
        return decimal_mark(cell[:200] for cell in said if isinstance(cell, str))

    def __iter__(self) -> Iterator[Read | Rejected]:
        return self.after(0)

    def after(self, rows: int) -> Iterator[Read | Rejected]:
        """The entries beyond the first ``rows``."""
        line, ids = 0, set[str]()
        for number, row in enumerate(self._reader):
            if number < rows:
                continue
            entry = self._rejected(row, row.fault) if row.fault else self._entry(row)
            if row.line != line:
                line, ids = row.line, set()
            if isinstance(entry, Read):
                # One line of JSON-LD may hold several items.
                if entry.item.id in ids:
                    reason = f"the id {entry.item.id!r} stands in {self.source.unit} {row.line} already"
                    entry = Rejected(row.line, reason, shortened(row.raw))
                else:
                    ids.add(entry.item.id)
            yield entry

    def _entry(self, row: Row) -> Read | Rejected:
        notes = list(row.notes)
        if "\ufffd" in row.raw:
            notes.append("a character that the encoding does not know became �")
        try:
            item = item_of(row.values, self.mapping, self._currency, self.decimal_mark, notes)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            return self._rejected(row, f"{where}: {first['msg'].lower()}")
        except ValueError as error:
            return self._rejected(row, str(error))
        return Read(row.line, item, tuple(dict.fromkeys(notes)))

    def _rejected(self, row: Row, reason: str) -> Rejected:
        item_id = "" if row.withheld else id_of(row.values, self.mapping)
        return Rejected(row.line, reason, shortened(row.raw), row.cut, not row.withheld, item_id)

    def _read_by_format(self, column: str) -> bool:
        """True if the file's format makes a column of its own of it."""
        if column.startswith("(") and column.endswith(")"):
            return True
        if self.source.format == "json-ld":
            return column in json_ld.READ
        if self.source.format == "woocommerce":
            name = folded(column)
            return name in woocommerce.READ or re.fullmatch(woocommerce.ATTRIBUTE_COLUMNS, name) is not None
        metafield = shopify.METAFIELD.fullmatch(column) is not None
        return self.source.format == "shopify" and (metafield or folded(column) in shopify.READ)
