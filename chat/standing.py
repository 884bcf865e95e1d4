"""What a sentence says of an item's ratings and stock: "4.7 stars from 62 ratings", "sold out", "only two left".

Pure. A claim that is true is blanked out of the stretch, so that what is left can be held against the record's words.
"""

import re
from collections.abc import Callable, Sequence

from chat.numbers import SPELT, spelt_value
from chat.pointers import BLANK
from chat.record import Record
from retrieval.items import Item

_N = rf"(?P<n>\d[\d,]*|\b(?:(?:a|one|two|three) dozen|{SPELT})\b)"
_PEOPLE = r"(?:people|shoppers|customers|buyers|ratings?|reviews?|reviewers|others)"
_VALUE = (
    r"(?P<value>[0-5](?:\.\d+)?|\b(?:one|two|three|four|five)\b(?= stars?\b))(?![\d.]*\s*(?:reviews?|ratings?|people))"
)
_OF_FIVE = r"(?:\s*(?:out of|/)\s*(?:5|five))?(?:[- ]?stars?)?(?: rating)?"
_RATED = re.compile(
    rf"\b(?:(?:highly |well |only |just )*rat(?:ed|ings?)(?: of| is| at| it)?(?: just| only)?:?\s*{_VALUE}{_OF_FIVE}"
    rf"|(?:an? )?(?:average|score)(?: rating)? (?:of|is) {_VALUE.replace('value', 'value2')}{_OF_FIVE}"
    rf"|{_VALUE.replace('value', 'value3')}(?:[- ]stars?(?: rating)?|\s*(?:out of|/)\s*(?:5|five)(?: stars?)?)"
    rf"|(?:a )?(?:perfect|full) (?:score of )?(?:{_VALUE.replace('value', 'value4')}"
    rf"|(?P<value5>five)){_OF_FIVE})(?:\s+on average)?",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    rf"(?:\b(?:from|by|with|of|though|but|only|just|over|after)\s+)*{_N}\s+(?:customer |shopper )?{_PEOPLE}"
    r"(?:\s+(?:have|has) (?:rated|reviewed|judged|had (?:his|her|their) say(?: on)?)(?: (?:it|them))?)?",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?<![\w.$€£])[0-5]\.\d(?!\w|\.\d|\s*(?:cm|mm|m|l|ml|kg|g|litres?|metres?|inch|W)\b)", re.IGNORECASE
)
_RATINGS_TALK = re.compile(r"\b(?:rat(?:ed|ings?)|stars?|scores?|reviews?|reviewed)\b", re.IGNORECASE)
_UNRATED = re.compile(
    r"\b(?:nobody|no one|no customer|no shopper) has (?:rated|reviewed)(?: (?:it|them))?"
    r"|\b(?:has|have|is|are)(?:n't| not) (?:yet )?(?:been )?(?:rated|reviewed)|\b(?:unrated|no (?:ratings|reviews))",
    re.IGNORECASE,
)
_SOLD_OUT = re.compile(
    r"\b(?:is |are )?(?:currently |now )?(?:sold out|out of stock|unavailable|gone(?= for (?:now|the moment)"
    r"| at the moment|[,.]|$)|all gone|not to be had|not (?:in stock|available)|no longer "
    r"available)\b|\b(?:none|no more)(?: \w+)? (?:is |are )?left\b|\b(?:isn't|aren't) (?:in stock|available)\b",
    re.IGNORECASE,
)
_IN_STOCK = re.compile(
    r"\b(?:in stock|(?:can|to) be (?:had|ordered|bought)(?! (?:new|in|with|from|for)\b)|available(?! (?:in|for"
    r"|at|with|up|from)\b)|availability|still there)\b",
    re.IGNORECASE,
)
_LEFT = re.compile(
    rf"(?:\b(?:there (?:is|are)|we have|only|just|are|is)\s+)*{_N}(?: pieces?| pairs?)?(?: of)?"
    rf"(?:\s|{BLANK}|[\ue000-\ue0ff])*"
    r"(?: (?:is|are|pieces?))? left\b",
    re.IGNORECASE,
)
_WHILE = re.compile(
    r"\s*\b(?:at the moment|for the moment|just now|right now|at present|for now|today|yet|so far)\b", re.IGNORECASE
)


def check_standing(part: str, records: Sequence[Record], whole: str) -> tuple[str, str]:
    """The stretch with its true ratings, counts and stock blanked out, and why it has to go ("" if it need not).

    ``whole``: the sentence, which may have named the ratings before: "one is rated 4.1, the other 3.3".
    """
    items = [record.item for record in records]
    part = _WHILE.sub(lambda match: BLANK * len(match[0]), part) if _about_standing(part) else part
    for pattern, holds, fault in _CLAIMS:
        for match in pattern.finditer(part):
            if pattern is _COUNTED and not _RATINGS_TALK.search(whole):
                continue  # "a tent for two people"
            if not items or not all(holds(item, match) for item in items):
                return part, f"{fault}: {match[0].strip()}"
            part = part[: match.start()] + BLANK * (match.end() - match.start()) + part[match.end() :]
    if _RATINGS_TALK.search(whole):
        for match in _BARE.finditer(part):
            if not all(_rated(item, match[0]) for item in items):
                return part, f"a rating that no record carries: {match[0]}"
            part = part[: match.start()] + BLANK * (match.end() - match.start()) + part[match.end() :]
    return part, ""


def _about_standing(part: str) -> bool:
    return any(pattern.search(part) for pattern, _, _ in _CLAIMS)


def _is_rating(item: Item, match: re.Match[str]) -> bool:
    return _rated(item, match["value"] or match["value2"] or match["value3"] or match["value4"] or match["value5"])


def _rated(item: Item, value: str) -> bool:
    if item.rating is None:
        return False
    value = str(spelt_value(value) or value)
    decimals = len(value.partition(".")[2])
    return round(item.rating, decimals) == float(value) if decimals else item.rating == float(value)


def _is_count(item: Item, match: re.Match[str]) -> bool:
    count = _number(match["n"])
    if re.match(r"(?:from |by )?over\b", match[0], re.IGNORECASE):
        return item.rating_count is not None and 0 <= item.rating_count - count <= count / 10
    return item.rating_count == count


def _is_left(item: Item, match: re.Match[str]) -> bool:
    return item.stock == _number(match["n"])


def _number(text: str) -> int:
    if text.lower().endswith("dozen"):
        return {"a": 12, "one": 12, "two": 24, "three": 36}[text.lower().split()[0]]
    spelt = spelt_value(text)
    return spelt if spelt is not None else int(text.replace(",", ""))


_CLAIMS: tuple[tuple[re.Pattern[str], Callable[[Item, re.Match[str]], bool], str], ...] = (
    (_UNRATED, lambda item, _: item.rating is None and not item.rating_count, "a want of ratings"),
    (_RATED, _is_rating, "a rating that no record carries"),
    (_COUNTED, _is_count, "a count that no record carries"),
    (_LEFT, _is_left, "a number in stock that no record carries"),
    (_SOLD_OUT, lambda item, _: item.stock == 0, "a want of stock that no record carries"),
    (_IN_STOCK, lambda item, _: bool(item.stock), "stock that no record carries"),
)
