"""Which facts of an item a text speaks of: "how heavy", "lighter" and "weight" are one.

Pure. Knows the words that shoppers use for what records call otherwise; knows nothing of what is said about a fact.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from chat.record import stem
from chat.words import FILLERS, singular, tokens
from retrieval.items import Item

PRICE, RATING, BRAND, CATEGORY, STOCK = "price", "rating", "brand", "category", "stock"

# What a shopper says, and the names under which merchants keep it, the likeliest first.
_SPOKEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"heav(?:y|ier|iest)|light(?:er|est)|weighs?|weight", ("weight", "item weight", "net weight")),
    (
        r"how (?:big|large|small|wide|tall|high|long|deep)|bigger|biggest|larger|largest|smaller|smallest|dimensions?"
        r"|measurements?|measures?",
        ("dimensions", "size", "height", "width", "length", "depth", "diameter", "capacity", "volume"),
    ),
    (r"tall(?:er|est)?|high(?:er|est)|height", ("height", "dimensions")),
    (r"wid(?:e|er|est|th)", ("width", "dimensions")),
    (r"length|long(?:er|est)", ("length", "dimensions")),
    (r"deep(?:er|est)?|depth", ("depth", "dimensions")),
    (
        r"holds?|fit (?:in|into|inside)|capacity|volume|how many (?:people|persons|litres|liters|cups)"
        r"|fits? \d+|how much (?:does|do|can|will) \w+(?: \w+)? (?:hold|take)|room(?:ier|iest|y)",
        ("capacity", "volume", "sleeps", "size"),
    ),
    (r"colou?rs?|shades?", ("colour", "color", "shade")),
    (r"made (?:out )?of|made from|materials?|fabrics?", ("material", "fabric", "composition", "upper")),
    (r"made in|come from|comes from|origin|country", ("origin", "made in", "country", "country of origin")),
    (r"ingredients?|contains?|what'?s in (?:it|this|that)", ("ingredients", "contains")),
    (r"warm(?:er|est)?|temperatures?|cold(?:er|est)?|how (?:hot|cold)", ("temperature", "warmth", "comfort", "season")),
    (r"wash(?:ed|able|ing)?|clean(?:ed|ing)?|dishwasher|laundry|care", ("care", "cleaning", "washing", "dishwasher")),
    (r"batter(?:y|ies)|(?:run|last)s? (?:on|out)|charge[sd]?|charging|powered", ("battery", "power", "battery life")),
    (r"loud(?:er|est)?|quiet(?:er|est)?|nois[ey]\w*", ("noise", "loudness")),
    (r"smells?|scent(?:ed)?|fragrances?|perfumed?", ("scent", "fragrance")),
    (r"tastes?|flavou?rs?", ("flavour", "flavor", "taste", "notes")),
    (r"how old|ages?|years? old", ("age", "ages")),
    (r"guarantee[sd]?|warrant(?:y|ies)", ("warranty", "guarantee")),
    (r"sizes?", ("size", "sizes")),
    (r"for (?:men|women|boys|girls|kids|children|whom)|gender", ("gender", "for", "age")),
    (r"thick(?:er|est|ness)?", ("thickness",)),
    (r"fast(?:er|est)?|speeds?", ("speed",)),
    (r"bright(?:er|est|ness)?|lumens?", ("brightness", "lumens")),
    (r"powerful|watts?|wattage|power", ("power", "wattage")),
    (r"vegan|vegetarian|gluten|lactose|nuts?|halal|kosher|sugar", ("diet", "allergens", "ingredients")),
)
_OWN: tuple[tuple[str, str], ...] = (
    (
        PRICE,
        r"prices?|priced|costs?|cheap(?:er|est)?|expensive|dear(?:er|est)?|how much (?:is|are|for)|afford\w*"
        r"|[$€£]\s?\d+",
    ),
    (RATING, r"rat(?:ed|ing|ings)|reviews?|reviewed|stars?"),
    (BRAND, r"brands?|makers?|who makes|manufacturer|made by"),
    (STOCK, r"in stock|available|availability|sold out|out of stock|how many (?:are|do you have) left"),
)
_SPOKEN_RE = tuple((re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE), names) for words, names in _SPOKEN)
_OWN_RE = tuple((key, re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)) for key, words in _OWN)


def canonical(name: str) -> str:
    """An attribute's name for comparing: lower case, one spelling."""
    return " ".join(name.lower().replace("_", " ").split()).replace("color", "colour")


def spoken_of(text: str, names: Iterable[str]) -> list[str]:
    """The attributes among ``names`` (canonical) that the text speaks of by name, in the order of how surely."""
    held = list(dict.fromkeys(names))
    said = {stem(token.text) for token in tokens(text)}
    found = [name for name in held if (parts := {stem(part) for part in name.split()}) and parts <= said]
    for pattern, likely in _SPOKEN_RE:
        if pattern.search(text):
            found += [name for name in map(canonical, likely) if name in held]
    return list(dict.fromkeys(found))


def likely_name(text: str) -> str:
    """What records mostly call the fact that the text speaks of, whether this one has it or not; "" if it is none."""
    return next((likely[0] for pattern, likely in _SPOKEN_RE if pattern.search(text)), "")


def values_named(text: str, attributes: Mapping[str, Sequence[str]]) -> list[str]:
    """The attributes of which the text names a value: "waterproof" for features, "red" for colour."""
    said = f" {' '.join(singular(token.text) for token in tokens(text))} "
    return [
        name
        for name, values in attributes.items()
        if any(
            f" {' '.join(singular(token.text) for token in tokens(value))} " in said
            for value in values
            if value.lower() not in FILLERS and tokens(value)
        )
    ]


def own_spoken_of(text: str) -> list[str]:
    """Which of the facts that every record has a place for the text speaks of: price, rating, brand, stock."""
    return [key for key, pattern in _OWN_RE if pattern.search(text)]


def attributes_of(item: Item) -> dict[str, tuple[str, ...]]:
    """The item's attributes by their canonical names."""
    return {canonical(name): values for name, values in item.attributes.items() if values}
