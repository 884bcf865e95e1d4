"""What goes over from one thing wanted to the next."""

from decimal import Decimal

import pytest

from chat.carrying import next_want
from chat.want import Want
from retrieval.filters import Filter

BEFORE = Want(
    words="cardigan",
    filter=Filter(
        attributes={"colour": ("navy",), "size": ("M",), "age": ("8+ years",)}, brands=("Acme",), price_max=Decimal(40)
    ),
)


@pytest.mark.parametrize(
    ("said", "after"),
    [
        ("now trousers in the same colour", Filter(attributes={"colour": ("navy",)})),
        ("and a hat, same size", Filter(attributes={"size": ("M",)})),
        ("boots of the same brand", Filter(brands=("Acme",))),
        ("a mug in the same price range", Filter(price_max=Decimal(40))),
        ("I'd rather get her a bracelet kit", Filter(attributes={"age": ("8+ years",)})),
        ("a red tent", Filter()),
    ],
)
def test_only_what_is_tied_goes_over(said: str, after: Filter) -> None:
    assert next_want(said, BEFORE) == Want(filter=after)
