"""Plain sentences of ours, true by construction: for talk that needs no search, and where the LLM gives none.

Pure. Everything said is computed from the records shown and the need.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from chat.money import price_text
from chat.need import Need, Reading
from chat.telling import sentences_about
from chat.want import price_label
from retrieval.items import Item


@dataclass(frozen=True)
class Sentence:
    """One sentence of the answer."""

    text: str
    by: Literal["llm", "template"]
    verdict: str = "kept"  # kept | repaired: what the check made of it


MOST_COMPARED = 4  # items in one answer
NOT_REACHED = "The assistant's language model can't be reached right now; here is what the shop has."
_TALK = {
    "greeting": "Hello! Tell me what you are looking for, or who it is for, and I will show you what the shop has.",
    "thanks": "You're welcome! Tell me if you would like to see anything else.",
    "farewell": "Goodbye, and thank you for stopping by!",
    "identity": "I am the shop's AI assistant: I show what its catalogue has, and can't help with much else.",
    "off_topic": "I can only help with what this shop sells: what would you like to find?",
    "help": "No problem: tell me who it is for, what it should be used for or what you would like to spend.",
    "range": "Name a kind of thing, a use or a person, and I will show you what there is for it.",
    "empty": "I could not read that: what are you looking for?",
    "start_over": "All right, we start afresh: what are you looking for?",
}


def template_reply(shown: Sequence[Item], need: Need, reading: Reading, llm_reached: bool = True) -> list[Sentence]:
    """The plain answer to this turn; never empty. ``shown``: the items on the cards, in their order."""
    lines = list(reading.notes)
    if reading.intent in _TALK and not shown:
        lines.append(_TALK[reading.intent])
    elif reading.intent in ("about_item", "compare"):
        about = [item for item in shown if item.id in reading.references] or list(shown)[:MOST_COMPARED]
        for item in about[:MOST_COMPARED]:
            lines += sentences_about(item, need)[: 3 if len(about) == 1 else 2]
        if not about:
            lines.append("Which one do you mean? Its name or its place in the row is enough.")
    elif not shown:
        lines.append(_nothing(need))
    else:
        if not llm_reached:
            lines.append(NOT_REACHED)
        lines += _on_show(shown, need)
    return [Sentence(line, "template") for line in lines]


def _nothing(need: Need) -> str:
    wanted = need.current.words or "that"
    return f"I found nothing in the shop for “{wanted}”; try other words, or take away one of the tags above."


def _on_show(shown: Sequence[Item], need: Need) -> list[str]:
    limits, currency = need.current.filter, need.currency
    broken = {name for item in shown for name in limits.broken_by(item)}
    lines = []
    price_broken = broken & {"price_min", "price_max"} and all(
        set(limits.broken_by(item)) & {"price_min", "price_max"} for item in shown
    )
    if price_broken:
        lines.append(
            f"Nothing that fits is {price_label(limits, currency)}; these are the nearest, outside your budget."
        )
    elif broken - {"price_min", "price_max"}:
        lines.append("Nothing has everything you asked for; each card says where it differs.")
    prices = [(item.price, item) for item in shown if item.price is not None]
    if len(shown) == 1:
        lines.append(f"{shown[0].title} is what I found{_for(shown[0].price, currency)}.")
    elif len(prices) > 1:
        low, high = min(prices, key=lambda pair: pair[0]), max(prices, key=lambda pair: pair[0])
        if low[0] == high[0]:
            lines.append(f"Here are {len(shown)} to look at, at {price_text(low[0], currency)}.")
        else:
            span = f"from {price_text(low[0], currency)} to {price_text(high[0], currency)}"
            lines.append(f"Here are {len(shown)} to look at, {span}; {low[1].title} costs least.")
    else:
        lines.append(f"Here are {len(shown)} to look at, {shown[0].title} first.")
    return lines


def _for(price: Decimal | None, currency: str) -> str:
    return f", for {price_text(price, currency)}" if price is not None else ""
