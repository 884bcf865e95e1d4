"""The constraints that a message states: price, rating, brands, values, what is refused, what no longer matters.

Pure. Reads one message against the vocabulary and what is shown; what it means for the need, ``chat.need`` decides.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chat.indifference import NO_PREFERENCE, read_indifference
from chat.numbers import spelt_value
from chat.pricing import read_order, read_relative_price, read_sums
from chat.references import find_references
from chat.stated import Constraints
from chat.values import read_values
from retrieval.items import Item

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

__all__ = ["Constraints", "read_constraints", "without_who"]

_RATING = re.compile(
    r"\b(?:(?:at least|minimum|min\.?|over|above|more than|rated|rating(?: of)?"
    r"|with)\s+)*(?P<stars>[1-5](?:[.,]\d)?|one|two|three|four|five)\s?(?:\+|plus)?\s?-?\s?stars?(?:\s?(?:rating|rated"
    r"|reviews?))?(?:\s?(?:and|or)\s(?:up|above|more|better|higher|over)|\s?\+|\s?minimum|\s?plus)?"
    r"|\brat(?:ed|ing)(?: of)? (?:at least |over |above |more than |> ?)?(?P<rated>[1-5](?:[.,]\d)?)(?:\s?\+"
    r"| ?(?:and|or) (?:up|above|more|better|higher))?(?!\w)",
    re.IGNORECASE,
)
_ADDS = re.compile(
    r"^\W*(?:(?:hmm+|ok(?:ay)?|oh|well|actually|maybe|and|yes)\W+)*or\b"
    r"|\b(?:is|are|would be|works?)(?: also)? (?:fine|ok(?:ay)?|good|great|nice|alright)(?:,? (?:too|as well|also))?\b"
    r"|\b(?:too|as well|allowed|again|after all)\W*$",
    re.IGNORECASE,
)
_SOLD_OUT = re.compile(
    r"\b(?:(?:include|including|also|even|show)(?: me)? (?:the )?(?:out[- ]of[- ]stock|sold[- ]out"
    r"|unavailable)(?: ones| items)?|(?:out[- ]of[- ]stock|sold[- ]out)(?: ones| items)? (?:too|as well|also)"
    r"|(?:don'?t mind|doesn'?t matter if)(?: it'?s)? (?:out of stock|sold out))\b",
    re.IGNORECASE,
)
_IN_STOCK = re.compile(
    r"\b(?:(?:only )?(?:that(?:'s| is| are) )?(?:currently )?in stock(?: only)?|available (?:now|right now|today))\b",
    re.IGNORECASE,
)


def read_constraints(
    text: str,
    vocabulary: "Vocabulary",
    shown: Sequence[Item],
    compared: Sequence[Item] | None = None,
    wanted: Sequence[tuple[str, ...]] = (),
) -> Constraints:
    """What the text (already plain) constrains, against the catalogue's words and the items on show.

    ``compared``: those of them that "cheaper" is measured by, where not all were shown for the same thing.
    ``wanted``: the kinds of thing that are wanted already; what the message names itself comes before them.
    """
    read = Constraints(rest=text)
    read.no_preference = NO_PREFERENCE.search(text) is not None
    read.adds = _ADDS.search(text) is not None
    _rating(read)
    read_indifference(read, vocabulary)
    read_sums(read, vocabulary)
    read.references = find_references(read.rest, shown)
    for reference in read.references:
        read.blank(reference.span)
    read_relative_price(read, shown, shown if compared is None else compared)
    read_order(read)
    if match := _SOLD_OUT.search(read.rest):
        read.in_stock_only = False
        read.blank(match.span())
    elif match := _IN_STOCK.search(read.rest):
        read.in_stock_only = True
        read.blank(match.span())
    read_values(read, vocabulary, wanted)
    return read


def without_who(read: Constraints) -> None:
    """Blank the words for whom it is, where something else says what it is."""
    for span in read.who:
        read.blank(span)


def _rating(read: Constraints) -> None:
    if match := _RATING.search(read.rest):
        read.rating_min = _stars(match["stars"] or match["rated"])
        read.blank(match.span())


def _stars(text: str) -> float:
    spelt = spelt_value(text)
    return float(text.replace(",", ".")) if spelt is None else float(spelt)
