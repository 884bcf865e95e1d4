"""The words of page and widget in the languages of ``ui/locales``, and which of these a visitor reads.

Knows the files and what browsers say of languages. What is said in an answer comes from the conversation.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from chat.errors import SetupError

FOLDER = Path(__file__).parent / "locales"
FALLBACK = "en"
LONGEST_HEADER = 1_000  # characters of an Accept-Language that are read

_PLACE = re.compile(r"\{(\w+)\}")


class Locale(BaseModel):
    """One file, as it stands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str  # of the language, in itself
    direction: Literal["ltr", "rtl"]
    decimal: str  # between units and tenths
    group: str  # between thousands and hundreds
    both: dict[str, str]
    page: dict[str, str]
    widget: dict[str, str]


@dataclass(frozen=True)
class Words:
    """The page's words in one language: ``words("pick", n=1)`` is "1 pick"."""

    language: str
    locale: Locale

    def __call__(self, key: str, **values: object) -> str:
        """The words of this key with their places filled in; KeyError where there are none."""
        said = self.locale.page.get(key) or self.locale.both[key]
        return _PLACE.sub(lambda place: str(values[place[1]]), said)

    def number(self, value: float, digits: int = 0) -> str:
        """The number as it is written in this language: "1,287", "4,5"."""
        plain = f"{value:,.{digits}f}"
        return plain.translate({ord(","): self.locale.group, ord("."): self.locale.decimal})

    def of_widget(self) -> dict[str, str]:
        """The words that the widget takes along, by their keys."""
        return {**self.locale.both, **self.locale.widget}


@cache
def languages() -> tuple[str, ...]:
    """The languages that there are, by their codes."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def words_in(language: str) -> Words:
    """The words of one of ``languages``; SetupError where there are none."""
    if language not in languages():
        raise SetupError(f"There are no words in {language!r}. There are: {', '.join(languages())}")
    text = (FOLDER / f"{language}.yaml").read_text(encoding="utf-8")
    return Words(language, Locale.model_validate(yaml.safe_load(text)))


def known(tags: Iterable[str]) -> str:
    """The first of these language tags that there are words in, without its country; "" where there is none.

    >>> known(["pt-BR", "de-AT", "fr"])
    'de'
    """
    codes = (re.split("[-_]", tag.strip().lower(), maxsplit=1)[0] for tag in tags)
    return next((code for code in codes if code in languages()), "")


def words_for(headers: Mapping[str, str], query: Mapping[str, str], default: str = FALLBACK) -> Words:
    """The words for who asks: of ``?lang=``, else what their browser prefers, else of the shop's own language."""
    accepted = headers.get("accept-language", "")[:LONGEST_HEADER]
    return words_in(known([query.get("lang", "")]) or known(preferred(accepted)) or default)


def preferred(accepted: str) -> list[str]:
    """The tags of an Accept-Language, the most wanted first; what is not wanted at all, or is none, is left out.

    >>> preferred("en;q=0.7, de-CH, fr;q=0")
    ['de-CH', 'en']
    """
    weighed = []
    for part in accepted.split(","):
        tag, _, given = part.partition(";")
        weight = re.fullmatch(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", given)
        if re.fullmatch(r"\s*[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*\s*", tag) and (weight or not given.strip()):
            weighed.append((float(weight[1]) if weight else 1.0, tag.strip()))
    return [tag for weight, tag in sorted(weighed, key=lambda one: -one[0]) if weight > 0]
