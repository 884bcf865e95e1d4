"""In how many ways an answer over two items may be written: sentences with slots for what their records say.

Knows words alone. A small model that is left to draw its words draws its facts, too, and one that hears a number for
the manner says every answer alike: so the prompt names the manner by its own words, the slots left open, as a control
code (CTRL, Keskar et al. 2019) that can be copied. No sentence stands in two manners, or shoppers would hear it often.
"""

import re
from collections.abc import Mapping, Sequence
from zlib import crc32

from chat.words import tokens

# {N} the first item, {p} and {q} its facts, {c} "costs $40", {price} its price; {M}, {r}, {d}, {price2} the second's.
# {n} and {m} stand within a sentence. {it}, {It}: "it" or "they". What stands in brackets is left out where its slot is
# empty, and so is a sentence one of whose other slots is.
FORMS: tuple[tuple[str, ...], ...] = (
    ("{N} {p}[ and {q}].", "{It} {c}.", "Then there is {m}, which {r}[ and {d}]."),
    ("At {price}, {n} {p}.", "At {price2}, {m} {r}."),
    ("One to look at is {n}, which {p}[ and {c}].", "Another is {m}, which {r}[ and {d}]."),
    ("{N} {p}, and {it} {c}.", "{M} {r}, and {it2} {d}."),
    ("There is {n}, which {p}[ and {q}][, for {price}].", "There is also {m}, which {r}[, for {price2}]."),
    ("You could take {n}, which {p}[ and {c}].", "You could also take {m}, which {r}[ and {d}]."),
    (
        "If you want {one} that {p}, there is {n}[, at {price}].",
        "If you want {one2} that {r}, there is {m}[, at {price2}].",
    ),
    ("The first to see is {n}, which {p}[ and {c}].", "The next is {m}, which {r}[ and {d}]."),
    ("{N}, at {price}, {p}[ and {q}].", "{M}, at {price2}, {r}."),
    ("For {price} you get {n}, which {p}.", "For {price2} you get {m}, which {r}."),
    ("Worth a look is {n}, which {p}[ and {q}][, at {price}].", "So is {m}, which {r}[, at {price2}]."),
    ("{N} {p}, for {price}.", "{M} {r}, for {price2}."),
    ("I would start with {n}, as {it} {p}[ and {c}].", "Then see {m}, as {it2} {r}[ and {d}]."),
    ("Have a look at {n}, which {c} and {p}.", "Next to it, {m} {r}[ and {d}]."),
    ("{N} {c} and {p}.", "{M} {d} and {r}."),
    ("What speaks for {n} is that {it} {p}[ and {c}].", "What speaks for {m} is that {it2} {r}[ and {d}]."),
    ("I would take {n}, which {p}[, for {price}].", "After that comes {m}, which {r}[, for {price2}]."),
    ("Try {n} first, as {it} {p}[ and {c}].", "Next try {m}, as {it2} {r}[ and {d}]."),
    ("Start with {n}, which {p}[ and {c}].", "Go on to {m}, which {r}[ and {d}]."),
    ("Consider {n}, which {p}[ and {c}].", "Consider {m}, too, which {r}[ and {d}]."),
    ("First, {n} {p}[ and {c}].", "Second, {m} {r}[ and {d}]."),
)
OWN_WORDS = "in your own words"  # the manner of a model that was taught a larger one's answers, beside these
_OF_SECOND = re.compile(r"\{(?:M|m|r|d|price2|it2|one2)\}")
_OF_ONE = re.compile(r"\b(?:is|comes) \{([nm])\}|\bto it,")  # said so of one thing alone
_PLURAL = re.compile(r"(?:[^s]s|sses|'s? \w+s)$")
_OPEN = {
    "N": "1", "n": "1", "M": "2", "m": "2", "p": "_", "q": "_", "r": "_", "c": "costs $", "d": "costs $",
    "price": "$", "price2": "$", "it": "it", "It": "It", "it2": "it", "one": "one", "one2": "one",
}  # fmt: skip


def chosen(
    key: str, first: Mapping[str, str], second: Mapping[str, str] | None, *, own_words: bool = False
) -> tuple[str, bool]:
    """The manner of an answer over these items as the prompt names it, and whether it tells of both.

    Always the same for the same ``key``. ``own_words``: the model has words of its own, as one manner more.

    ``first``, ``second``: what ``chat.telling.told`` gives. Where no manner fits both, the first alone is told of.
    """
    for other in (second, None):
        if held := fitting(first, other):
            drawn = crc32(key.encode()) % (len(held) + own_words)
            manner = named(held[drawn], two=other is not None) if drawn < len(held) else OWN_WORDS
            return manner, other is not None
    return named(0, two=False), False


def fitting(first: Mapping[str, str], second: Mapping[str, str] | None) -> list[int]:
    """The manners that can be said of these items: all that they need is known, and the verbs agree."""
    known = _known(first, ["p", "q", "c", "price", "it", "It", "one", "n", "N"])
    known |= _known(second, ["r", "s", "d", "price2", "it2", "It2", "one2", "m", "M"]) if second else set()
    several = {letter for letter, held in (("n", first), ("m", second)) if held and is_plural(held["name"])}
    return [
        number
        for number, forms in enumerate(FORMS)
        if all(
            _required(form) <= known and not several & {one or "n" for one in _OF_ONE.findall(form)}
            for form in (forms if second else forms[:1])
        )
    ]


def _known(item: Mapping[str, str], slots: Sequence[str]) -> set[str]:
    fact, more, costs, price, *words = slots
    facts = facts_of(item)
    held = [*([fact] if facts else []), *([more] if len(facts) > 1 else []), *([costs, price] if item["price"] else [])]
    return {*held, *words}


def facts_of(item: Mapping[str, str]) -> list[str]:
    """The facts that a sentence can take over."""
    return [one for one in item["facts"].split("; ") if one and not one.startswith("is in ")]


def is_plural(name: str) -> bool:
    """Whether the name is of several: "running shoes"; what is behind a comma or a bracket is not looked at."""
    words = [token.text for token in tokens(re.split(r"[,(]| with | for | in | \d", name)[0])]
    while words and (words[-1].isdigit() or len(words[-1]) <= 2):
        words.pop()
    return bool(words) and bool(_PLURAL.search(words[-1])) and not words[-1].endswith(("us", "is", "ss"))


def named(manner: int, *, two: bool) -> str:
    """The manner as the prompt names it, for one item or ``two``: "At $, 1 _. At $, 2 _." """
    forms = (form for form in FORMS[manner] if two or not _OF_SECOND.search(form))
    return " ".join(re.sub(r"[\[\]]", "", form).format(**_OPEN) for form in forms)


def filled(manner: int, slots: Mapping[str, str]) -> str:
    """The answer in this manner, as far as the slots go; "" where they do not fill its first sentence."""
    made: list[str] = []
    for form in FORMS[manner]:
        form = re.sub(r"\[([^\]]*)\]", lambda part: part[1] if _full(part[1], slots) else "", form)
        if _full(form, slots):
            made.append(form.format(**slots))
        elif not made:
            return ""  # "Another is …" comes second
    return " ".join(made)


def _required(form: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", re.sub(r"\[[^\]]*\]", "", form)))


def _full(form: str, slots: Mapping[str, str]) -> bool:
    return all(slots.get(slot) for slot in re.findall(r"\{(\w+)\}", form))
