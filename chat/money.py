"""Sums of money: finds them in a message with what they bound, and writes them for the shopper.

Pure. Knows amounts, currencies and the words around them; knows nothing of items or of the need.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from chat.numbers import SPELT, spelt_value

AROUND = Decimal("0.2")  # "around 50" means 20% below to 20% above

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "CAD": "CA$", "AUD": "A$", "CHF": "CHF "}
CURRENCY_NAMES = {
    "USD": "US dollars",
    "EUR": "euros",
    "GBP": "pounds",
    "JPY": "yen",
    "INR": "rupees",
    "CAD": "Canadian dollars",
    "AUD": "Australian dollars",
    "CHF": "Swiss francs",
}
DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"})
_WHOLE_ONLY = frozenset({"JPY"})

# Each pattern with the currencies it may mean; a bare "$" is whatever dollar the shop counts in.
_CURRENCY_WORDS: tuple[tuple[str, frozenset[str]], ...] = (
    (r"us\$|usd|us dollars?", frozenset({"USD"})),
    (r"ca\$|c\$|cad|canadian dollars?", frozenset({"CAD"})),
    (r"a\$|au\$|aud|australian dollars?", frozenset({"AUD"})),
    (r"\$|dol+[aeou]+r+s?|dollas?|bucks?", DOLLARS),  # "dollars" is misspelt in every way
    (r"€|eur|euros?|euors?", frozenset({"EUR"})),
    (r"£|gbp|pounds?(?! of)|quid", frozenset({"GBP"})),
    (r"¥|jpy|yen", frozenset({"JPY"})),
    (r"₹|inr|rs\.?|rupees?", frozenset({"INR"})),
    (r"chf|francs?|franken", frozenset({"CHF"})),
    (r"kr\.?|kroner|kronor|krona|krone|crowns", frozenset({"SEK", "NOK", "DKK", "ISK", "CZK"})),
    (r"sek", frozenset({"SEK"})),
    (r"nok", frozenset({"NOK"})),
    (r"dkk", frozenset({"DKK"})),
    (r"pln|zł|zloty\w*", frozenset({"PLN"})),
    (r"cny|rmb|yuan", frozenset({"CNY"})),
    (r"nzd|nz\$", frozenset({"NZD"})),
)
_ANY_CURRENCY = "|".join(pattern for pattern, _ in _CURRENCY_WORDS)
_DIGITS = r"\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_AMOUNT = (
    rf"(?:(?P<pre{{n}}>(?<![a-z])(?:{_ANY_CURRENCY}))\s?)?"
    rf"(?P<sum{{n}}>(?<![\w.,])(?:{_DIGITS})|\b(?:{SPELT})\b)(?P<kilo{{n}}>\s?k\b)?(?:,-|\.-)?(?![\d%])"
    rf"(?:\s?(?P<post{{n}}>(?:{_ANY_CURRENCY})(?![a-z])))?"
)


def _amount(number: int) -> str:
    return _AMOUNT.replace("{n}", str(number))


_SPENDS_ABOUT = r"spend(?:ing)? (?:around|about|roughly|approximately|something like)"
# The words before a sum (or after it) and what they make of it.
_NOT_MORE = (
    r"(?:not|never|cannot|without|dont|wouldnt|cant|wont|[a-z]+n't)"
    r"\s(?:(?:want|wanna|to|like|wish|prefer|care|spend|spending|pay|paying|go|going|rather|really|be|it|is"
    r"|cost|costing"
    r"|set|me|us|back|much|any"
    r"|anything|for|much|a (?:cent|penny))\s){0,5}(?:more than|over|above|beyond|past|exceed(?:ing)?)"
)
_MAX_BEFORE = (
    rf"{_NOT_MORE}|"
    r"under|below|sub|less than|cheaper than|no more than|not more than|not over|nothing over|nothing above|not above"
    rf"|{_SPENDS_ABOUT}|up to|at most|stretch (?:(?:it|that|this|the budget|my budget) )?to|go (?:up )?to"
    rf"|(?:go )?as high as|tops|within"
    r"|max(?:imum)?[.:]?(?: of| is)?|no higher than|beneath|lower than|keep it under|<=?"
    r"|no (?:bigger|higher|larger|greater) (?:budget |price )?than"
    r"|(?:my |a |the |our |with a |on a )?(?:budget|limit|cap|spend)(?: is| of| about|:| at)*"
    r"|(?:i|we) (?:only )?(?:have|got|can spend|can pay|can afford)(?: up to| about)?"
    r"(?! (?:one|1) (?!hundred|thousand|dollar|euro))"  # "I have one saucepan" is no budget
    r"|spend(?: up to)?|afford"
    r"|(?:i|we)(?:'d| would| could| can|'ll| will) (?:happily |gladly |only )?pay(?: up to)?|(?:i"
    r"|we) can do(?: like| about)?|can (?:be|cost)|unter|bis|let'?s say|call it"
)
_MIN_BEFORE = (
    r"nothing (?:under|below|less than|cheaper than)|not below|over|above"
    r"|more than|at least|no less than|not less than|not under|from|starting at"
    r"|min(?:imum)?(?: of)?|>=?|upwards of"
)
_AROUND_BEFORE = r"around|about|approximately|approx\.?|roughly|near|close to|circa|ca\.|~|in the region of|or so"
_MAX_AFTER = (
    r"(?:each |apiece |a piece |per piece )?(?:or (?:less|under|below|cheaper|lower)|max(?:imum)?"
    r"|at (?:the )?(?:very )?(?:most|max(?:imum)?|outside)|tops|at a push|and (?:under|below|no more)|not more|no more|"
    r"(?:(?:would be|is|as|being|will be|'s) )?(?:my |the |our |a |an )?(?:upper |absolute |hard |strict |very "
    r"|top |firm )*(?:limit|budget|ceiling|cap"
    r"|max(?:imum)?|most (?:i|we)(?:'d| would| can| could|'m| am| will)?(?: (?:willing|happy|able|want|like"
    r"|prepared) to)?(?: (?:pay|spend|go(?: to)?|afford|do|give))?|all (?:i|we) (?:have|can|want)|as high as"
    r"|as much as))"
)
_MIN_AFTER = r"or (?:more|over|above|up)|and (?:up|over|above|more)|upwards|\+|minimum"
_AROUND_AFTER = r"or so|-ish|ish|or thereabouts|give or take"

_RANGE = re.compile(
    rf"(?P<cue>\bbetween\s|\bfrom\s|\banywhere from\s)?{_amount(1)}\s?(?P<join>-|–|—|to\b|and\b|up to\b"
    rf"|bis\b)\s?{_amount(2)}",
    re.IGNORECASE,
)
_SINGLE = re.compile(
    rf"(?:(?<!\w)(?:(?P<max>{_MAX_BEFORE})|(?P<min>{_MIN_BEFORE})|(?P<around>{_AROUND_BEFORE}))\s?)?"
    rf"(?:(?:the|a|an|price|of|than|around|about|only|just)\s){{0,2}}{_amount(1)}"
    rf"(?:\s?(?:(?P<max2>{_MAX_AFTER})|(?P<min2>{_MIN_AFTER})|(?P<around2>{_AROUND_AFTER}))(?!\w))?",
    re.IGNORECASE,
)
# After a bare number these make it money no longer: "under 5 kg", "over 18 years", "at least 4 people".
UNITLESS_NEXT = re.compile(
    r"\s*(?:$|[^\w\s%°'\"\-/+×]|(?:and|but|or|for|please|pl[sz]|if|with|would|is|that|which|in|on|total|each|apiece"
    r"|per|a piece|max|because|as|thanks|thx|though|tho|so|not|no|i|it|you|we|maybe|only|altogether|all in|ideally"
    r"|preferably|then|ok|okay|tops|since|when|actually|at|let'?s say|let us say|either"
    r"|too|again|instead|now|today|those|these|they"
    r"|he|she|we|my|your|is|are|budget|price"
    r"|will|can|must|should|you|do|does|have|has|what|where|any|also|plus|from|by|of|range|bracket)\b)",
    re.IGNORECASE,
)


# Before a bare range these make it something else: "sizes 36-38", "ages 5 to 7".
_OTHER_RANGE = re.compile(r"\b(?:sizes?|ages?|aged|in|number|pages?|weeks?|chapters?|from|open)\s*$", re.IGNORECASE)
LEAST_RANGE_FOR = 20  # the upper end of one after "for": "for 8 to 12" is an age or a party
LEAST_BARE_RANGE = 10  # the upper end of a bare range; a lower one counts something else: "2-3"


@dataclass(frozen=True)
class Money:
    """A bound on the price, in one currency: from ``low`` to ``high``, either of which may be open."""

    low: Decimal | None
    high: Decimal | None
    currencies: frozenset[str]  # empty: the message names none
    span: tuple[int, int]  # in the message
    text: str  # as the shopper wrote it
    bare: bool = False  # it only changes a limit that was set: "make that 250"

    def fits(self, currency: str) -> bool:
        """True if the sum may be compared with prices in this currency."""
        return not self.currencies or not currency or currency.upper() in self.currencies


def find_money(message: str, names_next: Callable[[int], bool] = lambda place: False) -> list[Money]:
    """The bounds on price that the message states, in its order.

    ``names_next``: whether a thing or a property of the shop's begins at that place: "under 60 cotton" is no measure.

    >>> [(m.low, m.high) for m in find_money("between 20 and 40 euros")]
    [(Decimal('20'), Decimal('40'))]
    """
    found: list[Money] = []
    taken: list[tuple[int, int]] = []
    for match in _RANGE.finditer(message):
        money = _range(match, message, names_next)
        if money:
            found.append(money)
            taken.append(money.span)
    position = 0
    while single := _SINGLE.search(message, position):
        start, end = single.span()
        overlap = next((span for span in taken if start < span[1] and span[0] < end), None)
        position = overlap[1] if overlap else max(end, position + 1)
        money = None if overlap else _single(single, message, names_next)
        if money:
            found.append(money)
    return sorted(found, key=lambda money: money.span)


def parse_amount(text: str, kilo: bool = False) -> Decimal | None:
    """A sum in digits or words, with the thousands and decimals of English or European writing; None if it is none.

    >>> parse_amount("1.299,00"), parse_amount("1,299.50"), parse_amount("19,90"), parse_amount("fifty")
    (Decimal('1299.00'), Decimal('1299.50'), Decimal('19.90'), Decimal('50'))
    """
    spelt = spelt_value(text)
    if spelt is not None:
        return Decimal(spelt) * (1000 if kilo else 1)
    digits = re.sub(r"[\s'\u00a0\u202f]", "", text)
    decimals = re.search(r"[.,](\d{1,2})$", digits)
    whole = digits[: decimals.start()] if decimals else digits
    whole = re.sub(r"[.,]", "", whole)
    try:
        value = Decimal(f"{whole}.{decimals[1]}" if decimals else whole)
    except InvalidOperation:
        return None
    return value * 1000 if kilo else value


def price_text(amount: Decimal, currency: str, *, short: bool = False) -> str:
    """The price for the shopper, e.g. "$1,299.00"; short drops the decimals of a round sum: "$150".

    A currency without a symbol of its own is written by its code: "120.00 SEK".
    """
    round_sum = amount == amount.to_integral_value()
    digits = f"{amount:,.0f}" if currency in _WHOLE_ONLY or (short and round_sum) else f"{amount:,.2f}"
    if currency in SYMBOLS:
        return SYMBOLS[currency] + digits
    return f"{digits} {currency}".strip()


def currency_name(currency: str) -> str:
    """The currency in words, or its code where we have none."""
    return CURRENCY_NAMES.get(currency, currency)


def _next_word(message: str, end: int) -> int:
    return end + len(message[end:]) - len(message[end:].lstrip(" ,"))


def _currencies(*words: str | None) -> frozenset[str]:
    for word in words:
        if word:
            for pattern, codes in _CURRENCY_WORDS:
                if re.fullmatch(pattern, word.strip(), re.IGNORECASE):
                    return codes
    return frozenset()


def _range(match: re.Match[str], message: str, names_next: Callable[[int], bool]) -> Money | None:
    currencies = _currencies(match["pre1"], match["post2"], match["pre2"], match["post1"])
    cue = (match["cue"] or "").strip().lower()
    join = match["join"].lower()
    if join == "and" and cue != "between":
        return None
    if join == "-" and spelt_value(f"{match['sum1']}-{match['sum2']}") is not None:
        return None  # "twenty-five" is one number
    bare = UNITLESS_NEXT.match(message, match.end()) or names_next(_next_word(message, match.end()))
    if not currencies and not (cue and bare) and not _priced(message, match):
        if not bare or join not in ("-", "–", "to") or _OTHER_RANGE.search(message[: match.start()]):
            return None
        least = LEAST_RANGE_FOR if re.search(r"\bfor\s*$", message[: match.start()], re.I) else LEAST_BARE_RANGE
        if (parse_amount(match["sum2"]) or 0) < least:
            return None
    low = parse_amount(match["sum1"], bool(match["kilo1"] or match["kilo2"]))
    high = parse_amount(match["sum2"], bool(match["kilo2"]))
    if low is None or high is None:
        return None
    low, high = min(low, high), max(low, high)
    return Money(low, high, currencies, match.span(), match[0].strip())


def _priced(message: str, match: re.Match[str]) -> bool:
    """True if a bare range is money all the same: nothing else is said, or the word price or budget is near."""
    rest = (message[: match.start()] + message[match.end() :]).strip(" .,!?")
    before = message[max(0, match.start() - 25) : match.start()].lower()
    return not rest or bool(re.search(r"\b(?:price|budget|cost\w*|spend)\b", before))


def _single(match: re.Match[str], message: str, names_next: Callable[[int], bool]) -> Money | None:
    currencies = _currencies(match["pre1"], match["post1"])
    upper, lower = match["max"] or match["max2"], match["min"] or match["min2"]
    around = match["around"] or match["around2"]
    if not currencies:
        bare_after = match["max2"] or match["min2"] or UNITLESS_NEXT.match(message, match.end())
        bare_after = bare_after or names_next(_next_word(message, match.end()))
        bare_after = bare_after or (match["max"] or match["min"] or "")[:1] in ("<", ">")
        if not (upper or lower or around) and re.fullmatch(r"\d[\d.,]*[.,]\d\d", match["sum1"]):
            around = "for" if re.search(r"\bfor\s*$", message[: match.start()], re.IGNORECASE) else None
        if not (upper or lower or around) or not bare_after:
            return None
        if (match["min"] or "").lower() == "from":
            return None  # "from 5" is rarely a price
    amount = parse_amount(match["sum1"], bool(match["kilo1"]))
    if amount is None:
        return None
    if upper and re.fullmatch(_SPENDS_ABOUT, match["max"] or "", re.IGNORECASE):
        low, high = amount * (1 - AROUND), amount * (1 + AROUND)
    elif upper:
        low, high = None, amount
    elif lower:
        low, high = amount, None
    elif (around and around != "for") or not re.search(
        r"\b(?:for|at|have|pay|spend)\s*$", message[: match.start()], re.IGNORECASE
    ):
        low, high = amount * (1 - AROUND), amount * (1 + AROUND)
    else:
        low, high = None, amount
    return Money(low, high, currencies, match.span(), match[0].strip())
