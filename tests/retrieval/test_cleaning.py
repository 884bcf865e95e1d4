from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.cleaning import paths_of, plain, price_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("  two\n\n lines\t ", "two lines"),
        ("<p>Warm</p><p>Dry</p>", "Warm Dry"),
        ("<b>bo</b>ld", "bold"),
        ("Tom &amp; Jerry&#39;s &quot;set&quot;", 'Tom & Jerry\'s "set"'),
        ("&amp;eacute;t&amp;eacute;", "été"),
        ("&lt;p&gt;escaped&lt;/p&gt;", "escaped"),
        ("<script>alert('x')</script>Safe<style>p{}</style>", "Safe"),
        ("<script>never closed", ""),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("I <3 tea", "I <3 tea"),
        ("zero\u200bwidth \u202eturned\u202c \x00\x07 \ufeff", "zerowidth turned"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("cafe\u0301", "café"),
        ("<img src=x onerror=alert(1)>pic", "pic"),
        ("AT&T R&D", "AT&T R&D"),
        ("<!-- hidden -->shown", "shown"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


@given(st.text())
def test_plain_of_any_text_is_one_printable_line(text: str) -> None:
    cleaned = plain(text)
    assert cleaned == " ".join(cleaned.split())
    cleaned.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("19.99", (Decimal("19.99"), "")),
        ("1.299,00 €", (Decimal("1299.00"), "EUR")),
        ("USD 19.99", (Decimal("19.99"), "USD")),
        ("19.99 usd", (Decimal("19.99"), "USD")),
        ("₹ 1,299", (Decimal("1299"), "INR")),
        ("₹1,29,999", (Decimal("129999"), "INR")),
        ("Rs. 1,299.50", (Decimal("1299.50"), "INR")),
        ("$1,299.00", (Decimal("1299.00"), "USD")),
        ("1 299,00 zł", (Decimal("1299.00"), "PLN")),
        ("CHF 1'299.90", (Decimal("1299.90"), "CHF")),
        ("12,5", (Decimal("12.5"), "")),
        ("0,999", (Decimal("0.999"), "")),
        ("1.299.000 ₫", (Decimal("1299000"), "VND")),
        ("0", (Decimal("0"), "")),
        ("A$ 5", (Decimal("5"), "AUD")),
    ],
)
def test_price_of(text: str, expected: tuple[Decimal, str]) -> None:
    assert price_of(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("call us", "'call us' is not a price"),
        ("10 - 20", "'10 - 20' is not a price"),
        ("-5.00", "the price '-5.00' is negative"),
        ("-$5", "the price '-$5' is negative"),
        ("(5.00)", "the price '(5.00)' is negative"),
        ("", "'' is not a price"),
    ],
)
def test_what_is_no_price_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="price") as caught:
        price_of(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ()),
        ("", ()),
        ("Tents", ("Tents",)),
        ("Outdoor > Tents", ("Outdoor", "Tents")),
        ("Outdoor &gt; Tents", ("Outdoor", "Tents")),
        ("Outdoor/Tents", ("Outdoor", "Tents")),
        ("Cups / Mugs", ("Cups", "Mugs")),
        ("A | B|C", ("A", "B", "C")),
        (["Outdoor", "Tents"], ("Outdoor", "Tents")),
        ([["Beauty"], ["Beauty", "Makeup", "Nails"]], ("Beauty", "Makeup", "Nails")),
        ('["Outdoor", "Tents"]', ("Outdoor", "Tents")),
        ("[not json", ("[not json",)),
        ([], ()),
        ([[]], ()),
    ],
)
def test_paths_of(value: object, expected: tuple[str, ...]) -> None:
    assert paths_of(value) == expected
