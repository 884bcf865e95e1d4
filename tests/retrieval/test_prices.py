from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.prices import Mark, Price, decimal_mark, price_of


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("19.99", "19.99", ""),
        ("19,99", "19.99", ""),
        ("1.299,00 €", "1299.00", "EUR"),
        ("USD 19.99", "19.99", "USD"),
        ("19.99 usd", "19.99", "USD"),
        ("₹ 1,299", "1299", "INR"),
        ("₹1,29,999", "129999", "INR"),
        ("₹1,29,999.00", "129999.00", "INR"),
        ("Rs. 1,299.50", "1299.50", "INR"),
        ("$1,299.00", "1299.00", "USD"),
        ("US$ 1,299.00", "1299.00", "USD"),
        ("1 299,00 zł", "1299.00", "PLN"),
        ("1 299,00 kr", "1299.00", ""),  # the krone of four countries
        ("CHF 1'299.90", "1299.90", "CHF"),
        ("CHF 1'299.-", "1299", "CHF"),
        ("12.-", "12", ""),
        ("12,-- €", "12", "EUR"),
        ("12,5", "12.5", ""),
        ("0,999", "0.999", ""),
        ("1,299", "1299", ""),
        ("1.299", "1.299", ""),
        ("1.299 €", "1299", "EUR"),
        ("1.299 KWD", "1.299", "KWD"),
        ("1.299.000 ₫", "1299000", "VND"),
        ("1299,00 EUR inkl. MwSt.", "1299.00", "EUR"),
        ("from $5", "5", "USD"),
        ("ab 10 €", "10", "EUR"),
        ("0", "0", ""),
        ("free", "0", ""),
        ("Kostenlos!", "0", ""),
        ("A$ 5", "5", "AUD"),
        ("5 VAT", "5", ""),  # three letters alone are no currency
    ],
)
def test_price_of(text: str, amount: str, currency: str) -> None:
    assert price_of(text) == Price(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("10 - 20", "10", ""),
        ("$20.00 – $10.00", "10.00", "USD"),
        ("10,00 bis 20,00 €", "10.00", "EUR"),
        ("USD 10 to 20", "10", "USD"),
    ],
)
def test_of_a_range_the_lowest_counts(text: str, amount: str, currency: str) -> None:
    assert price_of(text) == Price(Decimal(amount), currency, lowest=True)


@pytest.mark.parametrize(
    ("text", "mark", "amount"),
    [
        ("1,299", ",", "1.299"),
        ("1,299", ".", "1299"),
        ("1.299", ",", "1299"),
        ("1.299", ".", "1.299"),
        ("9,9", ".", "9.9"),
    ],
)
def test_the_other_prices_decide_what_could_be_either(text: str, mark: Mark, amount: str) -> None:
    assert price_of(text, mark).amount == Decimal(amount)


@pytest.mark.parametrize(
    ("prices", "mark"),
    [
        ([], ""),
        (["5", "12"], ""),
        (["1.299"], ""),
        (["19,99", "1,299"], ","),
        (["19.99", "1,299"], "."),
        (["1.299,00"], ","),
        (["1.299.000"], ","),
        (["1.299", "2.450", "950", "12.900"], ","),
        (["1,299", "2,450", "12,900"], "."),
        (["1.299", "2.450", "3,450", "12.900"], ""),
        (["19,99", "19.99"], ""),
        (["19,99", "18,99", "19.99"], ","),
        (["call us"], ""),
    ],
)
def test_decimal_mark(prices: list[str], mark: Mark) -> None:
    assert decimal_mark(prices) == mark


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("call us", "'call us' is not a price"),
        ("on request", "'on request' is not a price"),
        ("", "'' is not a price"),
        ("$5 $6", "'$5 $6' is not a price"),
        ("2 for 10", "'2 for 10' is not a price"),
        ("10-20-30", "'10-20-30' is not a price"),
        ("1,2,3", "'1,2,3' is not a price"),
        ("1e5", "'1e5' is not a price"),
        ("-5.00", "the price '-5.00' is negative"),
        ("-$5", "the price '-$5' is negative"),
        ("$-5", "the price '$-5' is negative"),
        ("19.99-", "the price '19.99-' is negative"),
        ("(5.00)", "the price '(5.00)' is negative"),
    ],
)
def test_what_is_no_price_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="price") as caught:
        price_of(text)
    assert str(caught.value) == message


@given(st.text(alphabet="0123456789.,'- €$USDab\u00a0") | st.text())
def test_any_text_is_a_price_or_a_value_error(text: str) -> None:
    try:
        price = price_of(text)
    except ValueError:
        return
    assert price.amount >= 0
