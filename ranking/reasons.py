"""Reasons: why an item is shown, in words for the shopper, each true by construction.

Knows items, and how a history item and the one shown are related. Knows nothing of how they were scored, nor of how it
was found out which history item weighs most.
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
LIKE = 0.65  # cosine from which on an item may be called like another
LIKE_IN_LEAF = 0.45  # the same within one category
OFTEN = 2.0  # summed "came after" from which on one may say "often"
TOGETHER = 3.0  # summed "came after" or "before" from which on it is popular with those who chose the other
LEAST = 0.1  # strength of a tie by category or brand: any tie by behaviour or text that holds is stronger
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

    kind: Literal["history", "search", "need", "popular"]
    text: str
    item_id: str = ""


@dataclass(frozen=True)
class Ties:
    """What holds between a history item and the one shown."""

    same: bool = False  # they are one and the same
    cosine: float = 0.0  # of their texts
    followed: float = 0.0  # summed "the shown one came after"
    preceded: float = 0.0  # the same the other way round
    leaf: bool = False  # in one category
    maker: bool = False  # of one brand

    @property
    def alike(self) -> bool:
        """Whether one may be called like the other: an item is not like itself, and half-alike is not alike."""
        return not self.same and self.cosine >= (LIKE_IN_LEAF if self.leaf else LIKE)


def of_history(step: Step, title: str, ties: Ties) -> Reason:
    """The step's item is what weighs most; the words name the strongest of the ties that hold."""
    did = "you rated highly" if step.kind == "rating" and step.weight >= HIGHLY else _VERBS[step.kind]
    if ties.same:
        text = "you put this in your basket before" if step.kind == "cart" else f"{did} this before"
        return Reason("history", text, step.item_id)
    together = ties.followed + ties.preceded
    strengths = {
        f"like the {{}} {did}": ties.cosine if ties.alike else 0.0,
        f"often chosen after the {{}} {did}": _share(ties.followed, OFTEN),
        f"popular with shoppers who chose the {{}} {did}": _share(together, TOGETHER),
        f"of the same kind as the {{}} {did}": LEAST if ties.leaf else 0.0,
        f"by the maker of the {{}} {did}": LEAST if ties.maker else 0.0,
        f"suggested by the {{}} {did}": LEAST / 2,
    }
    text = max(strengths, key=lambda words: strengths[words])
    return Reason("history", text.format(shortened(title)), step.item_id)


def of_searches(item: Item, searches: Sequence[str]) -> Reason | None:
    """The latest search of which the item has a word, oldest first; None where it has none of any."""
    for words in reversed(searches):
        if _matched(item, words):
            return Reason("search", f"you searched for “{shortened(words)}”")
    return None


def of_need(item: Item, request: str) -> Reason:
    """The words of the request that stand in the item's title, brand, category or attributes."""
    matched = _matched(item, request)
    if matched:
        return Reason("need", f"matches {', '.join(f'“{words}”' for words in dict.fromkeys(matched))}")
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


def _share(count: float, enough: float) -> float:
    return count / (count + enough) if count >= enough else 0.0


def _matched(item: Item, request: str) -> Sequence[str]:
    """What stands in the record, as the shopper put it: "tent for 2 people" is "tent" and "2 people"."""
    values = (value for held in item.attributes.values() for value in held)
    held = {_stem(word) for word in _words(" ".join([item.title, item.brand, *item.category, *values]))}
    runs: list[list[str]] = [[]]
    for word in _words(request):
        if (len(word) > 2 or word.isdigit()) and _stem(word) in held:
            runs[-1].append(word)
        else:
            runs.append([])
    return [" ".join(run) for run in runs if any(len(word) > 2 for word in run)]


def _words(text: str) -> Sequence[str]:
    return re.findall(r"\w+", text.lower())


def _stem(word: str) -> str:
    # "razors" answers "razor"; more would claim matches that a shopper does not see.
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
