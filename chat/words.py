"""English words as the rules need them: plain text of a message, tokens, singulars, and the words that say nothing.

Pure. Knows no catalogue and no shopper.
"""

import re
import unicodedata
from dataclasses import dataclass

LONGEST_MESSAGE = 2_000  # characters that are read; what follows is ignored, so that no message costs seconds


def word_set(text: str) -> frozenset[str]:
    """The words of a table written as one text."""
    return frozenset(text.split())


_TOKEN = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*", re.UNICODE)
_TITLE_END = re.compile(r"[,(\[|]| - | – | in (?=\w+( \w+)?$)")
_COUNT, _LONGEST_UNIT = re.compile(r"[\d.,x]*\d"), 6  # "500 g", "24 pieces"
_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "knives": "knife", "shelves": "shelf", "scarves": "scarf",
    "loaves": "loaf", "leaves": "leaf", "mice": "mouse", "feet": "foot", "teeth": "tooth", "people": "person",
    "wolves": "wolf", "halves": "half", "geese": "goose", "dice": "die", "cookies": "cookie", "movies": "movie",
    "brownies": "brownie", "hoodies": "hoodie", "beanies": "beanie", "shoes": "shoe", "canoes": "canoe",
    "toes": "toe", "bookcases": "bookcase", "axes": "axe", "selfies": "selfie", "ties": "tie", "pies": "pie",
    "tomatoes": "tomato", "potatoes": "potato", "mangoes": "mango", "heroes": "hero",
    "gloves": "glove", "sleeves": "sleeve", "stoves": "stove", "onesies": "onesie", "smoothies": "smoothie",
}  # fmt: skip
_UNCHANGED = word_set(
    "glasses sunglasses jeans trousers pants shorts leggings tights pyjamas pajamas scissors headphones earphones "
    "earbuds binoculars goggles tongs pliers tweezers gas lens dress glass grass class bass mass cross yes plus bus "
    "canvas christmas fitness wireless stainless seamless sleeveless cordless business series species swiss less "
    "tennis atlas cactus lotus bonus virus focus hummus citrus asparagus always across this is was has"
)

# Words that ask, link or fill: they name nothing that could be searched for.
FILLERS = word_set(
    "a an the i im i'm i'd id ill i'll i've ive me my mine myself we we're were us our you your yours he she his him "
    "her fine come comes coming go goes going bring work works thats that's "
    "they them their it its it's is are am be been being was do does did doing done have has had having can could "
    "would will shall should may might must to of and or but so if then than that this these those there here what "
    "what's whats which who whose how why when where want wants wanted need needs needed like likes looking look find "
    "finding search searching show showing see get getting give buy buying purchase got any some something anything "
    "someone thing things stuff one ones please pls kindly help hello hi hey just really very quite rather too also "
    "maybe perhaps about around only even more most much many lot lots few bit little with without for in on at by "
    "from into as up out off over under again still now today currently right ok okay yes yeah yep no not nope well "
    "hmm um uh oh thanks thank cheers good great nice lovely perfect best better cool awesome prefer preferably "
    "recommend recommendation recommendations suggest suggestion suggestions option options choice choices let lets "
    "let's try make made sell selling sells carry stock shop store available let's know think thought hope guess mean "
    "tell actually basically instead else other another same similar different kind kinds type types sort sorts "
    "price prices priced budget cost costs costing cheap cheaper cheapest expensive affordable money spend pay "
    "dont don't doesnt doesn't isnt isn't arent aren't cant can't wont won't didnt didn't wouldnt wouldn't "
    "they're you're we've they've you've he'd she'd we'd they'd they'll we'll she'll he'll it'll there's here's "
    "where's who's how's he's she's don't theirs compare pick picked choose chose why though tho plz thx lol sorry "
    "somewhere rather say definitely actually preferably "
    "oops whoops product products item items piece pieces shopping shop total each every all both either"
)


@dataclass(frozen=True)
class Token:
    """One word of a message with its place."""

    text: str  # lower case
    start: int
    end: int
    raw: str


def plain(message: str) -> str:
    """The message as one line of visible text: invisible and control characters gone, spaces single, length bounded."""
    text = unicodedata.normalize("NFKC", message[: LONGEST_MESSAGE * 2])
    text = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    return " ".join(text.replace("’", "'").replace("‘", "'").split())[:LONGEST_MESSAGE]


def clipped(text: str, most_bytes: int) -> str:
    """The text, cut where it is longer than so many bytes: a bound on its tokens, of which none is below a byte."""
    return text.encode()[:most_bytes].decode(errors="ignore")


def tokens(text: str) -> list[Token]:
    """The words of the text in order, in lower case, with their places."""
    return [Token(match[0].lower().replace("’", "'"), *match.span(), match[0]) for match in _TOKEN.finditer(text)]


def scripts(text: str) -> list[str]:
    """The script of each letter, e.g. ["LATIN", "CYRILLIC"]; of a letter without a name, ""."""
    return [unicodedata.name(char, "").partition(" ")[0] for char in text if char.isalpha()]


def singular(phrase: str) -> str:
    """The phrase with its last word in singular: "hiking boots" → "hiking boot"."""
    head, space, last = phrase.rpartition(" ")
    return head + space + _singular_word(last)


def forms(word: str) -> tuple[str, ...]:
    """The phrase, its singular and its plural, each once, as given first."""
    one = singular(word)
    if one in _UNCHANGED:
        many = one
    elif re.search(r"(?:s|x|z|ch|sh)$", one):
        many = one + "es"
    elif re.search(r"[^aeiou]y$", one):
        many = one[:-1] + "ies"
    else:
        many = one + "s"
    return tuple(dict.fromkeys((word, one, many)))


def content_words(text: str) -> list[str]:
    """The words that could be searched for, in order."""
    return [token.text for token in tokens(text) if token.text not in FILLERS]


def _singular_word(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _UNCHANGED or len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if re.search(r"(?:sses|xes|zzes|ches|shes)$", word):
        return word[:-2]
    if word.endswith("'s"):
        return word[:-2]
    return word[:-1]


def title_head(title: str) -> list[str]:
    """The words of a title before its first comma or bracket, without a size or a number at their end.

    >>> title_head("Larkfield Harvest filter coffee machine 10 cups, copper")
    ['larkfield', 'harvest', 'filter', 'coffee', 'machine']
    """
    words = [token.text for token in tokens(_TITLE_END.split(title)[0])]
    while len(words) > 1 and (
        words[-1][0].isdigit() or (_COUNT.fullmatch(words[-2]) and len(words[-1]) <= _LONGEST_UNIT)
    ):
        words.pop()
    return words
