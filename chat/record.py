"""What one item's record carries, as words, numbers and values: the measure that a sentence is held against.

Pure. Knows one item; which claims a sentence makes, ``chat.grounding_check`` finds out.
"""

import re
from collections.abc import Sequence, Set
from functools import cached_property, lru_cache
from itertools import pairwise

from chat.amounts import quantities
from chat.numbers import with_digits
from chat.words import FILLERS, singular, tokens, word_set
from retrieval.items import Item

_NO = frozenset({"no", "false", "none"})
_YES = frozenset({"yes", "true"})
# A sentence of the description that denies something carries none of its words: "not for children".
_DENIAL = re.compile(
    r"\b(?:not|no|never|without|avoid|cannot|free from|free of|unlike|instead|sold separately|n't)\b|n't\b",
    re.IGNORECASE,
)
_CLAUSES = re.compile(r"(?<=[,;:])\s+|\s+(?=(?:and|but|so that|so|which|because|instead)\b)")
# What an item is said to lack: "no palm oil", "BPA-free", "without drawstring".
_LACKS = re.compile(r"\b(?:no|not|without)[\s-]+(\w[\w\s]*)|\bnon[\s-]+(\w+)|\b(\w+)-free\b", re.IGNORECASE)
NUMBER_WORDS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip
_LARGER = re.compile(r"teen\b|ty\b|hundred|thousand")
COLOURS = word_set(
    "black white red blue green yellow orange purple pink brown grey gray navy beige cream teal gold silver bronze tan "
    "maroon burgundy olive turquoise violet ivory khaki charcoal coral mint lilac lavender magenta indigo"
)
MATERIALS = word_set(
    "leather wool cotton polyester nylon silk linen denim suede fleece canvas steel aluminium aluminum titanium "
    "plastic glass wood wooden bamboo ceramic porcelain rubber silicone cashmere velvet acrylic copper brass iron "
    "merino rattan oak pine walnut marble granite stainless"
)
# Words that say the same in a shop; the right one stands for both.
_SAME = {
    "weigh": "weight", "weighs": "weight", "weighing": "weight", "child": "kid", "wooden": "wood", "woollen": "wool",
    "woolen": "wool", "gray": "grey", "color": "colour", "coloured": "colour", "liter": "litre", "sky-blue": "blue",
    "fibre": "fiber", "aluminum": "aluminium", "quilting": "quilt", "footed": "foot",
}  # fmt: skip
GENDERS = word_set("man woman boy girl kid child unisex baby toddler")
_SIZE_FIELDS = frozenset(
    {
        "size",
        "capacity",
        "length",
        "width",
        "height",
        "volume",
        "weight",
        "dimensions",
        "burn time",
        "battery life",
        "playing time",
    }
)
# How a size that is a letter is said.
_LETTERS = {"xs": "extra small", "s": "small", "m": "medium", "l": "large", "xl": "extra large"}
# Of these kinds an item is one thing or the other: what the attribute does not say, the description cannot add.
EXCLUSIVE: tuple[tuple[frozenset[str], frozenset[str]], ...] = (
    (frozenset({"colour", "color", "primary colour", "primarycolor"}), COLOURS),
    (frozenset({"material", "fabric"}), MATERIALS),
    (frozenset({"gender"}), GENDERS),
)


class Record:
    """The words and numbers of one item's fields."""

    def __init__(self, item: Item) -> None:
        self.item = item
        stream: list[str] = []
        self.title_words = frozenset(stem(token.text) for token in tokens(item.title))
        for text in (item.title, item.brand, *item.category):
            stream += ["|", *_stream(text)]
        self.attribute_words: dict[str, frozenset[str]] = {}
        for name, values in item.attributes.items():
            lowered = {value.lower() for value in values}
            held = frozenset(stem(token) for value in values for token in _stream(value))
            self.attribute_words[name.lower()] = held
            if lowered <= _NO:
                continue
            stream += ["|", *_stream(name)]
            if not lowered <= _YES:
                for value in values:
                    stream += ["|", *_stream(value)]
                    if name.lower() == "size" and value.lower() in _LETTERS:
                        stream += ["|", *_stream(_LETTERS[value.lower()])]
                    if len(values) == 1:
                        stream += ["|", *_stream(f"{name} {value}"), "|", *_stream(f"{value} {name}")]
        denied = [_stream(name) for name, values in item.attributes.items() if {v.lower() for v in values} <= _NO]
        for sentence in re.split(r"(?<=[.!?;])\s+|\n", item.description):
            said, not_said = _parted(sentence)
            stream += ["|", *_stream(said)]
            denied += [_stream(clause) for clause in not_said]
        stems = [stem(word) for word in stream]
        for text in (item.title, *(value for values in item.attributes.values() for value in values)):
            denied += [_stream(match[match.lastindex or 0]) for match in _LACKS.finditer(text)]
        self.denied = tuple(frozenset(stem(word) for word in words) for words in denied)
        lacked = {stem(word) for name, values in item.attributes.items()
                  if {v.lower() for v in values} <= _NO for word in _stream(name)}  # fmt: skip
        lacked |= {stem(word) for _, values in item.attributes.items() for value in values
                   for match in _LACKS.finditer(value) for word in _stream(match[match.lastindex or 0])}  # fmt: skip
        self.words = frozenset(stems) - lacked
        self.quantities = frozenset(one.size for text in self._texts() for one in quantities(text))
        self.pairs = frozenset(pairwise(stems))
        self._exclusive = {
            word
            for names, kind in EXCLUSIVE
            if (held := frozenset().union(*(self.attribute_words.get(name, frozenset()) for name in names)))
            for word in {stem(colour) for colour in kind} - held - self.title_words
        }

    @cached_property
    def sizes(self) -> dict[str, float]:
        """How large the item is, by what is measured: its largest volume, length and mass."""
        found: dict[str, float] = {}
        for name, values in self.item.attributes.items():
            for one in (q for value in values for q in quantities(value) if name.lower() in _SIZE_FIELDS):
                found[one.measures] = max(one.amount, found.get(one.measures, 0.0))
        return found

    def _texts(self) -> list[str]:
        values = [f"{value}. {name} {value}" for name, held in self.item.attributes.items() for value in held]
        return [self.item.title, self.item.description, *values]

    def denies(self, words: Sequence[str]) -> bool:
        """True if the record says that the first of these is not so, and nothing against the others.

        "No palm oil", "it does not sting".
        """
        said = [stem(word) for word in words]
        return bool(said) and any(
            said[0] in clause and all(word in clause or word in self.words for word in said) for clause in self.denied
        )

    def carries(self, word: str) -> bool:
        """True if a field says the word, and no attribute gives another value of its kind."""
        base = stem(word)
        if base in self._exclusive:
            return False
        lacked = word.removesuffix("-free") if word.endswith("-free") else ""
        lacked = word.removeprefix("non-") if word.startswith("non-") else lacked
        if lacked and self.denies([lacked]):
            return True
        parts = [stem(part) for part in word.split("-") if part]
        return base in self.words or (len(parts) > 1 and all(part in self.words for part in parts))

    def is_of(self, word: str, values: Set[str]) -> bool:
        """True if the word is one of the values, of the title or of the brand: no word of the description alone."""
        brand = {stem(token.text) for token in tokens(self.item.brand)}
        return stem(word) in set(values) | self.title_words | brand

    def carries_pair(self, first: str, second: str) -> bool:
        """True if a field has the two words next to each other."""
        return (stem(first), stem(second)) in self.pairs

    def carries_phrase(self, phrase: str) -> bool:
        """True if a field has all the words in this order, one after the other, however inflected."""
        stems = [stem(word) for word in _stream(phrase)]
        return all(pair in self.pairs for pair in pairwise(stems)) and bool(stems)

    def carries_number(self, number: str, before: str, after: str) -> bool:
        """True if the record has the number, or the range "2-5", next to the same word, e.g. "12 cups"."""
        digits = re.split(r"[-–]", number)
        if any(digit not in self.words for digit in digits):
            return False
        if any(pair not in self.pairs for pair in pairwise(digits)):
            return False
        if after and (digits[-1], stem(after)) in self.pairs:
            return True
        return bool(before) and (stem(before), digits[0]) in self.pairs


def records(items: Sequence[Item]) -> list[Record]:
    """The records of the items, in their order."""
    return [Record(item) for item in items]


def _parted(sentence: str) -> tuple[str, list[str]]:
    """What a sentence of the description says, and the clauses in which it denies something, from the denial on."""
    said, denied = [], []
    for clause in _CLAUSES.split(sentence):
        match = _DENIAL.search(clause)
        if match is None:
            said.append(clause)
        else:
            denied.append(clause[match.start() :])
    return " | ".join(said), denied


def _stream(text: str) -> list[str]:
    """The words of a text, numbers apart from their units, number words as digits: "2-person" → 2, person."""
    found = []
    for match in re.finditer(r"\d+(?:[.,]\d+)?|[^\W\d_]+(?:'[^\W\d_]+)*", _in_figures(text.lower().replace("’", "'"))):
        word = match[0]
        if word[0].isdigit():
            word = re.sub(r"[.,](?=\d{3}$)", "", word).replace(",", ".")
        found.append(NUMBER_WORDS.get(word, word))
    return found


def _in_figures(text: str) -> str:
    """The text with its numbers above twelve in figures; the smaller ones are words of their own."""
    return with_digits(text) if _LARGER.search(text) else text


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The word without the endings of plural, -ed, -ing, -ly, -able and -ness; crude, the same for both sides."""
    base = singular(word.lower())
    word = _SAME.get(word.lower(), _SAME.get(base, base))
    if word in FILLERS or word.isdigit() or len(word) < 5:
        return word
    for ending in ("ing", "ness", "ed", "ly", "able", "er", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 4 and word[-1] == word[-2] else word
