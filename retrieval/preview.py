# ruff: noqa: S608 - the SQL put together here is ours alone
"""What reading a feed would give, without writing anything: counts, reasons, notes, some items, and what is left.

Knows feeds. Knows nothing of the database or of terminals.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

from retrieval.feeds import Feed, Rejected, note_lines
from retrieval.fields import flat
from retrieval.items import Item
from retrieval.reading import Reader
from retrieval.recognition import SAMPLED_ROWS

SHOWN_ITEMS = 5
CACHED_KIB = 32 * 1024  # of the ids seen; the others lie in the temporary file
SHOWN_REASONS = 20  # kinds of reasons, each with the first row that it dropped

# A column that may be worth an attribute: few short values, each of several rows, that are words.
_MOST_VALUES = 40
_LONGEST_VALUE = 40  # characters
_LEAST_ROWS = 3  # that have a value
_INNER = re.compile(
    r"(^|[\W_])(id|ids|sku|gtin|ean|upc|isbn|mpn|barcode|url|link|path|image|date|time|created|updated|published|"
    r"status|visible|visibility|tax|taxable|cost|margin|supplier|warehouse|shipping|position|count|num|slug|handle|"
    r"seo|meta|policy|service|tracker|custom_?label_?\d?|condition|price)([\W_]|s?$)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Dropped:
    """A kind of reason: how many rows it dropped, and the first of them."""

    count: int
    line: int
    reason: str


@dataclass
class Preview:
    """What an ingest of the file would do. ``read`` is ``items`` and ``dropped`` together."""

    read: int = 0
    items: int = 0
    groups: int = 0  # products that come in variants
    dropped: int = 0
    reasons: list[Dropped] = field(default_factory=list)  # most frequent first
    notes: dict[str, int] = field(default_factory=dict)
    noted_lines: dict[str, list[int]] = field(default_factory=dict)  # the first few of each note's lines
    without_currency: int = 0  # items whose price names no currency
    shown: list[Item] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)  # options that would make attributes of columns not used


def preview(feed: Feed, told: Callable[[int], None] | None = None) -> Preview:
    """Read the whole file. ``told`` is given the bytes read. Ids lie in a temporary file: memory does not grow."""
    with closing(sqlite3.connect("")) as database:  # "": a temporary file that SQLite keeps and removes
        return _preview(feed, _Distinct(database, "ids"), _Distinct(database, "products"), told)


class _Distinct:
    """Texts that were seen, by their 64-bit hashes: two of millions share one with odds of less than 1 in 10^5."""

    def __init__(self, database: sqlite3.Connection, table: str) -> None:
        database.execute(f"PRAGMA cache_size = -{CACHED_KIB}")
        database.execute(f"CREATE TABLE {table} (hash INTEGER PRIMARY KEY, line INTEGER)")
        self._database, self._table, self.count = database, table, 0

    def line(self, text: str, line: int) -> int:
        """The line in which the text stood first: this one, if it is new."""
        key = hash(text)
        insert = f"INSERT OR IGNORE INTO {self._table} VALUES (?, ?)"
        if self._database.execute(insert, [key, line]).rowcount:
            self.count += 1
            return line
        (first,) = self._database.execute(f"SELECT line FROM {self._table} WHERE hash = ?", [key]).fetchone()
        return int(first)


def _preview(feed: Feed, ids: _Distinct, groups: _Distinct, told: Callable[[int], None] | None) -> Preview:
    shown: dict[str, Item] = {}
    reasons: dict[str, Dropped] = {}
    notes = Counter[str]()
    result = Preview()
    for number, entry in enumerate(feed):
        if isinstance(entry, Rejected):
            dropped = entry.line, entry.reason
        elif (line := ids.line(entry.item.id, entry.line)) != entry.line:
            dropped = entry.line, f"the id {entry.item.id!r} stands in {feed.source.unit} {line} already"
        else:
            result.items += 1
            notes.update(entry.notes)
            note_lines(result.noted_lines, entry)
            result.without_currency += entry.item.price is not None and not entry.item.currency
            if entry.item.group_id:
                groups.line(entry.item.group_id, entry.line)
            if len(shown) < SHOWN_ITEMS:  # of one product one variant
                shown.setdefault(entry.item.group_id or entry.item.id, entry.item)
            continue
        kind = re.sub(r"'.*'|\".*\"|-?\d[\d.,]*", "…", dropped[1])
        first = reasons.get(kind) or Dropped(0, *dropped)
        reasons[kind] = Dropped(first.count + 1, first.line, first.reason)
        if told and number % SAMPLED_ROWS == 0:
            told(feed.position)
    result.dropped = sum(one.count for one in reasons.values())
    result.read = result.items + result.dropped
    result.groups = groups.count
    result.reasons = sorted(reasons.values(), key=lambda one: -one.count)[:SHOWN_REASONS]
    result.notes = dict(notes.most_common())
    result.shown = list(shown.values())
    result.hints = hints(feed)
    return result


def hints(feed: Feed) -> list[str]:
    """Options such as "attributes.season=Season" for columns that nothing is made of and that look like attributes.

    Only offered: what a column of a merchant's means, and whether shoppers may see it, the merchant knows.
    """
    wanted = [column for column in feed.unused if not _INNER.search(column)]
    values: dict[str, Counter[str]] = {column: Counter() for column in wanted}
    for row in islice(Reader(feed.source), SAMPLED_ROWS):
        for column in list(values):
            said = [str(one).strip() for one in flat([row.values.get(column)]) if str(one).strip()]
            if any(len(one) > _LONGEST_VALUE for one in said) or len(values[column]) > _MOST_VALUES:
                del values[column]
            else:
                values[column].update(said)
    found = []
    for column, held in values.items():
        words = any(character.isalpha() for value in held for character in value)
        if words and held.total() >= _LEAST_ROWS and 1 < len(held) <= max(2, held.total() // 2):
            name = re.sub(r"[\W_]+", " ", column).strip().lower()
            found.append(f"attributes.{name}={column}")
    return found
