"""A simulated shopper, to measure conversations against: they want one item of a real history and never say its title.

They tell at most two facts a turn, answer questions from the record or say that they don't mind, critique what they
see, stop when the item is among the cards, and leave after eight turns. They speak to the assistant with messages and
see its events, as a person does. Deterministic: the same item, style and seed say the same things to the same answers.
"""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from chat.events import Card, CardsEvent, DoneEvent, SessionEvent, TurnEvent
from chat.simulated_facts import Commons, Fact, Limit, facts_of, holds, nearness, words
from chat.simulated_words import ORDINALS, Style, Wording
from retrieval.items import Item

if TYPE_CHECKING:
    from chat.assistant import Assistant

PATIENCE = 8  # turns
CRITIQUES = 0.5  # share of the turns in which a shopper first says something of what they see
LEAST_CLOSER = 0.5  # by which a card must look more like it than the others do, to be pointed at
MOST_LIKENED = 2  # times that a shopper says "more like that one"

Answered = Literal["", "told", "indifferent"]


@dataclass(frozen=True)
class Part:
    """One thing of a message; ``limit``: what it states outright. ``tells``: False for "I don't mind"."""

    text: str
    limit: Limit | None = None
    tells: bool = True


@dataclass(frozen=True)
class Said:
    """One message of the shopper, and what they have stated outright by then."""

    message: str
    limits: tuple[Limit, ...]
    misspelt: tuple[Limit, ...] = ()  # what they meant to state, in words that came out wrong
    answered: Answered = ""  # to the question of the turn before: with a fact, or that they don't mind
    facts: int = 0


@dataclass(frozen=True)
class Heard:
    """One turn: what was said, and what the assistant answered."""

    said: Said
    events: tuple[TurnEvent, ...]

    @property
    def cards(self) -> tuple[Card, ...]:
        """The cards as they stood at the turn's end."""
        return next((e.cards for e in reversed(self.events) if isinstance(e, CardsEvent)), ())


@dataclass(frozen=True)
class Surroundings:
    """What shoppers know of the shop at large: which words are common, and what else there is of a kind."""

    commons: Commons
    by_leaf: Mapping[tuple[str, ...], Sequence[Item]]
    currency: str

    @classmethod
    def of(cls, items: Iterable[Item]) -> "Surroundings":
        held = sorted(items, key=lambda item: item.id)
        by_leaf: dict[tuple[str, ...], list[Item]] = {}
        for item in held:
            by_leaf.setdefault(item.category, []).append(item)
        return cls(Commons.of(held), by_leaf, next((item.currency for item in held if item.currency), ""))


@dataclass
class Shopper:
    """Who wants ``target``. ``known`` are the facts still to be told; ``wrong`` is one that they will take back."""

    target: Item
    style: Style
    known: list[Fact]
    wording: Wording
    rng: random.Random
    other: str = ""  # what a shopper of several wants asks for beside it
    wrong: Fact | None = None  # told first, in place of what ``right`` says
    right: Fact | None = None
    limits: list[Limit] = field(default_factory=list)
    misspelt: list[Limit] = field(default_factory=list)
    _told: list[Fact] = field(default_factory=list)
    _shown: tuple[Card, ...] = ()
    _likened: int = 0
    _turn: int = 0
    _refused: set[str] = field(default_factory=set)

    @property
    def kind(self) -> str:
        """What they call it."""
        return next((fact.said for fact in (*self.known, *self._told) if fact.kind == "kind"), self.target.title)

    @property
    def found(self) -> bool:
        """Whether the item is among the cards that they saw last."""
        return any(card.item_id == self.target.id for card in self._shown)

    def opening(self) -> Said:
        """The first message."""
        first = self._next_fact()
        opened = self.wrong if self.wrong is not None and self.wrong.kind == "kind" else first
        parts = [Part(self.wording.opening(opened.said, self.other))]
        if self.wrong is not None and self.wrong.kind != "kind":
            parts.append(self._stated(self.wrong))
        elif self.style in ("chatty", "misspelling") and self.known:
            parts.append(self._stated(self._next_fact()))
        return self._said(parts, first=True)

    def one_shot(self) -> str:
        """The first two things that they know in one message, for a search that is asked once."""
        first, *more = (*self._told, *self.known)[:2]
        parts = [self.wording.opening(first.said, ""), *(self.wording.fact(fact) for fact in more)]
        return self.wording.message(parts, first=True)

    def next(self, events: Sequence[TurnEvent]) -> Said | None:
        """What they say to that; None: the item is there, or there is nobody to talk to."""
        self._shown = next((e.cards for e in reversed(events) if isinstance(e, CardsEvent)), ())
        done = next((e for e in events if isinstance(e, DoneEvent)), None)
        if self.found or done is None:
            return None
        parts: list[Part] = []
        most = 1 if self.style == "terse" else 2
        if self.wrong is not None:
            parts.append(self._change_of_mind())
        answered: Answered = ""
        if done.question and len(parts) < most:
            parts.append(self._answer(done.question, done.chips))
            answered = "told" if parts[-1].tells else "indifferent"
        if len(parts) < most and self.rng.random() < CRITIQUES and (critique := self._critique()):
            parts.append(critique)
        while len(parts) < most and self.known and (not parts or self.rng.random() < CRITIQUES):
            parts.append(self._stated(self._next_fact()))
        if not parts:
            parts.append(self._critique() or Part(self.wording.say("none")))
        return self._said(parts, answered)

    def breaks(self, card: Card, record: Item, limits: Sequence[Limit]) -> tuple[Limit, ...]:
        """What the card breaks of what they had stated, where it is not said on it; what is shown for the other thing
        that they asked for is no matter.
        """
        if card.outside or (self.other and not self._is_own(card)):
            return ()
        return tuple(limit for limit in limits if limit.broken_by(record))

    def _said(self, parts: Sequence[Part], answered: Answered = "", *, first: bool = False) -> Said:
        message = self.wording.message([part.text for part in parts], first=first)
        for part in parts:
            if part.limit is not None and part.limit not in self.limits:
                # What came out wrong was not stated outright, however it was meant.
                slipped = self.style == "misspelling" and part.text not in message
                (self.misspelt if slipped else self.limits).append(part.limit)
        if self.other and not first and (self._turn == 1 or self.rng.random() < CRITIQUES):
            message = (
                self.wording.say("about", kind=self.kind) + message
            )  # after both were shown, which is meant is said
        self._turn += 1
        return Said(message, tuple(self.limits), tuple(self.misspelt), answered, len(parts))

    def _is_own(self, card: Card) -> bool:
        return not holds(f"{card.want} {' '.join(card.category)}", self.other) or holds(card.want, self.kind)

    def _next_fact(self) -> Fact:
        fact = self.known.pop(0)
        self._told.append(fact)
        return fact

    def _stated(self, fact: Fact) -> Part:
        return Part(self.wording.fact(fact), fact.limit)

    def _change_of_mind(self) -> Part:
        wrong, right = self.wrong, self.right
        assert wrong is not None
        assert right is not None
        self.wrong = None
        if wrong.limit in self.limits:
            self.limits.remove(wrong.limit)
        if right in self.known:
            self.known.remove(right)
            self._told.append(right)
        return Part(self.wording.say("change", v=right.said, wrong=wrong.said), right.limit)

    def _answer(self, question: str, chips: Sequence[str]) -> Part:
        """Answer from the record: with a chip that is true of it, with what they know of what is asked, or nothing."""
        value, limit = self._true_of(question, chips)
        if not value:
            return Part(self.wording.say("indifferent"), tells=False)
        for fact in [fact for fact in self.known if fact.limit is not None and fact.limit == limit]:
            self.known.remove(fact)
            self._told.append(fact)
        return Part(self.wording.say("answer", v=value), limit)

    def _true_of(self, question: str, chips: Sequence[str]) -> tuple[str, Limit | None]:
        item, asked = self.target, question.lower()
        for name, values in item.attributes.items():
            for value in values:
                for chip in chips:
                    if chip.lower() == value.lower():
                        return chip, Limit("value", value, name)
            if name.lower() in re.findall(r"\w+", asked) and values:
                return values[0], Limit("value", values[0], name)
        if item.brand and (item.brand.lower() in (chip.lower() for chip in chips) or "brand" in asked):
            return item.brand, Limit("brand", item.brand)
        if item.price is not None:
            for chip in chips:
                if (under := re.fullmatch(r"under \D*([\d.,]+)\D*", chip)) and item.price <= Decimal(
                    under[1].replace(",", "")
                ):
                    return chip, Limit("price_max", under[1].replace(",", ""))
            priced = next((fact for fact in self.known if fact.kind == "price"), None)
            if priced is not None and re.search(r"\b(?:budget|price|spend)\b", asked):
                return f"up to {self.wording.amount(priced.said)}", priced.limit
        record = " ".join(
            (item.title, item.description, *item.category, *(v for vs in item.attributes.values() for v in vs))
        )
        return next(
            (chip for chip in chips if words(chip) and all(holds(record, word) for word in words(chip))), ""
        ), None

    def _critique(self) -> Part | None:
        """Something true to say of the cards, by which they could be bettered; None where nothing is."""
        own = [card for card in self._shown if not self.other or self._is_own(card)]
        ways = [self._cheaper, self._other_brand, self._closer, self._refuse]
        self.rng.shuffle(ways)
        return next((part for way in ways if own and (part := way(own))), None)

    def _cheaper(self, cards: Sequence[Card]) -> Part | None:
        price = self.target.price
        prices = [card.price for card in cards if card.price is not None]
        dearer = [card for card in cards if price is not None and card.price is not None and card.price > price]
        if dearer and len(dearer) == len(cards):
            return Part(self.wording.say("cheaper"), Limit("price_below", str(max(prices))))
        pointed = next((card for card in dearer if card.position <= len(ORDINALS)), None)
        if pointed is None or len(dearer) * 2 < len(cards):
            return None
        said = self.wording.say("cheaper_than", nth=ORDINALS[pointed.position - 1])
        return Part(said, Limit("price_below", str(pointed.price)))

    def _other_brand(self, cards: Sequence[Card]) -> Part | None:
        mine = self.target.brand
        others = [card for card in cards if card.brand and card.brand != mine and card.brand not in self._refused]
        if not mine or not others or any(limit.field == "brand" for limit in self.limits):
            return None
        card = others[0]
        self._refused.add(card.brand)
        limit = Limit("not_brand", card.brand)
        if self.rng.random() < CRITIQUES:
            if len({card.brand for card in self._shown}) == 1:
                return Part(self.wording.say("that_brand"), limit)
            if card.position <= len(ORDINALS):
                return Part(self.wording.say("other_brand_than", nth=ORDINALS[card.position - 1]), limit)
        return Part(self.wording.say("not_brand", v=card.brand), limit)

    def _closer(self, cards: Sequence[Card]) -> Part | None:
        if self._likened >= MOST_LIKENED or len(cards) < 2:
            return None
        best = max(cards, key=lambda card: nearness(card, self.target))
        mean = sum(nearness(card, self.target) for card in cards) / len(cards)
        if best.position > len(ORDINALS) or nearness(best, self.target) - mean < LEAST_CLOSER:
            return None
        self._likened += 1
        return Part(self.wording.say("like", nth=ORDINALS[best.position - 1]))

    def _refuse(self, cards: Sequence[Card]) -> Part | None:
        """A value or a kind that two of the cards have and the target has not."""
        item = self.target
        for name, values in item.attributes.items():
            mine, cue = {value.lower() for value in values}, f"{name.lower()}: "
            told = [fact.lower().removeprefix(cue) for c in cards for fact in c.facts if fact.lower().startswith(cue)]
            seen = [values.split(", ")[0] for values in told]
            for value in dict.fromkeys(seen):
                if seen.count(value) > 1 and value not in mine and value not in self._refused and len(value) > 2:
                    self._refused.add(value)
                    return Part(self.wording.say("not_value", v=value), Limit("not_value", value, name))
        leaves = [card.category[-1].lower() for card in cards if card.category]
        for leaf in dict.fromkeys(leaves):
            if leaf in self._refused or leaves.count(leaf) < 2 or re.search(r"&|,|/|\band\b", leaf):
                continue
            if not any(holds(text, leaf) for text in (item.title, *item.category)):
                self._refused.add(leaf)
                return Part(self.wording.say("not_word", v=leaf), Limit("not_word", leaf))
        return None


def shopper(target: Item, style: Style, seed: str, around: Surroundings) -> Shopper:
    """The shopper of that item, style and seed."""
    rng = random.Random(f"{seed} {target.id} {style}")  # noqa: S311 -- no secret
    known = facts_of(target, around.commons, rng)
    made = Shopper(target, style, known, Wording(style, rng, around.currency), rng)
    if style == "several":
        leaves = sorted(path for path in around.by_leaf if path and path[0:1] != target.category[0:1])
        leaves = leaves or sorted(path for path in around.by_leaf if path and path != target.category)
        made.other = facts_of(around.by_leaf[rng.choice(leaves)][0], around.commons, rng)[0].said if leaves else ""
        made.style = style if made.other else "terse"
    if style == "changing":
        made.right, made.wrong = _mistaken(target, known, around, rng)
    return made


def _mistaken(
    target: Item, known: Sequence[Fact], around: Surroundings, rng: random.Random
) -> tuple[Fact | None, Fact | None]:
    """A fact that they get wrong at first, and how: another value or make of its kind; else a neighbouring kind."""
    alike = around.by_leaf.get(target.category, ())
    for fact in known:
        if fact.kind == "value" and fact.limit is not None:
            own = {value.lower() for value in target.attributes[fact.name]}
            others = sorted({item.attributes[fact.name][0] for item in alike if item.attributes.get(fact.name)})
            others = [value for value in others if value.lower() not in own and not re.search(r"\d", value)]
            if others and not re.search(r"\d", fact.said):
                value = rng.choice(others)
                return fact, replace(fact, said=value, limit=Limit("value", value, fact.name))
        if fact.kind == "brand":
            brands = sorted({item.brand for item in alike if item.brand and item.brand != target.brand})
            if brands:
                brand = rng.choice(brands)
                return fact, replace(fact, said=brand, limit=Limit("brand", brand))
    kinds = sorted(
        {path[-1] for path in around.by_leaf if path[:-1] == target.category[:-1] and path != target.category}
    )
    kinds = [kind for kind in kinds if not holds(f"{target.title} {' '.join(target.category)}", kind)]
    if kinds and known and known[0].kind == "kind":
        return known[0], Fact("kind", rng.choice(kinds).lower())
    return None, None


async def converse(assistant: "Assistant", who: Shopper, shopper_id: str | None, most: int = PATIENCE) -> list[Heard]:
    """The whole conversation; the shopper stops when the item is there, and leaves after ``most`` turns."""
    session_id: str | None = None
    said: Said | None = who.opening()
    turns: list[Heard] = []
    while said is not None:
        async with aclosing(assistant.turn(said.message, session_id, shopper_id=shopper_id)) as events:
            heard = Heard(said, tuple([event async for event in events]))
        turns.append(heard)
        session_id = next((e.session_id for e in heard.events if isinstance(e, SessionEvent)), session_id)
        said = who.next(heard.events)
        if len(turns) >= most:
            break
    return turns
