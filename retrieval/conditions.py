"""A Filter as SQL conditions over the tables of ``retrieval.catalog``.

Pure: makes text and parameters, runs nothing. The keys that the conditions compare with are made here too, so that
what is written and what is asked for agree. A test holds the outcome to ``Filter.matches`` on every item.
"""

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal

from retrieval.filters import Filter


def price_key(price: Decimal) -> str:
    """Text that sorts as the price does, exactly: the count of whole digits, the digits, the fraction.

    >>> price_key(Decimal("9.50")) < price_key(Decimal("10")) < price_key(Decimal("10.001"))
    True
    """
    whole, _, fraction = format(price, "f").partition(".")
    whole = whole.lstrip("-0") or "0"
    return f"{len(whole):04d}{whole}.{fraction.rstrip('0')}"


def category_key(path: Iterable[str]) -> str:
    """Text of which the key of every prefix of the path is a prefix, and no other."""
    return "".join(json.dumps(part.lower(), ensure_ascii=False) + "," for part in path)


def conditions(filter: Filter) -> tuple[str, list[str | float]]:
    """SQL for WHERE over table ``items`` (always at least "1"), and its parameters.

    ``excluded_terms`` is left out: SQL knows no whole words. See ``suspects``.
    """
    clauses: list[str] = ["1"]
    values: list[str | float] = []

    def add(clause: str, *parameters: str | float) -> None:
        clauses.append(clause)
        values.extend(parameters)

    if filter.price_min is not None and filter.price_min > 0:
        add("items.price_key >= ?", price_key(filter.price_min))
    elif filter.price_min is not None:
        add("items.price_key IS NOT NULL")
    if filter.price_max is not None:
        # No price is negative, so a negative bound leaves nothing.
        add("items.price_key <= ?", price_key(filter.price_max) if filter.price_max >= 0 else "")
    if filter.price_above is not None:
        add("items.price_key > ?", price_key(filter.price_above) if filter.price_above >= 0 else "")
    if filter.price_below is not None:
        add("items.price_key < ?", price_key(filter.price_below) if filter.price_below >= 0 else "")
    if filter.brands:
        add("items.brand_key IN (SELECT value FROM json_each(?))", _keys(filter.brands))
    if filter.excluded_brands:
        add("items.brand_key NOT IN (SELECT value FROM json_each(?))", _keys(filter.excluded_brands))
    if filter.categories:
        prefixes = [category_key(prefix) for prefix in filter.categories]
        tests = " OR ".join("substr(items.category_key, 1, ?) = ?" for _ in prefixes)
        add(f"({tests})", *(value for prefix in prefixes for value in (len(prefix), prefix)))
    holders = "SELECT item_number FROM item_attributes WHERE name = ? AND value IN (SELECT value FROM json_each(?))"
    for name, wanted in filter.attributes.items():
        add(f"items.number IN ({holders})", name.lower(), _keys(wanted))
    for group in filter.one_of:
        tests = " OR ".join(f"items.number IN ({holders})" for _ in group)
        add(f"({tests or '0'})", *(part for name, value in group for part in (name.lower(), _keys([value]))))
    for name, refused in filter.excluded_attributes.items():
        add(f"items.number NOT IN ({holders})", name.lower(), _keys(refused))
    if filter.rating_min is not None:
        add("items.rating >= ?", filter.rating_min)
    if filter.in_stock_only:
        add("(items.stock IS NULL OR items.stock > 0)")
    if filter.excluded_ids:
        add("items.id NOT IN (SELECT value FROM json_each(?))", json.dumps(filter.excluded_ids))
    return " AND ".join(clauses), values


def suspects(terms: Sequence[str]) -> tuple[str, list[str | float]]:
    """SQL for WHERE: items whose words contain one of the terms, perhaps inside a longer word; and its parameters."""
    clause = " OR ".join("instr(items.words, ?) > 0" for _ in terms)
    return f"({clause or '0'})", [term.casefold() for term in terms]


def _keys(texts: Iterable[str]) -> str:
    return json.dumps([text.lower() for text in texts])
