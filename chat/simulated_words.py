"""How simulated shoppers word what they say: templates, each style in its own manner, and the slips of one who types.

Knows ``simulated_words.yaml`` and a stream of random numbers; knows nothing of what is wanted or shown.
"""

import random
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from chat.simulated_facts import Fact

Style = Literal["terse", "chatty", "misspelling", "changing", "several"]
STYLES: tuple[Style, ...] = get_args(Style)
ORDINALS = ("first", "second", "third", "fourth", "fifth")
SIGNS = {"USD": "${}", "GBP": "£{}", "EUR": "{} €"}

SLIPS = 0.2  # share of the longer words that a misspelling shopper gets wrong, one at least
SHORTEST_SLIP = 5  # letters of a word that may come out wrong
ASIDES = 0.3  # share of a chatty shopper's later messages that end in talk


@cache
def templates() -> dict[str, Any]:
    """The templates by what they are for."""
    text = (Path(__file__).parent / "simulated_words.yaml").read_text(encoding="utf-8")
    made: dict[str, Any] = yaml.safe_load(text)
    return made


class Wording:
    """One shopper's way of putting things; the same random numbers give the same words."""

    def __init__(self, style: Style, rng: random.Random, currency: str) -> None:
        self.style = style
        self._rng = rng
        self._sign = SIGNS.get(currency, f"{{}} {currency}".strip())

    def opening(self, kind: str, other: str) -> str:
        """What is wanted; ``other`` is what a shopper of several wants asks for too."""
        style = self.style if other or self.style != "several" else "terse"
        return self._one(templates()["opening"][style]).format(kind=kind, other=other)

    def fact(self, fact: Fact) -> str:
        """One fact of the thing wanted."""
        forms = templates()[fact.kind]
        if fact.kind == "value":
            name = {"color": "colour", "fabric": "material", "gender": "for"}.get(fact.name.lower(), fact.name.lower())
            forms = forms.get(name, forms["*"])
        return self._one(forms).format(v=self.amount(fact.said) if fact.kind == "price" else fact.said)

    def say(self, what: str, **slots: str) -> str:
        """One of the other things that a shopper says: a critique, an answer, a change of mind."""
        return self._one(templates()[what]).format(**slots)

    def amount(self, number: str) -> str:
        """A sum as it is said in the shop's currency."""
        return self._sign.format(number)

    def message(self, parts: Sequence[str], *, first: bool = False) -> str:
        """The parts as one message."""
        if self.style == "terse":
            return ", ".join(parts)
        if self.style == "chatty":
            sentences = [part[:1].upper() + part[1:] for part in parts]
            if not first and self._rng.random() < ASIDES:
                sentences.append(self._one(templates()["aside"]))
            return " ".join(part if part[-1] in ".?!" else f"{part}." for part in sentences)
        said = ", ".join(part.rstrip(".") for part in parts)
        return self._misspelt(said) if self.style == "misspelling" else said

    def _misspelt(self, text: str) -> str:
        places = [match for match in re.finditer(r"[a-z]+", text) if len(match[0]) >= SHORTEST_SLIP]
        wrong = [match for match in places if self._rng.random() < SLIPS]
        if places and not wrong:
            wrong = [self._rng.choice(places)]
        for match in reversed(wrong):
            text = f"{text[: match.start()]}{self._slip(match[0])}{text[match.end() :]}"
        return text

    def _slip(self, word: str) -> str:
        """The word with two letters changed about, one left out or one doubled; its first letter is right."""
        at = self._rng.randrange(1, len(word) - 1)
        match self._rng.choice(("swapped", "left out", "doubled")):
            case "swapped":
                return f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}"
            case "left out":
                return f"{word[:at]}{word[at + 1 :]}"
            case _:
                return f"{word[:at]}{word[at]}{word[at:]}"

    def _one(self, forms: Sequence[str]) -> str:
        return self._rng.choice(forms)
