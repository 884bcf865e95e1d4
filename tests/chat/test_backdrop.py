"""What a message tells beside what it asks: the looks of the shopper's own things ask for nothing."""

import pytest

from bench.utterances import Shop, shop
from chat.backdrop import wish_first


@pytest.fixture(scope="module")
def demo_shop() -> Shop:
    return shop()


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("Our bathroom is all white tiles so I'd like terracotta towels.", "I'd like terracotta towels."),
        ("a lamp in copper, I have a green sofa next to it", "a lamp in copper"),
        ("my last boots fell apart. women's, size 7, waterproof", "boots, women's, size 7, waterproof"),
        ("I already have a black backpack, this time I'd like a teal one", "this time I'd like a teal backpack"),
        ("we moved house last month, so a throw in wool", "a throw in wool"),
    ],
)
def test_what_is_asked_comes_first(said: str, wish: str, demo_shop: Shop) -> None:
    assert wish_first(said, demo_shop.vocabulary) == wish


@pytest.mark.parametrize(
    "said",
    [
        "my tent leaks",
        "my skin is dry, body lotion please",
        "my wife loves red, a throw",
        "I have 200 dollars, any tents?",
        "the fifth one is lovely. Is it dishwasher safe?",
        "a red kettle under 40",
    ],
)
def test_what_only_asks_stays(said: str, demo_shop: Shop) -> None:
    assert wish_first(said, demo_shop.vocabulary) == said
