"""Items and filters such as hypothesis makes them: with all that upper and lower case, JSON and SQL may trip over."""

from decimal import Decimal

from hypothesis import strategies as st

from retrieval.filters import Filter
from retrieval.items import Item

WORDS = st.sampled_from(["red", "Red", "tea", "steam", "a\"b'", "straße", "ı", "İ", "ſea", "x,y", "", "日本", "%", "K"])
PRICES = (
    st.none() | st.decimals(min_value=0, max_value=1000, places=3) | st.sampled_from([Decimal("1E+3"), Decimal("-0")])
)
GENERATED_ITEMS = st.builds(
    Item,
    id=st.uuids().map(str),
    title=st.lists(WORDS, min_size=1).map(" ".join).filter(bool),
    brand=WORDS,
    category=st.lists(WORDS, max_size=3).map(tuple),
    price=PRICES,
    attributes=st.dictionaries(WORDS, st.lists(WORDS, max_size=2).map(tuple), max_size=3),
    stock=st.none() | st.integers(0, 2),
    rating=st.none() | st.sampled_from([0.0, 3.3, 5.0]),
)
GENERATED_FILTERS = st.builds(
    Filter,
    price_min=PRICES,
    price_max=PRICES,
    price_above=PRICES,
    price_below=PRICES,
    one_of=st.lists(st.lists(st.tuples(WORDS, WORDS), max_size=2).map(tuple), max_size=2).map(tuple),
    brands=st.lists(WORDS, max_size=2).map(tuple),
    excluded_brands=st.lists(WORDS, max_size=2).map(tuple),
    categories=st.lists(st.lists(WORDS, max_size=2).map(tuple), max_size=2).map(tuple),
    attributes=st.dictionaries(WORDS, st.lists(WORDS, max_size=2).map(tuple), max_size=1),
    excluded_attributes=st.dictionaries(WORDS, st.lists(WORDS, max_size=2).map(tuple), max_size=1),
    excluded_terms=st.lists(WORDS, max_size=2).map(tuple),
    rating_min=st.none() | st.sampled_from([0.0, 3.3, 4.0]),
    in_stock_only=st.booleans(),
)
