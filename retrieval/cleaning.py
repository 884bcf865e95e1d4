"""Merchants' text and numbers made plain: HTML, entities, invisible characters, prices, category paths.

Pure functions over strings. Knows nothing of files, columns or items.
"""

import html
import json
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from html.parser import HTMLParser

# What is between these is not text for a reader.
_HIDDEN = {"script", "style", "template", "noscript", "head", "title", "iframe", "object", "svg"}
# These part words; <b> and its like do not.
_BREAKS = {"p", "br", "div", "li", "ul", "ol", "tr", "td", "th", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
           "section", "article", "dt", "dd", "dl", "blockquote", "option", "img"}  # fmt: skip

_LOOKS_LIKE_TAG = re.compile(r"<\s*[/!?]?\s*[a-zA-Z!?]")
_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);")

# Signs and words of money -> ISO 4217. "$" alone is the dollar of whoever sells; here the most common one.
_CURRENCIES = {
    "$": "USD", "us$": "USD", "€": "EUR", "£": "GBP", "₹": "INR", "rs": "INR", "rs.": "INR", "¥": "JPY", "円": "JPY",
    "₩": "KRW", "₽": "RUB", "₺": "TRY", "₫": "VND", "₴": "UAH", "₦": "NGN", "zł": "PLN", "kč": "CZK", "r$": "BRL",
    "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD", "mx$": "MXN",
    "元": "CNY", "฿": "THB", "₪": "ILS", "₱": "PHP", "ft": "HUF", "lei": "RON", "euro": "EUR", "euros": "EUR",
}  # fmt: skip


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden.append(tag)
        elif tag in _BREAKS:
            self.parts.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]
        elif tag in _BREAKS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def plain(text: str) -> str:
    """One line of readable text: no HTML, no entities, no control or invisible characters, single spaces.

    >>> plain("<p>Warm &amp; dry</p><script>alert(1)</script><p>5 &lt; 6</p>")
    'Warm & dry 5 < 6'
    """
    # Twice: feeds hold entities of entities ("&amp;amp;"), and tags written as entities ("&lt;p&gt;").
    for _ in range(2):
        if _LOOKS_LIKE_TAG.search(text):
            reader = _Reader()
            reader.feed(text)
            reader.close()
            text = "".join(reader.parts)
        if not _ENTITY.search(text):
            break
        text = html.unescape(text)
    return re.sub(r"\s+", " ", visible(text)).strip()


def visible(text: str) -> str:
    """The text without control, format, private, unassigned and lone surrogate characters; breaks become spaces.

    The joiners that emoji and some scripts are written with are kept inside words. In composed form (NFC).
    """
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for at, character in enumerate(text):
        category = unicodedata.category(character)
        if character in "\u200c\u200d":
            if 0 < at < len(text) - 1 and not text[at - 1].isascii():
                kept.append(character)
        elif character.isspace() or category in ("Zl", "Zp"):
            kept.append(" ")
        elif category not in ("Cc", "Cf", "Cs", "Co", "Cn"):
            kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def price_of(text: str) -> tuple[Decimal, str]:
    """The price and its ISO 4217 currency ("" if it names none). ValueError if it is no price, or negative.

    >>> price_of("1.299,00 €"), price_of("USD 19.99"), price_of("₹ 1,299")
    ((Decimal('1299.00'), 'EUR'), (Decimal('19.99'), 'USD'), (Decimal('1299'), 'INR'))
    """
    wanted = visible(text).strip()
    numbers = re.findall(r"\d[\d.,'’\u00a0\u202f ]*", wanted)
    if len(numbers) != 1:
        raise ValueError(f"{_short(text)} is not a price")
    before, _, after = wanted.partition(numbers[0])
    if re.search(r"[-−–]\s*\D{0,4}$", before) or re.fullmatch(r"\(.*\)", wanted):
        raise ValueError(f"the price {_short(text)} is negative")
    digits = re.sub(r"[\s'’]", "", numbers[0]).rstrip(".,")
    try:
        return Decimal(_point(digits)), _currency(before, after)
    except InvalidOperation as error:
        raise ValueError(f"{_short(text)} is not a price") from error


def _point(digits: str) -> str:
    """The number with a decimal point and no separators of thousands."""
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        last = max(comma, point)
        return re.sub(r"[.,]", "", digits[:last]) + "." + digits[last + 1 :]
    mark = "," if comma >= 0 else "."
    parts = digits.split(mark)
    thousands = len(parts) > 1 and all(len(part) == 3 for part in parts[1:]) and 1 <= len(parts[0]) <= 3
    # "1,299" is thousands; so is "1.299.000"; "1.299" is a number as computers write them.
    indian = mark == "," and len(parts) > 2 and len(parts[-1]) == 3 and all(len(part) == 2 for part in parts[1:-1])
    if (mark == "," and (thousands or indian) and parts[0] != "0") or len(parts) > 2:
        return "".join(parts)
    return ".".join(parts)


def _currency(before: str, after: str) -> str:
    for word in (before, after):
        word = word.strip(" -−–:/()").casefold()
        if word in _CURRENCIES:
            return _CURRENCIES[word]
        if re.fullmatch(r"[a-z]{3}", word):
            return word.upper()
    return ""


def paths_of(value: object) -> tuple[str, ...]:
    """A category path from what feeds write: "A > B", "A/B", ["A", "B"], [["A", "B"], …] (the longest), or a JSON list.

    >>> paths_of("Outdoor > Tents"), paths_of([["Beauty"], ["Beauty", "Nails"]])
    (('Outdoor', 'Tents'), ('Beauty', 'Nails'))
    """
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return _path(value)
    if isinstance(value, list):
        if any(isinstance(part, list) for part in value):
            return max((paths_of(part) for part in value if isinstance(part, list)), key=len, default=())
        parts = [path for part in value if part is not None for path in _path(str(part))]
        return tuple(parts)
    return _path("" if value is None else str(value))


def _path(text: object) -> tuple[str, ...]:
    parts = re.split(r"\s*(?:>|»|›|\||→|::|\s/\s)\s*", html.unescape(str(text)))
    if len(parts) == 1 and re.fullmatch(r"[^\s/]+(?:/[^\s/]+)+", parts[0]):
        parts = parts[0].split("/")
    return tuple(cleaned for part in parts if (cleaned := plain(part)))


def _short(text: str, limit: int = 40) -> str:
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")
