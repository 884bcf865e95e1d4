from decimal import Decimal
from pathlib import Path

import pytest
from shops import ITEMS, open_small_shop

from retrieval.database import Connections
from retrieval.encoder import MiniLMEncoder
from retrieval.filters import Filter
from retrieval.ground import CARRIED_THRESHOLD, Ask, Candidate, Grounding
from retrieval.items import Item
from retrieval.shop import Shop
from retrieval.synonyms import SynonymStore, parse


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
    plain = shop.grounder.ground([], "red lipstick", Filter(), k=2)
    misled = shop.grounder.ground(["a spreadsheet of quarterly tax returns"], "red lipstick", Filter(), k=2)
    assert ids(misled) == ids(plain)


def test_a_trusted_description_leads_where_the_words_are_far_from_it(shop: Shop) -> None:
    def tents(*, trusted: bool) -> int:
        ask = Ask(["2-person tent"], "for our anniversary", Filter(), 3, trusted)
        (grounding,) = shop.grounder.ground_many([ask])
        return sum(one.item_id.startswith("tent") for one in grounding.candidates)

    assert tents(trusted=True) > tents(trusted=False)


def test_where_the_words_name_what_the_shop_has_a_trusted_description_has_no_say(shop: Shop) -> None:
    asks = [Ask(descriptions, "red lipstick", Filter(), 3, True) for descriptions in (["bamboo razor"], [])]
    told, untold = shop.grounder.ground_many(asks)
    assert told.named
    assert not told.described
    assert told.candidates == untold.candidates


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


def test_what_left_the_catalogue_is_gone_at_once_and_what_came_is_found_once_indexed(
    tmp_path: Path, minilm: MiniLMEncoder
) -> None:
    shop = open_small_shop(tmp_path, with_encoder=minilm)
    shop.catalog.remove(["tent-1"])
    shop.catalog.upsert([Item(id="stove", title="Camping stove")])
    assert "tent-1" not in ids(shop.grounder.ground([], "2-person tent", Filter()))
    shop.index.refresh()
    assert ids(shop.grounder.ground([], "stove", Filter()))[0] == "stove"
    assert ids(shop.grounder.ground([], "cooker for the campsite", Filter()))[0] == "stove"
    shop.close()


def test_several_wants_each_with_its_own_filter_and_number(shop: Shop) -> None:
    cheap, red = Filter(price_max=Decimal(30)), Filter(attributes={"colour": ("red",)})
    asks = [Ask(["a lantern for camping"], "lamp", cheap, 2), Ask([], "", red, 5), Ask([], "red lipstick", red, 1)]
    together = shop.grounder.ground_many(asks)
    assert [ids(one) for one in together] == [["lamp-2", "razor-2"], ["lip-1"], ["lip-1"]]
    for ask, grounding in zip(asks, together, strict=True):
        alone = shop.grounder.ground(ask.descriptions, ask.query, ask.filter, ask.k)
        assert (ids(alone), alone.matching) == (ids(grounding), grounding.matching)
    assert shop.grounder.ground_many([]) == []


def test_where_nearly_all_that_is_near_is_refused_the_rest_is_found(tmp_path: Path, minilm: MiniLMEncoder) -> None:
    red = [Item(id=f"red-{n}", title=f"Red cotton shirt {n}") for n in range(60)]
    others = [Item(id="silk", title="Silk blouse"), Item(id="tent", title="Tent"), Item(id="mug", title="Mug", stock=0)]
    shop = open_small_shop(tmp_path, [*red, *others], minilm)
    grounding = shop.grounder.ground(["a shirt"], "red cotton shirt", Filter(excluded_terms=("cotton",)), k=3)
    assert sum(shop.index.answers.values()) == 3 * 2  # looked deeper once, then without what is refused; of two texts
    assert (set(ids(grounding)), grounding.matching) == ({"silk", "tent"}, 2)
    nothing = shop.grounder.ground([], "shirt", Filter(excluded_terms=("cotton", "blouse", "tent")), k=3)
    assert (nothing.candidates, nothing.matching) == ((), 0)
    assert ids(shop.grounder.ground([], "silk", Filter(excluded_terms=("\ud800", "cotton")), k=1)) == ["silk"]
    shop.close()


def test_a_misspelt_query_is_searched_as_the_catalogue_spells_it_and_says_so(shop: Shop) -> None:
    grounding = shop.grounder.ground([], "a matte lipstik", Filter())
    assert grounding.corrected == "a matte lipstick"
    assert set(ids(grounding)[:2]) == {"lip-1", "lip-2"}
    assert shop.grounder.ground([], "a matte lipstick", Filter()).corrected == ""


def test_a_merchants_synonym_counts_from_the_next_question_on(tmp_path: Path, minilm: MiniLMEncoder) -> None:
    shop = open_small_shop(tmp_path, with_encoder=minilm)
    found = shop.grounder.ground([], "zorbulator", Filter())
    assert not [one for candidate in found.candidates for one in candidate.evidence if one.arm == "lexical"]
    command = Connections(tmp_path / "shoptalk.sqlite3")  # as another process would
    SynonymStore(command).replace(parse("zorbulator => head torch", "synonyms.txt"))
    command.close()
    found = shop.grounder.ground([], "zorbulator", Filter())
    first = found.candidates[0]
    assert first.item_id == "lamp-2"
    assert ("query", "lexical", 1) in {(one.source, one.arm, one.rank) for one in first.evidence}
    assert next(one.score for one in first.evidence if one.arm == "dense") > 0.4  # the encoder read "head torch"
    shop.close()


@pytest.mark.parametrize("query", ["2-person tent", "head torch", "red lipstick", "bamboo razor", "a lantern, please"])
def test_what_the_shop_has_is_carried(shop: Shop, query: str) -> None:
    assert shop.grounder.ground([], query, Filter()).carried >= CARRIED_THRESHOLD


@pytest.mark.parametrize(
    "query",
    ["diesel engine oil", "piano lessons", "dog food", "перчатки", "手袋", "قفازات", "テント 帳篷", "xqzvb wkrtp", "a"],
)
def test_what_the_shop_has_not_is_not_carried(shop: Shop, query: str) -> None:
    assert shop.grounder.ground([], query, Filter()).carried < CARRIED_THRESHOLD


@pytest.mark.parametrize("query", ["", "!!", "😀", "\ud800", " \x00 "])
def test_a_query_that_says_nothing_gives_what_is_popular(shop: Shop, query: str) -> None:
    grounding = shop.grounder.ground([], query, Filter(), k=2)
    assert (ids(grounding), grounding.carried) == (["lamp-1", "lamp-2"], 1.0)


@pytest.mark.parametrize(
    "query",
    [
        "tent " * 1000,
        " ".join(f"word{n} tent" for n in range(500)),
        'title:tent AND (NOT ridge)^3 "x"~2 [a TO z] tent* /t.nt/ +tent -tent',
        "tent\ud800 \x00 tent",
        "'; DROP TABLE items; -- tent",
        "TENT",
    ],
)
def test_a_hostile_query_finds_what_its_words_say(shop: Shop, query: str) -> None:
    assert set(ids(shop.grounder.ground([], query, Filter(), k=3))) == {"tent-1", "tent-2", "tent-3"}


def test_a_very_selective_filter_leaves_the_lexical_arm_what_shares_words(
    tmp_path: Path, minilm: MiniLMEncoder
) -> None:
    items = [Item(id=f"i{n}", title=f"Common lamp number {n}", price=Decimal(n)) for n in range(3000)]
    shop = open_small_shop(tmp_path, items, minilm)
    grounding = shop.grounder.ground([], "common lamp 2995", Filter(price_min=Decimal(2990)), k=5)
    evidence = {(one.source, one.arm) for one in grounding.candidates[0].evidence}
    assert grounding.candidates[0].item_id == "i2995"
    assert evidence == {("query", "dense"), ("query", "lexical")}
    assert len(grounding.candidates) == 5
    wide = shop.grounder.ground([], "common lamp 1995", Filter(price_min=Decimal(1500)), k=5)  # over-fetched
    assert wide.candidates[0].item_id == "i1995"
    # All 3,000 hold the word, and the first of them do not pass: it is asked again within those that do.
    late = shop.grounder.ground([], "lamp", Filter(price_min=Decimal(1800)), k=200)
    assert {one.arm for candidate in late.candidates for one in candidate.evidence} == {"dense", "lexical"}
    shop.close()


def test_excluded_terms_take_out_what_was_found_and_others_come_instead(tmp_path: Path, minilm: MiniLMEncoder) -> None:
    items = [Item(id=f"r{n}", title=f"Red lamp {n}") for n in range(40)]
    items += [Item(id=f"b{n}", title=f"Blue lamp {n}") for n in range(40)]
    shop = open_small_shop(tmp_path, items, minilm)
    found = ids(shop.grounder.ground([], "red lamp", Filter(excluded_terms=("red",)), k=10))
    assert len(found) == 10
    assert {item_id[0] for item_id in found} == {"b"}
    shop.close()
