"""Items in the catalogue's own language: short descriptions made of a record, without the maker's and model's names;
and those names, of what a shopper had.

Pure. Knows titles, categories and attributes. Which of the descriptions finds an item best, ``chat.teaching.choosing``
says.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from chat.words import FILLERS, plain, singular, title_head, tokens
from retrieval.items import Item

MOST_WORDS = 6  # of a description: at 20 to 30 tokens a second each costs a shopper 60 ms
LONGEST = 36  # characters, as the prompt's schema has it
LEAST_NAMES = 3  # words that stand before it, for words to be those of a thing and not of one item
LONGEST_KIND = 4  # words


class Language:
    """The words that a catalogue has for its things; made once of all its items."""

    def __init__(self, items: Iterable[Item]) -> None:
        before: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for item in items:
            words = title_head(item.title)
            for start in range(len(words)):
                for end in range(start + 1, min(len(words), start + LONGEST_KIND) + 1):
                    before[tuple(words[start:end])].add(words[start - 1] if start else "")
        # What stands behind many different words is a thing, and not the name of one.
        self._kinds = {words for words, found in before.items() if len(found) >= LEAST_NAMES}

    def kind(self, item: Item) -> str:
        """What kind of thing it is, in its title's own words: "travel dog bed"; its category where none is left."""
        brand, words = set(_words(item.brand)), title_head(item.title)
        # The thing stands last in what a title says before its first comma or bracket.
        for start in range(max(0, len(words) - LONGEST_KIND), len(words)):
            if tuple(words[start:]) in self._kinds and words[start] not in brand:
                return _short(words[start:], first=False)
        return _short(aisle(item).lower().split(), first=False) or _short(item.title.lower().split())

    def descriptions(self, item: Item, asked: str = "", *, named: bool = False) -> list[str]:
        """Several ways to describe it, the shortest first.

        Of the names in its title only those that were ``asked`` for are in any of them: a model that is to add others
        makes them up. ``named``: what was asked names the item, so that nothing else is, either.
        """
        kind, words = self.kind(item), {singular(word) for word in _words(asked)}
        values = [value.lower() for held in item.attributes.values() for value in held[:2]]
        said = [value for value in values if {singular(word) for word in _words(value)} & words]
        title = [word for word in _words(item.title) if singular(word) in words]
        before = [" ".join(title), *said[:1], *([" ".join(said[:2])] if len(said) > 1 else [])]
        made = [kind, *(once(f"{one} {kind}", first=False) for one in before)]
        if not named:
            behind = [value for value in values if value not in said][:3]
            behind = [aisle(item).lower(), *behind, " ".join(own_words(item.description)[:4])]
            made += [once(f"{kind} {one}") for one in behind]
        return list(dict.fromkeys(text for text in made if text))

    @staticmethod
    def name(title: str) -> str:
        """What the title begins with, maker and all: what is bought next is often another thing of one make."""
        return once(" ".join(_words(title)))


def _words(title: str) -> list[str]:
    return [token.text for token in tokens(title)]


def aisle(item: Item) -> str:
    """The last part of the category; "" where there is none."""
    return item.category[-1] if item.category else ""


def own_words(text: str) -> list[str]:
    """The words of a text that say something, each once."""
    return list(dict.fromkeys(t.text for t in tokens(plain(text)) if t.text not in FILLERS and not t.text.isdigit()))


def once(text: str, *, first: bool = True) -> str:
    """The text with each word once, as many as a description may have: its ``first`` ones, or its last."""
    held: dict[str, str] = {}
    for word in text.split() if first else reversed(text.split()):
        held.setdefault(singular(word.lower()), word)
    return _short(list(held.values()) if first else list(held.values())[::-1], first=first)


def _short(words: Sequence[str], *, first: bool = True) -> str:
    while len(words) > 1 and (len(words) > MOST_WORDS or len(" ".join(words)) > LONGEST):
        words = words[:-1] if first else words[1:]
    return " ".join(words)[:LONGEST]


def sentences(description: str) -> list[str]:
    """The sentences of a description."""
    return [one.strip() for one in re.split(r"(?<=[.!?])\s+", plain(description)) if one.strip()]
