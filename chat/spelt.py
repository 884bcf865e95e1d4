"""Misspelt words of a message, read as words that the rules and the catalogue's vocabulary know.

Pure. A word of English, one that the vocabulary has, a short one or one with digits is never touched; what is near
only to words inside item texts, ``retrieval.spelling`` corrects when it searches.
"""

import re
from collections.abc import Iterable
from itertools import islice, pairwise

from symspellpy import SymSpell, Verbosity  # type: ignore[import-untyped]

from chat.lexicon import Lexicon
from chat.words import FILLERS, singular, word_set
from retrieval.spelling import LEAST_LENGTH, TWO_ERRORS_FROM, english

MOST_WORDS = 8_000  # that a misspelt one may be read as, kinds before values before brands: 0.3 s and 10 MB to learn
MOST_CORRECTED = 8  # words of one message
_RULE_WORDS = word_set(
    "under below less than over above between around about maximum minimum most least cheap cheaper cheapest expensive "
    "budget price without except instead similar compare size colour color brand material something anything another "
    "dollars euros pounds women men kids children waterproof leather cotton wool birthday present looking please small "
    "medium large black white red blue green yellow orange purple pink brown grey second third first forget "
)
_WORD = re.compile(r"(?<![\w@./'-])[a-z]+(?!'?[\w@/-])", re.IGNORECASE)
# As they are often written, and no single letter away from what is meant.
_USUAL = {
    "colour": ("coulor", "coulour", "colur"), "women": ("wimen", "womens'", "womans", "wemen", "woman's"),
    "sneakers": ("snikers", "sneekers", "sneekars"), "kids": ("kidz",), "headphones": ("hedphones", "headfones"),
    "jewellery": ("jewelery",), "jacket": ("jakket", "jaket"), "around": ("arround", "arond"),
    "backpack": ("bagpack", "bakpack", "backpak"),
    "pieces": ("peices", "peaces", "pcies"), "forest": ("forrest",), "chamomile": ("chamomille", "camomille"),
    "expensive": ("expencive", "exspensive"), "maximum": ("maxium", "maximun"),
}  # fmt: skip
_READ_AS = {wrong: right for right, all_wrong in _USUAL.items() for wrong in all_wrong}


class Spelt:
    """What one vocabulary's misspelt words are read as; made when the first unknown word is met."""

    def __init__(self, known: Lexicon) -> None:
        self._rank: dict[str, int] = {}
        self._symspell = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
        sources: tuple[Iterable[str], ...] = (_RULE_WORDS, known.paths, known.values, known.brands)
        self._pairs = {
            pair for source in sources[1:] for phrase in islice(source, MOST_WORDS) for pair in pairwise(phrase.split())
        }
        for rank, source in enumerate(sources):
            words = (word for phrase in source for word in phrase.split())
            for word in islice(words, max(MOST_WORDS - len(self._rank), 0)):
                for form in (word, f"{word}s"):
                    if len(word) >= LEAST_LENGTH and word.isascii() and word.isalpha() and form not in self._rank:
                        self._rank[form] = rank
                        self._symspell.create_dictionary_entry(form, 1)

    def corrected(self, text: str, kept: frozenset[str]) -> str:
        """The text with misspelt words replaced; ``kept``: further words that are right, in lower case."""
        left = MOST_CORRECTED

        def better(match: re.Match[str]) -> str:
            nonlocal left
            word = match[0].lower()
            if word in _READ_AS and word not in kept:
                return _READ_AS[word]
            if len(word) < LEAST_LENGTH or word in kept or word in FILLERS or word in self._rank or word in english():
                return match[0]
            left -= 1
            before = re.search(r"([^\W_]+)[ -]$", text[: match.start()])
            return (self._reading(word, before[1].lower() if before else "") if left >= 0 else "") or match[0]

        return _WORD.sub(better, text)

    def _reading(self, word: str, before: str) -> str:
        allowed = 2 if len(word) >= TWO_ERRORS_FROM else 1
        near = [
            (
                one.distance,
                (before, singular(one.term)) not in self._pairs,  # "bird feedr": a feeder, and no feeds
                _undoubled(one.term) != _undoubled(word),
                self._rank[one.term],
                abs(len(one.term) - len(word)),
                one.term,
            )
            for one in self._symspell.lookup(word, Verbosity.ALL, max_edit_distance=allowed)
            # The first letter is seldom wrong; two swapped ones are.
            if one.term[0] == word[0] or one.term[:2] == word[1::-1]
        ]
        return min(near)[-1] if near else ""


def _undoubled(word: str) -> str:
    return re.sub(r"(.)\1+", r"\1", word)
