"""The catalogue's words turned around: from a phrase in one spelling to the brand, kind or value that it names.

Pure. Made once for each vocabulary; what of it stands in a message, ``chat.mentions`` says.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from chat.numbers import with_digits
from chat.record import COLOURS as COLOUR_WORDS
from chat.record import MATERIALS as MATERIAL_WORDS
from chat.words import FILLERS, scripts, singular, tokens

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

COLOURS = ("colour", "color")
SIZES = ("size", "shoe size", "clothing size")
MATERIALS = ("material", "fabric")
SHORTEST_SQUASHED = 6  # letters of a phrase that may be written together or apart: "water proof", "glutenfree"
_YES = frozenset({"yes", "true", "y"})
# Everyday names of one and the same kind of thing: where the shop has one of them as a kind, the others mean it too.
_SAME_KINDS = (
    ("sweater", "jumper", "pullover", "jersey"), ("backpack", "rucksack", "knapsack"),
    ("sneaker", "trainer", "tennis shoe", "gym shoe"), ("trousers", "pants", "slacks"),
    ("t-shirt", "tee", "tee shirt", "tshirt"), ("sofa", "couch", "settee"), ("biscuit", "cookie"), ("dress", "frock"),
    ("headphones", "earphones", "earbuds", "headset"), ("speaker", "loudspeaker"), ("pushchair", "stroller", "buggy", "pram"), ("nappy", "diaper"),
    ("torch", "flashlight"), ("cushion", "throw pillow"), ("throw", "throw blanket"), ("planter", "plant pot", "flowerpot"),
    ("jewellery", "jewelry"), ("moisturiser", "moisturizer"), ("pyjamas", "pajamas"), ("hat", "cap", "beanie"),
    ("lead", "leash"), ("soft toy", "plush toy", "stuffed animal", "cuddly toy", "plushie", "teddy"),
    ("puzzle", "jigsaw", "jigsaw puzzle"), ("curtain", "drape"), ("duvet", "comforter"), ("bedding", "bed linen", "bedclothes"),
    ("coffee maker", "coffee machine"), ("carrier", "baby carrier", "baby sling"), ("board game", "boardgame"),
    ("laptop", "notebook computer"), ("phone", "smartphone", "mobile", "cell phone"), ("television", "tv", "telly"),
    ("bag", "handbag", "purse"), ("pan", "frying pan", "saucepan"), ("jacket", "coat", "anorak"),
    ("water bottle", "drinking bottle"),
)  # fmt: skip
# Everyday words of values, by the value that a shop is likely to list.
_SAME_VALUES = (
    ("caffeine-free", "decaf", "decaffeinated", "without caffeine", "no caffeine"), ("grey", "gray"),
    ("men", "man"), ("multicolour", "multicolor", "multicoloured", "multicolored", "colourful", "colorful", "rainbow"),
    ("waterproof", "rainproof"), ("unscented", "fragrance-free", "perfume-free", "scent-free"),
    ("dairy-free", "milk-free", "without dairy"), ("gluten-free", "without gluten"), ("sugar-free", "without sugar"),
    ("wireless", "cordless"), ("rechargeable", "USB rechargeable"), ("aluminium", "aluminum"),
    ("fair trade", "fairtrade"), ("noise cancelling", "noise canceling", "noise cancellation"),
    ("machine washable", "washable", "machine wash"), ("with handles", "handles"), ("foldable", "folding"),
    ("reflective", "reflects light"), ("cotton", "100% cotton"),
)  # fmt: skip
_PETS = ("dog", "cat", "puppy", "kitten")
_UNITS = (
    (r"l(?:it(?:re|er))?s?|ltr", "l"), (r"m(?:illi)?l(?:it(?:re|er))?s?", "ml"), (r"g(?:r|ram(?:me)?)?s?", "g"),
    (r"k(?:ilo)?g(?:ram)?s?|kilos?", "kg"), (r"cm|centimet(?:re|er)s?", "cm"), (r"met(?:re|er)s?", "m"),
    (r"people|persons?|pers|pax|man", "person"), (r"pieces?|pcs?", "piece"), (r"h(?:rs?|ours?)", "hour"),
    (r"min(?:ute)?s?", "minute"),
)  # fmt: skip
_UNIT = tuple((re.compile(rf"(?<=\d )(?:{spelt})\b"), short) for spelt, short in _UNITS)


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
    _name_alike(made)
    made.squashed = {
        squashed: key
        for key in (*made.brands, *made.paths, *made.values)
        if len(squashed := key.replace(" ", "")) >= SHORTEST_SQUASHED
    }
    made.scripts = frozenset(scripts("".join((*made.brands, *made.paths, *made.values))))
    _name_materials(made, vocabulary)
    _name_colours(made, vocabulary)
    return made


def _name_alike(made: Lexicon) -> None:
    """Lets everyday names of a kind or a value mean the shop's own, where the shop has no such word itself."""
    for names in _SAME_KINDS:
        keys = [key_of(name) for name in names]
        held = next((made.paths[key] for key in keys if key in made.paths), None)
        for key in keys if held else ():
            if key not in made.paths and key not in made.values:
                made.paths[key] = list(held or ())
    for key, paths in list(made.paths.items()):
        if key.startswith("pet "):
            for pet in _PETS:
                made.paths.setdefault(f"{pet} {key.removeprefix('pet ')}", paths)
    for names in _SAME_VALUES:
        keys = [key_of(name) for name in names]
        known = next((made.values[key] for key in keys if key in made.values), None)
        for key in keys if known else ():
            if key not in made.values and key not in made.paths:
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
    return singular(words)
