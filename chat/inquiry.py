"""Questions that a query over the catalogue answers: how many, which brands, in which colours, what they cost.

Pure. Knows the wording of such questions, and gives back the rest of the message, which says what they ask about; that
is read like any other wish. Superlatives ("the cheapest tent") are an order of the want: ``chat.constraints`` reads it.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chat.words import singular

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

Kind = Literal["extreme", "count", "brands", "values", "kinds", "prices", "any"]


@dataclass(frozen=True)
class Inquiry:
    """What is asked of the catalogue itself."""

    kind: Kind
    attribute: str = ""  # of "values": the catalogue's name for what is asked, e.g. "colour"
    sure: bool = True  # False: such words ask for a number of things only where a kind of thing is named

    @property
    def is_of_prices(self) -> bool:
        """True if the answer is a sum of money."""
        return self.kind in ("prices", "any")


_LEAD = (
    r"^(?:\W|\b(?:hi|hello|hey|there|ok(?:ay)?|so|well|and|also|just|now|thanks|great|please|in|actually"
    r"|(?:can|could|would) you (?:please )?tell me|tell me|do you know|i(?:'d| would) like to know|i wonder)\b)*"
)
_HAVE = r"(?:have|carry|sell|stock|offer|got|keep)"
# What follows the thing: "do you have", "are there here", "in the shop". Cut off, so that it names nothing.
_TAIL = re.compile(
    rf"\s*\b(?:(?:do|have|can) (?:you|we|i)(?: guys)?(?: {_HAVE}| get| choose from| buy)?"
    rf"|(?:does|has) (?:the|this|your) (?:shop|store)(?: {_HAVE})?"
    rf"|(?:are|is) there|you {_HAVE}|are (?:in stock|available|sold)|exist"
    r"|(?:do they |does it )?comes? in|(?:are|is) (?:they |it )?available(?: in)?)"
    r"(?: (?:here|in (?:total|all|(?:the|your) (?:shop|store))|altogether|right now|now|available))*(?=\W|$)",
    re.IGNORECASE,
)
_COST = r"(?:cost|go for|sell for|run|set me back)"
_PRICES = (
    re.compile(
        rf"{_LEAD}(?:what(?:'s| is| are)? )?(?:the |your )?(?:(?:usual|typical|general) )?(?:price range|price level"
        r"|range of prices|prices|price|cost)s? (?:of|for|on)\b(?P<thing>.+)",
        re.IGNORECASE,
    ),
    re.compile(rf"{_LEAD}(?:what|how much) (?:do|does|would|will)\b(?P<thing>.+?)\b{_COST}\b", re.IGNORECASE),
    re.compile(rf"{_LEAD}how (?:much|expensive|cheap|dear) (?:is|are)\b(?P<thing>.+)", re.IGNORECASE),
    re.compile(rf"{_LEAD}what(?:'s| is) the price range\b(?P<thing>)", re.IGNORECASE),
)
_BRANDS = (
    re.compile(rf"{_LEAD}(?:which|what|how many) (?:different |other )?(?:brands|makers|makes)\b(?P<thing>.*)", re.I),
    re.compile(rf"{_LEAD}(?:which|what|how many) (?P<thing>(?:[\w'-]+ ){{1,3}})brands\b(?P<more>.*)", re.I),
)
_VALUES = re.compile(
    rf"{_LEAD}(?:which|what|how many) (?:different |other )?(?P<name>[\w-]+s)\b(?P<thing> (?:do|does|are|is|can|of|for"
    r"|in|have)\b.*|\W*$)",
    re.IGNORECASE,
)
_KINDS = re.compile(
    rf"{_LEAD}(?:which|what|how many) (?:different )?(?:kinds|types|sorts|varieties) of\b(?P<thing>.+)", re.IGNORECASE
)
_COUNT = re.compile(rf"{_LEAD}(?:how many(?: different)?|what number of)\b(?P<thing>.+)", re.IGNORECASE)
_ANY = re.compile(
    rf"{_LEAD}(?:(?:do you {_HAVE}|have you(?: got)?|is there|are there|(?:you )?got)"
    rf" (?:anything|something|things|stuff|items|products)"
    rf"|what (?:do you {_HAVE}|c(?:an|ould) i (?:get|buy)|have you got|is there))\b",
    re.IGNORECASE,
)
_WHICH_OF = re.compile(
    rf"{_LEAD}which(?: one)? of (?:your|the|all(?: the| your)?)\b(?P<thing>.+?)(?:\bis\b|\bare\b)", re.I
)
_OF_THEM = re.compile(r"^\s*of (?:them|these|those)\b", re.IGNORECASE)
_LINK = re.compile(r"^\s*(?:do|does|are|is|of|for|in|the|your|a|an|you have|have|make|makes|sell)\b", re.IGNORECASE)
# "How much is it?" asks about what is shown.
_POINTS = re.compile(r"\b(?:it|this|that|these|those|its|their)\b", re.IGNORECASE)
# "How many pieces does the puzzle have?" asks about a thing, and not for a number of things.
_VERB = re.compile(r"\b(?:do|does|did|can|could|will|would|should|has|had)\b", re.IGNORECASE)


def read_inquiry(text: str, vocabulary: "Vocabulary") -> tuple[Inquiry, str] | None:
    """The question and the text that says what it asks about ("" where it says nothing); None if it is none."""
    for pattern in _BRANDS:
        if match := pattern.search(text):
            return _of(Inquiry("brands"), f"{match['thing']} {match.groupdict().get('more') or ''}")
    if match := _KINDS.search(text):
        return _of(Inquiry("kinds"), match["thing"], tail=True)
    if (match := _VALUES.search(text)) and (name := _attribute(match["name"], vocabulary)):
        return _of(Inquiry("values", name), match["thing"])
    for pattern in _PRICES:
        if match := pattern.search(text):
            return _of(Inquiry("prices"), match["thing"])
    if match := _COUNT.search(text):
        thing = _OF_THEM.sub(" ", match["thing"])
        sure = _TAIL.search(thing) is not None or thing != match["thing"]
        return _of(Inquiry("count", sure=sure), thing)
    return None


def asks_for_any(text: str) -> bool:
    """True if the words ask whether there is anything at all: "do you have anything between 20 and 30 dollars"."""
    return _ANY.search(text) is not None


def without_which(text: str) -> str:
    """ "Which of your kettles is best rated" as "kettles best rated": what is asked for, without the asking."""
    if match := _WHICH_OF.search(text):
        return f"{match['thing'].strip()} {text[match.end() :].strip()}"
    return text


def _of(inquiry: Inquiry, thing: str, *, tail: bool = False) -> tuple[Inquiry, str] | None:
    if tail and not _TAIL.search(thing):
        return None  # "what kinds of tent are best for snow" asks for advice
    thing = _TAIL.sub(" ", thing)
    while link := _LINK.match(thing):
        thing = thing[link.end() :]
    thing = re.sub(r"\b(?:here|they|them|there|available|(?:that |which )?(?:are|is))\b", " ", thing)
    if _POINTS.search(thing) or _VERB.search(thing):
        return None
    return inquiry, " ".join(thing.split()).strip(" ?!.")


def _attribute(word: str, vocabulary: "Vocabulary") -> str:
    """The catalogue's attribute that the plural names, in either spelling of "colour"; "" if there is none."""
    said = singular(word.lower()).replace("color", "colour")
    return next(
        (name for name in vocabulary.attributes if singular(name.lower()).replace("color", "colour") == said), ""
    )
