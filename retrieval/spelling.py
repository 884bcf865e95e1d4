"""Misspelt words of a query, read as words that the catalogue has.

Learned from the catalogue's own words with their frequencies (SymSpell, by Wolf Garbe). A word that the catalogue
knows, a word of English, a model's name or a number is never touched, whatever stands near it: a shop without sofas
must not answer with soda. Derived and kept in memory only: 20,000 words take 0.7 s and 26 MB to learn.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Protocol

from symspellpy import SymSpell, Verbosity  # type: ignore[import-untyped]

from retrieval.wording import folded

MOST_WORDS = 20_000  # words that may be the reading of a misspelt one: the most frequent
LEAST_LENGTH = 4  # letters of a word that is looked at; a shorter one has too many neighbours
TWO_ERRORS_FROM = 8  # letters from which on two errors are allowed, before it one
LEAST_HALF = 3  # letters of each of two words that were run together

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


class Words(Protocol):
    """What the catalogue knows of words now (``LexicalIndex`` does)."""

    def vocabulary(self) -> list[tuple[str, int]]:
        """Every word as merchants write it, and how many items have it."""

    def knows(self, word: str) -> bool:
        """Whether any item has the word, in whichever form, in any field."""

    def together(self, first: str, second: str) -> int:
        """How many titles have these two words one after the other."""


class Spelling:
    """Reads queries against the words of one catalogue. Safe to ask from any thread."""

    def __init__(self, words: Words, most: int = MOST_WORDS) -> None:
        """Learn the catalogue's most frequent words."""
        self._words = words
        self._symspell = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
        for word, count in _most_frequent(words.vocabulary(), most):
            self._symspell.create_dictionary_entry(word, count)

    def corrected(self, text: str, kept: frozenset[str] = frozenset()) -> str:
        """The text with each misspelt word replaced; "" if there is none. ``kept``: further words that are right."""
        changed = False

        def read(match: re.Match[str]) -> str:
            nonlocal changed
            better = "" if folded(match[0]) in kept else self._reading(match[0])
            changed = changed or bool(better)
            return better or match[0]

        reading = _WORD.sub(read, text)
        return reading if changed else ""

    def _reading(self, said: str) -> str:
        """What the word is a misspelling of; "" if it is none, or nothing is near."""
        word = folded(said)
        if len(word) < LEAST_LENGTH or not (word.isascii() and word.isalpha()) or word in english():
            return ""
        if self._words.knows(word):
            return ""
        allowed = 2 if len(word) >= TWO_ERRORS_FROM else 1
        near = [
            (one.distance, -one.count, one.term)
            for one in self._symspell.lookup(word, Verbosity.ALL, max_edit_distance=allowed)
            # The first letter is seldom wrong; two swapped ones are.
            if one.term[0] == word[0] or one.term[:2] == word[1::-1]
        ]
        distance, _, nearest = min(near, default=(3, 0, ""))
        apart = self._apart(word) if distance > 1 else ""
        return apart or nearest

    def _apart(self, word: str) -> str:
        """Two words that were run together, if titles have them so; the commonest."""
        splits = [
            (self._words.together(word[:cut], word[cut:]), f"{word[:cut]} {word[cut:]}")
            for cut in range(LEAST_HALF, len(word) - LEAST_HALF + 1)
        ]
        often, apart = max(splits, default=(0, ""))
        return apart if often else ""


def _most_frequent(counted: Iterable[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    """Words long enough to be the reading of a misspelt one, the most frequent."""
    held = [(word, count) for word, count in counted if len(word) >= LEAST_LENGTH and word.isascii()]
    return sorted(held, key=lambda pair: (-pair[1], pair[0]))[:most]


@cache
def english() -> frozenset[str]:
    """The words of English that symspellpy carries, some 83,000."""
    lines = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    return frozenset(line.split(" ", 1)[0] for line in lines.splitlines())
