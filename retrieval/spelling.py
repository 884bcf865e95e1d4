"""Misspelt words of a query, read as words that the catalogue has.

Learned from the catalogue's own words with their frequencies (SymSpell, by Wolf Garbe). A word that the catalogue
knows, a word of English, a model's name or a number is never touched, whatever stands near it: a shop without sofas
must not answer with soda. Derived and kept in memory only: 20,000 words take 0.7 s and 26 MB to learn.
"""

import re
import threading
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from itertools import combinations
from math import log
from typing import Protocol

from symspellpy import SymSpell, Verbosity  # type: ignore[import-untyped]

from retrieval.wording import LONGEST_TERM, folded

MOST_WORDS = 20_000  # words that may be the reading of a misspelt one: the most frequent
LEAST_BESIDE = 3  # letters of a word that others are weighed by
LEAST_LENGTH = 4  # letters of a word that is looked at; a shorter one has too many neighbours
TWO_ERRORS_FROM = 8  # letters from which on two errors are allowed, before it one
LEAST_HALF = 3  # letters of each of two words that were run together

MOST_READINGS = 6  # of one word that are weighed against each other, the most frequent
MOST_BESIDE = 3  # other words of the query that they are weighed by
# By how much likelier a letter is doubled or not by mistake than replaced by another one, as a logarithm: a guess, held
# to the errors that docs/search.md tells of.
DOUBLED = 3.0

RELEARNED_FROM = 0.05  # share of the items changed since it was learned
USELESS_FROM = 0.5  # of the items changed: what was learned before is no answer, and is waited for

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


class Words(Protocol):
    """What the catalogue knows of words now (``LexicalIndex`` does)."""

    def vocabulary(self) -> list[tuple[str, int]]:
        """Every word as merchants write it, and how many items have it."""

    @property
    def changes(self) -> int:
        """Items changed since it was opened."""

    def __len__(self) -> int:
        """How many items it is of."""

    def knows(self, word: str) -> bool:
        """Whether any item has the word, in whichever form, in any field."""

    def together(self, first: str, second: str) -> int:
        """How many titles have these two words one after the other."""

    def beside(self, word: str, other: str) -> int:
        """How many items have the word as it is written, along with the other in their title."""


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
        said = list(dict.fromkeys(match[0] for match in _WORD.finditer(text)))
        wrong = [word for word in said if misspelt(word, self._words, kept)]
        right = [folded(word) for word in said if word not in wrong and len(word) >= LEAST_BESIDE]
        beside = sorted((word for word in right if self._words.knows(word)), key=len)[-MOST_BESIDE:]
        better = {word: reading for word in wrong if (reading := self._reading(folded(word), beside))}
        return _WORD.sub(lambda match: better.get(match[0], match[0]), text) if better else ""

    def _reading(self, word: str, beside: Sequence[str]) -> str:
        """What the word is a misspelling of, the right words of the query beside it; "" if nothing is near."""
        allowed = 2 if len(word) >= TWO_ERRORS_FROM else 1
        near = [
            (one.distance, -one.count, one.term)
            for one in self._symspell.lookup(word, Verbosity.ALL, max_edit_distance=allowed)
            # The first letter is seldom wrong; two swapped ones are.
            if one.term[0] == word[0] or one.term[:2] == word[1::-1]
        ]
        doubled = _doubled(word)
        known = {one for one in doubled if one in self._symspell.words}
        distance = min(near, default=(3, 0, ""))[0]
        if distance > 1 and not known and (apart := self._apart(word)):
            return apart
        nearest = [term for far, _, term in sorted(near) if far == distance][:MOST_READINGS]
        readings: list[str] = list(dict.fromkeys([*sorted(known), *nearest]))
        if beside and not known:
            # "Wolen socks" are woolen ones, also where the catalogue says wool: rather than "women", if that fits less.
            readings += sorted(doubled & english(), key=lambda one: (abs(len(one) - len(word)), one))[:1]
        if len(readings) < 2:
            return "".join(readings)
        return max(readings, key=lambda one: self._fit(one, beside, one in doubled))

    def _fit(self, reading: str, beside: Sequence[str], doubled: bool) -> tuple[float, int]:
        """How often the catalogue has the word along with these others, as a logarithm; then how often at all."""
        count = self._symspell.words.get(reading, 0)
        often = [self._words.beside(reading, other) for other in beside] or [count]
        return sum(log(one + 0.5) for one in often) / len(often) + DOUBLED * doubled, count

    def _apart(self, word: str) -> str:
        """Two words that were run together, if titles have them so; the commonest."""
        splits = [
            (self._words.together(word[:cut], word[cut:]), f"{word[:cut]} {word[cut:]}")
            for cut in range(LEAST_HALF, len(word) - LEAST_HALF + 1)
        ]
        often, apart = max(splits, default=(0, ""))
        return apart if often else ""


def _doubled(word: str) -> set[str]:
    """The word with one or two of its letters written twice, or once where they were twice: what is easily mistaken."""
    once = [at for at in range(1, len(word)) if word[at] == word[at - 1]]
    fewer = {word[:at] + word[at + 1 :] for at in once}
    alone = [at for at in range(len(word)) if word[at] not in (word[at - 1 : at], word[at + 1 : at + 2])]
    more = {
        "".join(letter * (2 if at in chosen else 1) for at, letter in enumerate(word))
        for count in (1, 2)
        for chosen in combinations(alone, count)
    }
    return fewer | more


def misspelt(said: str, words: Words, kept: frozenset[str] = frozenset()) -> bool:
    """Whether a word may be a misspelt one: plain letters that neither English nor the catalogue knows."""
    word = folded(said)
    if not LEAST_LENGTH <= len(word) <= LONGEST_TERM or not (word.isascii() and word.isalpha()):
        return False
    return word not in kept and word not in english() and not words.knows(word)


def _most_frequent(counted: Iterable[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    """Words long enough to be the reading of a misspelt one, the most frequent."""
    held = [(word, count) for word, count in counted if len(word) >= LEAST_LENGTH and word.isascii()]
    return sorted(held, key=lambda pair: (-pair[1], pair[0]))[:most]


class Speller:
    """The spelling of a catalogue that changes: learned when first needed, and again after one in twenty changed.

    What came since is known as right at once (the words are asked); it only is no reading of a misspelt word yet.
    """

    def __init__(self) -> None:
        self._learning = threading.Lock()
        self._held: tuple[Words, int, Spelling] | None = None  # of which words, after how many changes

    def corrected(self, text: str, words: Words, kept: frozenset[str] = frozenset()) -> str:
        """As ``Spelling.corrected``, by the present words."""
        if not any(misspelt(match[0], words, kept) for match in _WORD.finditer(text)):
            return ""
        held = self._held
        if held is None or held[0] is not words or _is_due(held, USELESS_FROM):
            return self._learned(words).corrected(text, kept)
        if _is_due(held) and not self._learning.locked():
            self.learn_soon(words)  # the shopper is answered by what was learned before
        return held[2].corrected(text, kept)

    def learn_soon(self, words: Words) -> None:
        """Learn in the background, so that no shopper waits for it."""
        # No daemon: one that is inside tantivy when the process ends would bring it down.
        threading.Thread(target=self._learned, args=(words,), name="spelling").start()

    def _learned(self, words: Words) -> Spelling:
        with self._learning:
            held = self._held
            if held and held[0] is words and not _is_due(held):
                return held[2]
            changes, made = words.changes, Spelling(words)
            self._held = (words, changes, made)
            return made


def _is_due(held: tuple[Words, int, Spelling], share: float = RELEARNED_FROM) -> bool:
    words, changes, _ = held
    return words.changes - changes > share * len(words)


@cache
def english() -> frozenset[str]:
    """The words of English that symspellpy carries, some 83,000."""
    lines = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    return frozenset(line.split(" ", 1)[0] for line in lines.splitlines())
