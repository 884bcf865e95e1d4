"""Amounts with a unit, "half a kilo", "1.7 litres", as a number of a base unit, so that 500 g is half a kilo.

Pure. Knows the units that items are sold by; knows nothing of items.
"""

import re
from dataclasses import dataclass

from chat.numbers import SPELT, spelt_value

# Unit -> what it measures, and how many of the base unit (millilitre, gram, millimetre, watt) it is.
_UNITS: dict[str, tuple[str, float]] = {
    "ml": ("volume", 1), "cl": ("volume", 10), "l": ("volume", 1000), "litre": ("volume", 1000),
    "liter": ("volume", 1000), "millilitre": ("volume", 1), "milliliter": ("volume", 1),
    "g": ("mass", 1), "gram": ("mass", 1), "gramme": ("mass", 1), "kg": ("mass", 1000), "kilo": ("mass", 1000),
    "kilogram": ("mass", 1000), "mm": ("length", 1), "millimetre": ("length", 1), "millimeter": ("length", 1),
    "cm": ("length", 10), "centimetre": ("length", 10), "centimeter": ("length", 10), "m": ("length", 1000),
    "metre": ("length", 1000), "meter": ("length", 1000), "w": ("power", 1), "watt": ("power", 1),
    "kw": ("power", 1000),
    "gsm": ("weave", 1), "hour": ("time", 60), "minute": ("time", 1), "hr": ("time", 60), "min": ("time", 1),
    "mah": ("charge", 1), "lb": ("mass", 453.6), "oz": ("mass", 28.35), "inch": ("length", 25.4),
}  # fmt: skip
SHORTEST_SPELT = 4  # letters of a unit that is a word and no sign
_QUANTITY = re.compile(
    rf"(?<![\w.,])(?:(?P<half>half an?)"
    rf"|(?P<number>\d+(?:,\d{{3}})+|\d+(?:[.,]\d+)?|\b(?:{SPELT}|an?(?: whole| full)?)\b))[\s-]?"
    rf"(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})(?:e?s)?(?![\w°])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Quantity:
    """How much of what, and where it stands in the text."""

    measures: str  # volume | mass | length | power | charge
    amount: float  # of the base unit
    span: tuple[int, int]

    @property
    def size(self) -> tuple[str, float]:
        """What two quantities have in common that say the same."""
        return self.measures, round(self.amount, 3)


def quantities(text: str) -> list[Quantity]:
    """The quantities of the text in their order.

    >>> [one.size for one in quantities("a litre, half a kilo, 30 cm")]
    [('volume', 1000.0), ('mass', 500.0), ('length', 300.0)]
    """
    found = []
    for match in _QUANTITY.finditer(text):
        if re.match(r"an?\b", match["number"] or "", re.IGNORECASE) and len(match["unit"]) < SHORTEST_SPELT:
            continue  # "a litre" is one, "a g" is nothing
        measures, factor = _UNITS[match["unit"].lower()]
        found.append(Quantity(measures, _number(match) * factor, match.span()))
    return found


def _number(match: re.Match[str]) -> float:
    if match["half"]:
        return 0.5
    said = match["number"].lower()
    if re.match(r"an?(?: whole| full)?$", said):
        return 1.0
    spelt = spelt_value(said)
    if spelt is not None:
        return float(spelt)
    return float(re.sub(r",(?=\d{3}(?:\D|$))", "", said).replace(",", "."))
