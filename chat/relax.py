"""What to give up when nothing satisfies every constraint, least important first.

Pure. Refusals ("not leather", "not that one") are never given up: to show what was refused is worse than nothing.
"""

from collections.abc import Iterator
from itertools import combinations

from chat.several import listed
from chat.want import group_label, price_label, value_label
from retrieval.filters import PRICE_BOUNDS, Filter

# What does not fit whoever it is for is of no use to them, so these go after the price.
_FIRM = frozenset({"size", "for", "gender", "recipient", "age", "diet", "allergens"})


def relaxations(asked: Filter) -> Iterator[tuple[tuple[str, ...], Filter]]:
    """Looser filters with the names of what each gives up: each constraint alone, each two of them, then more and more.

    The kind of thing (category) goes last: a shopper who asked for boots under $20 wants to see boots.
    """
    names = _by_importance(asked)
    for count in (1, 2):
        for few in combinations(names, count):
            yield few, without(asked, few)
    for count in range(3, len(names) + 1):
        yield tuple(names[:count]), without(asked, names[:count])
    if asked.categories:
        yield (*names, "category"), without(asked, (*names, "category"))


def without(asked: Filter, names: tuple[str, ...] | list[str]) -> Filter:
    """The filter less these of its constraints, named as ``relaxations`` does."""
    update: dict[str, object] = {}
    gone = [name.removeprefix("attribute:") for name in names if name.startswith("attribute:")]
    if gone:
        update["attributes"] = {name: values for name, values in asked.attributes.items() if name not in gone}
    groups = {int(name.removeprefix("one_of:")) for name in names if name.startswith("one_of:")}
    if groups:
        update["one_of"] = tuple(group for number, group in enumerate(asked.one_of) if number not in groups)
    for name in names:
        update |= _LOOSE.get(name, {})
    return asked.model_copy(update=update)


def given_up(names: tuple[str, ...], asked: Filter, currency: str) -> str:
    """What was given up, as the shopper asked for it: "“red” and “by Acme”"."""
    return listed([f"“{_label(name, asked, currency)}”" for name in names])


_LOOSE: dict[str, dict[str, object]] = {
    "rating": {"rating_min": None},
    "price": dict.fromkeys(PRICE_BOUNDS),
    "brand": {"brands": ()},
    "stock": {"in_stock_only": False},
    "category": {"categories": ()},
}


def _by_importance(asked: Filter) -> list[str]:
    """The constraints, least important first; of attributes what was said latest, and needs after the price."""
    attributes = [f"attribute:{name}" for name in reversed(asked.attributes) if name.lower() not in _FIRM]
    firm = [f"attribute:{name}" for name in reversed(asked.attributes) if name.lower() in _FIRM]
    priced = asked.highest is not None or asked.lowest is not None
    return [
        *(["rating"] if asked.rating_min is not None else []),
        *attributes,
        *(f"one_of:{number}" for number in reversed(range(len(asked.one_of)))),
        *(["brand"] if asked.brands else []),
        *(["price"] if priced else []),
        *firm,
        *(["stock"] if asked.in_stock_only else []),
    ]


def _label(name: str, asked: Filter, currency: str) -> str:
    if name.startswith("attribute:"):
        attribute = name.removeprefix("attribute:")
        return value_label(attribute, asked.attributes[attribute])
    if name.startswith("one_of:"):
        return group_label(asked.one_of[int(name.removeprefix("one_of:"))])
    match name:
        case "rating":
            return f"rated {asked.rating_min:g} and up"
        case "price":
            return price_label(asked, currency)
        case "brand":
            return f"by {' or '.join(asked.brands)}"
        case "category":
            return " or ".join(dict.fromkeys(path[-1] for path in asked.categories))
    return "in stock"
