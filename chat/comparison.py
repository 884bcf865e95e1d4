"""Items side by side: what their records say differently, what matters first, and the sums in sentences.

Pure. Every value is a record's and every difference is computed. Knows nothing of how items are found or shown.
"""

from collections.abc import Sequence
from decimal import Decimal

from chat.events import ComparedFact, ComparedItem, Comparison
from chat.facets import (
    BRAND,
    CATEGORY,
    PRICE,
    RATING,
    STOCK,
    attributes_of,
    canonical,
    own_spoken_of,
    spoken_of,
    values_named,
)
from chat.money import price_text
from chat.several import listed
from chat.want import Want
from chat.words import plain
from retrieval.items import Item

MOST_COMPARED = 4  # columns that can be read side by side
MOST_ROWS = 10
MOST_VALUES = 6  # of one attribute in one cell
LONGEST_VALUE = 80  # characters in a cell
UNSAID = "the shop doesn't say"


def compare(items: Sequence[Item], want: Want, currency: str, said: str = "") -> Comparison | None:
    """The items as columns and the facts in which they differ as rows; None where there are not two of them.

    First what the shopper spoke of (in ``said``, the message, or in the want), then price and rating, then what all
    records have, then what some lack.
    """
    items = items[:MOST_COMPARED]
    if len(items) < 2:
        return None
    held = [attributes_of(item) for item in items]
    names = list(dict.fromkeys(name for attributes in held for name in attributes))
    wanted = _wanted(want, said, names, held)
    rows: list[ComparedFact] = []
    for key, name, values in (
        (PRICE, "Price", [_price(item, currency) for item in items]),
        (RATING, "Rating", [_rating(item) for item in items]),
        *((f"attribute:{name}", _titled(name), [_value(one.get(name, ())) for one in held]) for name in names),
        (STOCK, "Stock", [_stock(item) for item in items]),
        (BRAND, "Brand", [item.brand or None for item in items]),
        (CATEGORY, "Kind", [item.category[-1] if item.category else None for item in items]),
    ):
        if len({value.casefold() if value else None for value in values}) > 1:
            rows.append(ComparedFact(key=key, name=name, values=tuple(values), matters=key in wanted))

    def rank(row: ComparedFact) -> tuple[int, int]:
        if row.matters:
            return 0, wanted.index(row.key)
        if row.key in (PRICE, RATING):
            return 1, 0
        return 2, sum(value is None for value in row.values)

    rows.sort(key=rank)
    heads = tuple(ComparedItem(item_id=item.id, title=plain(item.title)) for item in items)
    return Comparison(items=heads, rows=tuple(rows[:MOST_ROWS]))


def sentences(comparison: Comparison, items: Sequence[Item], currency: str) -> list[str]:
    """What the table comes to: what matters most first, then the difference in price, then in rating."""
    items = items[: len(comparison.items)]
    if not comparison.rows:
        return [f"The shop's records tell no difference between {listed([_name(item) for item in items])}."]
    lines = [_of_row(row, items) for row in comparison.rows if row.matters and _is_short(row)][:1]
    lines += [line for line in (_of_prices(items, currency), _of_ratings(items)) if line]
    return lines or ["The table shows where they differ."]


def in_lines(comparison: Comparison) -> str:
    """The table as plain text, a line a fact, for whoever can show no table."""
    told = []
    for row in comparison.rows:
        cells = (
            f"{item.title}: {UNSAID if value is None else value}"
            for item, value in zip(comparison.items, row.values, strict=True)
        )
        told.append(f"{row.name} - {'; '.join(cells)}")
    return "\n".join(told)


def _wanted(want: Want, said: str, names: Sequence[str], held: Sequence[dict[str, tuple[str, ...]]]) -> list[str]:
    """Keys of the rows that the shopper spoke of: in this message first, then in the need."""
    limits = want.filter
    together: dict[str, tuple[str, ...]] = {}
    for attributes in held:
        for name, values in attributes.items():
            together[name] = (*together.get(name, ()), *values)
    asked = [*limits.attributes, *(pair[0] for group in limits.one_of for pair in group)]
    keys = own_spoken_of(said)
    keys += [f"attribute:{name}" for name in (*spoken_of(said, names), *values_named(said, together))]
    keys += [f"attribute:{canonical(name)}" for name in asked]
    keys += [f"attribute:{name}" for name in (*spoken_of(want.words, names), *values_named(want.words, together))]
    if want.order in ("cheapest", "dearest") or limits.lowest is not None or limits.highest is not None:
        keys.append(PRICE)
    if want.order == "best_rated" or limits.rating_min is not None:
        keys.append(RATING)
    return list(dict.fromkeys(keys))


def _is_short(row: ComparedFact) -> bool:
    """True if the row can be said in a sentence; prices and ratings have sentences of their own."""
    return row.key not in (PRICE, RATING) and all(value is None or "," not in value for value in row.values)


def _of_row(row: ComparedFact, items: Sequence[Item]) -> str:
    """ "Capacity: 2 people for the Ridge, 4 people for the Dune; the shop doesn't say for the Vale." """
    said = [f"{value} for {_name(item)}" for item, value in zip(items, row.values, strict=True) if value is not None]
    silent = [_name(item) for item, value in zip(items, row.values, strict=True) if value is None]
    end = f"; {UNSAID} for {listed(silent)}" if silent else ""
    return f"{row.name}: {'; '.join(said)}{end}."


def _of_prices(items: Sequence[Item], currency: str) -> str:
    """The cheapest, and by how much; nothing where prices are missing or in several currencies."""
    priced = sorted(
        ((item.price, number, item) for number, item in enumerate(items) if item.price is not None),
        key=lambda entry: entry[:2],
    )
    counted_in = {item.currency or currency for _, _, item in priced}
    silent = [_name(item) for item in items if item.price is None]
    if len(priced) < 2 or len(counted_in) > 1:
        return f"The shop doesn't say what {listed(silent)} costs." if len(silent) == 1 else ""
    end = f"; the shop doesn't say what {listed(silent)} costs" if len(silent) == 1 else ""
    money = counted_in.pop()
    least, first = priced[0][0], priced[0][2]
    if least == priced[-1][0]:
        both = "both" if len(priced) == 2 else "all"
        return f"They {both} cost {price_text(least, money)}{end}."
    if len(priced) == 2 and not silent:
        return f"{_name(first)} is {price_text(priced[1][0] - least, money)} cheaper than {_name(priced[1][2])}."
    more = [f"{_more(price - least, money)} {_name(item)}" for price, _, item in priced[1:]]
    return f"{_name(first)} costs least, at {price_text(least, money)}: {listed(more)}{end}."


def _more(difference: Decimal, currency: str) -> str:
    return f"{price_text(difference, currency)} less than" if difference else "as much as"


def _of_ratings(items: Sequence[Item]) -> str:
    rated = sorted(
        ((-item.rating, number, item) for number, item in enumerate(items) if item.rating is not None),
        key=lambda entry: entry[:2],
    )
    if len(rated) < 2 or rated[0][0] == rated[1][0]:
        return ""
    first = rated[0][2]
    return f"{_name(first)} is rated best of them, {_rating(first)}."


def _name(item: Item) -> str:
    return plain(item.title)


def _price(item: Item, currency: str) -> str | None:
    return price_text(item.price, item.currency or currency) if item.price is not None else None


def _rating(item: Item) -> str | None:
    if item.rating is None:
        return None
    return f"{item.rating:g} out of 5" + (f" ({item.rating_count:,})" if item.rating_count else "")


def _stock(item: Item) -> str | None:
    if item.stock is None:
        return None
    return "in stock" if item.in_stock else "out of stock"


def _value(values: Sequence[str]) -> str | None:
    if not values:
        return None
    shown = ", ".join(plain(value) for value in values[:MOST_VALUES])
    more = len(values) - MOST_VALUES
    shown = shown if len(shown) <= LONGEST_VALUE else f"{shown[:LONGEST_VALUE].rsplit(' ', 1)[0]} …"
    return f"{shown} and {more} more" if more > 0 else shown


def _titled(name: str) -> str:
    return name[:1].upper() + name[1:]
