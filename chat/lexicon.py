"""The catalogue's words turned around: from a phrase in one spelling to the brand, kind or value that it names.

Pure. Made once for each vocabulary; what of it stands in a message, ``chat.mentions`` says.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from chat.names import KINDS, NARROWER, VALUES
from chat.numbers import with_digits
from chat.record import COLOURS as COLOUR_WORDS
from chat.record import MATERIALS as MATERIAL_WORDS
from chat.words import FILLERS, scripts, singular, tokens, word_set
from retrieval.spelling import english

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

COLOURS = ("colour", "color")
SIZES = ("size", "shoe size", "clothing size")
MATERIALS = ("material", "fabric")
SHORTEST_STEM = 5  # letters
SHORTEST_SQUASHED = 6  # letters of a phrase that may be written together or apart: "water proof", "glutenfree"
_YES = frozenset({"yes", "true", "y"})
_COUNTED = re.compile(
    r"(?P<low>\d+(?:\.\d+)?)(?:\s?[-–]\s?(?P<high>\d+(?:\.\d+)?)|(?P<more>\s?\+))?\s?(?P<unit>[A-Za-z]+)"
)
_ENDINGS = re.compile(r"(?:ations?|ating|at(?:ed|es?)|able|ive|ing|ion|ed|es|ly|s)$")
# Attributes of which an item has several values at once: asked for one after the other, all of them must hold.
_MANY = word_set("feature features diet diets dietary tag tags property properties benefit benefits certification "
                 "certifications function functions extras technology technologies suitability")  # fmt: skip
SHORTEST_BRIEF = 5  # letters of a brand's first word that may stand for it
# The last words of too many kinds of thing, of which a shop may well have only one.
_TOO_COMMON = word_set(
    "bed beds case game games kit kits light lights maker makers machine pack set sets tool tools toy toys block blocks"
    " box stand holder cover bag bags piece part accessory other care food work wear room home"
)
PETS = ("dog", "cat", "puppy", "kitten")
_UNITS = (
    (r"l(?:it(?:re|er))?s?|ltr", "l"), (r"m(?:illi)?l(?:it(?:re|er))?s?", "ml"), (r"g(?:r|ram(?:me)?)?s?", "g"),
    (r"k(?:ilo)?g(?:ram)?s?|kilos?", "kg"), (r"cm|centimet(?:re|er)s?", "cm"), (r"met(?:re|er)s?", "m"),
    (r"people|persons?|pers|pax|man|p", "person"), (r"pieces?|pcs?", "piece"), (r"h(?:rs?|ours?)?", "hour"),
    (r"min(?:ute)?s?", "minute"), (r"w(?:att)?s?", "w"),
    (r"lumens?|lm", "lumen"), (r"gsm|g/m2", "gsm"), (r"degrees?(?: c(?:elsius)?)?|celsius", "c"),
)  # fmt: skip
_SIDES = re.compile(r"(\d+) x (\d+) (\w+)")  # which of the two is said first is all the same
_BELOW_ZERO = re.compile(r"\s*[-\u2212]\s?\d")
_UNIT = tuple((re.compile(rf"(?<=\d )(?:{spelt})\b"), short) for spelt, short in _UNITS)


@dataclass(frozen=True)
class Counted:
    """A value that counts something: "2-4 players" of the attribute "players", "1.5 L" of "capacity"."""

    attribute: str
    value: str
    low: float
    high: float  # infinite for "3+ years"


@dataclass
class Lexicon:
    """The vocabulary turned around: from a phrase in singular to what it names."""

    brands: dict[str, str] = field(default_factory=dict)
    paths: dict[str, list[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(list))
    values: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    gender: str = ""  # the attribute that holds men, women, unisex, if there is one
    sizes: dict[str, str] = field(default_factory=dict)  # size value in lower case → value; of the attribute "size"
    size_name: str = ""
    scripts: frozenset[str] = frozenset()  # that its words are written in
    colour_name: str = ""  # the attribute that holds colours, if there is one
    carried: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)  # by each path and its beginnings
    held: dict[tuple[str, ...], dict[str, set[str]]] = field(default_factory=dict)  # values there, in lower case
    counted: dict[str, list["Counted"]] = field(default_factory=lambda: defaultdict(list))  # by unit
    ends: dict[str, set[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(set))  # by a kind's last word
    stems: dict[str, str] = field(default_factory=dict)  # of values that things have several of → the value
    squashed: dict[str, str] = field(default_factory=dict)  # a phrase without its spaces → the phrase


_LEXICONS: dict[int, tuple["Vocabulary", Lexicon]] = {}


def lexicon(vocabulary: "Vocabulary") -> Lexicon:
    """The vocabulary's lexicon, made once for each vocabulary object."""
    held = _LEXICONS.get(id(vocabulary))
    if held and held[0] is vocabulary:
        return held[1]
    made = _build(vocabulary)
    if len(_LEXICONS) > 8:  # a new vocabulary comes with every new generation of the catalogue
        _LEXICONS.clear()
    _LEXICONS[id(vocabulary)] = (vocabulary, made)
    return made


def _build(vocabulary: "Vocabulary") -> Lexicon:
    made = Lexicon()
    for brand in vocabulary.brands:
        if len(key := key_of(brand)) > 1:
            made.brands.setdefault(key, brand)
            if "&" in brand:
                made.brands.setdefault(key_of(brand.replace("&", " and ")), brand)
    for path in vocabulary.categories:
        for depth in range(1, len(path) + 1):
            for name in names_of_segment(path[depth - 1]):
                if path[:depth] not in made.paths[name]:
                    made.paths[name].append(path[:depth])
    for name, paths in made.paths.items():
        # "tea" is the category Tea where there is one, and not the department Food & Tea as well.
        whole = [path for path in paths if key_of(path[-1]) == name]
        made.paths[name] = whole or paths
    for name, values in vocabulary.attributes.items():
        lowered = name.lower()
        if any(key_of(value) in ("man", "woman", "unisex") for value in values):
            made.gender = made.gender or name
        if lowered in SIZES:
            made.size_name = made.size_name or name
            made.sizes = made.sizes or {value.lower(): value for value in values}
        for value in values:
            key = key_of(lowered if value.lower() in _YES else value)
            if len(key) > 2 and not key.replace(".", "").isdigit() and key not in FILLERS:
                made.values[key][name].append(value)
            elif value.isdigit() and lowered not in SIZES:
                made.values[key_of(f"{value} {lowered}")][name].append(value)  # 120 of "pieces"
            if sides := _SIDES.fullmatch(value):
                made.values[key_of(f"{sides[2]} x {sides[1]} {sides[3]}")][name].append(value)
    _name_briefly(made, vocabulary)
    _name_alike(made)
    _count(made, vocabulary)
    for word, letters in (("small", "s"), ("medium", "m"), ("large", "l"), ("extra large", "xl")):
        if letters in made.sizes and made.sizes[letters] not in made.values[word][made.size_name]:
            made.values[word][made.size_name].append(made.sizes[letters])
    for key, held in made.values.items():
        if any(has_many(name) for name in held) and len(stem_of(key)) >= SHORTEST_STEM:
            made.stems.setdefault(" ".join(map(stem_of, key.split())), key)
    for path, names in vocabulary.carried.items():
        for depth in range(1, len(path) + 1):
            made.carried[path[:depth]] = made.carried.get(path[:depth], frozenset()) | names
    for path, by_name in vocabulary.held.items():
        for depth in range(1, len(path) + 1):
            there = made.held.setdefault(path[:depth], {})
            for name, some in by_name.items():
                there.setdefault(name, set()).update(some)
    made.squashed = {
        squashed: key
        for key in (*made.brands, *made.paths, *made.values)
        if len(squashed := key.replace(" ", "")) >= SHORTEST_SQUASHED
    }
    for path in vocabulary.categories:
        made.ends[key_of(path[-1]).rpartition(" ")[2]].add(path)
    made.scripts = frozenset(scripts("".join((*made.brands, *made.paths, *made.values))))
    _name_materials(made, vocabulary)
    _name_colours(made, vocabulary)
    return made


def _count(made: Lexicon, vocabulary: "Vocabulary") -> None:
    """Reads the numbers of values that count something, by what they count."""
    for name, values in vocabulary.attributes.items():
        for value in values:
            if (match := _COUNTED.fullmatch(value.strip())) is None:
                continue
            unit = key_of(f"2 {match['unit']}").removeprefix("2 ")
            low = float(match["low"])
            high = float(match["high"]) if match["high"] else float("inf") if match["more"] else low
            made.counted[unit].append(Counted(name, value, low, high))


def stem_of(word: str) -> str:
    """The word without what makes it a noun or a participle: "ventilation" and "ventilated" → "ventil"."""
    return _ENDINGS.sub("", word)


def carries(known: Lexicon, paths: Iterable[tuple[str, ...]], name: str) -> bool:
    """True if things of these kinds have the attribute, or nothing is known of what they have."""
    held = [known.carried[path] for path in paths if path in known.carried]
    return not held or any(name in names for names in held)


def holds(known: Lexicon, paths: Iterable[tuple[str, ...]], name: str, values: Iterable[str]) -> bool:
    """True if a thing of these kinds has one of the values, or nothing is known of what they have."""
    held = [known.held[path] for path in paths if path in known.held]
    wanted = {value.lower() for value in values}
    return not held or any(wanted & there.get(name, set()) for there in held)


def _name_briefly(made: Lexicon, vocabulary: "Vocabulary") -> None:
    """Lets "lotion" mean Body Lotion and "Moorcroft" the only brand that begins so, where they mean nothing else."""
    ends: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for path in vocabulary.categories:
        for name in names_of_segment(path[-1]):
            ends[name.rpartition(" ")[2]].append(path)
    for word, paths in ends.items():
        if len(set(paths)) == 1 and word not in made.paths and word not in made.values and _may_name(word):
            made.paths[word] = list(paths[:1])
    firsts: dict[str, set[str]] = defaultdict(set)
    for brand in vocabulary.brands:
        firsts[key_of(brand).partition(" ")[0]].add(brand)
    for word, brands in firsts.items():
        if len(brands) == 1 and len(word) >= SHORTEST_BRIEF and word not in english() and word not in made.paths:
            made.brands.setdefault(word, next(iter(brands)))


def _may_name(word: str) -> bool:
    return len(word) > 3 and word not in FILLERS and word not in _TOO_COMMON


def _name_alike(made: Lexicon) -> None:
    """Lets everyday names of a kind or a value mean the shop's own, where the shop has no such word itself."""
    own = frozenset(made.paths)  # what the shop itself calls a kind
    for names in KINDS:
        keys = [key_of(name) for name in names]
        held = next((made.paths[key] for key in keys if key in made.paths), None)
        for key in keys if held else ():
            if key not in made.paths and key not in made.values:
                made.paths[key] = list(held or ())
    for kind, *things in NARROWER:
        if (held := made.paths.get(key_of(kind))) is not None:
            for key in map(key_of, things):
                if key not in made.paths and key not in made.values:
                    made.paths[key] = list(held)
    for key, paths in list(made.paths.items()):
        if key.startswith("pet "):
            for pet in PETS:
                made.paths.setdefault(f"{pet} {key.removeprefix('pet ')}", paths)
    for names in VALUES:
        keys = [key_of(name) for name in names]
        known = next((made.values[key] for key in keys if key in made.values), None)
        for key in keys if known else ():
            if key not in made.values and key not in own:
                made.values[key] = known or {}


def _name_colours(made: Lexicon, vocabulary: "Vocabulary") -> None:
    """Lets "green" mean "Forest Green" and "Bottle Green": all that hold the word, where no value is called so."""
    for name, values in vocabulary.attributes.items():
        held: dict[str, list[str]] = defaultdict(list)
        for value in values if name.lower() in COLOURS else ():
            for word in COLOUR_WORDS & set(key_of(value).split()):
                held[word].append(value)
        made.colour_name = made.colour_name or (name if name.lower() in COLOURS else "")
        for word, longer in held.items():
            if word not in made.values:
                made.values[word][name] = longer


def _name_materials(made: Lexicon, vocabulary: "Vocabulary") -> None:
    """Lets "velvet" mean "cotton velvet": the material itself, where no other value is called so."""
    for name, values in vocabulary.attributes.items():
        short: dict[str, list[str]] = defaultdict(list)
        for value in values if name.lower() in MATERIALS else ():
            # Who asks for wool is served by merino wool, and who refuses plastic has no use for recycled plastic.
            whole = key_of(value).rpartition(" ")[2]
            if whole != key_of(value) and whole in made.values and name in made.values[whole]:
                made.values[whole][name].append(value)
            last = key_of(value).rpartition(" ")[2]
            if last != key_of(value) and len(last) > 3 and last not in FILLERS and last not in made.paths:
                short[last].append(value)
        for value in values if name.lower() in MATERIALS else ():
            # "Merino" is merino wool, where it stands for nothing else; "organic" is no material.
            first, _, last = key_of(value).partition(" ")
            if last and first in MATERIAL_WORDS and first not in made.paths:
                short[first].append(value)
        for last, held in short.items():
            if last not in made.values:
                made.values[last][name] = held


def names_of_segment(segment: str) -> Iterable[str]:
    """The phrases that name a category: itself, and each part of "Jackets & Coats"."""
    parts = re.split(r"\s*(?:&|,|/|\band\b)\s*", segment)
    return dict.fromkeys(key_of(part) for part in (segment, *parts) if len(part) > 1)


@lru_cache(maxsize=65_536)
def key_of(phrase: str) -> str:
    """The phrase in the one spelling that is looked up: "750ml" is "750 ml", "1,000 pieces" "one thousand pieces"."""
    words = with_digits(" ".join(token.text for token in tokens(phrase)).replace("-", " "))
    words = re.sub(r"(?<=\b\d) (?=\d{3}\b)", "", words)
    words = re.sub(r"(?<=\d)(?=[a-z])", " ", words)
    if any(char.isdigit() for char in words):
        for spelt, short in _UNIT:
            words = spelt.sub(short, words)
    return singular(f"minus {words}" if _BELOW_ZERO.match(phrase) else words)


def has_many(name: str) -> bool:
    """True if an item may well have several values of this attribute at once."""
    return name.lower().rpartition(" ")[2] in _MANY
