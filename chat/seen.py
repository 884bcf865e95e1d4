"""A turn as plain data for ``prompts.checks``: what was shown and said, and what of the text no record carries.

Pure. Knows events, the need and the catalogue's records; shares nothing with the check that sentences passed before
they were shown, so that it can find what that one let through. It judges amounts and items' names, no other words.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from chat.events import Card, CardsEvent, DoneEvent, ErrorEvent, TextEvent, TurnEvent
from chat.need import Need
from chat.store import Turn
from chat.words import singular
from prompts.checks import SeenCard, SeenTurn
from retrieval.items import Item

_AMOUNT = re.compile(r"[$€£]\s?(\d[\d,]*(?:\.\d+)?)|(?<![\w.$])(\d[\d,]*(?:\.\d+)?)\s?(?:dollars?|euros?|USD|EUR)\b")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_QUESTION = re.compile(r"\?+")


@dataclass(frozen=True)
class Records:
    """What the catalogue holds, as far as a text can be held against it."""

    items: dict[str, Item]
    titles: dict[str, str]  # in small letters -> id
    prices: frozenset[Decimal]

    @classmethod
    def of(cls, items: Iterable[Item]) -> "Records":
        """Of these items."""
        held = {item.id: item for item in items}
        titles = {item.title.lower(): item.id for item in held.values()}
        return cls(held, titles, frozenset(item.price for item in held.values() if item.price is not None))


def seen_turn(
    message: str,
    events: Sequence[TurnEvent],
    turn: Turn | None,
    written: Sequence[str],
    records: Records,
    before: Sequence[SeenTurn],
    first_word_ms: float | None,
) -> SeenTurn:
    """The turn. ``turn``: as it was kept; ``written``: each answer of the LLM's in words, shown or not."""
    stages = [event for event in events if isinstance(event, CardsEvent)]
    first, final = (
        [_card(card, records) for stage in end for card in stage.cards] for end in (stages[:1], stages[-1:])
    )
    texts = [event for event in events if isinstance(event, TextEvent)]
    done = next((event for event in events if isinstance(event, DoneEvent)), None)
    error = next((event for event in events if isinstance(event, ErrorEvent)), None)
    question = done.question if done else ""
    need = Need.model_validate_json(turn.need) if turn and turn.need else Need(turns=0)
    verdicts = turn.verdicts if turn else []
    return SeenTurn(
        message=message,
        cards=tuple(final),
        first_cards=tuple(first),
        text=" ".join(event.text for event in texts),
        question=question,
        need=plain_need(need),
        by_llm=sum(event.by == "llm" for event in texts),
        repaired=verdicts.count("repaired"),
        cut=verdicts.count("cut"),
        questions=bool(question) + sum(len(_QUESTION.findall(answer)) for answer in written),
        calls=len(turn.usage) if turn else 0,
        tokens=sum(sum(call) for call in turn.usage) if turn else 0,
        first_word_ms=first_word_ms,
        ungrounded=tuple(_ungrounded(texts, final, message, need, records, before)),
        llm_reached=done.llm_reached if done else True,
        failed=error.message if error else "" if done else "it never ended",
    )


def plain_need(need: Need) -> dict[str, object]:
    """What is understood of the current want, in the words and numbers that a case states."""
    want, limits = need.current, need.current.filter
    attributes: dict[str, list[str]] = {name: list(values) for name, values in limits.attributes.items()}
    for group in limits.one_of:
        for name, value in group:
            attributes.setdefault(name, []).append(value)
    excluded = [value for values in limits.excluded_attributes.values() for value in values]
    excluded += [*limits.excluded_terms, *limits.excluded_brands]
    return {
        "words": want.words,
        "order": want.order,
        "price_min": None if limits.lowest is None else float(limits.lowest),
        "price_max": None if limits.highest is None else float(limits.highest),
        "rating_min": limits.rating_min,
        "brands": list(limits.brands),
        "excluded": list({singular(value.lower()): value for value in reversed(excluded)}.values())[::-1],
        "categories": list(dict.fromkeys(path[-1] for path in limits.categories if path)),
        "attributes": attributes,
        "tags": [tag.label for tag in need.tags(several=len(need.together) > 1)],
        "wants": sum(not held.is_empty for held in need.wants),
    }


def _card(card: Card, records: Records) -> SeenCard:
    item = records.items.get(card.item_id)
    return SeenCard(
        card.item_id,
        card.title,
        None if card.price is None else float(card.price),
        card.brand,
        card.category,
        {} if item is None else dict(item.attributes),
        card.outside,
    )


def _ungrounded(
    texts: Sequence[TextEvent],
    cards: Sequence[SeenCard],
    message: str,
    need: Need,
    records: Records,
    before: Sequence[SeenTurn],
) -> Iterable[str]:
    """What no record carries, in words.

    An amount of the LLM's is a shown item's or the shopper's own; one of ours may be any of the catalogue's, as in "our
    tents start at $89", or what lies between two shown. An item that is named was shown in this conversation.
    """
    told = [card for turn in before for card in (*turn.first_cards, *turn.cards)]
    shown = {card.id: card for card in (*told, *cards)}
    for card in cards:
        record = records.items.get(card.id)
        if record is None or (record.title, record.price) != (card.title, _decimal(card.price)):
            yield f"the card {card.title!r} is not as its record"
    prices = {price for card in shown.values() if (price := _decimal(card.price)) is not None}
    said = {Decimal(text.replace(",", "")) for turn in before for text in _NUMBER.findall(turn.message)}
    said |= {Decimal(text.replace(",", "")) for text in _NUMBER.findall(message)}
    said |= {bound for want in need.wants for bound in (want.filter.lowest, want.filter.highest) if bound is not None}
    between = {abs(one - other) for one in prices for other in prices}
    for event in texts:
        allowed = prices | said | (between | records.prices if event.by == "template" else set())
        for match in _AMOUNT.finditer(event.text):
            amount = Decimal((match[1] or match[2]).replace(",", ""))
            if amount not in allowed:
                yield f"no record has the amount {amount}: {event.text}"
        lowered = event.text.lower()
        titles = [title for title in records.titles if title in lowered and title not in message.lower()]
        for title in titles:
            inside = any(title != card.title.lower() and title in card.title.lower() for card in shown.values())
            if records.titles[title] not in shown and not inside and not _same_title(title, shown.values()):
                yield f"names {title!r}, which is not shown: {event.text}"


def _same_title(title: str, cards: Iterable[SeenCard]) -> bool:
    return any(card.title.lower() == title for card in cards)


def _decimal(price: float | None) -> Decimal | None:
    return None if price is None else Decimal(f"{price:.2f}")
