"""For what age an item is: "0-3 years" in a record; "from 6 months", "5 and up", "for a two-year-old" in words.

Pure. Ages are counted in months.
"""

import re
from collections.abc import Sequence

from chat.numbers import SPELT, spelt_value
from chat.pointers import BLANK
from chat.record import Record

_N = rf"(?P<n>\d+|\b(?:{SPELT})\b)"
_UNIT = r"(?P<unit>months?|years?)"
_HELD = re.compile(r"(?P<low>\d+)\s*(?:\+|[-–]\s*(?P<high>\d+))?\s*(?P<unit>month|year)", re.IGNORECASE)
_FROM = re.compile(
    rf"\b(?:from|starts? at|ages?|aged)\s+(?:about\s+)?{_N}\+?(?:\s+{_UNIT})?"
    rf"(?:\s+(?:old|and (?:up|over|older)|upwards?|on|of age))*(?=[\s,.;!{BLANK}]|$)"
    rf"|{_N.replace('n>', 'n2>')}\+?\s+(?:{_UNIT.replace('unit', 'unit2')}\s+)?and (?:up|over|older)"
    rf"|(?P<n3>\d+)\+\s+{_UNIT.replace('unit', 'unit3')}"
    r"|\b(?:from (?:birth|the (?:first|very first) day|newborn)|newborns?(?: bab(?:y|ies))?)\b(?P<birth>)",
    re.IGNORECASE,
)
_OLD = re.compile(rf"\b{_N}[- ](?P<unit>year|month)s?[- ]olds?\b", re.IGNORECASE)
MONTHS = 12


def check_ages(part: str, records: Sequence[Record]) -> tuple[str, str]:
    """The stretch with its true ages blanked out, and why it has to go ("" if it need not)."""
    ages = [age_of(record) for record in records]
    for match in _OLD.finditer(part):
        old = _number(match["n"]) * (MONTHS if match["unit"].lower() == "year" else 1)
        if any(age is not None and not age[0] <= old <= age[1] for age in ages) or not all(ages):
            return part, f"an age that no record carries: {match[0]}"
        part = _blanked(part, match.span())
    for match in _FROM.finditer(part):
        if not any(ages) and match["birth"] is None:
            continue  # "from 6 cups": a number like any other
        number = 0 if match["birth"] is not None else _number(match["n"] or match["n2"] or match["n3"])
        unit = match["unit"] or match["unit2"] or match["unit3"] or ""
        counted = (number * MONTHS, number) if not unit else (number * (MONTHS if unit[0] in "yY" else 1),)
        if not all(age is not None and age[0] in counted for age in ages):
            if not unit and match["birth"] is None:
                continue  # "from 3 ratings"
            return part, f"an age that no record carries: {match[0].strip()}"
        part = _blanked(part, match.span())
    return part, ""


def age_of(record: Record) -> tuple[int, int] | None:
    """From and to how many months; None where the record does not say."""
    for name, values in record.item.attributes.items():
        for value in values if name.lower() in ("age", "ages", "age range") else ():
            if match := _HELD.search(value):
                factor = MONTHS if match["unit"].lower() == "year" else 1
                high = int(match["high"]) * factor if match["high"] else 99 * MONTHS
                return int(match["low"]) * factor, high
    return None


def _number(text: str) -> int:
    spelt = spelt_value(text)
    return spelt if spelt is not None else int(text)


def _blanked(part: str, span: tuple[int, int]) -> str:
    return part[: span[0]] + BLANK * (span[1] - span[0]) + part[span[1] :]
