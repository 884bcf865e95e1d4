"""Answers over given items, written from their records in several manners; each is held against the records.

Knows what ``chat.telling`` says of an item, and the check. A model that is taught one manner alone would say every
answer alike, and one that is left to draw its words draws its facts, too: so the manner is a number in the prompt, as a
control code (CTRL, Keskar et al. 2019), and the rest is read off the records.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chat.need import Need
from chat.reply import Splitter, Writer
from chat.telling import MANNERS, told
from chat.words import tokens
from retrieval.items import Item

# {N} the first item, {p} and {q} its facts, {c} "costs $40", {price} its price; {M}, {r}, {d}, {price2} the second's.
# {n} and {m} stand within a sentence. {it}, {It}: "it" or "they". A sentence whose slots are empty is left out.
FORMS: tuple[tuple[str, ...], ...] = (
    ("{N} {p} and {q}.", "{It} {c}.", "{M} {r} and {d}."),
    ("{N} {c} and {p}.", "{It} {q}.", "{M} {r}."),
    ("At {price}, {n} {p}.", "{It} {q}.", "At {price2}, {m} {r}."),
    ("One to look at is {n}, which {p}.", "{It} {c}.", "Another is {m}, which {r}."),
    ("{N} {p}, and {it} {c}.", "{M} {r}, and {it2} {d}."),
    ("There is {n}, which {p} and {q}.", "{It} {c}.", "There is also {m}, which {r}."),
    ("You could take {n}, which {p} and {c}.", "You could also take {m}, which {r} and {d}."),
    ("If you want {one} that {p}, there is {n}.", "{It} {c}.", "If you want {one2} that {r}, there is {m}."),
    ("{N} {p}.", "{It} {q} and {c}.", "{M} {d} and {r}."),
    ("The first to see is {n}, which {p}.", "{It} {c} and {q}.", "The next is {m}, which {r}."),
    ("{N}, at {price}, {p}.", "{M}, at {price2}, {r}."),
    ("For {price} you get {n}, which {p}.", "For {price2} you get {m}, which {r}."),
    ("Worth a look is {n}, which {p} and {q}.", "{It} {c}.", "So is {m}, which {r}."),
    ("{N} {p}, for {price}.", "{It} {q}.", "{M} {r}, for {price2}."),
    ("I would start with {n}, as {it} {p}.", "{It} {c}.", "Then see {m}, as {it2} {r}."),
    ("Have a look at {n}, which {c} and {p}.", "Next to it, {m} {r}."),
)
assert len(FORMS) == MANNERS
_PLURAL = re.compile(r"(?:[^s]s|sses|'s? \w+s)$")
_SAID = {"diet": "is {}", "heat": "is {}", "roast": "is {}", "type": "is {}"}  # fields whose name adds nothing
_NEED_TWO = re.compile(r"\{(?:M|m|r|d|price2|it2|one2)\}")


@dataclass(frozen=True)
class Facts:
    """What is said of one item: a name with its article, facts as predicates, the price."""

    name: str
    facts: tuple[str, ...]
    price: str
    many: bool

    @classmethod
    def of(cls, said: Mapping[str, str]) -> "Facts":
        """From what ``chat.telling.told`` gives."""
        many = is_plural(said["name"])
        facts = tuple(_agreeing(one, many) for one in said["facts"].split("; ") if one and not one.startswith("is in "))
        return cls(said["name"], facts, said["price"], many)

    @property
    def within(self) -> str:
        """The name within a sentence."""
        return self.name if self.name.startswith("The ") else f"the {self.name}"


def is_plural(name: str) -> bool:
    """Whether the name is of several: "running shoes"; what is behind a comma or a bracket is not looked at."""
    words = [token.text for token in tokens(re.split(r"[,(]| with | for | in | \d", name)[0])]
    while words and (words[-1].isdigit() or len(words[-1]) <= 2):
        words.pop()
    return bool(words) and bool(_PLURAL.search(words[-1])) and not words[-1].endswith(("us", "is", "ss"))


def written(manner: int, first: Facts, second: Facts | None) -> str:
    """The answer in this manner, as far as the facts go; "" where they carry no sentence of it."""
    slots = _slots(first, ("N", "n", "p", "q", "c", "price", "it", "It", "one"))
    if second:
        slots |= _slots(second, ("M", "m", "r", "s", "d", "price2", "it2", "It2", "one2"))
    made = []
    for form in FORMS[manner]:
        if _NEED_TWO.search(form) and not second:
            continue
        if filled := _filled(form, slots):
            made.append(filled)
    return " ".join(made)


def _slots(facts: Facts, names: Sequence[str]) -> dict[str, str]:
    """The slots of one item, by their names in the order of the first item's."""
    values = (
        _upper(facts.within),
        facts.within,
        facts.facts[0] if facts.facts else "",
        facts.facts[1] if len(facts.facts) > 1 else "",
        f"{'cost' if facts.many else 'costs'} {facts.price}" if facts.price else "",
        facts.price,
        "they" if facts.many else "it",
        "They" if facts.many else "It",
        "some" if facts.many else "one",
    )
    return dict(zip(names, values, strict=True))


def _filled(form: str, slots: Mapping[str, str]) -> str:
    """The sentence; one of two parts joined by "and" may be left out, any other empty slot leaves out all of it."""
    for slot in re.findall(r"\{(\w+)\}", form):
        if slots.get(slot, "") == "":
            shorter = re.sub(rf" and \{{{slot}\}}|\{{{slot}\}} and (?=\{{)|, and \{{it2?\}} \{{{slot}\}}", "", form)
            if shorter == form:
                return ""
            form = shorter
    return form.format(**slots)


def answer(need: Need, shown: Sequence[Item], manner: int) -> Iterator[tuple[dict[str, object], str]]:
    """The variables of the prompt for these items, and the answer to be learned; nothing where the check cuts any."""
    given = variables(shown, need, manner)
    facts = [Facts.of(told(item, shown, need)) for item in shown[:2]]
    text = written(manner, facts[0], facts[1] if len(facts) > 1 else None)
    verdicts: list[str] = []
    splitter, writer = Splitter(item.title for item in shown), Writer(shown, need, verdicts, (), talks=False)
    for sentence in (*splitter.feed(text), *splitter.finish()):
        writer.take(sentence)
    if verdicts and all(one == "kept" for one in verdicts):
        yield given, text


def variables(shown: Sequence[Item], need: Need, manner: int) -> dict[str, object]:
    """What the prompt says of the first two items shown."""
    given = [told(item, shown, need) for item in shown[:2]]
    return {"item": given[0], "second": given[1] if len(given) > 1 else None, "manner": manner}


def _agreeing(fact: str, many: bool) -> str:
    """The fact as it is said of one or of several; "its size is XL" becomes "has a size of XL", to follow any name."""
    if match := re.fullmatch(r"its (.+?) is (.+)", fact):
        name, value = match.groups()
        if name in _SAID:
            fact = _SAID[name].format(value)
        elif name == "power" and not re.search(r"\d", value):
            fact = f"runs on {value}"
        else:
            fact = (
                f"has {value} {name}" if re.fullmatch(r"[\d,]+", value) else f"has {_article(name)} {name} of {value}"
            )
    if many:
        for one, more in (("is ", "are "), ("has ", "have "), ("comes ", "come "), ("runs ", "run ")):
            if fact.startswith(one):
                return more + fact.removeprefix(one)
    return fact


def _article(name: str) -> str:
    return "an" if name[:1] in "aeiou" else "a"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
