"""What a message says of the price: sums, "cheaper", "a bit more", the cheapest first.

Pure. Knows the wording and what is shown; what the bounds make of the need, ``chat.limits`` decides.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from chat.mentions import find_mentions
from chat.money import UNITLESS_NEXT, Money, currency_name, find_money, parse_amount
from chat.numbers import SPELT
from chat.references import ORDINALS
from chat.refusals import BLANK
from chat.stated import Constraints, overlaps
from chat.want import Order
from retrieval.items import Item

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

_CHEAPER = re.compile(
    r"\b(?:(?:something|anything|any|one|ones|a bit|a little|much|even|any) )*(?:cheaper|less expensive"
    r"|less pricey|more affordable|lower priced|lower price|not so expensive|less costly)(?: (?:ones?|options?"
    r"|alternatives?|than (?:that|this|these|those|it)))?\b|\btoo (?:expensive|pricey|dear|costly|much money)\b",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    rf"\b(?:(?P<less>(?:something |anything |a bit |much )*(?:cheaper|less(?: expensive| pricey)?|lower|under|below))"
    rf"|(?:more(?: expensive)?|dearer|pricier|over|above))(?: in price)?(?: than)? (?={BLANK})",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"\b(?:make (?:it|that)|(?:set|lower|raise|change|put|bring|cut|drop|increase|move|reduce|up|take|stretch|push"
    r"|extend|bump)"
    r"(?: the| my| our)?(?: price| spending)?(?: limit| budget| maximum| max| cap| price| ceiling| it| that)"
    r"(?: down| up| back)?(?: to)?|let'?s (?:go|do) (?:up )?to) "
    rf"(?P<sum>\d[\d.,]*\d|\d|{SPELT})(?![\w.,]*\d)",
    re.IGNORECASE,
)
_LAST_NUMBER = re.compile(rf"(?:^|[.;,!?:]\s*)(?P<sum>\d[\d.,]*\d|\d|{SPELT})(?=\W*(?:please|max)?\W*$)", re.IGNORECASE)
_THAN_ONE = re.compile(rf"\W*than (?P<which>(?:the )?(?:{'|'.join(ORDINALS)})) ?(?:one)?\b", re.IGNORECASE)
_DEARER = re.compile(
    r"\b(?:(?:something|a bit|a little|much) )*(?:more expensive|pricier|higher end|more upmarket"
    r"|more premium)(?: (?:ones?|options?))?\b",
    re.IGNORECASE,
)
_BIT_MORE = re.compile(
    r"\b(?:(?:i )?(?:can|could|would|will|i'll|i'd|happy to|willing to|ok(?:ay)? to) )?(?:spend|pay|go"
    r"|stretch(?: to)?) (?:a (?:bit|little) )?(?:more|higher|further)\b|^\W*a (?:bit|little) more\W*$",
    re.IGNORECASE,
)
_ORDER: tuple[tuple[Order, re.Pattern[str]], ...] = (
    (
        "cheapest",
        re.compile(
            r"\b(?:cheapest(?: ones?)? (?:on|at the|up) top|cheapest|least expensive|lowest[- ]priced?|most affordable"
            r"|(?:lowest|low|cheap(?:est)?) (?:price )?first"
            r"|by price,? (?:lowest|ascending|low to high|up)|low to high|price ascending)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "dearest",
        re.compile(
            r"\b(?:most expensive|priciest|dearest|most premium|(?:highest|high) (?:price )?first|high to low"
            r"|price descending)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "best_rated",
        re.compile(
            r"\b(?:best|highest|top)[- ](?:rated|reviewed|ratings?|reviews?|scores?|scored)\b|\bmost stars\b"
            r"|\b(?:people|customers|everyone|everybody|others|shoppers)(?:'s)? (?:favou?rites?|like best"
            r"|love most|like (?:the )?most"
            r"|rate (?:the )?(?:best|highest))\b|\b(?:best|most)[- ](?:liked|loved)\b|\b(?:crowd"
            r"|customer) favou?rites?\b"
            r"|\bbest (?:customer |user |star )?(?:ratings?|reviews?)\b"
            r"|\bby rating\b|\brated (?:the )?(?:best|highest)\b",
            re.IGNORECASE,
        ),
    ),
)


def read_sums(read: Constraints, vocabulary: "Vocabulary") -> None:
    """The sums that bound the price; one in another currency than the shop's bounds nothing, and that is said."""
    currency = vocabulary.currency
    # "UPF 50+" and "100 g" are values, however a number beside them is worded.
    mentions = find_mentions(read.rest, vocabulary)
    values = [mention.span for mention in mentions if mention.kind == "attribute" and re.search(r"\d", mention.text)]
    starts = {mention.span[0] for mention in mentions if not mention.text[0].isdigit()}
    for money in (*find_money(read.rest, starts.__contains__), *_changed(read.rest)):
        if not money.currencies and any(overlaps(money.span, span) for span in values):
            continue
        if money.fits(currency):
            read.price = _joined(read.price, money)
        else:
            ours, said = currency_name(currency), _bare_sum(money.text)
            read.notes.append(
                f"The shop's prices are in {ours}, so I have not filtered by {said}: what is your limit in {ours}?"
            )
        if not read.rest[money.span[0] : money.span[1]].startswith(BLANK):
            read.blank(money.span)


def _changed(text: str) -> list[Money]:
    """A bare sum that changes a limit: "make that 250", "lower it to fifteen", "still too dear. 30"."""
    found = []
    for pattern in (_CHANGED, *([_LAST_NUMBER] if _CHEAPER.search(text) else [])):
        for match in pattern.finditer(text):
            amount = parse_amount(match["sum"])
            if amount is not None and UNITLESS_NEXT.match(text, match.end()):
                found.append(Money(None, amount, frozenset(), match.span(), match[0], bare=True))
    return found


def _bare_sum(text: str) -> str:
    match = re.search(r"\S?\d.*", text)
    return match[0].strip() if match else text


def _joined(held: Money | None, new: Money) -> Money:
    """Two bounds of one message as one: "over 20 but under 50"; of two of the same side the later counts."""
    if held is None:
        return new
    low = new.low if new.low is not None else held.low
    high = new.high if new.high is not None else held.high
    if low is not None and high is not None and low > high:
        return new
    return Money(low, high, new.currencies or held.currencies, new.span, f"{held.text} {new.text}")


def read_relative_price(read: Constraints, shown: Sequence[Item], compared: Sequence[Item]) -> None:
    """ "Cheaper" is below the item pointed at, else below the first of ``compared`` that has a price."""
    if _by_comparison(read, shown):
        return
    pointed = {reference.item_id for reference in read.references}
    priced = [item.price for item in compared if item.price is not None]
    base = next((item.price for item in shown if item.id in pointed and item.price is not None), None)
    base = base if base is not None else next(iter(priced), None)
    if match := _CHEAPER.search(read.rest):
        read.cheaper = True
        read.price_below = base
        if base is None and read.price is None:
            read.order = "cheapest"
        read.blank(match.span())
        if base is not None and not pointed and (unseen := _THAN_ONE.match(read.rest[match.end() :])):
            read.notes.append(f"I can't see {unseen['which']} one here, so I went by {_priced_at(shown, base)}.")
            read.blank((match.end(), match.end() + unseen.end()))
    elif match := _DEARER.search(read.rest):
        read.price_above = base
        read.blank(match.span())
    elif match := _BIT_MORE.search(read.rest):
        read.stretch = True
        read.blank(match.span())


def _by_comparison(read: Constraints, shown: Sequence[Item]) -> bool:
    """True if the text sets the price against pointed-at items: "dearer than the wok, but less than the skillet"."""
    at = {reference.span[0]: reference.item_id for reference in read.references}
    prices = {item.id: item.price for item in shown}
    compared = False
    for match in _COMPARED.finditer(read.rest):
        price = prices.get(at.get(match.end(), ""))
        if price is None:
            continue
        compared = True
        if match["less"]:
            read.cheaper, read.price_below = True, price
        else:
            read.price_above = price
        read.blank(match.span())
    return compared


def _priced_at(shown: Sequence[Item], price: Decimal) -> str:
    return next(item.title for item in shown if item.price == price)


def read_order(read: Constraints) -> None:
    """ "The cheapest", "best rated": an order of what is wanted."""
    for name, pattern in _ORDER:
        if match := pattern.search(read.rest):
            read.order = name
            read.blank(match.span())
