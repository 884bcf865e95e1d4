"""For how many people an item is: "2-6 players" in a record; "six can play it", "chess is for two" in words.

Pure.
"""

import re
from collections.abc import Sequence

from chat.numbers import SPELT, spelt_value
from chat.pointers import BLANK
from chat.record import Record

_HELD = re.compile(r"(?P<low>\d+)(?:\s*[-–]\s*(?P<high>\d+))?\s*(?:players?|people|persons?)\b", re.IGNORECASE)
_N = rf"(?P<n>\d+|\b(?:{SPELT})\b)"
_SAID = re.compile(
    rf"\b(?P<most>(?:up to|as many as|at most)\s+)?{_N}(?:\s+(?:people|players?|persons|friends|of you|campers))?\s+"
    r"(?:can|may|could)\s+(?:all\s+)?(?:play|sleep|join in|share|fit|use)(?: in)?(?: it)?"
    rf"|\bfor\s+(?P<most2>(?:up to|as many as|at most)\s+)?{_N.replace('n>', 'n2>')}"
    r"(?:\s+(?:people|players?|persons|friends|of you))?(?=[\s]*(?:[,.;!]|and\b|or\b|but\b|$))",
    re.IGNORECASE,
)


def check_company(part: str, records: Sequence[Record]) -> tuple[str, str]:
    """The stretch with its true numbers of people blanked out, and why it has to go ("" if it need not)."""
    if not all(held := [_company(record) for record in records]):
        return part, ""
    for match in _SAID.finditer(part):
        number = _number(match["n"] or match["n2"])
        most = match["most"] or match["most2"]
        fits = all(one is not None and (one[1] == number if most else one[0] <= number <= one[1]) for one in held)
        if not fits:
            return part, f"a number of people that no record carries: {match[0].strip()}"
        part = part[: match.start()] + BLANK * (match.end() - match.start()) + part[match.end() :]
    return part, ""


def _company(record: Record) -> tuple[int, int] | None:
    for name, values in record.item.attributes.items():
        for value in values if name.lower() in ("players", "capacity", "sleeps", "persons") else ():
            if match := _HELD.fullmatch(value.strip()):
                return int(match["low"]), int(match["high"] or match["low"])
    return None


def _number(text: str) -> int:
    spelt = spelt_value(text)
    return spelt if spelt is not None else int(text)
