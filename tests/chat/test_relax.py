"""Relaxing: least important first, and never what was refused."""

from decimal import Decimal

from chat.relax import relaxations
from retrieval.filters import Filter


def test_constraints_are_given_up_one_after_the_other_and_refusals_never() -> None:
    asked = Filter(
        price_max=Decimal(50),
        rating_min=4,
        brands=("Acme",),
        categories=(("Outdoor",),),
        attributes={"colour": ("red",), "size": ("M",)},
        excluded_terms=("leather",),
        excluded_ids=("x",),
        excluded_brands=("Bolt",),
    )
    steps = list(relaxations(asked))
    assert [name for name, _ in steps] == ["rating", "price", "size", "colour", "brand", "stock", "category"]
    assert steps[-1][1] == Filter(
        excluded_terms=("leather",), excluded_ids=("x",), excluded_brands=("Bolt",), in_stock_only=False
    )


def test_nothing_is_relaxed_where_nothing_was_asked() -> None:
    assert list(relaxations(Filter(in_stock_only=False))) == []
