"""Numbers of a message that count what the thing holds or suits: people, players, years, litres, hours.

Pure. "A tent for two", "for a six-year-old", "at least 20 hours of battery", "boots 7": each becomes the catalogue's
own values that satisfy it, of an attribute that such things have; where they have none, nothing is asked for by it.
"""

import re
from collections.abc import Iterable, Sequence

from chat.lexicon import Counted, Lexicon, carries, holds, key_of
from chat.mentions import Mention
from chat.numbers import SPELT, spelt_value
from chat.stated import Constraints
from chat.words import FILLERS, singular, tokens

GROWN = 14  # years, from which on clothes and shoes for children no longer fit
Paths = Sequence[tuple[str, ...]]

_NUMBER = rf"(?:\d{{1,4}}(?:[.,]\d{{1,2}})?|{SPELT})"
_PARTY = re.compile(
    r"\b(?:(?:for|sleeps?|fits|seats|houses|we(?:'re| are|'ll be| will be)|there(?:'s| are| will be)|that makes"
    r"|(?:a )?(?:family|group|party|crew|household|team) of|suitable for|big enough for|enough for|room for)"
    rf" (?:between )?(?P<n>{_NUMBER})(?:(?:-|–| to | and (?=\w+ (?:people|players?)))(?P<to>{_NUMBER}))?"
    rf"|(?P<us>{_NUMBER}) of us)\b(?: of us)?(?P<who> (?:people|persons?|adults?|campers?|players?|grown[- ]?ups"
    r"|friends|hikers|guests))?",
    re.IGNORECASE,
)
_AGE = re.compile(
    rf"\b(?:(?P<years>{_NUMBER})[ -]?(?:years?|yrs?|yo)(?:[ -]?olds?\b|(?<=yo))|(?:aged?|turn(?:s|ed"
    rf"|ing)) (?P<aged>\d{{1,2}})(?!\d)"
    rf"|(?P<months>{_NUMBER})[ -]?(?:months?|mths?)[ -]?olds?|(?P<newborn>new-?born(?: baby)?))\b",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"\b(?:(?P<least>at least|no less than|not less than|more than|over|min(?:imum)?\.?(?: of)?|from)"
    r"|(?P<most>at most|up to|no more than|not more than|under|less than|below|max(?:imum)?\.?(?: of)?))"
    r" (?P<n>\d+(?:[.,]\d{1,2})?)[ -]?(?P<unit>[a-z]+)\b",
    re.IGNORECASE,
)
# "3 years" without "old" is a time, and no age of whom it is for.
_TIME = re.compile(r"\d+ ?(?:years?|months?)")
_OF_AGE = re.compile(r"\W*(?:old|olds|up|\+|and (?:up|over|above)|plus)\b|\+")
_OF_A_PET = re.compile(r"\b(?:cats?|dogs?|pupp(?:y|ies)|kittens?|pets?)\b", re.IGNORECASE)
_SET = re.compile(
    rf"\b(?:a |in (?:a )?)?(?:set|pack|box|block|bale|packs|sets) of (?P<n>{_NUMBER})\b"
    rf"|\b(?P<them>{_NUMBER}) of them\b",
    re.IGNORECASE,
)
_BARE_SIZE = re.compile(r" (?P<n>\d{1,2}(?:[.,]5)?)(?![\w.,]*\d| ?(?:%|[$€£]|\w*(?:kg|cm|ml|people|person)))(?!\w)")


def read_quantities(read: Constraints, mentions: list[Mention], kinds: Paths, known: Lexicon) -> None:
    """Require what numbers ask for of these kinds of thing, and take it out of the text and of the mentions."""
    before = read.rest
    _ages(read, kinds, known)
    _measures(read, kinds, known)
    _party(read, kinds, known)
    _sets(read, kinds, known)
    _bare_sizes(read, mentions, kinds, known)
    gone = [mention for mention in mentions if read.rest[slice(*mention.span)] != before[slice(*mention.span)]]
    timed = [mention for mention in mentions if _is_time(mention, read.rest)]
    mentions[:] = [mention for mention in mentions if mention not in gone and mention not in timed]


def _is_time(mention: Mention, text: str) -> bool:
    return (
        mention.kind == "attribute"
        and mention.attribute.lower() == "age"
        and _TIME.fullmatch(mention.text) is not None
        and not _OF_AGE.match(text[mention.span[1] :])
        and not re.search(r"\b(?:from|ages?|aged|over)\W*$", text[: mention.span[0]], re.IGNORECASE)
    )


def _ages(read: Constraints, kinds: Paths, known: Lexicon) -> None:
    for match in _AGE.finditer(read.rest):
        years = 0.0 if match["newborn"] else None
        if said := match["years"] or match["aged"]:
            years = _number(said)
        elif match["months"] and (months := _number(match["months"])) is not None:
            years = months / 12
        if years is None:
            continue
        held = [
            *((one, 1) for one in _of(known, "year", kinds, ("age",))),
            *((one, 12) for one in _of(known, "month", kinds, ("age",))),
        ]
        fitting = [one for one, parts in held if one.low <= years * parts <= one.high]
        if match["newborn"]:
            fitting = [one for one in fitting if one.high == float("inf")] or fitting
        if fitting:
            _require(read, fitting)
            read.blank(match.span())
        elif years < GROWN and kinds and known.carried and carries(known, kinds, known.gender):
            children = known.values.get("kid", {}).get(known.gender, [])
            if children and not _OF_A_PET.search(read.rest):  # clothes have no age, and are for children
                read.attributes[known.gender] = list(children)
                _require(read, [one for one in _sizes_in_years(kinds, known) if one.low <= years <= one.high])
                read.blank(match.span())


def _sizes_in_years(kinds: Paths, known: Lexicon) -> list[Counted]:
    """Sizes like "4-5 years", where such things have them."""
    sizes = _of(known, "year", kinds, (known.size_name.lower(),)) if known.size_name else []
    return [one for one in sizes if holds(known, kinds, one.attribute, [one.value])]


def _party(read: Constraints, kinds: Paths, known: Lexicon) -> None:
    for match in _PARTY.finditer(read.rest):
        count = _number(match["n"] or match["us"])
        after = tokens(read.rest[match.end() :])[:1]
        if count is None or (not match["who"] and not match["us"] and _counts_more(read.rest, match.end(), after)):
            continue
        if not kinds:
            continue
        held = [one for unit in ("person", "player") for one in _of(known, unit, kinds)]
        held = [one for one in held if holds(known, kinds, one.attribute, [one.value])]
        most = (_number(match["to"]) if match["to"] else None) or count  # "for 2 to 6 players"
        exact = [one for one in held if one.low == count and one.high == most]
        fitting = exact or [one for one in held if one.low <= count and most <= one.high]
        roomier = sorted((one for one in held if one.low >= most), key=lambda one: one.low)
        fitting = fitting or [one for one in roomier if one.low == roomier[0].low]
        if fitting:
            _require(read, fitting)
            read.blank(match.span())


def _counts_more(text: str, end: int, after: Sequence[object]) -> bool:
    """True if a noun follows the number: "for two weeks", "we are two kids"."""
    following = tokens(text[end:])[:1]
    if not following or following[0].text in FILLERS or re.match(r"\s*[^\w\s]", text[end:]):
        return False
    return following[0].text not in ("below", "max", "maximum", "waterproof", "including")


def _measures(read: Constraints, kinds: Paths, known: Lexicon) -> None:
    for match in _MEASURE.finditer(read.rest):
        unit = key_of(f"2 {match['unit']}").removeprefix("2 ")
        held = _of(known, unit, kinds) if kinds else []
        names = list(dict.fromkeys(one.attribute for one in held))
        if len(names) > 1:
            said = {singular(token.text) for token in tokens(read.rest)}
            names = [name for name in names if said & {singular(part) for part in name.split()}]
        if len(names) != 1:
            continue
        bound = float(match["n"].replace(",", "."))
        fitting = [one for one in held if one.attribute == names[0] and _meets(one, bound, match)]
        if fitting:
            _require(read, fitting)
            read.blank(match.span())


def _meets(one: Counted, bound: float, match: re.Match[str]) -> bool:
    """Whether the value lies on the right side of the bound; "from 6 months" is the age of who gets it."""
    if match["least"] and one.attribute.lower() == "age":
        return one.low <= bound <= one.high
    return one.high >= bound if match["least"] else one.low <= bound


def _sets(read: Constraints, kinds: Paths, known: Lexicon) -> None:
    """ "A set of six": so many pieces, where such things are listed by the number of their pieces."""
    for match in _SET.finditer(read.rest) if kinds else ():
        count = _number(match["n"] or match["them"])
        for name in ("pieces", "pack", "count", "quantity"):
            values = [value for value in (f"{count:g}", f"{count:g} pieces") if holds(known, kinds, name, [value])]
            if count is not None and values and known.held and carries(known, kinds, name):
                read.attributes[name] = [*read.attributes.get(name, []), *values]
                read.blank(match.span())
                break


def _bare_sizes(read: Constraints, mentions: Iterable[Mention], kinds: Paths, known: Lexicon) -> None:
    """ "Boots 7": a number after the thing itself is a size, where such things have sizes of that kind."""
    for mention in mentions:
        if mention.kind != "category" or not known.size_name or known.size_name in read.attributes:
            continue
        match = _BARE_SIZE.match(read.rest, mention.span[1])
        value = known.sizes.get(match["n"].replace(",", ".")) if match else None
        if match and value and carries(known, mention.paths, known.size_name) and known.carried:
            read.attributes.setdefault(known.size_name, []).append(value)
            read.blank((match.start() + 1, match.end()))


def _of(known: Lexicon, unit: str, kinds: Paths, names: Sequence[str] = ()) -> list[Counted]:
    return [
        one
        for one in known.counted.get(unit, ())
        if (not names or one.attribute.lower() in names) and carries(known, kinds, one.attribute)
    ]


def _require(read: Constraints, fitting: Sequence[Counted]) -> None:
    for one in fitting:
        held = read.attributes.setdefault(one.attribute, [])
        if one.value not in held:
            held.append(one.value)


def _number(text: str) -> float | None:
    spelt = spelt_value(text)
    return float(spelt) if spelt is not None else float(text.replace(",", ".")) if text[:1].isdigit() else None
