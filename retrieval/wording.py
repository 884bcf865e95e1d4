"""Words as the lexical arm compares them: one normalisation for what merchants write and what shoppers type.

Pure. Knows units, sizes, model numbers, plurals and stems of English; knows no catalogue, no index and no list of
products. The same text gives the same terms on both sides, so that "16 gb" finds "16GB" and "kb-220" finds "KB220".
"""

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import tantivy

LONGEST_TERM = 40  # characters; what is longer is no word, and is cut
MOST_CHARACTERS = 8000  # of one text; the rest of a longer one is not read
LONGEST_MODEL_NAME = 12  # letters of the word before a number that may be one model's name with it ("pixel 7")

# Every spelling of a unit that may follow a number, by the one that is kept.
_UNITS = {
    "oz": "oz ounce ounces floz",
    "lb": "lb lbs pound pounds",
    "g": "g gr gram grams gramme grammes",
    "kg": "kg kgs kilo kilos kilogram kilograms",
    "mg": "mg milligram milligrams",
    "ml": "ml milliliter milliliters millilitre millilitres",
    "cl": "cl",
    "l": "l ltr liter liters litre litres",
    "gal": "gal gallon gallons",
    "qt": "qt quart quarts",
    "in": "in inch inches",
    "ft": "ft foot feet",
    "yd": "yd yds yard yards",
    "mm": "mm millimeter millimeters millimetre millimetres",
    "cm": "cm centimeter centimeters centimetre centimetres",
    "m": "m meter meters metre metres",
    "gb": "gb gig gigs gigabyte gigabytes",
    "tb": "tb terabyte terabytes",
    "mb": "mb megabyte megabytes",
    "mp": "mp megapixel megapixels",
    "w": "w watt watts",
    "kw": "kw kilowatt kilowatts",
    "v": "v volt volts",
    "mah": "mah",
    "hz": "hz hertz",
    "mhz": "mhz",
    "ghz": "ghz",
    "pack": "pack packs pk pks",
    "piece": "piece pieces pc pcs",
    "count": "count ct",
    "person": "person persons people",
    "ply": "ply",
    "k": "k",
}
_KEPT = {spelling: kept for kept, spellings in _UNITS.items() for spelling in spellings.split()}
# With a space before them these are words or sizes of their own: "2 in 1", "9 M", "5 l".
_ATTACHED_ONLY = {"in", "m", "l", "k"}

_NUMBER = r"\d+(?:[.,]\d+)*(?:/\d+)?"
_UNIT = "|".join(sorted(_KEPT, key=len, reverse=True))
_SPACED = "|".join(sorted(set(_KEPT) - _ATTACHED_ONLY, key=len, reverse=True))
_MARK = r"""(?:\s?(?:"|''|′′|″|”)|\s?-?\s?(?:inch(?:es)?|in|cm|mm|ft|feet)\b\.?)?"""
_MEASURE = re.compile(
    rf"""(?P<size>{_NUMBER}{_MARK}(?:\s?(?:x|×|by)\s?{_NUMBER}{_MARK})+)(?![a-z0-9])
    |(?P<number>{_NUMBER})(?:
        \s?(?:"|''|″|”|′′)(?P<inch>)
        |(?:(?P<attached>(?:{_UNIT}))|[\s-]\s?(?P<spaced>fl\.?\s?oz|fluid\sounces?|(?:{_SPACED})))(?![a-z0-9])\.?
    )
    |packs?\sof\s(?P<pack>\d+)(?!\w)
    |(?P<decimal>{_NUMBER})(?!\w)
    |(?P<hyphened>[^\W_]+(?:-[^\W_]+){{1,3}})
    |(?P<word>[^\W_]+(?:['’][^\W_]+)?)""",
    re.VERBOSE,
)
_POSSESSIVE = re.compile(r"['’]s?$")

_IRREGULAR = {
    "men": "man",
    "women": "woman",
    "mens": "man",
    "womens": "woman",
    "children": "child",
    "childrens": "child",
    "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse",
    "geese": "goose",
    "knives": "knife",
    "shelves": "shelf",
    "scarves": "scarf",
    "leaves": "leaf",
    "loaves": "loaf",
    "halves": "half",
    "wolves": "wolf",
    "wives": "wife",
    "elves": "elf",
    "calves": "calf",
    "hooves": "hoof",
    "dwarves": "dwarf",
    "jewellery": "jewelry",
    "colour": "color",
    "colours": "color",
    "coloured": "color",
    "grey": "gray",
}

_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a about an and any are as at be but by can could do does for from get give got had has have hi hello how i if "
        "in into is it its just like looking me my need of on or our please recommend search shop show so some "
        "something than that the their them there these they this those to too up us very want was we what when where "
        "which who will with would you your",
    )
)


class Word(NamedTuple):
    """One word of a text, or a measure such as "10 oz", as terms that compare."""

    text: str  # folded, as it stands
    term: str
    parts: tuple[str, ...] = ()  # of "kb-220" and "wi-fi": what also says the same, all of them together
    model: str = ""  # with the word before it, as one name: "pixel7" of the "7" in "pixel 7"

    @property
    def telling(self) -> bool:
        """False for words that say nothing of an item: "a", "with", "show"."""
        return self.text not in _STOP_WORDS


def terms(text: str) -> list[str]:
    """Every term of a text, in its order: folded, units joined to their number, words stemmed.

    >>> terms('KB-220 keyboards, 17" wide, 10 ounces')
    ['kb220', 'kb', '220', 'keyboard', '17in', 'wide', '10oz']
    """
    found: list[str] = []
    for word in words(text):
        found.append(word.term)
        found.extend(word.parts)
        if word.model:
            found.append(word.model)
    return found


def pairs(found: Iterable[Word]) -> list[tuple[Word, Word]]:
    """Each two telling words of a text that follow each other."""
    telling = [word for word in found if word.telling]
    return list(pairwise(telling))


def pair_term(first: str, second: str) -> str:
    """The term for two terms that follow each other."""
    return f"{first}_{second}"


def asked(text: str) -> list[Word]:
    """The distinct words worth searching for, in order; a text of nothing but words that say nothing gives them all.

    >>> [word.term for word in asked("I want a tent for the lake")]
    ['tent', 'lake']
    """
    found = list({word.term: word for word in words(text)}.values())
    return [word for word in found if word.telling] or found


def written(text: str) -> list[str]:
    """The distinct words of letters alone, folded but not stemmed: what spelling knows and checks."""
    return list(dict.fromkeys(re.findall(r"(?<!\w)[^\W\d_]+(?!\w)", folded(text).replace("'", "").replace("’", ""))))


def folded(text: str) -> str:
    """Lower case, without accents, one form for each character; lone surrogates and what cannot be read are dropped."""
    cut = text[:MOST_CHARACTERS]
    if cut.isascii():
        return cut.lower()
    plain = unicodedata.normalize("NFKD", cut.encode("utf-8", "ignore").decode())
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold().replace("\u2044", "/")


def words(text: str) -> Iterator[Word]:
    """The words of a text, in its order."""
    before = ""  # the word just before, where it may be the name of a model whose number comes next
    for match in _MEASURE.finditer(folded(text)):
        name, before = before, ""
        said = match[0]
        if match["size"]:
            yield Word(said, "x".join(_number(one) for one in re.findall(_NUMBER, match["size"])))
        elif match["number"]:
            unit = "in" if match["inch"] is not None else _kept(match["attached"] or match["spaced"])
            yield Word(said, _number(match["number"]) + unit)
        elif match["pack"]:
            yield Word(said, f"{match['pack']}pack")
        elif match["decimal"]:
            number = _number(match["decimal"])
            yield Word(said, number, model=name + number if name else "")
        elif match["hyphened"]:
            yield _hyphened(said)
        else:
            word = _POSSESSIVE.sub("", said).replace("'", "").replace("’", "")
            if any(char.isdigit() for char in word):
                parts = _parts(word)
                yield Word(word, word[:LONGEST_TERM], parts, name + word if name and not parts else "")
            elif word:
                yield Word(word, stem(word))
                before = word if word not in _STOP_WORDS and len(word) <= LONGEST_MODEL_NAME else ""


def _hyphened(said: str) -> Word:
    """Words joined by hyphens: the whole as one word ("wi-fi" is "wifi"), and each of them."""
    split = said.split("-")
    return Word(said, stem("".join(split)), tuple(stem(part) for part in split))


def _parts(token: str) -> tuple[str, ...]:
    """The name and the number of a model: "kb220" is "kb 220"; "5s" is one."""
    name = re.match(r"[^\W\d]+", token)
    return (stem(name[0]), token[name.end() :][:LONGEST_TERM]) if name else ()


def _kept(unit: str) -> str:
    return _KEPT.get(unit, "oz")  # what is in no list is a spelling of fluid ounces


def _number(text: str) -> str:
    """One spelling a number: "1,000" is "1000", "10.50" is "10.5"."""
    plain = re.sub(r",(?=\d{3}(?!\d))", "", text).replace(",", ".")
    return plain.rstrip("0").rstrip(".") if plain.count(".") == 1 else plain


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The stem of one folded English word; of irregular plurals, the singular's."""
    regular = _IRREGULAR.get(word, word)
    if not regular.isascii() or not regular.isalpha():
        return regular[:LONGEST_TERM]
    tokens = _stemmer().analyze(regular)
    return tokens[0][:LONGEST_TERM] if tokens else regular[:LONGEST_TERM]


_stemmers = threading.local()


def _stemmer() -> tantivy.TextAnalyzer:
    """This thread's stemmer: one cannot be asked by two threads at once."""
    made: tantivy.TextAnalyzer | None = getattr(_stemmers, "english", None)
    if made is None:
        builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).filter(tantivy.Filter.stemmer("English"))
        made = _stemmers.english = builder.build()
    return made
