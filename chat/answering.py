"""Answers to what is asked of the catalogue itself, in sentences of ours: every number is counted over all of it.

Pure. Knows the question, the want and the catalogue's facts about it; who counts them, ``chat.assistant`` knows.
"""

from collections.abc import Sequence
from decimal import Decimal

from chat.inquiry import Inquiry
from chat.money import price_text
from chat.several import listed
from chat.want import Need, Want, price_label
from chat.words import singular
from retrieval.facts import Facts
from retrieval.filters import PRICE_BOUNDS
from retrieval.items import Item

MOST_NAMED = 8  # brands, values or kinds in a sentence
MOST_CHIPS = 4


def answer(inquiry: Inquiry, need: Need, facts: Facts, first: Item | None) -> list[str]:
    """The answer, one sentence or two. ``first``: the first of the items shown, which is the extreme one if asked for.

    ``facts`` are of the current want's filter, which has to say all that was asked (``Want.is_exact``).
    """
    things = _things(need.current, facts.count)
    where = _limits(need)
    if facts.count == 0:
        return [f"There are no {_things(need.current, 0)} in stock{where}."]
    match inquiry.kind:
        case "extreme":
            return _extreme(need, facts, first)
        case "brands" if facts.top_brands:
            many = f"{facts.brands:,} brands" if facts.brands > 1 else "one brand"
            return [f"The shop has {many}{_of(need.current)}{where}: {_counted(facts.top_brands, facts.brands)}."]
        case "values" if values := facts.top_attributes.get(inquiry.attribute, ()):
            return [f"The {things} in stock{where} come in {_counted(values)}."]
        case "kinds" if kinds := _kinds(facts):
            return [f"The {facts.count:,} {things} in stock{where} are of these kinds: {_counted(kinds)}."]
    return [_number(inquiry, need, facts, things, where)]


def not_exact(want: Want, inquiry: Inquiry) -> str:
    """That no query can answer, as the shop has no such kind; what is shown is found by words."""
    cannot = {
        "extreme": "can't compare them all",
        "prices": "can't say what they all cost",
        "brands": "can't name all their brands",
        "kinds": "can't name its kinds",
    }.get(inquiry.kind, "can't count them")
    return f"The shop lists no kind called “{want.words}”, so I {cannot}; this is what I found by the words."


def chips(inquiry: Inquiry, need: Need, facts: Facts) -> tuple[str, ...]:
    """What the shopper may want to say next: the brands, values or kinds of the answer."""
    limits = need.current.filter
    if inquiry.kind == "values":
        found: Sequence[tuple[str, int]] = facts.top_attributes.get(inquiry.attribute, ())
    elif inquiry.kind == "brands" or (limits.categories and not limits.brands):
        found = facts.top_brands
    else:
        found = _kinds(facts)
    return tuple(value for value, _ in found[:MOST_CHIPS]) if len(found) > 1 else ()


def _extreme(need: Need, facts: Facts, first: Item | None) -> list[str]:
    if first is None:
        return []
    things, where, order = _things(need.current, facts.count), _limits(need), need.current.order
    if order == "best_rated":
        if first.rating is None:
            return [f"None of the {facts.count:,} {things} in stock{where} is rated yet."]
        by = f" by {first.rating_count:,} shoppers" if first.rating_count else ""
        value = f", rated {first.rating:g} out of 5{by}"
        word = "best rated"
    else:
        value = f", at {price_text(first.price, need.currency)}" if first.price is not None else ""
        word = "cheapest" if order == "cheapest" else "most expensive"
    if facts.count == 1:
        return [f"The shop has only one, {first.title}{value}."]
    return [f"The {word} of the {facts.count:,} {things} in stock{where} is {first.title}{value}."]


def _number(inquiry: Inquiry, need: Need, facts: Facts, things: str, where: str) -> str:
    """How many there are and what they cost; the one that was asked for first."""
    is_one = facts.count == 1
    low, high = facts.price_min, facts.price_max
    cost = ""
    if low is not None and high is not None:
        cost = _span(low, high, need.currency)
    if inquiry.kind == "prices" and cost:
        return f"The {things} in stock{where} cost {cost}: there {'is' if is_one else 'are'} {facts.count:,} of them."
    if inquiry.kind == "any":
        return f"Yes: {facts.count:,} {things} in stock cost{'s' if is_one else ''}{where}."
    return f"There {'is' if is_one else 'are'} {facts.count:,} {things} in stock{where}{', ' if cost else ''}{cost}."


def _span(low: Decimal, high: Decimal, currency: str) -> str:
    if low == high:
        return price_text(low, currency)
    return f"from {price_text(low, currency)} to {price_text(high, currency)}"


def _things(want: Want, count: int) -> str:
    """What the filter's kind of thing is called, in the plural: "tents", "items in Tea", "items"."""
    paths = {path[-1].lower(): path for path in want.filter.categories}
    if not paths:
        return "item" if count == 1 else "items"
    names = [path[-1] for path in paths.values()]
    plural = all(name.lower().endswith("s") and not name.lower().endswith("ss") for name in names)
    if not plural or any("&" in name for name in names):
        return f"{'item' if count == 1 else 'items'} in {listed(names)}"
    return listed([singular(_lowered(name)) if count == 1 else _lowered(name) for name in names])


def _of(want: Want) -> str:
    """Of what the brands are: " of tents", " of tea"; "" for the whole shop."""
    names = list(dict.fromkeys(_lowered(path[-1]) for path in want.filter.categories))
    return f" of {listed(names)}" if names else ""


def _lowered(name: str) -> str:
    """A category's name inside a sentence; "TVs" stays as it is."""
    return " ".join(word.lower() if word[1:].islower() else word for word in name.split())


def _limits(need: Need) -> str:
    """The filter besides the kind of thing, as it follows the thing in a sentence."""
    limits = need.current.filter
    price = f" {price_label(limits, need.currency, within=True)}" if limits.highest or limits.lowest else ""
    quiet = ("category:", "words", "order", "refused", *PRICE_BOUNDS, "price")
    labels = [tag.label for tag in need.tags() if not tag.id.startswith(quiet)]
    return price + (f" ({', '.join(labels)})" if labels else "")


def _kinds(facts: Facts) -> Sequence[tuple[str, int]]:
    """The leaf categories; where there is only one, the values of what tells its items apart by kind."""
    leaves = [(path[-1], count) for path, count in facts.top_categories]
    if len(leaves) > 1:
        return leaves
    return next((facts.top_attributes[name] for name in ("type", "kind", "style") if name in facts.top_attributes), ())


def _counted(found: Sequence[tuple[str, int]], total: int | None = None) -> str:
    """Each with its number of items; ``total``: how many there are, where that is known."""
    named = [f"{value} ({count:,})" for value, count in found[:MOST_NAMED]]
    if len(found) > len(named):
        named.append("others" if total is None else f"{total - len(named):,} more")
    return listed(named)
