"""How large shown items are against each other: "50 ml more than the A", "twice the weight of the B", "heavier than C".

Pure. Reads a sentence whose pointers are coded (``chat.pointers.coded``). Only what both records measure is compared.
"""

import re
from collections.abc import Iterable, Sequence

from chat.amounts import quantities
from chat.numbers import SPELT, spelt_value
from chat.pointers import BLANK, CODE, Pointer, Shown, number_of
from chat.record import Record
from chat.subjects import Claims, before

NEARLY = 0.06  # how far a ratio may be off, as a share of what is said
_TIMES = {"twice": 2.0, "double": 2.0, "half": 0.5, "three times": 3.0, "four times": 4.0, "five times": 5.0}
_DIMENSIONS = {
    "mass": r"heav\w+|light\w*|weigh\w*",
    "time": r"long|longer",
    "length": r"long\w*|length|tall\w*|high\w*|height|wid\w+|deep\w*|across|short\w*|narrow\w*|thick\w*",
    "volume": r"room\w+|capacity|volume|much",
    "": r"big\w*|large\w*|small\w*|size",
}
_MASS = ("mass", "weave")
_RATIO = re.compile(
    r"(?:(?P<rough>nearly|almost|about|around|roughly|over|more than)\s+)?\b"
    rf"(?P<times>{'|'.join(_TIMES)})\s+(?:the|as)\s+(?P<what>{'|'.join(_DIMENSIONS.values())})\s+(?:of|as)\s+"
    rf"(?P<object>{CODE})(?:\s+(?:is|does|holds?)(?:\s+(?:long|wide|tall|high|deep|large|big|heavy))?)?",
    re.IGNORECASE,
)
_THAN = re.compile(
    rf"(?:(?<![$€£\d.,])(?P<n>\d[\d.,]*|\b{SPELT}\b)\s*(?P<unit>[a-z]+)?\s+)?\b(?P<how>more|less|fewer|extra|longer|shorter|taller|larger"
    rf"|bigger|smaller|heavier|lighter|roomier|wider|narrower|thicker)(?:\s+\w+)?\s+(?:(?:in|from|with|for|on)\s+(?:the\s+)?(?P<subject>{CODE})"
    rf"\s+)?than\s+(?:(?:in|from|with|for|on)\s+)?(?:the\s+)?(?P<object>{CODE})",
    re.IGNORECASE,
)
_MONEY = re.compile(r"(?:dollar|euro|pound)s?$", re.IGNORECASE)
_LESS = frozenset({"less", "fewer", "shorter", "smaller", "lighter", "narrower"})


_RUN = re.compile(r"\bfrom (?:an? )?(?P<first>\S+?) (?:up )?to (?:an? )?(?P<last>\S+?)(?=[\s,.;!]|$)", re.IGNORECASE)


def without_runs(part: str, records: Sequence[Record]) -> str:
    """The stretch without "from 36-38 to 45-47", where those are the smallest and the largest size of each."""
    for match in _RUN.finditer(part):
        ends = (match["first"].lower(), match["last"].rstrip(".").lower())
        held = [record.item.attributes.get("size", ()) for record in records]
        if held and all(len(values) > 1 and ends == (values[0].lower(), values[-1].lower()) for values in held):
            part = part[: match.start()] + BLANK * (match.end() - match.start()) + part[match.end() :]
    return part


def sizes(text: str, pointers: Sequence[Pointer], shown: Shown) -> Claims:
    """Every such claim of the coded sentence, and what is wrong with it."""
    for match in _RATIO.finditer(text):
        subjects, objects = before(text, match.start(), pointers), pointers[number_of(match["object"])].indices
        wanted = _TIMES[match["times"].lower()]
        pairs = list(_pairs(subjects, objects, shown, _dimensions(match["what"])))
        true = bool(pairs) and all(abs(mine / its - wanted) <= NEARLY * wanted for mine, its in pairs if its)
        yield match.span(), "" if true else "a ratio that the sizes do not have"
    for match in _THAN.finditer(text):
        how = match["how"].lower()
        if how in ("more", "less", "fewer", "extra") and (not match["n"] or _MONEY.match(match["unit"] or "")):
            continue  # "more than the A" costs more
        subjects = pointers[number_of(match["subject"])].indices if match["subject"] else before(
            text, match.start(), pointers)  # fmt: skip
        objects = tuple(i for i in pointers[number_of(match["object"])].indices if i not in subjects)
        sign = -1 if how in _LESS else 1
        if match["n"]:
            true = _differs(subjects, objects, shown, match["n"], match["unit"] or "", sign)
        else:
            pairs = list(_pairs(subjects, objects, shown, _dimensions(how)))
            true = bool(pairs) and all((mine - its) * sign > 0 for mine, its in pairs)
        yield match.span(), "" if true else "a comparison that the sizes do not bear"


def _dimensions(word: str) -> tuple[str, ...]:
    found = next(name for name, words in _DIMENSIONS.items() if re.fullmatch(words, word, re.IGNORECASE))
    return {"mass": _MASS, "time": ("time", "length"), "": ("volume", "length", *_MASS)}.get(found, (found,))


def _pairs(
    subjects: Sequence[int], objects: Sequence[int], shown: Shown, dimensions: Sequence[str]
) -> Iterable[tuple[float, float]]:
    """The sizes of each two, in the first dimension that all of them have; nothing where there is none."""
    held = [shown.records[index].sizes for index in (*subjects, *objects)]
    common = next((name for name in dimensions if held and all(name in one for one in held)), "")
    if common and subjects and objects:
        for one in subjects:
            for other in objects:
                yield shown.records[one].sizes[common], shown.records[other].sizes[common]


def _differs(subjects: Sequence[int], objects: Sequence[int], shown: Shown, number: str, unit: str, sign: int) -> bool:
    """True if every subject has so much more than every object, of one attribute that all have."""
    if not subjects or not objects:
        return False
    spelt = spelt_value(number)
    said = float(spelt) if spelt is not None else float(number.replace(",", ""))
    if amount := next(iter(quantities(f"{number} {unit}")), None):
        held = [shown.records[index].sizes for index in (*subjects, *objects)]
        if not all(amount.measures in one for one in held):
            return False
        mine, its = ([shown.records[i].sizes[amount.measures] for i in part] for part in (subjects, objects))
        return all(abs((a - b) * sign - amount.amount) < 1e-6 for a in mine for b in its)
    names = set(_counts(shown.records[subjects[0]], unit))
    counts = [_counts(shown.records[index], unit) for index in (*subjects, *objects)]
    return any(
        all(name in one for one in counts)
        and all((a[name] - b[name]) * sign == said for a in counts[: len(subjects)] for b in counts[len(subjects) :])
        for name in names
    )


def _counts(record: Record, unit: str) -> dict[str, float]:
    """The attributes of one value that begins with a number, by name: "battery life" of "20 hours" is 20."""
    found: dict[str, float] = {}
    for name, values in record.item.attributes.items():
        match = (
            re.match(r"(?:\d+\s?[-–]\s?)?(\d[\d,]*(?:\.\d+)?)\s*([a-z]+)?$", values[0], re.IGNORECASE)
            if len(values) == 1
            else None
        )
        if match and (
            not unit or unit.rstrip("s").lower() in (match[2] or "", (match[2] or "").rstrip("s"), name.rstrip("s"))
        ):
            found[name] = float(match[1].replace(",", ""))
    return found
