"""WooCommerce's product CSV as rows, one for each thing that can be bought.

A variable product is not sold itself: its facts go to its variations, which name it ("id:12", or its SKU) and may
stand anywhere in the file. It is a row of its own only where it has no variation. Columns in brackets, such as
"(title)", are made here. The file is read twice; variable products lie in a temporary file meanwhile, not in memory.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

from retrieval.mapping import folded
from retrieval.rows import Row

# Our name for a column, folded as in the export.
_NAMES = {
    "id": "id",
    "type": "type",
    "sku": "sku",
    "name": "name",
    "published": "published",
    "visibility": "visibilityincatalog",
    "short": "shortdescription",
    "description": "description",
    "in stock": "instock",
    "stock": "stock",
    "backorders": "backordersallowed",
    "price": "regularprice",
    "sale price": "saleprice",
    "sale starts": "datesalepricestarts",
    "sale ends": "datesalepriceends",
    "categories": "categories",
    "images": "images",
    "parent": "parent",
    "brands": "brands",
}
READ = frozenset(_NAMES.values())
# The columns that are made here, and of what.
MADE = {
    "(id)": "ID, else SKU",
    "(title)": "Name, of a variation with its attributes",
    "(description)": "Description, else Short description",
    "(category)": "the longest of Categories",
    "(brand)": "Brands",
    "(price)": "Regular price",
    "(sale_price)": "Sale price",
    "(sale_dates)": "Date sale price starts, Date sale price ends",
    "(stock)": "In stock?, Stock",
    "(image_url)": "the first of Images",
    "(group_id)": "Parent",
    "(attributes)": "Attribute 1 name, Attribute 1 value(s) and so on",
}

_ATTRIBUTE = re.compile(r"attribute(\d+)(name|values?)")
ATTRIBUTE_COLUMNS = re.compile(r"attribute\d+(name|values?|visible|global|default)")
_INHERITED = ("short", "description", "categories", "images", "brands")
_LISTED = re.compile(r"(?<!\\),\s*")  # a comma inside a value is written "\,"


def is_woocommerce(columns: tuple[str, ...]) -> bool:
    """True if these are the columns of a WooCommerce product export."""
    return {"type", "name", "regularprice"} <= {folded(column) for column in columns}


def woocommerce_rows(read: Callable[[], Iterator[Row]], columns: tuple[str, ...]) -> Iterator[Row]:
    """The simple products and the variations, each with what its parent says. ``read``: begins the file anew."""
    by_fold = {folded(column): column for column in reversed(columns)}
    table = _Table({name: by_fold.get(usual, "") for name, usual in _NAMES.items()}, _attribute_columns(by_fold))
    with closing(sqlite3.connect("")) as parents:  # "": a temporary file that SQLite keeps and removes
        parents.execute("CREATE TABLE parents (key TEXT PRIMARY KEY, held TEXT, number INTEGER) WITHOUT ROWID")
        parents.execute("CREATE TABLE wanted (key TEXT PRIMARY KEY) WITHOUT ROWID")
        for row in read():
            if not row.fault and table.kind(row.values) == "variable":
                for key in table.keys(row.values):
                    parents.execute(
                        "INSERT OR IGNORE INTO parents VALUES (?, ?, ?)", [key, json.dumps(row.values), row.line]
                    )
            elif not row.fault and table.kind(row.values) == "variation":
                parents.execute("INSERT OR IGNORE INTO wanted VALUES (?)", [table.parent(row.values)])
        for row in read():
            kind = "" if row.fault else table.kind(row.values)
            if kind == "variable":
                keys = table.keys(row.values)
                if not any(parents.execute("SELECT 1 FROM wanted WHERE key = ?", [key]).fetchone() for key in keys):
                    yield replace(row, fault="not sold: a variable product of which the file has no variation")
            elif kind == "variation":
                key = table.parent(row.values)
                found = parents.execute("SELECT held FROM parents WHERE key = ?", [key]).fetchone()
                yield table.variation(row, json.loads(found[0]) if found else None)
            elif row.fault:
                yield row
            else:
                yield table.single(row)


def _attribute_columns(by_fold: dict[str, str]) -> list[tuple[str, str]]:
    """The pairs of columns that hold an attribute's name and its values."""
    parts: dict[int, dict[str, str]] = {}
    for fold, column in by_fold.items():
        if found := _ATTRIBUTE.fullmatch(fold):
            parts.setdefault(int(found[1]), {})[found[2][:5].rstrip("s")] = column
    return [(pair["name"], pair["value"]) for _, pair in sorted(parts.items()) if len(pair) == 2]


class _Table:
    """The export's columns, and what rows say in them."""

    def __init__(self, names: dict[str, str], attributes: list[tuple[str, str]]) -> None:
        self._names, self._attributes = names, attributes

    def cell(self, values: dict[str, Any], name: str) -> str:
        return str(values.get(self._names[name], "")).strip()

    def kind(self, values: dict[str, Any]) -> str:
        """The first of the row's types: "variation, downloadable" is a variation."""
        kinds = [kind.strip() for kind in self.cell(values, "type").lower().split(",")]
        return next(
            (kind for kind in kinds if kind.removesuffix("-subscription") not in ("virtual", "downloadable")), ""
        )

    def keys(self, values: dict[str, Any]) -> list[str]:
        """What variations may call this product."""
        number, sku = self.cell(values, "id"), self.cell(values, "sku")
        return [*([f"id:{number}"] if number else []), *([f"sku:{sku}"] if sku else [])]

    def parent(self, values: dict[str, Any]) -> str:
        stated = self.cell(values, "parent")
        return stated.replace(" ", "").lower() if re.fullmatch(r"id:\s*\d+", stated, re.IGNORECASE) else f"sku:{stated}"

    def attributes(self, values: dict[str, Any]) -> dict[str, list[str]]:
        held = {}
        for name_column, value_column in self._attributes:
            name = str(values.get(name_column, "")).strip().lower()
            listed = [part.replace("\\,", ",").strip() for part in _LISTED.split(str(values.get(value_column, "")))]
            if name and any(listed):
                held[name] = [part for part in listed if part]
        return held

    def single(self, row: Row) -> Row:
        fault = self._not_sold(row.values, row.values)
        if self.kind(row.values) == "grouped":
            fault = "not sold: a grouped product is a list of others"
        return replace(row, values=self._made(row.values, row.values, self.cell(row.values, "name"), ""), fault=fault)

    def variation(self, row: Row, parent: dict[str, Any] | None) -> Row:
        own = row.values
        above = parent or {}
        name, whole = self.cell(own, "name"), self.cell(above, "name")
        if not name or name == whole:
            said = ", ".join(value for values in self.attributes(own).values() for value in values)
            name = f"{whole} - {said}" if whole and said else whole
        keys = self.keys(above)
        group = (keys[-1] if keys else self.parent(own)).removeprefix("sku:")
        notes = () if parent else ("its variable product is not in the file",)
        fault = self._not_sold(own, above)
        return replace(row, values=self._made(own, above, name, group), fault=fault, notes=(*row.notes, *notes))

    def _made(self, own: dict[str, Any], above: dict[str, Any], title: str, group: str) -> dict[str, Any]:
        def said(name: str) -> str:
            return self.cell(own, name) or (self.cell(above, name) if name in _INHERITED else "")

        paths = [
            [part.replace("\\,", ",") for part in re.split(r"\s*>\s*", path)]
            for path in _LISTED.split(said("categories"))
        ]
        description = said("description") or said("short")
        return own | {
            "(id)": self.cell(own, "id") or self.cell(own, "sku"),
            "(title)": title,
            "(description)": description.replace("\\n", "\n"),
            "(category)": [max(paths, key=len)] if said("categories") else "",
            "(brand)": _LISTED.split(said("brands"))[0],
            "(price)": self.cell(own, "price"),
            "(sale_price)": self.cell(own, "sale price"),
            "(sale_dates)": [self.cell(own, "sale starts"), self.cell(own, "sale ends")],
            "(stock)": self._stock(own),
            "(image_url)": _LISTED.split(said("images"))[0],
            "(group_id)": group,
            "(attributes)": self.attributes(above) | self.attributes(own),
        }

    def _stock(self, values: dict[str, Any]) -> str:
        """Pieces left; "" where they are not counted, or are sold on when none is left."""
        state, pieces = self.cell(values, "in stock").lower(), self.cell(values, "stock")
        if state in ("0", "no", "outofstock", "false"):
            return "0"
        sold_on = state in ("backorder", "onbackorder") or self.cell(values, "backorders").lower() in (
            "1",
            "notify",
            "yes",
        )
        return "" if sold_on else pieces

    def _not_sold(self, own: dict[str, Any], above: dict[str, Any]) -> str:
        published = [self.cell(values, "published").lower() for values in (own, above)]
        if any(state in ("0", "-1", "false", "no", "draft", "private") for state in published):
            return "not sold: it is not published in WooCommerce"
        if "hidden" in (self.cell(own, "visibility"), self.cell(above, "visibility")):
            return "not sold: it is hidden in WooCommerce's catalogue"
        return ""
