"""Reasons: why an item is shown, in words for the shopper, each true by construction.

Knows items, and which history item weighs on which candidate. Knows nothing of how they were scored.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ranking.behaviour import Step
from ranking.history import Kind
from retrieval.items import Item

LONGEST_TITLE = 48  # letters of another item's title inside a reason
HIGHLY = 1.0  # weight of a rating from which on it may be called high: 4 stars and more
GOOD_RATING = 4.3
ENOUGH_RATINGS = 10

_VERBS: dict[Kind, str] = {
    "purchase": "you bought",
    "like": "you liked",
    "cart": "you put in your basket",
    "view": "you looked at",
    "click": "you looked at",
    "rating": "you rated",
}


@dataclass(frozen=True)
class Reason:
    """Why an item is shown; ``item_id`` is the history item that a "history" text speaks of."""

    kind: Literal["history", "need", "popular"]
    text: str
    item_id: str = ""


def of_history(step: Step, title: str, similar: bool) -> Reason:
    """The step's item is what weighs most: the candidate is like it, or is often chosen after it."""
    relation = "like" if similar else "often chosen after"
    did = "you rated highly" if step.kind == "rating" and step.weight >= HIGHLY else _VERBS[step.kind]
    return Reason("history", f"{relation} the {shortened(title)} {did}", step.item_id)


def of_need(item: Item, request: str) -> Reason:
    """The words of the request that stand in the item's title, brand, category or attributes."""
    values = (value for held in item.attributes.values() for value in held)
    held = {_stem(word) for word in _words(" ".join([item.title, item.brand, *item.category, *values]))}
    matched = [word for word in _words(request) if len(word) > 2 and _stem(word) in held]
    if matched:
        return Reason("need", f"matches “{' '.join(dict.fromkeys(matched))}”")
    return Reason(
        "need", "close to what you asked for" if request or not item.category else f"from {item.category[-1]}"
    )


def of_popularity(item: Item, popular: bool) -> Reason | None:
    """What other shoppers say of the item, if they say something; ``popular``: among the shop's most liked."""
    rated = item.rating is not None and item.rating >= GOOD_RATING and (item.rating_count or 0) >= ENOUGH_RATINGS
    if rated:
        return Reason("popular", f"rated {item.rating:.1f} by {item.rating_count} shoppers")
    return Reason("popular", "popular with other shoppers") if popular else None


def shortened(title: str, longest: int = LONGEST_TITLE) -> str:
    """The title, cut at a word's end where it is too long.

    >>> shortened("Trailhawk waterproof trail running shoes", 24)
    'Trailhawk waterproof…'
    """
    title = " ".join(title.split())
    if len(title) <= longest:
        return title
    cut = title[:longest].rsplit(" ", 1)[0] if " " in title[:longest] else title[: longest - 1]
    return cut.rstrip(" ,.;:-–(&/|") + "…"


def _words(text: str) -> Sequence[str]:
    return re.findall(r"\w+", text.lower())


def _stem(word: str) -> str:
    # "razors" answers "razor"; more would claim matches that a shopper does not see.
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
