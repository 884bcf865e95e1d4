"""Rows of a merchant's file, whatever its format: values by column, or why there are none.

Knows what every reader gives and what a recognised file is. Knows nothing of formats' insides, of items or of what
columns mean.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from retrieval.charsets import Charset

Format = Literal["csv", "jsonl", "google-xml", "google-tsv", "shopify", "woocommerce", "json-ld", "parquet"]

TABLES: tuple[Format, ...] = ("csv", "google-tsv", "shopify", "woocommerce")  # what csv reads
NAMES: dict[Format, str] = {
    "csv": "CSV",
    "jsonl": "JSON Lines",
    "google-xml": "Google Merchant Center XML",
    "google-tsv": "Google Merchant Center text",
    "shopify": "Shopify product CSV",
    "woocommerce": "WooCommerce product CSV",
    "json-ld": "schema.org JSON-LD",
    "parquet": "Parquet",
}
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Row:
    """One thing for sale as the file states it: where it begins, its values by column, its raw text; or why it cannot
    be read, with those values that can be told.

    ``line``: its first line in the file, from 1; in XML and Parquet, which number of the things for sale it is.
    """

    line: int
    raw: str
    values: dict[str, Any] = field(default_factory=dict)
    fault: str = ""
    notes: tuple[str, ...] = ()
    cut: bool = False  # the file ends here, or cannot be read on: what it would have held is not known

    @property
    def withheld(self) -> bool:
        """True if nothing is wrong with the row, and its merchant does not sell what it names."""
        return self.fault.startswith("not sold: ")


@dataclass(frozen=True)
class Source:
    """A file that was recognised."""

    path: Path
    format: Format
    charset: Charset
    delimiter: str
    columns: tuple[str, ...]
    size: int  # bytes, as it lies on the disk
    packed: bool = False  # with gzip

    @property
    def unit(self) -> str:
        """What the numbers of its rows count: "line", "item" or "row"."""
        return {"google-xml": "item", "parquet": "row"}.get(self.format, "line")

    def __str__(self) -> str:
        """How the file is written, for its merchant: "CSV parted by semicolons, Windows-1252 (Western), gzip"."""
        parted = f" parted by {_DELIMITERS.get(self.delimiter, self.delimiter)}" if self.delimiter else ""
        charset = "" if self.format == "parquet" else f", {self.charset}"
        return f"{NAMES[self.format]}{parted}{charset}{', gzip' if self.packed else ''}"


def columns_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """Every column of these rows, in the order in which they first come."""
    return tuple(dict.fromkeys(column for row in rows for column in row.values))
