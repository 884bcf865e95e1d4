"""Answers over given items, written from their records in several manners; each is held against the records.

Knows what ``chat.telling`` says of an item, the manners (``chat.manners``), and the check.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chat import manners
from chat.need import Need
from chat.reply import Splitter, Writer
from chat.telling import told
from retrieval.items import Item

_SAID = {"diet": "is {}", "heat": "is {}", "roast": "is {}", "type": "is {}"}  # fields whose name adds nothing


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
        many = manners.is_plural(said["name"])
        facts = tuple(_agreeing(one, many) for one in manners.facts_of(said))
        return cls(said["name"], facts, said["price"], many)

    @property
    def within(self) -> str:
        """The name within a sentence."""
        return self.name if self.name.startswith("The ") else f"the {self.name}"


def written(manner: int, first: Facts, second: Facts | None) -> str:
    """The answer in this manner, as far as the facts go; "" where they carry no sentence of it."""
    slots = _slots(first, ("N", "n", "p", "q", "c", "price", "it", "It", "one"))
    if second:
        slots |= _slots(second, ("M", "m", "r", "s", "d", "price2", "it2", "It2", "one2"))
    return manners.filled(manner, slots)


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


def answer(need: Need, shown: Sequence[Item], manner: int) -> Iterator[tuple[dict[str, object], str]]:
    """The variables of the prompt for these items, and the answer to be learned; nothing where the check cuts any."""
    given = variables(shown, need, manner)
    facts = [Facts.of(told(item, shown, need)) for item in shown[:2]]
    text = written(manner, facts[0], facts[1] if len(facts) > 1 else None)
    if is_kept(text, need, shown):
        yield given, text


def is_kept(text: str, need: Need, shown: Sequence[Item]) -> bool:
    """Whether a shopper would be shown every sentence, as it stands, of an answer over these items."""
    splitter, writer = Splitter(item.title for item in shown), Writer(shown, need, talks=False)
    sentences = [*splitter.feed(text), *splitter.finish()]
    said = [writer.take(sentence) for sentence in sentences]
    return bool(said) and [one.text if one else "" for one in said] == sentences


def fitting(need: Need, shown: Sequence[Item]) -> list[int]:
    """The manners that can be said of the first two items."""
    given = [told(item, shown, need) for item in shown[:2]]
    return manners.fitting(given[0], given[1] if len(given) > 1 else None)


def variables(shown: Sequence[Item], need: Need, manner: int | None) -> dict[str, object]:
    """What the prompt says of the first two items shown; ``manner`` None: in the model's own words."""
    given = [told(item, shown, need) for item in shown[:2]]
    two = len(given) > 1
    named = manners.OWN_WORDS if manner is None else manners.named(manner, two=two)
    return {"item": given[0], "second": given[1] if two else None, "manner": named}


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
