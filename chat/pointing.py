"""Which of the shown items are to be set side by side: "the first two", "first vs third", "those", by part of a name.

Pure. Knows the shown items in their order. Single references ("the second one") are ``chat.references``'s.
"""

import re
from collections.abc import Sequence

from chat.references import ORDINALS, words_of
from chat.words import FILLERS, plain, singular, tokens, word_set
from retrieval.items import Item

_COMPARES = re.compile(
    r"\b(?:compar(?:e|es|ed|ing|ison)|differences?|differ(?:s|ent)?|versus|vs\.?|side by side)(?=\W|$)", re.IGNORECASE
)
_WHICH = re.compile(
    r"^\W*(?:(?:and|so|ok|okay|but|then)\W+)*(?:which|what)(?: one| ones)?(?: out)?(?: of)? (?P<all>these|those|them"
    r"|the (?:two|three|four|five))\b",
    re.IGNORECASE,
)
_COUNTS = {"two": 2, "2": 2, "three": 3, "3": 3, "four": 4, "4": 4, "five": 5, "5": 5, "couple": 2, "both": 2}
_FEW = re.compile(rf"\b(?P<end>first|top|last|final|bottom)(?: of)? (?P<count>{'|'.join(_COUNTS)})\b", re.IGNORECASE)
_ALL = re.compile(
    r"\b(?:them|these|those|all|both|they|everything)\b(?: of)?(?: (?:them|these|those))?"
    rf"(?: (?P<count>{'|'.join(_COUNTS)}))?",
    re.IGNORECASE,
)
_PLACES = {**ORDINALS, "one": 0, "two": 1, "three": 2, "four": 3, "five": 4}
_PLACE = re.compile(
    rf"(?<![\w$€£.,-])#?(?P<word>{'|'.join(sorted(_PLACES, key=len, reverse=True))}|[1-9])(?![\w%€£-]|[.,]\d)",
    re.IGNORECASE,
)
_PART = re.compile(r"\b(?:and|with|versus|vs\.?|or|to|against|from)(?=\W|$)|[,&/]", re.IGNORECASE)
_EMPTY = FILLERS | word_set("differences difference differ different between side comparison table versus vs")


def to_compare(text: str, shown: Sequence[Item]) -> tuple[str, ...]:
    """Ids of the two or more shown items that the text wants compared; () where it asks for no such thing."""
    if len(shown) < 2:
        return ()
    if match := _WHICH.search(text):
        count = _COUNTS.get(match["all"].rpartition(" ")[2].lower(), len(shown))
        return tuple(item.id for item in shown[:count])
    if (match := _COMPARES.search(text)) is None:
        return ()
    titled = _by_whole_title(text, shown)
    if len(titled) > 1:
        return titled
    rest = f"{text[: match.start()]} , {text[match.end() :]}"
    if few := _FEW.search(rest):
        count = _COUNTS[few["count"].lower()]
        from_start = few["end"].lower() in ("first", "top")
        return tuple(item.id for item in (shown[:count] if from_start else shown[-count:]))
    named = _by_name(rest, shown)
    if len(named) > 1:
        return named
    places = [_place(found["word"]) for found in _PLACE.finditer(rest)]
    pointed = list(dict.fromkeys(shown[place].id for place in places if -len(shown) <= place < len(shown)))
    if len(pointed) > 1 and not _others(_PLACE.sub(" ", rest), shown):
        return tuple(pointed)
    whole = _ALL.search(rest)
    if (whole or match[0].lower().startswith("compar")) and not _others(_ALL.sub(" ", rest), shown):
        count = _COUNTS.get((whole["count"] or "").lower(), len(shown)) if whole else len(shown)
        return tuple(item.id for item in shown[:count])
    return ()


def _place(word: str) -> int:
    return int(word) - 1 if word.isdigit() else _PLACES[word.lower()]


def _by_whole_title(text: str, shown: Sequence[Item]) -> tuple[str, ...]:
    """The items whose titles stand in the text, as a press on "Compare" says it; longer titles hide those in them."""
    lowered, found = text.lower(), []
    for item in sorted(shown, key=lambda one: -len(one.title)):
        title = plain(item.title).lower()
        if title and (place := lowered.find(title)) >= 0:
            found.append((place, item.id))
            lowered = f"{lowered[:place]}{' ' * len(title)}{lowered[place + len(title) :]}"
    return tuple(item_id for _, item_id in sorted(found))


def _by_name(text: str, shown: Sequence[Item]) -> tuple[str, ...]:
    """The items that the parts of the text name, each by words that only one of them has."""
    found: list[str] = []
    for part in _PART.split(text):
        words = {singular(token.text) for token in tokens(part)} - _EMPTY - set(_PLACES) - set(_COUNTS)
        hits = [item for item in shown if words and words <= words_of(item)]
        if len(hits) == 1:
            found.append(hits[0].id)
        elif words:
            return ()
    return tuple(dict.fromkeys(found))


def _others(text: str, shown: Sequence[Item]) -> bool:
    """True if the text speaks of something besides what is shown."""
    words = {singular(token.text) for token in tokens(text)} - _EMPTY - set(_COUNTS)
    return any(not any(word in words_of(item) for item in shown) for word in words)
