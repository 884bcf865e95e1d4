"""Suggestions to who is known and names nothing: what is popular, described, and what others had after the same."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from shops import open_small_shop

from chat.finding import Finder
from chat.want import Want
from ranking.history import Event
from ranking.reranker import Ranked, Untrained
from retrieval.encoder import MiniLMEncoder
from retrieval.filters import Filter
from retrieval.ground import Candidate
from retrieval.shop import Shop

HISTORY = [Event(shopper_id="ann", kind="purchase", item_id="tent-1", time=1.0)]


class Knowing(Untrained):
    """Ranks as before any training, and knows what others had after the same things."""

    def followed(self, history: Sequence[Event], k: int) -> list[str]:
        return ["gone", "tent-3", "tent-2"][:k]


@pytest.fixture
def shop(tmp_path: Path, minilm: MiniLMEncoder) -> Iterator[Shop]:
    shop = open_small_shop(tmp_path, with_encoder=minilm)
    yield shop
    shop.close()


def candidates(shop: Shop, want: Want, history: Sequence[Event] = HISTORY, *, knowing: bool = True) -> dict[str, bool]:
    """Their ids, and whether a text found them."""
    kind = Knowing if knowing else Untrained
    finder = Finder(shop.catalog, shop.grounder, kind(shop.catalog, shop.index.vectors), candidates=3)
    return {one.item_id: bool(one.evidence) for one in finder.find([want], history).groups[0].candidates}


def test_what_others_had_stands_beside_what_is_popular_and_what_is_described(shop: Shop) -> None:
    popular = candidates(shop, Want(), [])
    assert "tent-3" not in popular
    known = candidates(shop, Want())
    assert set(known) == {*popular, "tent-3", "tent-2"}
    described = candidates(shop, Want().described(("bamboo razor",), taught=True))
    assert set(known) < set(described)
    assert any(item_id.startswith("razor") for item_id in described)
    assert not any(described.values())  # nothing was asked for: the history alone is to order them


def test_what_others_had_is_held_to_the_constraints(shop: Shop) -> None:
    cheap = candidates(shop, Want(filter=Filter(price_max=Decimal("200"))))
    assert "tent-3" not in cheap
    assert "tent-2" in cheap
    assert "tent-2" not in candidates(shop, Want(filter=Filter(excluded_ids=("tent-2",))))


def test_what_others_had_is_shown_where_the_history_speaks_for_it(shop: Shop) -> None:
    class Believing(Knowing):
        """Puts what others had first."""

        def rank(
            self, history: Sequence[Event], candidates: Sequence[Candidate], k: int, *rest: Any, **more: Any
        ) -> list[Ranked]:
            ranked = super().rank(history, candidates, k, *rest, **more)
            return sorted(ranked, key=lambda one: one.item_id not in ("tent-2", "tent-3"))

    finder = Finder(shop.catalog, shop.grounder, Believing(shop.catalog, shop.index.vectors), candidates=3, cards=2)
    assert {one.id for one in finder.find([Want()], HISTORY).shown} == {"tent-2", "tent-3"}


def test_cards_are_held_against_what_is_described_where_the_words_name_nothing(shop: Shop) -> None:
    finder = Finder(shop.catalog, shop.grounder, Untrained(shop.catalog, shop.index.vectors), cards=2)
    want = Want(words="morning light on our anniversary").described(("2-person tent",), taught=True)
    assert {one.id for one in finder.find([want], ()).shown} <= {"tent-1", "tent-2", "tent-3"}


@pytest.mark.parametrize("want", [Want(words="camping lantern"), Want(similar_to=("lamp-1",))])
def test_who_names_something_gets_that(shop: Shop, want: Want) -> None:
    assert candidates(shop, want) == candidates(shop, want, knowing=False)


def test_where_nothing_is_known_of_what_follows_what_a_description_leads(shop: Shop) -> None:
    found = candidates(shop, Want().described(("bamboo razor",), taught=True), knowing=False)
    assert all(found.values())
