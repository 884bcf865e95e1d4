"""Words as the lexical arm compares them: one normalisation for what merchants write and what shoppers type.

Pure. Knows units, sizes, model numbers, plurals and stems of English; knows no catalogue, no index and no list of
products. The same text gives the same terms on both sides, so that "16 gb" finds "16GB" and "kb-220" finds "KB220".
"""

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import tantivy

LONGEST_TERM = 40  # characters; what is longer is no word, and is cut
MOST_CHARACTERS = 8000  # of one text; the rest of a longer one is not read
LONGEST_MODEL_NAME = 12  # letters of the word before a number that may be one model's name with it ("playstation 4")

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
    |(?P<hyphened>[^\W_]+(?:-[^\W_]+)+)
    |(?P<word>[^\W_]+(?:['’][^\W_]+)?)""",
    re.VERBOSE,
)
_PARTS = re.compile(r"\d+|[^\W\d_]+")
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


def terms(text: str) -> list[str]:
    """The terms of a text, in its order: folded, units joined to their number, words stemmed.

    A model such as "kb220" or "iphone5s" gives itself and then its parts, as does a word followed by a number.

    >>> terms('KB-220 keyboards, 17" wide, 10 ounces')
    ['kb220', 'kb', '220', 'keyboard', '17in', 'wide', '10oz']
    """
    return [term for group in _groups(text) for term in group]


def query_terms(text: str) -> list[str]:
    """The distinct terms worth searching for: like ``terms``, without words that say nothing.

    A text of nothing but such words gives them all.

    >>> query_terms("I want a tent for the lake")
    ['tent', 'lake']
    """
    found = list(dict.fromkeys(terms(text)))
    return [term for term in found if term not in _STOP_WORDS] or found


def words(text: str) -> list[str]:
    """The words of a text as they stand, folded to lower case without accents: what spelling is checked on."""
    return [match["word"] for match in _MEASURE.finditer(folded(text)) if match["word"]]


def folded(text: str) -> str:
    """Lower case, without accents, one form for each character; lone surrogates and what cannot be read are dropped."""
    cut = text[:MOST_CHARACTERS]
    if cut.isascii():
        return cut.lower()
    plain = unicodedata.normalize("NFKD", cut.encode("utf-8", "ignore").decode())
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold().replace("\u2044", "/")


def _groups(text: str) -> Iterator[list[str]]:
    """The terms of each word, measure or model of the text."""
    before = ""  # the word just before, where it may be the name of a model whose number comes next
    for match in _MEASURE.finditer(folded(text)):
        name, before = before, ""
        if match["size"]:
            yield ["x".join(_number(one) for one in re.findall(_NUMBER, match["size"]))]
        elif match["number"]:
            unit = "in" if match["inch"] is not None else _kept(match["attached"] or match["spaced"])
            yield [_number(match["number"]) + unit]
        elif match["pack"]:
            yield [f"{match['pack']}pack"]
        elif match["decimal"]:
            number = _number(match["decimal"])
            yield [number, name + number] if name else [number]
        elif match["hyphened"]:
            yield _hyphened(match["hyphened"].split("-"))
        else:
            word = _POSSESSIVE.sub("", match["word"]).replace("'", "").replace("’", "")
            if any(char.isdigit() for char in word):
                whole, *parts = _model(word)
                yield [whole, *parts, name + whole] if name and not parts else [whole, *parts]
            else:
                yield [stem(word)] if word else []
                before = word if word not in _STOP_WORDS and len(word) <= LONGEST_MODEL_NAME else ""


def _hyphened(parts: list[str]) -> list[str]:
    """Words joined by hyphens: each of them, and the whole as one word ("wi-fi" is "wifi" too)."""
    each = [term for part in parts for term in ([stem(part)] if part.isalpha() else _model(part))]
    return [stem("".join(parts)), *each] if len(parts) == 2 else each


def _model(token: str) -> list[str]:
    """A token of letters and digits, and its parts where it has two: "kb220" is "kb 220", "5s" only itself."""
    parts = _PARTS.findall(token)
    if len(parts) == 1 or token[0].isdigit():
        return [token[:LONGEST_TERM]]
    return [token[:LONGEST_TERM], stem(parts[0]), token[len(parts[0]) :][:LONGEST_TERM]]


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
