"""What can be said of an item, in phrases taken from its record: a short name, its price, the facts that matter.

Pure. The LLM is given these to take over, and the plain sentences of ours are made of them.
"""

import re
from collections.abc import Sequence

from chat.money import price_text
from chat.naming import find_namings
from chat.record import stem
from chat.want import Need
from chat.words import FILLERS, plain
from retrieval.items import Item

FACTS_TOLD = 2
MOST_NAMED = 5  # attributes in a plain answer about one item
MOST_VALUES = 3  # of an attribute with more, e.g. the sizes in stock, no single value is a fact of the item
LONGEST_ABOUT = 90  # characters
LONGEST_FACT = 40  # characters
LONGEST_NAME = 8  # words
LONGEST_TITLE = 120  # characters, where a title cannot be shortened

_YES, _NO = frozenset({"yes", "true"}), frozenset({"no", "false", "none"})
_ADJECTIVE = re.compile(
    r"^\S*(?:proof|free|resistant|friendly|weight|greasy|neutral|safe|native|edible|vegan|less|-\w+ing|[a-z]ed|[a-z]y)$"
    r"|able$|ible$| tested$| free$| safe(?: to .+)?$|^non-\w+$|^(?:easy|quick|good|safe) (?:to|for) "
)


def told(item: Item, shown: Sequence[Item], need: Need) -> dict[str, str]:
    """What the prompt says of an item: a name, the price, and facts that can be taken over word for word."""
    facts = predicates(item, need)
    return {
        "name": short_name(item, shown),
        "price": price_text(item.price, item.currency or need.currency) if item.price is not None else "",
        "facts": "; ".join(facts),
        "about": first_sentence(item.description) or f"{item.title}, {' and '.join(item.category[-1:])}".strip(", "),
    }


def first_sentence(description: str) -> str:
    """The description's first sentence, or its first words where that is long."""
    sentence = re.split(r"(?<=[.!?])\s", plain(description), maxsplit=1)[0]
    return sentence if len(sentence) <= LONGEST_ABOUT else sentence[:LONGEST_ABOUT].rsplit(" ", 1)[0]


def short_name(item: Item, shown: Sequence[Item]) -> str:
    """The title as it would be said: without what follows a comma, a dash or a bracket, where that still names it.

    Every word of a name is written at 20 tokens a second, and a long one is copied wrongly.
    """
    short = re.split(r",\s| - | – |\s\(| with | in (?=\w+$)", item.title)[0].strip()
    words = short.split()[:LONGEST_NAME]
    if len(words) < len(short.split()) and words[-2].lower() == "in":
        words = words[:-2]  # "in forest", of "in forest green"
    while len(words) > 2 and _ends_badly(words):
        words.pop()
    short = " ".join(words)
    namings = find_namings(f"The {short} is here.", shown)
    fits = len(namings) == 1 and shown[namings[0].index].id == item.id and namings[0].exact
    return short if fits and len(words) > 1 else item.title[:LONGEST_TITLE]


def _ends_badly(words: Sequence[str]) -> bool:
    """True if no name ends so: in a word that says nothing, a sign, or a number that stands alone."""
    last = words[-1]
    if last.lower() in ("can", "stock"):
        return False  # a watering can; the flower
    return last.lower() in FILLERS or (last.isdigit() and not words[-2].isupper()) or not last[-1].isalnum()


def predicates(item: Item, need: Need) -> list[str]:
    """The facts that matter most, each as what can be said of the item: "comes in olive", "its capacity is 1 L".

    What the title says already is left out.
    """
    found = []
    for name, values in attributes_by_need(item, need):
        lowered, value = name.lower(), " and ".join(values[:2])
        if value.lower() in _NO or len(value) > LONGEST_FACT or len(values) > MOST_VALUES:
            continue
        if values[0].lower() in item.title.lower():
            continue
        if value.lower() in _YES:
            found.append(f"is {name}")
        elif lowered in ("colour", "color"):
            found.append(f"comes in {values[0]}")
        elif lowered in ("material", "fabric"):
            found.append(f"is made of {value}")
        elif lowered in ("for", "gender", "age", "skin", "hair", "players"):
            found.append("is unisex" if value.lower() == "unisex" else f"is for {value.lower()}")
        elif lowered in ("features", "feature"):
            found += _feature(values)
        elif stem(lowered) in map(stem, re.split(r"[\s-]", value.lower())) or _ADJECTIVE.search(value):
            found.append(f"is {value}")
        else:
            found.append(f"its {lowered} is {value}")
    if not found and item.category:
        found.append(f"is in {item.category[-1]}")  # a record that says nothing else still has its place in the shop
    return found[:FACTS_TOLD]


def _feature(values: Sequence[str]) -> list[str]:
    """The first feature and the next of its kind: "is waterproof and packable", "has whistle and lime filter"."""
    usable = [value for value in values if not re.match(r"(?:no|not|with|without|works|fits|zips|comes|for)\b", value)]
    adjectives = [value for value in usable if _ADJECTIVE.search(value)]
    if usable and usable[0] in adjectives:
        return [f"is {' and '.join(adjectives[:2])}"]
    things = [value for value in usable if value not in adjectives]
    return [f"has {' and '.join(things[:2])}"] if things else []


def attributes_by_need(item: Item, need: Need) -> list[tuple[str, tuple[str, ...]]]:
    """The item's attributes, those that the need speaks of first; of several values those that were asked for."""
    asked = {
        name.lower(): {value.lower() for value in values} for name, values in need.current.filter.attributes.items()
    }
    for group in need.current.filter.one_of:
        for name, value in group:
            asked.setdefault(name.lower(), set()).add(value.lower())
    wanted = {stem(word) for word in need.current.words.split()}

    def rank(entry: tuple[str, tuple[str, ...]]) -> int:
        name, values = entry
        if name.lower() in asked:
            return 0
        return 1 if wanted & {stem(word) for value in (name, *values) for word in value.lower().split()} else 2

    found = []
    for name, values in sorted(item.attributes.items(), key=rank):
        hits = tuple(value for value in values if value.lower() in asked.get(name.lower(), ()))
        found.append((name, hits or values))
    return found


def sentences_about(item: Item, need: Need) -> list[str]:
    """Two or three plain sentences on one item: its price and rating, then what else the shop says of it."""
    price = f"costs {price_text(item.price, item.currency or need.currency)}" if item.price is not None else ""
    rating = f"is rated {item.rating:g} out of 5" if item.rating is not None else ""
    stock = "" if item.stock is None else "is in stock" if item.in_stock else "is out of stock"
    first = " and ".join(part for part in (price, rating or stock) if part)
    lines = [f"{item.title} {first}." if first else f"This is what the shop says of {item.title}."]
    said = "; ".join(
        f"{name}: {', '.join(values)}" for name, values in attributes_by_need(item, need)[:MOST_NAMED] if values
    )
    if said:
        lines.append(f"The shop lists {said}.")
    elif item.category:
        lines.append(f"It is in {' > '.join(item.category)}.")
    sentence = first_sentence(item.description)
    if sentence.endswith((".", "!")):
        lines.append(sentence)
    return lines
