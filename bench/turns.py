"""The scripted conversations of ``turns.yaml``: what a shopper says, and beside it what must hold afterwards.

Knows the form of the script and how a record is held against a constraint. Knows nothing of how Shoptalk understands
a message: a constraint is what a person wrote down by hand.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from chat.simulated_facts import keeps_to
from retrieval.items import Item

SCRIPT = Path(__file__).parent / "turns.yaml"

Place = tuple[int, int]  # a card shown earlier: (turn, position), both from 1
Shown = Sequence[Sequence[Item]]  # the final cards of each turn so far, in order


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Must(_Strict):
    """What a shopper stated outright, judged from records alone. Comparison of text ignores case."""

    price_min: Decimal | None = None
    price_max: Decimal | None = None
    brand: tuple[str, ...] = ()  # any of
    brand_not: tuple[str, ...] = ()
    category_any: tuple[str, ...] = ()  # any of these stands in the path
    category_not: tuple[str, ...] = ()
    attribute: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # for each name any of the values
    attribute_all: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # for each name all of the values
    attribute_not: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # none of the values
    not_terms: tuple[str, ...] = ()
    rating_min: float | None = None
    in_stock: bool = False
    below_shown: Place | None = None  # dearer than or as dear as this card is a breach
    not_shown: tuple[Place, ...] = ()  # these cards were refused

    def broken_by(self, item: Item, shown: Shown = ()) -> list[str]:
        """Names of the conditions that the record breaks, in the order of the fields.

        A place that does not exist (fewer cards were shown) binds nothing.
        """
        values = {name.lower(): {value.lower() for value in held} for name, held in item.attributes.items()}
        path = {part.lower() for part in item.category}
        brand = item.brand.lower()
        below = _at(shown, self.below_shown) if self.below_shown else None
        refused = {card.id for place in self.not_shown if (card := _at(shown, place))}
        checks = {
            "price_min": self.price_min is not None and (item.price is None or item.price < self.price_min),
            "price_max": self.price_max is not None and (item.price is None or item.price > self.price_max),
            "brand": bool(self.brand) and brand not in _lower(self.brand),
            "brand_not": brand in _lower(self.brand_not),
            "category_any": bool(self.category_any) and not path & _lower(self.category_any),
            "category_not": bool(path & _lower(self.category_not)),
            # A narrower value is one of those that were asked for: organic cotton is cotton.
            "attribute": any(
                not any(keeps_to(held, stated) for held in values.get(n.lower(), ()) for stated in v)
                for n, v in self.attribute.items()
            ),
            "attribute_all": any(not _lower(v) <= values.get(n.lower(), set()) for n, v in self.attribute_all.items()),
            "attribute_not": any(values.get(n.lower(), set()) & _lower(v) for n, v in self.attribute_not.items()),
            "not_terms": any(holds_term(item, term) for term in self.not_terms),
            "rating_min": self.rating_min is not None and (item.rating is None or item.rating < self.rating_min),
            "in_stock": self.in_stock and item.stock == 0,
            "below_shown": below is not None
            and below.price is not None
            and (item.price is None or item.price >= below.price),
            "not_shown": item.id in refused,
        }
        return [name for name, broken in checks.items() if broken]

    def amounts(self) -> set[Decimal]:
        """The sums of money that are named here."""
        return {amount for amount in (self.price_min, self.price_max) if amount is not None}


class Should(_Strict):
    """What is plainly meant without being a condition. ``category_any`` of [] means that nothing sold here fits."""

    category_any: tuple[str, ...] | None = None
    price_about: Decimal | None = None

    def met_by(self, item: Item) -> bool | None:
        """Whether the record is of a kind that was meant; None where no kind was named or none is sold."""
        if not self.category_any:
            return None
        return bool({part.lower() for part in item.category} & _lower(self.category_any))


class Turn(_Strict):
    """One message, and what holds after it. ``must`` lists alternatives: a card has to satisfy one of them."""

    say: str
    must: tuple[Must, ...]
    should: Should = Should()
    asks_of_all: bool = False  # asked of the catalogue itself: how many, which brands, what they cost

    def broken_by(self, item: Item, shown: Shown = ()) -> list[str]:
        """The conditions that the record breaks: none if it satisfies any of the alternatives."""
        breaches = [must.broken_by(item, shown) for must in self.must]
        return min(breaches, key=len) if breaches else []


class Conversation(_Strict):
    """Messages of one shopper in one session. ``persona`` is a shopper of the demo shop or None."""

    id: str
    style: str
    persona: str | None = None
    turns: tuple[Turn, ...]

    def amounts(self, until: int) -> set[Decimal]:
        """Sums of money that the shopper has named in the first ``until`` turns, which a reply may repeat."""
        turns = self.turns[:until]
        about = {turn.should.price_about for turn in turns if turn.should.price_about is not None}
        return about.union(*(must.amounts() for turn in turns for must in turn.must))


def conversations(script: Path = SCRIPT) -> list[Conversation]:
    """The script in its order. Raises ValueError naming the conversation for a field that is not known."""
    return [_conversation(raw) for raw in yaml.safe_load(script.read_text(encoding="utf-8"))]


def _conversation(raw: dict[str, Any]) -> Conversation:
    turns: list[dict[str, Any]] = []
    for number, given in enumerate(raw["turns"], 1):
        must: Any = given.get("must", {})
        if must == "same":
            if not turns:
                raise ValueError(f"conversation {raw['id']!r}: its first turn has no turn before it to be the same as")
            alternatives = turns[-1]["must"]
        else:
            alternatives = given.get("must_any", [must])
        if unknown := set(given) - {"say", "must", "must_any", "should", "asks_of_all"}:
            raise ValueError(f"conversation {raw['id']!r}, turn {number}: unknown fields {sorted(unknown)}")
        turns.append(
            {
                "say": given["say"],
                "must": alternatives,
                "should": given.get("should", {}),
                "asks_of_all": given.get("asks_of_all", False),
            }
        )
    return Conversation.model_validate(raw | {"turns": turns})


def holds_term(item: Item, term: str) -> bool:
    """True if the term stands as whole words in title, category or attribute values; "plastic-free" is no plastic."""
    texts = [item.title, *item.category, *(value for held in item.attributes.values() for value in held)]
    pattern = re.compile(rf"(?<!\w){re.escape(term)}(?!\w)(?![- ]free\b)", re.IGNORECASE)
    return any(pattern.search(text) for text in texts)


def _at(shown: Shown, place: Place) -> Item | None:
    turn, position = place
    if 0 < turn <= len(shown) and 0 < position <= len(shown[turn - 1]):
        return shown[turn - 1][position - 1]
    return None


def _lower(texts: Sequence[str]) -> set[str]:
    return {text.lower() for text in texts}
