"""Prices as shops write them: "1.299,00 €", "USD 19.99", "CHF 1'299.-", "10 – 20", "free".

Pure functions over strings. Knows nothing of files, columns or items.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from retrieval.cleaning import visible

Mark = Literal["", ".", ","]

HIGHEST = Decimal(10) ** 12  # no shop asks for more; beyond it the cell holds something else
_CLEAR_FROM = 3  # prices such as "1.299" that agree, without one that disagrees, before the point parts thousands

# Signs and words of money -> ISO 4217. "$" alone is the dollar of whoever sells; here the most common one.
_CURRENCIES = {
    "$": "USD", "us$": "USD", "€": "EUR", "£": "GBP", "₹": "INR", "rs": "INR", "rs.": "INR", "¥": "JPY", "円": "JPY",
    "₩": "KRW", "₽": "RUB", "₺": "TRY", "₫": "VND", "₴": "UAH", "₦": "NGN", "zł": "PLN", "kč": "CZK", "r$": "BRL",
    "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD", "mx$": "MXN",
    "元": "CNY", "฿": "THB", "₪": "ILS", "₱": "PHP", "ft": "HUF", "lei": "RON", "euro": "EUR", "euros": "EUR",
    "sfr": "CHF", "sfr.": "CHF", "fr": "CHF", "fr.": "CHF", "руб": "RUB", "руб.": "RUB", "грн": "UAH", "tl": "TRY",
    "лв": "BGN", "лв.": "BGN", "nt$": "TWD", "us dollars": "USD", "dollars": "USD", "円(税込)": "JPY", "₸": "KZT",
}  # fmt: skip
_ISO_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP "
    "CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF "
    "IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD "
    "MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB "
    "RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD "
    "UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
)
_ISO = frozenset(_ISO_CODES.split())
_THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_FREE = {"free", "gratis", "kostenlos", "gratuit", "for free", "free of charge"}

_NUMBER = r"\d[\d.,'’\u00a0\u202f ]*"
_NOTHING_BEHIND = re.compile(r"(?<=\d)[.,]\s?[-–—]{1,2}(?!\s*\d)")  # "12.-", "12,--": no cents
_CENTS = re.compile(r"[.,]\d\d\s?-\s*$")  # "19.99-": as bookkeepers write what is negative
_RANGE = re.compile(rf"({_NUMBER})[^\d]*?(?:-|–|—|~|\bto\b|\bbis\b|\bà\b|\ba\b|\bup to\b)[^\d]*?({_NUMBER})")


@dataclass(frozen=True)
class Price:
    """A price as a cell states it: the amount, its ISO 4217 currency ("" if it names none), and whether it is the
    lowest of a range.
    """

    amount: Decimal
    currency: str = ""
    lowest: bool = False


def price_of(text: str, mark: Mark = "") -> Price:
    """The price in a cell. ValueError if it is none, or negative.

    ``mark``: the decimal mark of the file's other prices, which decides what "1,299" and "1.299" are. Where it is not
    known, "1,299" is thousands, and "1.299" is too if the cell names a currency that has cents.

    >>> price_of("1.299,00 €").amount, price_of("USD 19.99").currency, price_of("₹ 1,299").amount
    (Decimal('1299.00'), 'USD', Decimal('1299'))
    """
    wanted = visible(text).strip()
    if wanted.casefold().strip(" .!") in _FREE:
        return Price(Decimal(0))
    if _CENTS.search(wanted):
        raise ValueError(f"the price {_short(text)} is negative")
    wanted = _NOTHING_BEHIND.sub("", wanted)
    numbers = [one.strip() for one in re.findall(_NUMBER, wanted)]
    ranged = len(numbers) == 2 and _RANGE.search(wanted) is not None
    if len(numbers) != 1 and not ranged:
        raise ValueError(f"{_short(text)} is not a price")
    before, _, rest = wanted.partition(numbers[0])
    after = rest.partition(numbers[1])[2] if ranged else rest
    if re.search(r"[-−–]\s*\D{0,4}$", before) or re.fullmatch(r"\(.*\)", wanted):
        raise ValueError(f"the price {_short(text)} is negative")
    between = rest.partition(numbers[1])[0] if ranged else ""
    currency = currency_of(before) or currency_of(after) or next(filter(None, map(currency_of, between.split())), "")
    try:
        amounts = [_amount(number, mark, currency) for number in numbers]
    except InvalidOperation as error:
        raise ValueError(f"{_short(text)} is not a price") from error
    return Price(min(amounts), currency, ranged)


def decimal_mark(cells: Iterable[str]) -> Mark:
    """The decimal mark of a file, by those of its prices that can be read in one way only; "" if they do not tell.

    >>> decimal_mark(["19,99", "1,299"]), decimal_mark(["1.299", "2.450", "950", "12.900"]), decimal_mark(["5"])
    (',', ',', '')
    """
    votes = {".": 0, ",": 0}
    unclear = {".": 0, ",": 0}
    for cell in cells:
        for number in re.findall(_NUMBER, cell):
            digits = _digits(number)
            last = max(digits.rfind("."), digits.rfind(","))
            if last < 0:
                continue
            mark, other = digits[last], "," if digits[last] == "." else "."
            if other in digits:  # "1.299,00"
                votes[mark] += 1
            elif digits.count(mark) > 1:  # "1.299.000"
                votes[other] += 1
            elif len(digits) - last - 1 != 3 or digits.startswith("0") or last > 3:
                votes[mark] += 1
            else:
                unclear[mark] += 1
    if votes["."] != votes[","]:
        return "." if votes["."] > votes[","] else ","
    if not votes["."] and max(unclear.values()) >= _CLEAR_FROM and min(unclear.values()) == 0:
        return "," if unclear["."] else "."
    return ""


def currency_of(text: str) -> str:
    """The ISO 4217 code that a word or sign beside a number stands for; "" if none.

    >>> currency_of("from €"), currency_of("usd"), currency_of("incl. VAT")
    ('EUR', 'USD', '')
    """
    whole = text.strip(" -−–:/()").casefold()
    for word in (whole, *re.split(r"[\s/()\[\]:]+", whole)):
        if word in _CURRENCIES:
            return _CURRENCIES[word]
        if word.upper() in _ISO:
            return word.upper()
    return next((_CURRENCIES[sign] for sign in text if sign in _CURRENCIES and not sign.isalpha()), "")


def _digits(number: str) -> str:
    return re.sub(r"[\s'’]", "", number).rstrip(".,")


def _amount(number: str, mark: Mark, currency: str) -> Decimal:
    """The number, without separators of thousands. Raises InvalidOperation."""
    digits = _digits(number)
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        last = max(comma, point)
        return Decimal(re.sub(r"[.,]", "", digits[:last]) + "." + digits[last + 1 :])
    own: Mark = "," if comma >= 0 else "."
    parts = digits.split(own)
    thousands = len(parts) > 1 and all(len(part) == 3 for part in parts[1:]) and 1 <= len(parts[0]) <= 3
    if len(parts) == 2 and thousands and parts[0] != "0":
        # A currency without thousandths writes no three decimals: "1.299 €" is thousands.
        cents = bool(currency) and currency not in _THREE_DECIMALS
        decimals = mark == own if mark else own == "." and not cents
        return Decimal(("." if decimals else "").join(parts))
    if len(parts) <= 2:
        return Decimal(".".join(parts))
    if len(parts[-1]) != 3 or any(len(part) not in (2, 3) for part in parts[1:]):
        raise InvalidOperation(f"{number} is parted strangely")
    return Decimal("".join(parts))  # "1.299.000", "1,29,999"


def _short(text: str, limit: int = 40) -> str:
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")
