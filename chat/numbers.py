"""Numbers in words: "twelve", "twenty-five", "a hundred and fifty".

Pure. Knows English number words up to the thousands; knows nothing of what is counted.
"""

import re

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_ONES = {word: number for number, word in enumerate(re.findall(r"\w+", f"{_UNITS} seventeen eighteen nineteen"))}
_TENS = {
    word: 10 * number
    for number, word in enumerate(re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety"), start=2)
}
_ONE = "|".join(sorted(_ONES, key=len, reverse=True))
_SMALL = rf"(?:(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(list(_ONES)[1:10])})\b)?|(?:{_ONE}))"
_BIG = r"(?:hundred|thousand)"
# "Between a hundred and two hundred" holds two numbers: what a "hundred" follows is not part of the one before.
SPELT = rf"(?:(?:(?:an?|{_SMALL})\s)?{_BIG}(?:\s(?:and\s)?{_SMALL}\b(?!\s{_BIG}))?|{_SMALL})"
_SPELT = re.compile(rf"\b{SPELT}\b", re.IGNORECASE)


def spelt_value(text: str) -> int | None:
    """The number that the whole text spells; None if it spells none.

    >>> spelt_value("a hundred and twenty-five"), spelt_value("twelve"), spelt_value("tent")
    (125, 12, None)
    """
    words = re.findall(r"[a-z]+", text.lower())
    if not words or not _SPELT.fullmatch(" ".join(text.split())):
        return None
    total = part = 0
    for word in words:
        if word in ("a", "an"):
            part = 1
        elif word in ("hundred", "thousand"):
            total += max(part, 1) * (100 if word == "hundred" else 1000)
            part = 0
        else:
            part += _ONES.get(word, 0) + _TENS.get(word, 0)
    return total + part


def with_digits(text: str) -> str:
    """The text with every number in words written in digits: "one thousand pieces" → "1000 pieces"."""
    return _SPELT.sub(lambda match: str(spelt_value(match[0])), text)
