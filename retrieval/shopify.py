"""Shopify's product CSV as rows, one for each variant.

A product's facts stand in its first row only; the rows of one handle belong together. Rows that hold only a further
picture belong to their product and are no rows of their own. Columns in brackets, such as "(title)", are made here.
Knows both headers that Shopify writes ("Handle" … "Variant Price"; "URL handle" … "Price").
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from retrieval.mapping import folded
from retrieval.rows import Row

MOST_ROWS = 5_000  # of one product that are held; Shopify allows 2,048 variants and 250 pictures

# Our name for a column, and what Shopify's exports have called it, folded.
_NAMES = {
    "handle": "handle urlhandle",
    "title": "title",
    "body": "body description",
    "vendor": "vendor",
    "category": "productcategory",
    "type": "type",
    "published": "published publishedononlinestore",
    "status": "status",
    "sku": "variantsku sku",
    "price": "variantprice price",
    "quantity": "variantinventoryqty inventoryquantity",
    "tracker": "variantinventorytracker inventorytracker",
    "policy": "variantinventorypolicy continuesellingwhenoutofstock",
    "image": "imagesrc productimageurl",
    "variant image": "variantimage variantimageurl",
    **{f"option {n} {part}": f"option{n}{part}" for n in (1, 2, 3) for part in ("name", "value")},
}
READ = frozenset(" ".join(_NAMES.values()).split()) | {
    "imageposition",
    "imagealttext",
    *(f"option{n}linkedto" for n in (1, 2, 3)),
}
# The columns that are made here, and of what.
MADE = {
    "(id)": "the SKU; without one of its own, handle and options",
    "(title)": "Title, and the options in which variants differ",
    "(description)": "Body (HTML)",
    "(category)": "Product Category, else Type",
    "(brand)": "Vendor",
    "(price)": "Variant Price",
    "(stock)": "Variant Inventory Qty, where it is tracked",
    "(image_url)": "Variant Image, else Image Src",
    "(group_id)": "Handle",
    "(attributes)": "options and product metafields",
}

_OWN = re.compile("variant|option|sku|barcode|price|compareat|cost|inventory|image")  # columns of a row, not of all
_NO_OPTION = "Default Title"  # what Shopify writes where a product has one variant
METAFIELD = re.compile(r"(.+?) \(product\.metafields\.[\w-]+\.[\w-]+\)", re.IGNORECASE)


def is_shopify(columns: tuple[str, ...]) -> bool:
    """True if these are the columns of a Shopify product export."""
    names = {folded(column) for column in columns}
    return bool(names & {"handle", "urlhandle"}) and {"title", "option1value"} <= names


def shopify_rows(rows: Iterator[Row], columns: tuple[str, ...]) -> Iterator[Row]:
    """The variants, each with what its product's first row says."""
    by_fold = {folded(column): column for column in reversed(columns)}
    names = {
        name: next((by_fold[one] for one in usual.split() if one in by_fold), "") for name, usual in _NAMES.items()
    }
    metafields = {column: found[1] for column in columns if (found := METAFIELD.fullmatch(column))}
    held: list[Row] = []
    for row in rows:
        if row.fault:  # of a broken row, its SKU may still tell which item it was to be
            yield replace(row, values={**row.values, "(id)": row.values.get(names["sku"], "")})
            continue
        same = held and row.values.get(names["handle"]) == held[0].values.get(names["handle"])
        if held and (not same or len(held) >= MOST_ROWS):
            yield from _product(held, names, metafields)
            held = []
        held.append(row)
    if held:
        yield from _product(held, names, metafields)


def _product(rows: list[Row], names: dict[str, str], metafields: dict[str, str]) -> Iterator[Row]:
    first = rows[0].values

    def cell(row: dict[str, Any], name: str) -> str:
        return str(row.get(names[name], "")).strip()

    variants = [
        row
        for at, row in enumerate(rows)
        if at == 0 or any(cell(row.values, name) for name in ("option 1 value", "sku", "price"))
    ]
    options = [
        [
            (cell(first, f"option {n} name") or f"option {n}", value)
            for n in (1, 2, 3)
            if (value := cell(row.values, f"option {n} value")) and value != _NO_OPTION
        ]
        for row in variants
    ]
    differing = {
        name
        for name in dict.fromkeys(name for held in options for name, _ in held)
        if len({dict(held).get(name) for held in options}) > 1
    }
    skus = [cell(row.values, "sku") for row in variants]
    shared = {sku for sku, count in Counter(skus).items() if count > 1}  # names none of the variants
    facts = {metafields[column].lower(): first[column] for column in metafields if first.get(column)}
    for row, chosen, sku in zip(variants, options, skus, strict=True):
        said = " / ".join(value for name, value in chosen if name in differing)
        handle = cell(first, "handle")
        values = {column: value for column, value in first.items() if value and not _OWN.match(folded(column))}
        values |= {column: value for column, value in row.values.items() if value}
        values |= {
            "(id)": sku if sku and sku not in shared else "/".join([handle, *(value for _, value in chosen)]),
            "(title)": f"{cell(first, 'title')} - {said}" if said and cell(first, "title") else cell(first, "title"),
            "(description)": cell(first, "body"),
            "(category)": cell(first, "category") or cell(first, "type"),
            "(brand)": cell(first, "vendor"),
            "(price)": cell(row.values, "price"),
            "(stock)": _stock(row.values, names),
            "(image_url)": cell(row.values, "variant image") or cell(first, "image"),
            "(group_id)": handle if len(variants) > 1 else "",
            "(attributes)": {**facts, **{name.lower(): value for name, value in chosen}},
        }  # fmt: skip
        yield replace(row, values=values, fault=_not_sold(cell(first, "status"), cell(first, "published")))


def _not_sold(status: str, published: str) -> str:
    if status.lower() in ("draft", "archived", "unlisted"):
        return f"not sold: its status in Shopify is {status.lower()}"
    return "not sold: it is not published in Shopify" if published.lower() == "false" else ""


def _stock(values: dict[str, Any], names: dict[str, str]) -> str:
    """Pieces left; "" where Shopify does not count them, or sells on when none is left."""
    untracked = names["tracker"] and not values.get(names["tracker"])
    sold_on = str(values.get(names["policy"], "")).lower() in ("continue", "true")
    return "" if untracked or sold_on else str(values.get(names["quantity"], ""))
