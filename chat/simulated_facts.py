"""What a simulated shopper knows of the thing they want, and how they hold a card against it.

Pure. Knows one record and how common words are; knows nothing of how a message is understood. A shopper never says a
title: of its words at most half, three at the most, each of which many other items share, and the last ones first.
"""

import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from chat.events import Card
from chat.words import FILLERS, singular
from retrieval.items import Item

Kind = Literal["kind", "aisle", "word", "brand", "value", "price"]

LEAST_SHARED = (
    0.005  # of the catalogue holds a word that a shopper may say: what fewer items hold names the thing itself
)
MOST_SHARED = 0.1  # of the catalogue: a word of more says nothing
TELLING = 5  # times as often in a kind as in the catalogue: then a word of a description is about that kind
MOST_WORDS = 3  # of the title, or of the description where there is one
SHORTEST_WORD = 4  # characters
LONGEST_VALUE = 24  # characters: what is longer nobody says
MOST_VALUES = 3  # of an attribute with more, e.g. the sizes in stock, one is said
HEADROOM = (1.1, 1.6)  # what they would pay, as a multiple of what it costs
_TOKEN = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
# Before a value they say that it is none: of vegan leather nothing is leather.
_NO_SUCH_THING = re.compile(r"\b(?:faux|fake|mock|imitation|artificial|synthetic|vegan|not?|non|without|free)\b")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True)
class Limit:
    """What the shopper stated outright: from then on no card may break it without saying so."""

    field: Literal["price_max", "price_below", "brand", "not_brand", "value", "not_value", "not_word"]
    value: str
    name: str = ""  # the attribute's

    def broken_by(self, item: Item) -> bool:
        """Whether the record breaks it. A value may also stand in the title: a person sees it there.

        A narrower value keeps to a wider one that was stated: cast aluminium is aluminium.
        """
        match self.field:
            case "price_max":
                return item.price is None or item.price > Decimal(self.value)
            case "price_below":
                return item.price is None or item.price >= Decimal(self.value)
            case "brand":
                return item.brand.lower() != self.value.lower()
            case "not_brand":
                return item.brand.lower() == self.value.lower()
            case "value":
                held = [value for values in item.attributes.values() for value in values]
                return not any(keeps_to(value, self.value) for value in held) and not holds(item.title, self.value)
            case "not_value":
                named = (values for name, values in item.attributes.items() if name.lower() == self.name.lower())
                return self.value.lower() in (value.lower() for values in named for value in values)
            case "not_word":
                return any(holds(text, self.value) for text in (item.title, *item.category))


@dataclass(frozen=True)
class Fact:
    """One thing that the shopper can say of what they want; ``limit``: said as a condition and no mere wish."""

    kind: Kind
    said: str
    name: str = ""
    limit: Limit | None = None


@dataclass(frozen=True)
class Commons:
    """How many items of the catalogue, and of each kind, hold a word: a shopper says none that is the item's own."""

    counts: Mapping[str, int]
    by_kind: Mapping[tuple[str, ...], Mapping[str, int]]
    kinds: Mapping[tuple[str, ...], int]
    items: int

    @classmethod
    def of(cls, items: Iterable[Item]) -> "Commons":
        by_kind: dict[tuple[str, ...], Counter[str]] = {}
        kinds: Counter[tuple[str, ...]] = Counter()
        for item in items:
            kinds[item.category] += 1
            held = {singular(word) for word in words(f"{item.title} {item.description}")}
            by_kind.setdefault(item.category, Counter()).update(held)
        counts: Counter[str] = Counter()
        for own in by_kind.values():
            counts.update(own)
        return cls(counts, by_kind, kinds, kinds.total())

    def sayable(self, word: str) -> bool:
        """Whether many others hold it and it still says something."""
        held = self.counts.get(singular(word), 0)
        least = max(2, self.items * LEAST_SHARED)
        return least <= held <= self.items * MOST_SHARED

    def tells(self, word: str, kind: tuple[str, ...]) -> bool:
        """Whether it is said of this kind of thing more often than of others: "zip" of a jacket, "below" of nothing."""
        word = singular(word)
        share = self.by_kind[kind][word] / self.kinds[kind]
        return share >= TELLING * self.counts[word] / self.items


def facts_of(item: Item, commons: Commons, rng: random.Random) -> list[Fact]:
    """All that the shopper knows, in the order in which they would tell it: what it is first, the rest as drawn."""
    leaf = _part(item.category[-1], item.title, rng) if item.category else ""
    known = [Fact("kind", leaf)] if leaf else []
    rest = [Fact("aisle", aisle)] if (aisle := _aisle(item.category, leaf)) else []
    held = words(item.description) or words(item.title)[1:]
    named = {singular(word) for text in (item.brand, *item.category) for word in words(text)}
    values = _values(item, rng)
    named |= {singular(word) for fact in values for word in words(fact.said)}
    drawn = [word for word in dict.fromkeys(held) if commons.sayable(word) and singular(word) not in named]
    if item.description:
        drawn = [word for word in drawn if commons.tells(word, item.category)]
    kept = set(rng.sample(drawn, min(MOST_WORDS, len(drawn), max(1, len(held) // 2))))
    rest += [Fact("word", word) for word in drawn if word in kept]
    rest += values
    if item.brand:
        rest.append(Fact("brand", item.brand, limit=Limit("brand", item.brand)))
    if item.price is not None and item.price > 0:
        most = _round(item.price * Decimal(str(round(rng.uniform(*HEADROOM), 2))))
        rest.append(Fact("price", str(most), limit=Limit("price_max", str(most))))
    rng.shuffle(rest)
    # Words of the title never come in its order: the last ones first.
    told = iter(sorted((fact for fact in rest if fact.kind == "word"), key=lambda fact: -drawn.index(fact.said)))
    return known + [next(told) if fact.kind == "word" else fact for fact in rest]


def _values(item: Item, rng: random.Random) -> list[Fact]:
    """One fact for each attribute: of several values one."""
    found = []
    for name, values in sorted(item.attributes.items()):
        usable = [value for value in values if 1 < len(value) <= LONGEST_VALUE or value.isdigit()]
        if not usable or usable[0].lower() in ("no", "false", "none"):
            continue
        value = rng.choice(usable[:MOST_VALUES] if len(values) <= MOST_VALUES else usable)
        if value.lower() in ("yes", "true"):
            found.append(Fact("value", name, name))
        else:
            said = f"{name} {value}" if re.fullmatch(r"[\d.,/]+|[A-Z]{1,3}", value) else value
            found.append(Fact("value", said, name, Limit("value", value, name)))
    return found


def _aisle(path: Sequence[str], leaf: str) -> str:
    """The nearest part of the path above the leaf that says something else."""
    own = {singular(word) for word in words(leaf)}
    for part in reversed(path[:-1] if len(path) < 3 else path[1:-1]):
        if not {singular(word) for word in words(part)} <= own:
            return part.lower()
    return ""


def _part(leaf: str, title: str, rng: random.Random) -> str:
    """What one would call a thing of this leaf: of "Creams & Moisturizers" the half that the title holds, or one."""
    parts = [part.strip() for part in re.split(r"&|/|,|\band\b", leaf) if part.strip()]
    held = [part for part in parts if holds(title, part)]
    return rng.choice(held or parts).lower() if parts else leaf.lower()


def _round(amount: Decimal) -> Decimal:
    """Up to what one would say: whole fives, above a hundred whole tens; below ten whole ones."""
    step = 1 if amount < 10 else 5 if amount < 100 else 10
    return (amount / step).to_integral_value(ROUND_CEILING) * step


def words(text: str) -> list[str]:
    """The words of a text that say something, in lower case."""
    found = (match[0].lower() for match in _WORD.finditer(text))
    return [word for word in found if len(word) >= SHORTEST_WORD and word not in FILLERS]


def holds(text: str, term: str) -> bool:
    """Whether the term stands in the text as whole words, in the singular or the plural; "plastic-free" has none."""
    return _plain(term) in _plain(text)


def _plain(text: str) -> str:
    return f" {' '.join(singular(word) for word in _TOKEN.findall(text.lower()))} "


def keeps_to(held: str, stated: str) -> bool:
    """Whether a record's value is the stated one or a kind of it: "merino wool" is wool, and "faux fur" no fur."""
    held, stated = held.lower(), stated.lower()
    before, space, _ = held.rpartition(f" {stated}")
    narrower = bool(space) and held.endswith(f" {stated}") and not any(letter.isdigit() for letter in held)
    return held == stated or (narrower and _NO_SUCH_THING.search(before) is None)


def nearness(card: Card, target: Item) -> float:
    """How like the target a card looks to whoever knows it: kind, make, and the words that both carry."""
    shared = 0.0
    for own, other in zip(card.category, target.category, strict=False):
        if own != other:
            break
        shared += 1
    if card.brand and card.brand == target.brand:
        shared += 1
    mine = {singular(word) for word in words(target.title)}
    theirs = {singular(word) for word in words(f"{card.title} {' '.join(card.facts)}")}
    said = {singular(word) for values in target.attributes.values() for value in values for word in words(value)}
    return shared + 2 * len((mine | said) & theirs) / max(1, len(mine | said))
