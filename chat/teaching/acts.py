"""Messages of every kind, filled with a shop's own things, and what each is: search, refine, thanks, …

Knows the forms and records. The forms are ours; none is taken from what readings and hearing are measured on.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import Formatter

from chat.simulated_words import ORDINALS, Wording
from chat.teaching.records import Language, aisle
from chat.teaching.requests import forms
from retrieval.items import Item

PEOPLE = (
    "my dad", "my mum", "a friend", "a toddler", "my sister", "a colleague", "my wife", "my husband", "the kids",
    "a baby", "my nan", "a teenager", "our neighbour", "my boss", "a teacher", "my son", "my daughter", "the dog",
)  # fmt: skip
TOPICS = (
    "the weather", "football", "the election", "quantum physics", "my homework", "Paris", "the stock market", "dinner",
    "my ex", "the news", "a poem", "maths", "the moon", "my headache", "taxes", "history", "the lottery", "movies",
)  # fmt: skip
NAMED = {"order_status": "order"}  # what the forms call an act, where the schema calls it otherwise
# Whoever has seen nothing yet asks for nothing of what is on show.
AFTER_CARDS = frozenset({"refine", "more", "about_item", "compare", "choose", "start_over"})


@dataclass(frozen=True)
class Said:
    """One message, the one before it ("": it is the first), and what kind of message it is."""

    message: str
    before: str
    act: str
    item: Item  # that its slots were filled from


def said(items: Sequence[Item], language: Language, rng: random.Random) -> Iterator[Said]:
    """Without end, the kinds of message in the shares of their forms."""
    # A wish that names no thing is a request, which others make.
    every = [(act, form) for act, held in forms().items() for form in held if act != "search" or "{kind" in form]
    brands = sorted({item.brand for item in items if item.brand}) or ["that brand"]
    currency = next((item.currency for item in items if item.currency), "")
    while True:
        act, form = rng.choice(every)
        item, other = rng.choice(items), rng.choice(items)
        wording = Wording(rng.choice(("terse", "chatty", "misspelling")), rng, currency)
        message = filled(form, item, other, language, brands, wording, rng)
        if rng.random() < 0.1:
            message = wording.message([message], first=True)
        before = ""
        if act in AFTER_CARDS or rng.random() < 0.5:
            kind = language.kind(item if act != "search" else other)
            before = filled(rng.choice(forms()["search"]), item, other, language, brands, wording, rng)
            before = before if act in AFTER_CARDS and rng.random() < 0.5 else kind
        yield Said(message, before, NAMED.get(act, act), item)


def filled(
    form: str, item: Item, other: Item, language: Language, brands: Sequence[str], wording: Wording, rng: random.Random
) -> str:
    """The form with its slots filled; a slot that stands twice gets two values."""
    values = [value for held in item.attributes.values() for value in held] or ["black"]
    kind = language.kind(item)
    slots = {
        "kind": lambda: kind if rng.random() < 0.6 else (aisle(item).lower() or kind),
        "kinds": lambda: aisle(item).lower() if aisle(item) and rng.random() < 0.5 else plural(kind),
        "other": lambda: language.kind(other),
        "value": lambda: rng.choice(values),
        "brand": lambda: item.brand or rng.choice(brands),
        "sum": lambda: wording.amount(str(rng.choice((10, 15, 20, 25, 30, 40, 50, 60, 75, 80, 100, 120, 150, 200)))),
        "nth": lambda: rng.choice((*ORDINALS[:3], "last")),
        "item": lambda: item.title,
        "person": lambda: rng.choice(PEOPLE),
        "topic": lambda: rng.choice(TOPICS),
    }
    made = [text + (str(slots[name]()) if name else "") for text, name, _, _ in Formatter().parse(form)]
    return "".join(made)


def plural(kind: str) -> str:
    """The thing in the plural, as a shopper would write it."""
    if kind.endswith("s"):
        return kind
    return f"{kind[:-1]}ies" if kind.endswith("y") and kind[-2:-1] not in "aeiou" else f"{kind}s"
