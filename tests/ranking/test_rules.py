from datetime import date

import pytest
from small_shop_data import encode, vectors

from ranking.errors import RuleError
from ranking.folder import save
from ranking.reranker import Reranker, Untrained
from ranking.rules import InForce, Rule, Rules
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.filters import Filter
from retrieval.ground import Candidate, Evidence
from retrieval.items import Item

TODAY = date(2026, 12, 1)


@pytest.fixture
def shop(tmp_path):
    connections = Connections(tmp_path / "shop.sqlite3")
    catalog = Catalog(connections)
    catalog.upsert(
        [
            Item(id="t1", title="Tent", brand="Pine & Co", category=("Outdoor", "Tents")),
            Item(id="t2", title="Dome", brand="Summit", category=("Outdoor", "Tents", "Domes")),
        ]
    )
    yield Rules(connections), catalog
    connections.close()


def test_rules_are_kept_as_the_catalogue_spells_them_and_every_change_is_in_the_journal(shop):
    rules, catalog = shop
    ends = date(2026, 12, 24)
    pinned = rules.add(Rule(action="pin", subject="item", value=" t1 ", ends=ends, sponsored=True), "ann", catalog)
    buried = rules.add(Rule(action="bury", subject="brand", value="summit"), "bob", catalog)
    gone = rules.add(Rule(action="exclude", subject="category", value="outdoor>tents > DOMES"), "bob", catalog)
    assert [(rule.number, rule.value) for rule in rules.all()] == [
        (1, "t1"),
        (2, "Summit"),
        (3, "Outdoor > Tents > Domes"),
    ]
    assert rules.remove(2, "eve") == buried
    assert rules.all() == [pinned, gone]
    again = rules.add(Rule(action="bury", subject="brand", value="Summit"), "bob", catalog)
    assert again.number == 4  # a number is never used again: the journal speaks of it
    assert [(entry.who, entry.done, entry.rule) for entry in rules.journal()] == [
        ("ann", "added", pinned),
        ("bob", "added", buried),
        ("bob", "added", gone),
        ("eve", "removed", buried),
        ("bob", "added", again),
    ]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"subject": "item", "value": "t9"}, "The catalogue has no item 't9'."),
        ({"subject": "brand", "value": "pine"}, "The catalogue has no brand 'pine'. Did you mean: Pine & Co?"),
        (
            {"subject": "category", "value": "tents"},
            "No category of the catalogue begins with 'tents'. Did you mean: Outdoor > Tents, Outdoor > Tents > Domes?",
        ),
        ({"subject": "category", "value": " > "}, "No category of the catalogue begins with '>'."),
        (
            {"subject": "item", "value": "t1", "starts": date(2026, 12, 9), "ends": date(2026, 12, 8)},
            "The rule would end on 2026-12-08, before it begins on 2026-12-09. Swap the dates.",
        ),
        (
            {"subject": "item", "value": "t1", "ends": date(2026, 11, 30)},
            "The rule would have ended on 2026-11-30 already. Give a later date with --to.",
        ),
        (
            {"subject": "item", "value": "t1", "action": "bury", "sponsored": True},
            "Only a pin can be sponsored, not a burial. Leave --sponsored out.",
        ),
        ({"subject": "item", "value": "t2"}, "Rule 1 says the same already."),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_plain_words(shop, rule, message):
    rules, catalog = shop
    rules.add(Rule(action="pin", subject="item", value="t2"), "ann", catalog, TODAY)
    with pytest.raises(RuleError) as raised:
        rules.add(Rule.model_validate({"action": "pin"} | rule), "ann", catalog, TODAY)
    assert str(raised.value).startswith(message)
    assert (len(rules.all()), len(rules.journal())) == (1, 1)
    with pytest.raises(RuleError, match=r"There is no rule 7. Those that there are: shoptalk rules list"):
        rules.remove(7, "ann")


@pytest.mark.parametrize(
    ("day", "holds"), [(date(2026, 12, 1), False), (date(2026, 12, 2), True), (date(2026, 12, 4), True),
                       (date(2026, 12, 5), False)]
)  # fmt: skip
def test_a_rule_holds_from_its_first_to_its_last_day(shop, day, holds):
    rules, catalog = shop
    rule = Rule(action="exclude", subject="item", value="t1", starts=date(2026, 12, 2), ends=date(2026, 12, 4))
    rules.add(rule, "ann", catalog, TODAY)
    assert rules.in_force(day).allows(catalog.get("t1")) is not holds
    assert rules.in_force(day).narrowed(Filter()).excluded_ids == (("t1",) if holds else ())


@pytest.fixture(scope="module")
def rankers(tmp_path_factory, small_shop, material, training):
    folder = save(tmp_path_factory.mktemp("model") / "reranker", training, material[0].ids)
    return Reranker.load(folder, small_shop[0], vectors), Untrained(small_shop[0], vectors)


@pytest.fixture(scope="module")
def razors(material):
    """Candidates for "razor": the razors answer it, everything else hardly."""
    table = material[0]
    cosines = table.vectors @ encode(["razor"])[0]
    order = sorted(range(len(table)), key=lambda at: -cosines[at])
    return [
        Candidate(table.ids[at], float(cosines[at]), (Evidence("query", "dense", rank, float(cosines[at])),))
        for rank, at in enumerate(order, start=1)
    ]


def ranked(ranker, candidates, *rules, k=5):
    numbered = [rule.model_copy(update={"number": number}) for number, rule in enumerate(rules, start=1)]
    return [one.item_id for one in ranker.rank([], candidates, k, 0.25, request="razor", rules=InForce(numbered))]


def rule(action, subject, value):
    return Rule(action=action, subject=subject, value=value)


@pytest.mark.parametrize("number", [0, 1], ids=["trained", "untrained"])
def test_pins_come_first_where_they_answer_the_request_and_what_is_buried_comes_last(rankers, razors, number):
    ranker = rankers[number]
    plain = ranked(ranker, razors, k=20)
    last = plain[-1]
    assert ranked(ranker, razors, rule("pin", "item", last))[0] == last
    assert ranked(ranker, razors, rule("pin", "item", "tent-acme-red")) == plain[:5]  # no answer to "razor"
    assert "tent-acme-red" not in ranked(ranker, razors[:20], rule("pin", "item", "tent-acme-red"))
    pinned = ranked(ranker, razors, rule("pin", "brand", "elka"))
    assert [("elka" in one) for one in pinned[:2]] == [True, True]
    assert len(pinned) == len(set(pinned)) == 5
    all_pinned = ranked(ranker, razors[:20], rule("pin", "category", "Shop > Razor"), k=20)
    assert sorted(all_pinned) == sorted(plain)
    buried = ranked(ranker, razors[:20], rule("bury", "item", plain[0]), rule("bury", "brand", "Acme"), k=20)
    assert set(buried) == set(plain)
    tail = {one for one in plain if "acme" in one} | {plain[0]}
    assert set(buried[-len(tail) :]) == tail


def test_the_more_specific_rule_wins_and_of_equals_the_later(rankers, razors):
    item = "razor-acme-red"
    pin, bury = rule("pin", "item", item), rule("bury", "brand", "Acme")
    for order in ((pin, bury), (bury, pin)):
        assert ranked(rankers[0], razors, *order)[0] == item
    assert ranked(rankers[0], razors[:20], pin, rule("bury", "item", item), k=20)[-1] == item
    deep, wide = rule("pin", "category", "Shop > Razor"), rule("bury", "category", "Shop")
    assert ranked(rankers[0], razors[:20], wide, deep) == ranked(rankers[0], razors[:20], deep, wide)
    assert ranked(rankers[0], razors, wide, deep)[0].startswith("razor")
