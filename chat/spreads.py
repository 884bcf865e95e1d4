"""How the shown items part among themselves: "one for men, two for women", "there's canvas or leather to choose from".

Pure. Such a sentence points at no item; each number in it has to be that of the items that carry what follows.
"""

import re
from collections.abc import Sequence

from chat.numbers import SPELT, spelt_value
from chat.plain_talk import HARMLESS
from chat.record import Record
from chat.words import FILLERS, tokens

_LEAD = re.compile(
    r"^(?:(?:there(?:'s| is| are)|you (?:have|can have|get)|you can choose (?:from|between)|choose (?:from|between)"
    r"|the choice is(?: between)?|among these(?: there)?(?: are| is)?|here|of these|of the \w+)[,:]?\s+)",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"[:,]?\s*(?:that's (?:the range|all|what there is)[\w\s]*|to choose (?:from|between)(?: here)?|here"
    r"|on show|in all)$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*(?:,\s*(?:and|or|while)?|;|\band\b|\bor\b|\bwhile\b)\s+", re.IGNORECASE)
_SHARE = re.compile(
    rf"^(?P<n>{SPELT}|\d+)\s+(?:(?:of them|more)\s+)?(?:(?:is|are|comes?|smells? of|tastes? of|made|has|have)\s+)?"
    r"(?:(?:with|for|in|of|from|by|made of|as)\s+)?(?P<what>[\w' -]+)$",
    re.IGNORECASE,
)
LEAST = 2  # parts; one alone may speak of anything


def is_spread(text: str, records: Sequence[Record]) -> bool:
    """True if the sentence counts the items by what they have, and every count is right; or lists what there is."""
    said = text.rstrip(".! ")
    lead, tail = _LEAD.match(said), _TAIL.search(said)
    bare = said[lead.end() if lead else 0 : tail.start() if tail else len(said)]
    parts = [part for part in _BETWEEN.split(bare) if part]
    if len(parts) < LEAST:
        return False
    shares = [_SHARE.match(part) for part in parts]
    if all(shares):
        counts = [(_count(match["n"]), _carrying(match["what"], records)) for match in shares if match]
        return all(count == len(held) for count, held in counts) and _apart([held for _, held in counts])
    if lead is None or tail is None or any(shares) or re.search(r"\d", bare):
        return False
    return all(_carrying(part, records) for part in parts)


def _count(said: str) -> int:
    spelt = spelt_value(said)
    return spelt if spelt is not None else int(said)


def _carrying(what: str, records: Sequence[Record]) -> frozenset[int]:
    """The items of which an attribute, the brand or the title says it."""
    words = [token.text for token in tokens(what) if token.text not in FILLERS]
    if not words or all(word in HARMLESS for word in words):
        return frozenset()
    found = set()
    for index, record in enumerate(records):
        values = {word for held in record.attribute_words.values() for word in held}
        if all(record.carries(word) and record.is_of(word, values) for word in words):
            found.add(index)
    return frozenset(found)


def _apart(held: Sequence[frozenset[int]]) -> bool:
    return sum(map(len, held)) == len(frozenset().union(*held))
