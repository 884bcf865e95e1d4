"""The merchant's rules in whole searches: whatever they say, the shopper's limits hold and what is excluded is gone."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shops import ITEMS, open_small_shop

from chat.cards import make_cards
from chat.finding import Finder
from chat.found import Found
from chat.want import Want
from ranking.history import Event
from ranking.reranker import Untrained
from ranking.rules import InForce, Rule, Rules
from retrieval.encoder import MiniLMEncoder
from retrieval.filters import Filter
from retrieval.shop import Shop

CARDS = 4


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[Shop]:
    shop = open_small_shop(tmp_path_factory.mktemp("shop"), with_encoder=minilm)
    yield shop
    shop.close()


def finder(shop: Shop, rules: InForce) -> Finder:
    untrained = Untrained(shop.catalog, shop.index.vectors)
    return Finder(shop.catalog, shop.grounder, untrained, cards=CARDS, rules=lambda: rules)


def find(shop: Shop, want: Want, rules: InForce, history: tuple[Event, ...] = ()) -> Found:
    return finder(shop, rules).find([want], history)


subjects = st.one_of(
    st.tuples(st.just("item"), st.sampled_from([item.id for item in ITEMS])),
    st.tuples(st.just("brand"), st.sampled_from(["Fernhill", "osprey lane"])),
    st.tuples(st.just("category"), st.sampled_from(["Outdoor", "Outdoor > Tents", "beauty > razors"])),
)
rules_ = st.builds(
    lambda action, subject, sponsored: Rule(
        action=action, subject=subject[0], value=subject[1], sponsored=sponsored and action == "pin"
    ),
    st.sampled_from(["pin", "bury", "exclude"]),
    subjects,
    st.booleans(),
)
filters = st.builds(
    Filter,
    price_max=st.sampled_from([None, Decimal(20), Decimal(150)]),
    brands=st.sampled_from([(), ("Fernhill",)]),
    excluded_terms=st.sampled_from([(), ("red",), ("tent",)]),
    categories=st.sampled_from([(), (("Outdoor",),), (("Beauty", "Razors"),)]),
)
wants = st.builds(
    Want,
    words=st.sampled_from(["", "tent", "a red lipstick", "razor"]),
    filter=filters,
    order=st.sampled_from(["", "", "cheapest", "best_rated"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=st.lists(rules_, max_size=6), want=wants)
def test_no_rule_passes_a_limit_nor_shows_what_is_excluded_and_the_same_gives_the_same(
    shop: Shop, rules: list[Rule], want: Want
) -> None:
    in_force = InForce([rule.model_copy(update={"number": number}) for number, rule in enumerate(rules)])
    found = find(shop, want, in_force)
    assert all(in_force.allows(item) for item in found.shown)
    assert all(in_force.allows(item) for item in found.groups[0].leading)
    fitting = [item for item in ITEMS if in_force.allows(item) and want.filter.matches(item)]
    if fitting:
        assert {item.id for item in found.shown} <= {item.id for item in fitting}
        assert found.shown or want.order
    shown = [item.id for item in found.shown]
    assert len(shown) == len(set(shown)) <= CARDS
    assert found.groups[0].ranked == find(shop, want, in_force).groups[0].ranked


def test_a_sponsored_pin_comes_first_and_says_so_on_its_card(shop: Shop) -> None:
    want = Want(words="a tent for four people")
    plain = find(shop, want, InForce())
    last = [one.item_id for one in plain.groups[0].ranked if one.item_id.startswith("tent")][-1]
    in_force = InForce([Rule(number=1, action="pin", subject="item", value=last, sponsored=True)])
    found = find(shop, want, in_force)
    cards = make_cards(found.groups, [want], "USD")
    assert [(card.item_id == last, card.mark) for card in cards] == [(True, "sponsored"), *[(False, "")] * 3]
    # What is sorted by its price stays so: the pin has no say, and yet the card says that someone pays.
    cheapest = find(shop, want.model_copy(update={"order": "cheapest", "filter": Filter(categories=(("Outdoor",),))}),
                    in_force)  # fmt: skip
    assert [item.price for item in cheapest.shown] == sorted(item.price or 0 for item in cheapest.shown)
    assert [one.mark for one in cheapest.groups[0].ranked if one.item_id == last] in ([], ["sponsored"])


def test_what_the_shopper_refused_is_not_pinned_back(shop: Shop) -> None:
    pin = InForce([Rule(number=1, action="pin", subject="item", value="tent-3")])
    refused = Event(shopper_id="ann", kind="dislike", item_id="tent-3", time=1.7e9)
    assert "tent-3" not in {one.item_id for one in find(shop, Want(words="tent"), pin, (refused,)).groups[0].ranked}


def test_a_rule_counts_from_the_next_turn_on_and_an_item_excluded_since_is_no_longer_spoken_of(
    tmp_path: Path, minilm: MiniLMEncoder
) -> None:
    shop = open_small_shop(tmp_path, with_encoder=minilm)
    rules = Rules(shop.connections)
    serving = Finder(
        shop.catalog, shop.grounder, Untrained(shop.catalog, shop.index.vectors), cards=CARDS, rules=rules.in_force
    )
    wants = [Want(words="tent")]
    first = serving.find(wants, ())
    shown = first.groups[0].ranked[0].item_id
    added = rules.add(Rule(action="exclude", subject="item", value=shown), "ann", shop.catalog)
    assert shown not in {one.item_id for one in serving.find(wants, ()).groups[0].ranked}
    assert serving.pointed_at([shown, "razor-1"]).shown == [shop.catalog.get("razor-1")]
    rules.remove(added.number, "ann")
    rules.add(
        Rule(action="exclude", subject="item", value=shown, starts=date(2999, 1, 1)), "ann", shop.catalog
    )  # not yet
    assert serving.find(wants, ()).groups[0].ranked == first.groups[0].ranked
    shop.close()
