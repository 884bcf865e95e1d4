"""References to what was shown: "the second one", "the black one", "the cheapest", "something like the first".

Pure. Knows the shown items in their order; knows nothing of the need.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from chat.words import FILLERS, singular, tokens
from retrieval.items import Item

Manner = Literal["about", "like", "refuse"]

ORDINALS = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4,
    "sixth": 5, "6th": 5, "seventh": 6, "eighth": 7, "last": -1,
}  # fmt: skip
_NUMBERS = {"one": 0, "two": 1, "three": 2, "four": 3, "five": 4}
_NOUN = r"(?:ones?|items?|options?|products?|picks?|choices?)"
_ORDINAL = re.compile(
    rf"\b(?:the |that |your )?(?P<word>{'|'.join(ORDINALS)})(?: {_NOUN})?\b(?! (?:time|class|aid|hand|floor"
    rf"|name|birthday|of all|\w+day)\b)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\b(?:(?:number|option|item|no\.?|#) ?(?P<digit>\d|one|two|three|four|five))\b|#(?P<hash>\d)\b", re.IGNORECASE
)
# "Compare 1 and 3": bare figures point only where things are set against each other.
_COMPARED = re.compile(
    r"\b(?:compare|between|difference of|choose) (?P<one>\d)(?: and | or | vs\.? | with | to |, ?|&)(?P<other>\d)\b"
    r"(?!\s?(?:%|[$€£]|\w))",
    re.IGNORECASE,
)
_SUPERLATIVE = re.compile(
    rf"\bthe (?P<word>cheapest|least expensive|most expensive|priciest|dearest|best rated|best reviewed"
    rf"|highest rated|top rated)(?: {_NOUN}| of (?:them|these|those))?(?=\W|$)",
    re.IGNORECASE,
)
WHOLE_SHOP = re.compile(
    r"\b(?:in|of) (?:the|your|this) (?:(?:whole|entire) )?(?:shop|store|catalogue|catalog)\b|\bof all\b", re.IGNORECASE
)
_DESCRIBED = re.compile(rf"\b(?:the|that|this) (?P<words>[\w'-]+(?: [\w'-]+){{0,2}}) {_NOUN}\b", re.IGNORECASE)
_BARE = re.compile(r"\b(?:this|that) one\b|\bthis\b$", re.IGNORECASE)
_LIKE_BEFORE = re.compile(
    r"\b(?:(?:something|anything|more|others?|similar|one|ones|stuff) (?:\w+ )?(?:like|to|as|of)|like"
    r"|similar to)\s*$",
    re.IGNORECASE,
)
_REFUSE_BEFORE = re.compile(
    r"\b(?:not|don'?t (?:like|want)|no to|hate|remove|skip|without|except|anything but|not like|dislike)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Reference:
    """One shown item that the message points at, and how."""

    item_id: str
    manner: Manner
    span: tuple[int, int]


def find_references(text: str, shown: Sequence[Item]) -> list[Reference]:
    """The shown items that the text points at, in its order; nothing where nothing was shown."""
    if not shown:
        return []
    found: list[Reference] = []
    for pattern, resolve in (
        (_SUPERLATIVE, _superlative),
        (_ORDINAL, _ordinal),
        (_NUMBERED, _numbered),
        (_DESCRIBED, _described),
        (_BARE, _bare),
    ):
        for match in pattern.finditer(text):
            if any(match.start() < held.span[1] and held.span[0] < match.end() for held in found):
                continue
            item = resolve(match, shown, text)
            if item is not None:
                found.append(Reference(item.id, _manner(text[: match.start()]), match.span()))
    for match in _COMPARED.finditer(text):
        for name in ("one", "other"):
            if 0 < int(match[name]) <= len(shown) and not any(match.start() < held.span[1] for held in found):
                found.append(Reference(shown[int(match[name]) - 1].id, "about", match.span(name)))
    found += _by_title(text, shown, [held.item_id for held in found])
    return sorted(found, key=lambda held: held.span)


def _manner(before: str) -> Manner:
    if _REFUSE_BEFORE.search(before):
        return "refuse"
    return "like" if _LIKE_BEFORE.search(before) else "about"


def _ordinal(match: re.Match[str], shown: Sequence[Item], text: str) -> Item | None:
    has_noun = re.search(rf"{_NOUN}$", match[0], re.IGNORECASE) is not None
    has_article = re.match(r"(?:the|that|your) ", match[0], re.IGNORECASE) is not None
    following = tokens(text[match.end() :])[:1]
    # "the first tent" points only if a noun of a shown item follows; "my first tent" does not point at all.
    asked_about = re.match(r"\W*(?:is|are|does|do|can|has|how)\b", text, re.IGNORECASE) is not None
    points = not following or following[0].text in FILLERS or asked_about or _names(following[0].text, shown)
    if not has_noun and not (has_article and points):
        return None
    index = ORDINALS[match["word"].lower()]
    return shown[index] if -len(shown) <= index < len(shown) else None


def _numbered(match: re.Match[str], shown: Sequence[Item], text: str) -> Item | None:
    word = (match["digit"] or match["hash"]).lower()
    index = _NUMBERS[word] if word in _NUMBERS else int(word) - 1
    return shown[index] if 0 <= index < len(shown) else None


def _superlative(match: re.Match[str], shown: Sequence[Item], text: str) -> Item | None:
    if WHOLE_SHOP.search(text):
        return None
    following = tokens(text[match.end() :])[:1]
    pointing = re.search(r"(?:ones?|items?|options?|them|these|those)$", match[0]) is not None
    if not pointing and following and following[0].text not in FILLERS:
        return None  # "the cheapest tent" asks the catalogue, not the cards
    if not pointing and re.search(
        r"\b(?:show|find|have|want|need|what'?s|what is|give)\b", text[: match.start()], re.IGNORECASE
    ):
        return None  # so does "show me the cheapest"
    word = match["word"].lower()
    priced = [(item.price, item) for item in shown if item.price is not None]
    rated = [(Decimal(str(item.rating)), item) for item in shown if item.rating is not None]
    if word in ("cheapest", "least expensive"):
        return min(priced, key=lambda pair: pair[0])[1] if priced else None
    if word in ("most expensive", "priciest", "dearest"):
        return max(priced, key=lambda pair: pair[0])[1] if priced else None
    return max(rated, key=lambda pair: pair[0])[1] if rated else None


def _described(match: re.Match[str], shown: Sequence[Item], text: str) -> Item | None:
    wanted = {singular(word.text) for word in tokens(match["words"])} - FILLERS
    if not wanted:
        return None
    hits = [item for item in shown if wanted <= words_of(item)]
    return hits[0] if hits else None


def _bare(match: re.Match[str], shown: Sequence[Item], text: str) -> Item | None:
    return shown[0]


def _by_title(text: str, shown: Sequence[Item], already: list[str]) -> list[Reference]:
    """Items whose whole title stands in the message."""
    lowered = text.lower()
    found = []
    for item in shown:
        place = lowered.find(item.title.lower())
        if place >= 0 and item.id not in already and len(item.title) > 5:
            found.append(Reference(item.id, _manner(text[:place]), (place, place + len(item.title))))
    return found


def words_of(item: Item) -> frozenset[str]:
    """The words of the item's title, brand, category and attribute values, in singular."""
    held = [item.title, item.brand, *item.category, *(v for values in item.attributes.values() for v in values)]
    return frozenset(singular(token.text) for token in tokens(" ".join(held)))


def _names(word: str, shown: Sequence[Item]) -> bool:
    return any(singular(word) in words_of(item) for item in shown)
