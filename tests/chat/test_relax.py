"""Relaxing: least important first, and never what was refused."""

from decimal import Decimal

from chat.relax import given_up, relaxations, without
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
    alone = ["rating", "attribute:colour", "brand", "price", "attribute:size", "stock"]
    assert [names for names, _ in steps] == [
        *[(name,) for name in alone],
        *[(name, other) for n, name in enumerate(alone) for other in alone[n + 1 :]],
        *[tuple(alone[:count]) for count in range(3, len(alone) + 1)],
        (*alone, "category"),
    ]
    assert steps[-1][1] == Filter(
        excluded_terms=("leather",), excluded_ids=("x",), excluded_brands=("Bolt",), in_stock_only=False
    )


def test_nothing_is_relaxed_where_nothing_was_asked() -> None:
    assert list(relaxations(Filter(in_stock_only=False))) == []


def test_what_is_given_up_is_named_as_it_was_asked_for_and_nothing_else_goes() -> None:
    asked = Filter(
        price_below=Decimal(50),
        attributes={"colour": ("red",), "size": ("10",)},
        one_of=((("features", "waterproof"), ("features", "windproof")), (("capacity", "2 L"),)),
        rating_min=4.5,
        brands=("Acme", "Bolt"),
    )
    names = ("rating", "attribute:size", "one_of:0", "brand", "price", "stock")
    assert given_up(names, asked, "USD") == (
        "“rated 4.5 and up”, “size 10”, “waterproof or windproof”, “by Acme or Bolt”, “under $50” and “in stock”"
    )
    left = Filter(attributes={"colour": ("red",)}, one_of=((("capacity", "2 L"),),), in_stock_only=False)
    assert without(asked, names) == left
