"""What of the catalogue a message names: brands, categories and attribute values, each with its place in the text.

Pure. Says what stands where; whether it is wanted or refused, ``chat.need`` decides.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from chat.lexicon import COLOURS, MATERIALS, Lexicon, carries, has_many, holds, key_of, lexicon, stem_of
from chat.words import FILLERS, Token, scripts, singular, tokens, word_set

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

Kind = Literal["brand", "category", "attribute"]

LONGEST_PHRASE = 6  # words of a brand, a category or a value that are looked up together
# Where a value stands under several attributes, the first of these that has it is meant; else any of them.
PRIMARY = (*COLOURS, *MATERIALS, "gender", "department")
# "dark blue" is not the value "blue"; such a shade is left to the search.
_SHADES = word_set("dark light pale bright deep off neon pastel soft dusty baby sky royal hot")
_ARTICLES = re.compile(r"^(?:(with(?:out)?)|has|have|having) (?:an?|the|any|some) ")
_BEARING_NAMES = word_set("dog cat puppy kitten horse son daughter wife husband friend called named name")
LEAST_STEMMED = 7  # letters of a word that may be another form of a value
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
    r"\b(?:(?:in )?(?:an? )?sizes?(?: is| of|:)?|in an?|in) ((?!men\b|kids?\b|boys?\b|girls?\b"
    r"|pair\b)[a-z]{1,4}|\d{1,3}(?:[.,]5)?)(?![\w-]|[.,]\d)"
    r"(?! (?:minutes?|seconds?|hours?|days?|weeks?|months?|years?|steps?|colou?rs?)\b)"
    r"|(?<![\w-])((?i:xxs|xs|xl|xxl|xxxl|2xl|3xl|4xl))(?![\w-])"
    r"|\b(?:(?:(?:wo)?men'?s|ladies'?|boys'?|girls'?|kids'),? |(?:(?:wo)?men|ladies|boys|girls"
    r"|kids) )(?P<whose>\d{1,2}(?:[.,]5)?)(?![\w-]|[.,]\d)"
    r"(?! ?(?:%|[$€£]|people|persons?|years?|yrs?|yo|to|or|and)\b)"
    r"|\bwears?(?: usually| normally)? (?:an? )?(?:(?:uk|us|eu) )?(\d{1,2}(?:[.,]5)?)(?![\w-]|[.,]\d)"
    r"|\b(?:take|need)s? an? (?:(?:uk|us|eu) )?(\d{1,2}(?:[.,]5)?)(?![\w-]|[.,]\d)"
    r"(?! (?:year|month|litre|liter|person|piece))"
    r"|\b(?:wears?|(?:i|he|she|they|who)(?:'s|'m|'re| is| am| are| takes?| needs?)(?: usually| normally)?) an? "
    r"(xxs|xs|s|m|l|xl|xxl|xxxl|[2-4]xl|small|medium|large)(?![\w-]|[.,]\d)"
    r"|\bwaist (?:size )?(\d{2})(?![\w-]|[.,]\d)|(?<![\w.-])(\d{2})(?:[- ]inch)? waist\b"
    r"|^\W*(?:(?:an?|the) )?([sml]|\d{1,2}(?:[.,]5)?)\W*(?:please)?\W*$"
    # "a rain jacket, M, under 80", "linen dress s"
    r"|(?<=, )([sml])(?=\s*(?:[,;]|$))|(?<=[a-z] )(?<!\bin )(?<!\b[xi] )([sml])(?=\W*(?:pl(?:ea)?[sz]e?)?\W*$|,)",
    re.IGNORECASE,
)
_GENDERS = {
    word: who
    for who, words in (
        ("man", "man men's mens male gents guys gentlemen"),
        ("woman", "woman women's womens female ladies lady"),
        ("boy", "boy boys' boy's"), ("girl", "girl girl's girls'"), ("kid", "kid kids' kid's child children's"),
    )
    for word in words.split()
}  # fmt: skip
# Whom something is for: said of things that are made for one or the other, and of a gift in general it says nothing.
RELATIONS = {
    word: who
    for who, words in (
        ("man", "dad daddy father husband boyfriend brother grandpa grandad granddad grandfather uncle "
                "nephew fiancé him"),
        ("woman", "mum mom mummy mommy mother wife girlfriend sister grandma granny grandmother nan aunt auntie niece "
                  "fiancée her"),
        ("kid", "toddler son daughter grandson granddaughter grandchild"),
    )
    for word in words.split()
}  # fmt: skip

# After the name of a thing these make no other thing of it: "soap bars", "candle gift".
_NO_NOUNS = word_set("free under rated bar gift present set selection pack lover fan please idea stuff thing option")
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


def compounded(mentions: list[Mention], text: str, known: Lexicon) -> list[Mention]:
    """The mentions with what stands together only in sense.

    "Green tea" names the kind Tea as well; "tea, black or green" asks for black tea and green tea where tea has no
    colour.
    """
    made = list(mentions)
    for mention in mentions:
        last = mention.text.rpartition(" ")[2]
        first = mention.text.partition(" ")[0]
        if mention.kind != "attribute" or last == mention.text:
            continue
        if (paths := known.paths.get(key_of(last))) and carries(known, paths, mention.attribute):
            span = (mention.span[1] - len(last), mention.span[1])
            made.append(Mention("category", span, last, paths=tuple(paths)))
        elif (paths := known.paths.get(key_of(first))) and carries(known, paths, mention.attribute):
            # "Tea bags" are tea.
            made.append(Mention("category", (mention.span[0], mention.span[0] + len(first)), first, paths=tuple(paths)))
    kinds = [mention for mention in made if mention.kind == "category"]
    for kind in kinds:
        # "Honey" of a kind called Honey & Jam is no jam, where the shop tells the two apart by a value.
        key = key_of(kind.text)
        values = {name: held for name, held in known.values.get(key, {}).items() if carries(known, kind.paths, name)}
        if (
            values
            and all(key_of(path[-1]) != key for path in kind.paths)
            and not any(
                one.kind == "attribute" and one.span[0] < kind.span[1] and kind.span[0] < one.span[1] for one in made
            )
        ):
            name = next(iter(values))
            made.append(Mention("attribute", kind.span, kind.text, attribute=name, values=tuple(values[name])))
    for kind in kinds:
        # "Magnetic tiles" of the kind Building Blocks are its magnetic ones.
        first = kind.text.partition(" ")[0]
        values = known.values.get(first, {})
        name = next((one for one in values if has_many(one) and holds(known, kind.paths, one, values[one])), "")
        if name and first != kind.text and all(key_of(path[-1]) != key_of(kind.text) for path in kind.paths):
            span = (kind.span[0], kind.span[0] + len(first))
            made.append(Mention("attribute", span, first, attribute=name, values=tuple(values[name])))
    for word in tokens(text) if len(kinds) == 1 else ():
        values = known.values.get(f"{word.text} {key_of(kinds[0].text)}", {})
        names = [name for name in values if carries(known, kinds[0].paths, name)]
        held = next((one for one in made if one.span == (word.start, word.end)), None)
        if not names or (held and carries(known, kinds[0].paths, held.attribute)):
            continue
        if any(word.start < one.span[1] and one.span[0] < word.end for one in made if one is not held):
            continue
        made = [one for one in made if one is not held]
        made.append(
            Mention("attribute", (word.start, word.end), word.text, attribute=names[0], values=tuple(values[names[0]]))
        )
    return sorted(made, key=lambda mention: mention.span)


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
    if paths and not (values and _before_noun(text, words, first + length)):
        return Mention("category", span, raw.lower(), paths=tuple(paths))
    if raw.lower() == "down" and re.match(r" (?:to|by|from)\b", text[span[1] :]):
        return None  # "comfortable down to zero"
    shaded = before in _SHADES and not re.search(r"\W{2}$", text[: span[0]])
    if values and not (shaded and any(name.lower() in COLOURS for name in values)):
        name = _attribute_of(values)
        others = () if _is_primary(name) else tuple((n, v) for n, held in values.items() for v in held if n != name)
        meant = tuple(dict.fromkeys(values[name]))
        return Mention("attribute", span, raw.lower(), attribute=name, values=meant, others=others)
    return None


def _known(key: str, known: Lexicon) -> str:
    """The phrase as the shop writes it, where the shopper wrote two words as one or one as two."""
    if key in known.values or key in known.paths or key in known.brands:
        return key
    if (bare := _ARTICLES.sub(lambda match: f"{match[1] or 'with'} ", key)) in known.values:
        return bare  # "with a lid", "has a lid"
    if len(key) > LEAST_STEMMED and (stem := " ".join(map(stem_of, key.split()))) in known.stems:
        return known.stems[stem]  # "ventilation", "to attract bees"
    return known.squashed.get(key.replace(" ", ""), key)


def _names_brand(raw: str, brand: str, before: str, first: int) -> bool:
    if before.isdigit() or before in _BEARING_NAMES:
        return False  # "120 Harrow Lane", "my dog Plover"
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
    also = {"kid": "child", "boy": "kid", "girl": "kid"}.get(who, who)
    hits = [value for key in dict.fromkeys((who, also)) for value in known.values.get(key, {}).get(known.gender, [])]
    unisex = known.values.get("unisex", {}).get(known.gender, []) if everyone and who in ("man", "woman") else []
    return tuple(dict.fromkeys([*hits, *unisex])) if hits else ()


def for_relation(word: str, known: Lexicon) -> tuple[str, ...]:
    """The values for a relation of the shopper's: "dad" → men and unisex."""
    who = RELATIONS.get(word, "")
    return _gender(who, known, everyone=True) if who and known.gender else ()


def _sizes(text: str, known: Lexicon) -> list[Mention]:
    """Sizes said as such: "size 10", "in a 10", "XL", or a message that is nothing but one; a bare number is none."""
    found: list[Mention] = []
    for match in _SIZE.finditer(text):
        said = next(part for part in match.groups() if part)
        if said in ("s", "m", "l") and re.search(r"\d\W*$", text[: match.start()]):
            continue  # "28 l"
        value = known.sizes.get(said.lower().replace(",", ".")) or _range_holding(said, known)
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


def _range_holding(said: str, known: Lexicon) -> str:
    """The size "42-44" for 42 or 43, where no size is called so."""
    for key, value in known.sizes.items() if said.isdigit() else ():
        if (match := re.fullmatch(r"(\d{2})\s?-\s?(\d{2})", key)) and int(match[1]) <= int(said) <= int(match[2]):
            return value
    return ""


def _meet(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _before_noun(text: str, words: list[Token], index: int) -> bool:
    if index >= len(words) or words[index].text[0].isdigit():
        return False
    if re.search(r"[,.;:!?()]|\s[-\u2013\u2014]\s", text[words[index - 1].end : words[index].start]):
        return False  # "a candle, sandalwood"
    return words[index].text not in FILLERS and singular(words[index].text) not in _NO_NOUNS


def _broken(text: str, window: list[Token]) -> bool:
    """True if punctuation parts the words: "red, shoes" is no phrase."""
    gaps = ((a, text[a.end : b.start], b) for a, b in pairwise(window))
    return any(
        re.search(r"[,.;:!?()]", gap) and not (gap in (",", ".") and a.text.isdigit() and b.text[0].isdigit())
        for a, gap, b in gaps
    )


def _inside(word: Token, span: tuple[int, int]) -> bool:
    return word.start >= span[0] and word.end <= span[1]
