from decimal import Decimal
from pathlib import Path

import pytest
from shops import ITEMS, open_small_shop

from retrieval.encoder import MiniLMEncoder
from retrieval.filters import Filter
from retrieval.ground import Candidate, Grounding
from retrieval.items import Item
from retrieval.shop import Shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Shop:
    return open_small_shop(tmp_path_factory.mktemp("shop"), with_encoder=minilm)


def ids(grounding: Grounding) -> list[str]:
    return [candidate.item_id for candidate in grounding.candidates]


def test_words_find_the_item_and_say_how(shop: Shop) -> None:
    grounding = shop.grounder.ground([], "a waterproof 2-person tent", Filter())
    first = grounding.candidates[0]
    assert first.item_id == "tent-1"
    assert {(one.source, one.arm) for one in first.evidence} == {("query", "dense"), ("query", "lexical")}
    assert all(one.rank in (1, 2) and one.score > 0.5 for one in first.evidence)
    assert set(ids(grounding)[:3]) == {"tent-1", "tent-2", "tent-3"}
    assert grounding.matching == 9


def test_scores_fall_within_0_and_1_and_no_item_comes_twice(shop: Shop) -> None:
    grounding = shop.grounder.ground(["a lantern for camping"], "light for the tent", Filter())
    scores = [candidate.score for candidate in grounding.candidates]
    assert scores == sorted(scores, reverse=True)
    assert 0 <= scores[-1] <= scores[0] <= 1
    assert len(set(ids(grounding))) == len(scores)


def test_a_description_finds_what_the_words_miss(shop: Shop) -> None:
    plain = shop.grounder.ground([], "something to see at night on the trail", Filter(), k=10)
    helped = shop.grounder.ground(["head torch with a bright beam"], "something to see at night on the trail", Filter())
    before, after = ids(plain).index("lamp-2"), ids(helped).index("lamp-2")
    assert after < before or after == 0
    evidence = {(one.source, one.arm): one.rank for one in helped.candidates[after].evidence}
    assert evidence["description 1", "dense"] == 1


def test_an_unrelated_description_changes_nothing(shop: Shop) -> None:
    plain = shop.grounder.ground([], "red lipstick", Filter(), k=3)
    misled = shop.grounder.ground(["a spreadsheet of quarterly tax returns"], "red lipstick", Filter(), k=3)
    assert ids(misled) == ids(plain)


def test_descriptions_alone_are_enough(shop: Shop) -> None:
    assert ids(shop.grounder.ground(["bamboo razor for shaving"], "  ", Filter()))[0] == "razor-2"


@pytest.mark.parametrize(
    "filter",
    [
        Filter(),
        Filter(price_max=Decimal("30")),
        Filter(brands=("osprey lane",)),
        Filter(categories=(("Beauty",),)),
        Filter(attributes={"colour": ("red",)}, in_stock_only=False),
        Filter(excluded_terms=("tent", "razor")),
        Filter(price_min=Decimal("10000")),
    ],
)
@pytest.mark.parametrize("query", ["red lipstick", "tent", "", "😀", "razor " * 1000, '"AND (NEAR', "テント"])
def test_every_candidate_satisfies_the_filter(shop: Shop, filter: Filter, query: str) -> None:
    grounding = shop.grounder.ground(["a tent"], query, filter)
    permitted = {item.id for item in ITEMS if filter.matches(item)}
    assert set(ids(grounding)) == permitted  # fewer items than k: all of them
    assert grounding.matching == len(permitted)


def test_no_words_at_all_gives_what_is_popular(shop: Shop) -> None:
    assert shop.grounder.ground([], " ", Filter(), k=2).candidates == (
        Candidate("lamp-1", pytest.approx(1.0), ()),
        Candidate("lamp-2", pytest.approx(2 / 3), ()),
    )


def test_k_limits_the_candidates(shop: Shop) -> None:
    assert len(shop.grounder.ground(["lamp"], "tent", Filter(), k=4).candidates) == 4


def test_what_came_after_the_index_is_not_shown_before_it_is_indexed_wrongly(
    tmp_path: Path, minilm: MiniLMEncoder
) -> None:
    shop = open_small_shop(tmp_path, with_encoder=minilm)
    shop.catalog.remove(["tent-1"])
    shop.catalog.upsert([Item(id="stove", title="Camping stove")])
    assert "tent-1" not in ids(shop.grounder.ground([], "2-person tent", Filter()))
    shop.index.refresh()
    assert ids(shop.grounder.ground([], "cooker for the campsite", Filter()))[0] == "stove"
    shop.close()
