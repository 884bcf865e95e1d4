"""What of the catalogue a message names: brands, categories and attribute values, each with its place in the text.

Pure. Says what stands where; whether it is wanted or refused, ``chat.need`` decides.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from chat.lexicon import COLOURS, MATERIALS, Lexicon, key_of, lexicon
from chat.words import FILLERS, Token, scripts, singular, tokens, word_set

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

Kind = Literal["brand", "category", "attribute"]

LONGEST_PHRASE = 6  # words of a brand, a category or a value that are looked up together
# Where a value stands under several attributes, the first of these that has it is meant; else any of them.
PRIMARY = (*COLOURS, *MATERIALS, "gender", "department")
# "dark blue" is not the value "blue"; such a shade is left to the search.
_SHADES = word_set("dark light pale bright deep off neon pastel soft dusty baby sky royal hot")
# Attributes of which an item has several values at once: asked for one after the other, all of them must hold.
MANY = word_set("feature features diet diets dietary tag tags property properties benefit benefits certification "
                "certifications function functions extras technology technologies suitability")  # fmt: skip
# Brands that are also everyday words count only as written, or after "from" or "by".
_EVERYDAY = word_set(
    "next only fossil guess gap boss coach target apple orange her him she he vero free people theory vince express "
    "mango diesel replay shell puma jaguar dove tide method simple nature basics essentials home living sun moon star "
    "north south east west river mountain forest summit trail ridge stone oak pine cedar maple lark fern willow hearth "
    "harbor harbour field bloom nest root roots seed flow pulse swift spark ember drift tidal wild true pure clear "
    "bright good better best first second third one two three rose ivy sage olive clover hazel amber ruby pearl coral "
    "small big max pro plus mini prime core edge peak alpine arctic polar urban nomad scout ranger hunter baker "
    "cook chef little happy kind honest daily every day night light black white red blue green"
)
_SIZE = re.compile(
    r"\b(?:(?:in )?sizes?(?: is| of|:)?|in an?|in) ([a-z]{1,4}|\d{1,3}(?:[.,]5)?)(?![\w.-])"
    r"|(?<![\w-])((?i:xxs|xs|xl|xxl|xxxl|2xl|3xl|4xl))(?![\w-])"
    r"|\b(?:(?:wo)?men'?s|ladies'?|boys'?|girls'?|kids'?) (?P<whose>\d{1,2}(?:[.,]5)?)(?![\w.-])"
    r"|^\W*([SMLsml]|\d{1,2}(?:[.,]5)?)\W*(?:please)?\W*$",
    re.IGNORECASE,
)
_GENDERS = {
    "man": "man", "men's": "man", "mens": "man", "male": "man", "gents": "man", "guys": "man", "gentlemen": "man",
    "woman": "woman", "women's": "woman", "womens": "woman", "female": "woman", "ladies": "woman", "lady": "woman",
    "boy": "boy", "boys'": "boy", "boy's": "boy", "girl": "girl", "girl's": "girl",
    "kid": "kid", "kids'": "kid", "kid's": "kid", "child": "kid", "children's": "kid",
}  # fmt: skip

_FOR = word_set("for a an my the his her our your suits fits")


@dataclass(frozen=True)
class Mention:
    """One thing of the catalogue that the message names."""

    kind: Kind
    span: tuple[int, int]  # in the text
    text: str  # as the shopper wrote it, in lower case
    brand: str = ""
    paths: tuple[tuple[str, ...], ...] = ()
    attribute: str = ""
    values: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()  # the same value of other attributes, where it is not clear which is meant

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every (attribute name, value) that may be meant."""
        return (*((self.attribute, value) for value in self.values), *self.others)


def is_foreign(text: str, vocabulary: "Vocabulary") -> bool:
    """True if most letters of the words asked for are of scripts in which the catalogue names nothing."""
    known = lexicon(vocabulary).scripts
    asked = scripts("".join(token.text for token in tokens(text) if token.text not in FILLERS))
    return bool(known) and sum(script not in known for script in asked) * 2 > len(asked)


def has_many(name: str) -> bool:
    """True if an item may well have several values of this attribute at once."""
    return name.lower().rpartition(" ")[2] in MANY


def find_mentions(text: str, vocabulary: "Vocabulary") -> list[Mention]:
    """What of the catalogue the text names, longest phrases first where they overlap, in the order of the text."""
    known = lexicon(vocabulary)
    words = tokens(text)
    found = _sizes(text, known)
    taken = {index for index, word in enumerate(words) for hit in found if _inside(word, hit.span)}
    for length in range(min(LONGEST_PHRASE, len(words)), 0, -1):
        for first in range(len(words) - length + 1):
            window = words[first : first + length]
            if taken & set(range(first, first + length)) or _broken(text, window):
                continue
            hit = _lookup(text, words, first, length, known)
            if hit:
                found.append(hit)
                taken |= set(range(first, first + length))
    return sorted(found, key=lambda mention: mention.span)


def _lookup(text: str, words: list[Token], first: int, length: int, known: Lexicon) -> Mention | None:
    window = words[first : first + length]
    span = (window[0].start, window[-1].end)
    raw = text[span[0] : span[1]]
    key = _known(key_of(raw), known)
    before = words[first - 1].text if first else ""
    brand = known.brands.get(key)
    values = known.values.get(key, {})
    paths = known.paths.get(key, [])
    if (
        brand
        and (not (values or paths) or before in ("from", "by", "brand"))
        and _names_brand(raw, brand, before, first)
    ):
        return Mention("brand", span, raw.lower(), brand=brand)
    if length == 1 and known.gender and window[0].text not in FILLERS:
        gender = _gender(window[0].text, known, everyone=before in _FOR)
        if gender:
            return Mention("attribute", span, raw.lower(), attribute=known.gender, values=gender)
    if paths and not (values and _before_noun(words, first + length)):
        return Mention("category", span, raw.lower(), paths=tuple(paths))
    if values and before not in _SHADES:
        name = _attribute_of(values)
        others = () if _is_primary(name) else tuple((n, v) for n, held in values.items() for v in held if n != name)
        meant = tuple(dict.fromkeys(values[name]))
        return Mention("attribute", span, raw.lower(), attribute=name, values=meant, others=others)
    return None


def _known(key: str, known: Lexicon) -> str:
    """The phrase as the shop writes it, where the shopper wrote two words as one or one as two."""
    if key in known.values or key in known.paths or key in known.brands:
        return key
    return known.squashed.get(key.replace(" ", ""), key)


def _names_brand(raw: str, brand: str, before: str, first: int) -> bool:
    if " " in raw or before in ("from", "by", "brand"):
        return True
    if key_of(raw) in _EVERYDAY or raw.lower() in FILLERS:
        return raw == brand and raw[0].isupper() and first > 0
    return True


def _attribute_of(values: dict[str, list[str]]) -> str:
    """The attribute that a value belongs to, or the first of them where that is not clear."""
    by_lower = {name.lower(): name for name in values}
    return next((by_lower[name] for name in PRIMARY if name in by_lower), next(iter(values)))


def _is_primary(name: str) -> bool:
    return name.lower() in PRIMARY


def _gender(word: str, known: Lexicon, everyone: bool) -> tuple[str, ...]:
    """The values for a man, a woman or a child; what is for ``everyone`` suits a person, but is no "men's jacket"."""
    who = _GENDERS.get(word) or _GENDERS.get(singular(word), "")
    if not who:
        return ()
    hits = [
        value
        for key in (who, "child" if who == "kid" else who)
        for value in known.values.get(key, {}).get(known.gender, [])
    ]
    unisex = known.values.get("unisex", {}).get(known.gender, []) if everyone and who in ("man", "woman") else []
    return tuple(dict.fromkeys([*hits, *unisex])) if hits else ()


def _sizes(text: str, known: Lexicon) -> list[Mention]:
    """Sizes said as such: "size 10", "in a 10", "XL", or a message that is nothing but one; a bare number is none."""
    found: list[Mention] = []
    for match in _SIZE.finditer(text):
        said = next(part for part in match.groups() if part)
        value = known.sizes.get(said.lower().replace(",", "."))
        if value and not any(_meet(match.span(), held.span) for held in found):
            span = match.span("whose") if match["whose"] else match.span()
            found.append(
                Mention(
                    "attribute",
                    span,
                    text[span[0] : span[1]].lower(),
                    attribute=known.size_name,
                    values=(value,),
                )
            )
    return found


def _meet(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _before_noun(words: list[Token], index: int) -> bool:
    return index < len(words) and words[index].text not in FILLERS


def _broken(text: str, window: list[Token]) -> bool:
    """True if punctuation parts the words: "red, shoes" is no phrase."""
    gaps = ((a, text[a.end : b.start], b) for a, b in pairwise(window))
    return any(
        re.search(r"[,.;:!?()]", gap) and not (gap == "," and a.text.isdigit() and re.match(r"\d{3}$", b.text))
        for a, gap, b in gaps
    )


def _inside(word: Token, span: tuple[int, int]) -> bool:
    return word.start >= span[0] and word.end <= span[1]
