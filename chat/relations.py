"""How a sentence ties a word to an item: made of, comes in, is a. A word may be the record's and the tie still false.

Pure. Knows the record's fields by their names.
"""

import re

from chat.ages import age_of
from chat.pointers import BLANK
from chat.record import COLOURS, Record, stem
from chat.words import FILLERS, tokens, word_set

_BOUNDARY = (
    r"(?=[.,;!\ufffc]|\s(?:and (?:is|are|has|have|comes?|costs?|its|it|they|a|an|the)\b|with|for|that"
    r"|which|while|but|in|at|to|from|on|is|are|has|have|comes?|costs?|its|so)\b|$)"
)
_MADE_OF = re.compile(
    rf"\b(?:made|woven|knitted|built|crafted|cut) (?:of|from|out of|in|with) (?P<what>.+?){_BOUNDARY}", re.IGNORECASE
)
_COMES_IN = re.compile(
    rf"\b(?:comes?|is|are|available|offered|sold) in (?:an? |the )?(?P<what>.+?){_BOUNDARY}", re.IGNORECASE
)
_IS_A = re.compile(rf"\b(?:is|are|as) (?:also )?(?:an?|the) (?P<what>.+?){_BOUNDARY}", re.IGNORECASE)
_FOR = re.compile(
    r"\bfor (?:your |the |an? )?(?P<who>men|women|kids|children|babies|toddlers|boys|girls|adults|teens|dogs"
    r"|cats|everyone)\b",
    re.IGNORECASE,
)
_BROKEN = re.compile(
    r"\b(?:is|are) (?:has|have|comes?|costs?|is|are)\b|\b(?:comes?|has|have|is|are|made|and|in|a|an|the|of)\s*[.!]"
    r"|\b(?:a|an) (?:and|is|are|in|of|with)\b|\b(\w+) \1\b|\bcomes? (?:unisex|made)\b|\b(?:is|are) in (?:unisex"
    r"|all)\b"
    r"|\b\w+: |;|\bmade of [\w-]+-free\b|\b(?:is|are) (?:made of )?\w+ and (?:is )?its?\b|\bits \w+ (?:is|are) its\b",
    re.IGNORECASE,
)
# What an item may be called without its record saying so.
_KINDS = word_set(
    "choice option pick match fit item piece one product way set pair pack idea thing sort kind treat joy present gift"
)
_MATERIAL_FIELDS = (
    "material",
    "fabric",
    "fill",
    "ingredients",
    "contents",
    "shell",
    "lining",
    "upper",
    "sole",
    "frame",
)
_FORM_FIELDS = (
    "colour", "color", "primary colour", "primarycolor", "size", "finish", "pattern", "scent", "flavour", "flavor",
    "form", "fit", "theme", "shade", "style", "pieces", "pack", "variety",
)  # fmt: skip


def wrong_tie(part: str, records: list[Record]) -> str:
    """The first tie that a record does not carry, or that is no English; empty if there is none."""
    if match := _BROKEN.search(part):
        return f"broken: {match[0].strip()}"
    for match in _MADE_OF.finditer(part):
        if not all(_fields_carry(record, match["what"], _MATERIAL_FIELDS, "of") for record in records):
            return f"made of {match['what']}"
    for match in _COMES_IN.finditer(part):
        if not all(_fields_carry(record, match["what"], _FORM_FIELDS, "in") for record in records):
            return f"comes in {match['what']}"
    for match in _IS_A.finditer(part):
        if not all(_is_kind(record, match["what"]) for record in records):
            return f"is a {match['what']}"
    for match in _FOR.finditer(part):
        if not all(_is_for(record, match["who"].lower()) for record in records):
            return f"for {match['who']}"
    return ""


def _fields_carry(record: Record, what: str, fields: tuple[str, ...], link: str) -> bool:
    """True if each word stands in one of the fields, in the title, or in the record after "of" or "in"."""
    held = frozenset().union(*(record.attribute_words.get(name, frozenset()) for name in fields))
    words = [
        token.text for token in tokens(what) if token.text not in FILLERS and token.text not in ("colour", "color")
    ]
    if not words:
        return BLANK in what  # what was verified already: "comes in 1 kg bags"
    if len(words) > 1 and record.carries_phrase(what):
        return True  # "a set of five", in figures or in words
    return all(
        stem(word) in held
        or stem(word) in record.title_words
        or record.carries_pair(link, word)
        or (not held and record.carries(word) and word not in COLOURS)
        or all(stem(half) in held | record.title_words for half in word.split("-"))
        for word in words
    )


def _is_kind(record: Record, what: str) -> bool:
    """True if the last word of "is a …" is a word of the title or of the category."""
    words = [token.text for token in tokens(what)]
    if not words:
        return BLANK in what
    last = stem(words[-1])
    kinds = record.title_words | {stem(t.text) for part in record.item.category for t in tokens(part)}
    if record.carries(words[-1]) and words[-1] in ("small", "medium", "large"):
        return True
    return last in kinds or words[-1] in _KINDS or (len(words) > 1 and record.carries_phrase(what))


def _is_for(record: Record, who: str) -> bool:
    said = stem(who)
    fields = ("for", "gender", "age", "pet", "animal", "suits")
    held = frozenset().union(*(record.attribute_words.get(name, frozenset()) for name in fields))
    youngest = age_of(record)
    if youngest is not None and who in ("kids", "children") and "adult" not in held:
        return True  # an age in months or years is a child's
    return said in held or said in record.title_words or record.carries_pair("for", who)
