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
    "sixth": 5, "6th": 5, "seventh": 6, "eighth": 7, "last": -1, "middle": -2,
}  # fmt: skip
_NUMBERS = {"one": 0, "two": 1, "three": 2, "four": 3, "five": 4}
_NOUN = r"(?:ones?|pairs?|sets?|models?|items?|options?|products?|picks?|choices?)"
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
_SEVERAL = re.compile(
    rf"\b(?:(?:the|your|those|these) )?(?P<end>first|top|last|bottom|other|all|those|these) (?:of )?(?:the "
    rf"|these |those )?"
    rf"(?P<n>two|three|four|five|[2-5])(?: {_NOUN})?\b(?! (?:people|persons?|players?|of us|weeks?|days|years?"
    rf"|kids|(?:\w+ ){{1,2}}ones)\b)"
    rf"|\b(?P<both>both(?: of (?:them|these|those))?|the (?P<rest>other) (?:ones|items|options))\b",
    re.IGNORECASE,
)
# "The travel mug", "those from Casa Perdiz", "the slip-ons": what stands there must tell some shown items from others.
_NAMED = re.compile(
    r"(?P<before>\b\w+ )?\b(?P<the>the|that|this|those|these) (?:ones? )?(?:from |by )?"
    r"(?P<words>[\w'&-]+(?: [\w'&-]+){0,4})",
    re.IGNORECASE,
)
_AT_PRICE = re.compile(
    r"\bthe (?:[\w-]+ ){0,3}?(?:at|for|costing) (?:\$|€|£)?(?P<price>\d+(?:\.\d{2}))\b", re.IGNORECASE
)
_PLACES = frozenset({"for", "in", "on", "at", "into", "under", "over", "from", "by", "around", "near"})
_GO_FOR = re.compile(r"\b(?:go(?:ing)?|opt|settle|plump) for $", re.IGNORECASE)
_PICK = re.compile(
    r"^\W*(?P<one>\d) (?:and|or|vs\.?|versus) (?P<other>\d)\b(?=.*\b(?:which|better|pick|choose|compare|differ\w*)\b)",
    re.IGNORECASE,
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
        (_DESCRIBED, _described),
        (_ORDINAL, _ordinal),
        (_NUMBERED, _numbered),
        (_BARE, _bare),
    ):
        for match in pattern.finditer(text):
            if any(match.start() < held.span[1] and held.span[0] < match.end() for held in found):
                continue
            item = resolve(match, shown, text)
            if item is not None:
                found.append(Reference(item.id, _manner(text[: match.start()]), match.span()))
    found = _several(text, shown, found)
    _add_named(text, shown, found)
    for match in (*_COMPARED.finditer(text), *_PICK.finditer(text)):
        for name in ("one", "other"):
            if 0 < int(match[name]) <= len(shown) and not _is_taken(match.span(name), found):
                found.append(Reference(shown[int(match[name]) - 1].id, "about", match.span(name)))
    found += _by_title(text, shown, [held.item_id for held in found])
    return sorted(found, key=lambda held: held.span)


def _manner(before: str) -> Manner:
    if _REFUSE_BEFORE.search(before):
        return "refuse"
    return "like" if _LIKE_BEFORE.search(before) else "about"


def _ordinal(match: re.Match[str], shown: Sequence[Item], text: str) -> Item | None:
    if re.search(r"\b(?:my|our|his|her|their|an?)\s*$", text[: match.start()], re.IGNORECASE):
        return None  # "my first pair"
    has_noun = re.search(rf"{_NOUN}$", match[0], re.IGNORECASE) is not None
    has_article = re.match(r"(?:the|that|your) ", match[0], re.IGNORECASE) is not None
    following = tokens(text[match.end() :])[:1]
    # "the first tent" points only if a noun of a shown item follows; "my first tent" does not point at all.
    asked_about = re.match(r"\W*(?:is|are|does|do|can|has|how)\b", text, re.IGNORECASE) is not None
    points = not following or following[0].text in FILLERS or asked_about or _names(following[0].text, shown)
    if not has_noun and not (has_article and points):
        return None
    index = ORDINALS[match["word"].lower()]
    if match["word"].lower() == "middle":
        index = len(shown) // 2
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


def _several(text: str, shown: Sequence[Item], found: list[Reference]) -> list[Reference]:
    """The references with those to several at once: "the first two", "both", "the other three"."""
    for match in _SEVERAL.finditer(text):
        end = (match["end"] or match["rest"] or "").lower()
        count = (
            int(_NUMBERS.get(match["n"].lower(), int(match["n"]) - 1 if match["n"].isdigit() else 0)) + 1
            if match["n"]
            else 0
        )
        items = list(shown)
        if end == "other":
            named = {held.item_id for held in found if held.span[1] <= match.start()}
            named |= {held.item_id for held in _named_before(text[: match.start()], shown)}
            items = [item for item in shown if item.id not in named]
            if not named or (count and count != len(items)):
                continue
        elif match["both"]:
            if len(shown) != 2:
                continue
        elif end in ("those", "these", "all") and count != len(shown) and not _stands_alone(text, match):
            continue
        items = items[-count:] if end in ("last", "bottom") else items[: count or len(items)]
        if len(items) < 2:
            continue
        found = [held for held in found if not (match.start() < held.span[1] and held.span[0] < match.end())]
        found += [Reference(item.id, _manner(text[: match.start()]), match.span()) for item in items]
    return found


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    """True if "those two" is not explained by what follows it: "those two, the blue and the red one"."""
    return re.search(r"\bthe\b", text[match.end() :], re.IGNORECASE) is None


def _named_before(text: str, shown: Sequence[Item]) -> list[Reference]:
    found: list[Reference] = []
    _add_named(text, shown, found)
    return found


def _add_named(text: str, shown: Sequence[Item], found: list[Reference]) -> None:
    """Add the items that are named by some of their own words, or by their price."""
    for match in _AT_PRICE.finditer(text):
        for item in shown:
            if item.price == Decimal(match["price"]) and not _is_taken(match.span(), found):
                found.append(Reference(item.id, _manner(text[: match.start()]), match.span()))
    _add_by_words(text, shown, found)


def _add_by_words(text: str, shown: Sequence[Item], found: list[Reference]) -> None:
    position = 0
    while match := _NAMED.search(text, position):
        start, position = match.start("the"), match.end("the")
        placed = (match["before"] or "").strip().lower() in _PLACES and not _GO_FOR.search(text[:start])
        if placed or _is_taken((start, start + 3), found):
            continue
        said = tokens(match["words"])
        for length in range(len(said), 0, -1):
            span = (start, match.start("words") + said[length - 1].end)
            words = {singular(token.text) for token in said[:length]}
            if said[length - 1].text in FILLERS or words <= FILLERS or re.search(r"[,.;:!?]", text[span[0] : span[1]]):
                continue
            hits = _having(words - {"one", *_NUMBERS, "both"}, shown)
            many = (
                match["the"].lower() in ("those", "these") or singular(said[length - 1].text) != said[length - 1].text
            )
            # "The tent" of several tents is the kind, and points at none of them.
            told_apart = len(hits) == 1 or (many and len({item.brand for item in hits}) == 1)
            # "Those two white ones": as many as there are, or all of a kind that the others are not.
            counted = [_NUMBERS[token.text] + 1 for token in said[:length] if token.text in _NUMBERS]
            told_apart = told_apart or (
                many and (len(hits) in counted or [token.text for token in said[length : length + 1]] == ["ones"])
            )
            if hits and told_apart and len(hits) < len(shown) and not _is_taken(span, found):
                for item in hits:
                    found.append(Reference(item.id, _manner(text[:start]), span))
                position = span[1]
                break


def _is_taken(span: tuple[int, int], found: Sequence[Reference]) -> bool:
    return any(span[0] < held.span[1] and held.span[0] < span[1] for held in found)


def _having(words: frozenset[str] | set[str], shown: Sequence[Item]) -> list[Item]:
    """The shown items that have all the words: in their titles, where any has them there."""
    titled = [item for item in shown if words <= _parts(f"{item.title} {item.brand}")]
    return titled or [item for item in shown if words <= words_of(item)]


def _parts(text: str) -> set[str]:
    words = {token.text for token in tokens(text)}
    return {singular(part) for word in words for part in (word, *word.split("-"))}


def _described(match: re.Match[str], shown: Sequence[Item], text: str) -> Item | None:
    wanted = {singular(word.text) for word in tokens(match["words"])} - FILLERS
    if not wanted:
        return None
    hits = _having(wanted, shown)
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
