"""Figures of two items set side by side: 4.5 against 3.1, rated between 3.6 and 4.1, the same size.

Pure. Reads a sentence whose pointers are coded (``chat.pointers.coded``).
"""

import re
from collections.abc import Sequence

from chat.pointers import Pointer, Shown
from chat.subjects import MEASURES, Claims, before, first_subject, items_of
from retrieval.items import Item

_VERSUS = re.compile(
    r"(?<![\d-])(?P<sign>[$€£])?(?P<one>\d[\d,]*(?:\.\d+)?)(?:\s+stars?)?"
    r"\s+(?:against|versus|vs\.?|compared (?:to|with)|to)\s+"
    r"(?:[$€£])?(?P<other>\d[\d,]*(?:\.\d+)?)(?![\d.]*\s*(?:cm|ml|years?|months?|g|kg|l)\b)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"\b(?:between|from)\s+(?P<sign>[$€£])?(?P<low>\d+(?:\.\d+)?)\s+(?:and|to)\s+[$€£]?(?P<high>\d+(?:\.\d+)?)(?=[\s,.!]*(?:$|[,.;!]))",
    re.IGNORECASE,
)
_SAME_WORDS = re.compile(r"\b(?:the )?same (?P<two>(?P<one>\w+) \w+)", re.IGNORECASE)
_SAME = re.compile(r"\b(?:the )?same (?P<what>size|price|rating|material|colour|color|brand)\b", re.IGNORECASE)


def versus(text: str, pointers: Sequence[Pointer], shown: Shown) -> Claims:
    """ "$212.00 against $64.95": of the first item that is pointed at, and of another."""
    for match in _VERSUS.finditer(text):
        if re.search(r"\b(?:from|between|sizes?|for|aged?)\s+[$€£]?$", text[: match.start()]) and match["one"]:
            continue
        one, other = (float(match[name].replace(",", "")) for name in ("one", "other"))
        pointed = list(dict.fromkeys(i for p in pointers for i in p.indices if p.span[0] < match.start()))
        first = first_subject(text, pointers, match.start())
        rest = [index for index in pointed if index not in first] or [i for i in shown.all if i not in first]
        fits = any(
            all(value(shown.items[i]) == one for i in first) and any(value(shown.items[i]) == other for i in rest)
            for kind, value in MEASURES.items()
            if (kind == "price") == bool(match["sign"])
        )
        swapped = any(
            all(value(shown.items[i]) == one for i in (before(text, match.start(), pointers)))
            and any(value(shown.items[i]) == other for i in pointed)
            for kind, value in MEASURES.items()
            if (kind == "price") == bool(match["sign"])
        )
        yield match.span(), "" if first and (fits or swapped) else "figures that the records do not have"


def ranges(text: str, pointers: Sequence[Pointer], shown: Shown) -> Claims:
    """ "Rated between 3.6 and 4.1", "from $8 to $20": every item pointed at lies within."""
    for match in _BETWEEN.finditer(text):
        kind = "price" if match["sign"] else "rating" if re.search(r"\b(?:rat|star|scor)", text) else ""
        if not kind:
            continue
        held = [MEASURES[kind](item) for item in items_of(before(text, match.start(), pointers), shown)]
        low, high = float(match["low"]), float(match["high"])
        true = bool(held) and all(value is not None and low <= value <= high for value in held)
        yield match.span(), "" if true else "a range that the records do not keep to"


def same_words(text: str, pointers: Sequence[Pointer], shown: Shown) -> Claims:
    """ "The two are the same dark chocolate": what each of the items pointed at carries."""
    for match in _SAME_WORDS.finditer(text):
        indices = {index for pointer in pointers for index in pointer.indices}
        for words in (match["two"], match["one"]):
            records = [shown.records[index] for index in indices]
            carried = all(one.carries_phrase(words) and (" " in words or one.carries(words)) for one in records)
            if carried and len(records) > 1:
                yield (match.start(), match.start() + match[0].index(words) + len(words)), ""
                break


def sames(text: str, pointers: Sequence[Pointer], shown: Shown) -> Claims:
    for match in _SAME.finditer(text):
        name = match["what"].lower().replace("color", "colour")
        indices = {index for pointer in pointers for index in pointer.indices}
        values = {_named(shown.items[index], name) for index in indices}
        yield match.span(), "" if len(indices) > 1 and len(values) == 1 and values != {""} else "what is not the same"


def _named(item: Item, name: str) -> str:
    if name in ("price", "rating", "brand"):
        held = getattr(item, name)
        return "" if held is None else str(held)
    return ", ".join(item.attributes.get(name, ()))
