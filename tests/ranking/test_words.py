import numpy as np
import pytest

from ranking.words import Words
from retrieval.items import Item

ITEMS = [
    Item(id="1", title="Acme velvet lipstick", category=("Beauty", "Lips"), attributes={"colour": ("deep red",)}),
    Item(id="2", title="Velvet lipsticks", brand="Borel", category=("Beauty", "Lips")),
    Item(id="3", title="Razor", category=("Beauty", "Shaving")),
]


@pytest.mark.parametrize(
    ("request_text", "full"),
    [
        ("velvet lipstick", [0, 1]),
        ("LIPSTICKS, red", [0]),
        ("borel", [1]),
        ("beauty", [0, 1, 2]),
        ("razors for beauty", [2]),  # "for" is no item's word, and counts for nothing
        ("tent", []),
        ("", []),
    ],
)
def test_an_item_that_has_every_known_word_answers_in_full(request_text, full):
    shares = Words.of(ITEMS).shares([request_text])[0]
    assert [at for at, share in enumerate(shares) if share == pytest.approx(1)] == full
    assert ((shares >= 0) & (shares <= 1 + 1e-6)).all()


def test_rare_words_weigh_more():
    words = Words.of([*ITEMS, *(Item(id=str(n), title="Velvet cushion") for n in range(9))])
    velvet, red = words.shares(["velvet red"])[0, [1, 0]]
    assert 0 < velvet < 0.3
    assert red == pytest.approx(1)


def test_named_places_get_what_they_get_among_all():
    words = Words.of(ITEMS)
    every = words.shares(["velvet razor", "red"])
    assert words.shares(["velvet razor", "red"], np.array([2, 0])) == pytest.approx(every[:, [2, 0]])
