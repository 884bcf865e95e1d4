"""What the catalogue says of its own changes."""

import random
from decimal import Decimal
from pathlib import Path

import pytest

from retrieval import tables
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.items import Item
from retrieval.variants import variant_key


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(Connections(tmp_path / "shop.sqlite3"))


def thing(item_id: str, price: int = 1, title: str = "Thing") -> Item:
    return Item(id=item_id, title=title, price=Decimal(price))


def state(catalog: Catalog) -> dict[int, Item]:
    items = {item.id: item for item in catalog.all()}
    return {number: items[item_id] for item_id, number in catalog.numbers(list(items)).items()}


def test_a_sequence_grows_with_changes_and_only_then(catalog: Catalog) -> None:
    seen = [catalog.sequence()]
    for change in (
        lambda: catalog.upsert([thing("a"), thing("b")]),
        lambda: catalog.upsert([thing("a", 2)]),
        lambda: catalog.remove(["b"]),
    ):
        change()
        seen.append(catalog.sequence())
    assert seen == sorted(set(seen))
    catalog.upsert([thing("a", 2)])
    catalog.remove(["never there"])
    assert catalog.sequence() == seen[-1]


def test_changes_tell_what_was_written_and_removed(catalog: Catalog) -> None:
    catalog.upsert([thing("a"), thing("b"), thing("c")])
    numbers, since = catalog.numbers(["a", "b", "c", "d"]), catalog.sequence()
    assert sorted(numbers) == ["a", "b", "c"]
    assert catalog.ids_of([*numbers.values(), 99]) == {number: item_id for item_id, number in numbers.items()}
    catalog.upsert([thing("a"), thing("b", 2), thing("d")])
    catalog.remove(["c"])
    changes = catalog.changes(since)
    assert [item.id for _, item in changes.upserted] == ["b", "d"]
    assert (changes.removed, changes.count, changes.everything) == ([numbers["c"]], 3, False)
    assert changes.sequence == catalog.sequence()
    assert catalog.changed(since) == 3
    assert catalog.changed(catalog.sequence()) == 0
    assert catalog.numbers(["a", "b"]) == {"a": numbers["a"], "b": numbers["b"]}


def test_a_number_is_never_given_twice(catalog: Catalog) -> None:
    catalog.upsert([thing("a"), thing("b")])
    used = set(catalog.numbers(["a", "b"]).values())
    catalog.remove(["a", "b"])
    catalog.upsert([thing("b"), thing("c")])
    assert not used & set(catalog.numbers(["b", "c"]).values())


def test_changes_from_any_sequence_give_the_present_state(catalog: Catalog) -> None:
    random.seed(3)
    states = {catalog.sequence(): state(catalog)}
    for _ in range(80):
        some = [f"i{random.randrange(15)}" for _ in range(random.randrange(1, 4))]
        if random.random() < 0.35:
            catalog.remove(some)
        else:
            catalog.upsert(thing(one, random.randrange(3)) for one in some)
        states[catalog.sequence()] = state(catalog)
    present = state(catalog)
    assert len(states) > 40
    for since, held in [(0, {}), *states.items()]:
        changes = catalog.changes(since)
        derived = {} if changes.everything else dict(held)
        assert catalog.changed(since) == changes.count
        upserted = list(changes.upserted)
        for _ in range(2):  # applied twice, it is the same
            derived |= dict(upserted)
            for number in changes.removed:
                derived.pop(number, None)
        assert derived == present, since


def test_who_is_too_far_behind_reads_everything(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "shop.sqlite3")
    catalog = Catalog(connections)
    catalog.upsert(thing(item_id) for item_id in "abcde")
    since = [catalog.sequence()]
    for item_id in "ab":
        catalog.remove([item_id])
        since.append(catalog.sequence())
    assert [catalog.changes(one).everything for one in since] == [False, False, False]
    # As if so many others had gone with "b" that "a" need no longer be remembered.
    with connections.current.atomic():
        connections.current.conn.executemany(
            "INSERT INTO removed_items VALUES (?, ?)",
            [(number, since[-1]) for number in range(1000, 999 + tables.MOST_TOMBSTONES)],
        )
    catalog.remove(["c"])
    assert [catalog.changes(one).everything for one in since] == [True, True, False]
    assert [item.id for _, item in catalog.changes(since[0]).upserted] == ["d", "e"]
    assert len(catalog.changes(since[-1]).removed) == 1


def test_excluded_terms_are_found_among_the_items_asked_about(catalog: Catalog) -> None:
    catalog.upsert([thing("a", title="Tea set"), thing("b", title="Steam iron"), thing("c", title="Green TEA, loose")])
    numbers = catalog.numbers(["a", "b", "c"])
    assert catalog.breaking(numbers.values(), ["tea"]) == {numbers["a"], numbers["c"]}
    assert catalog.breaking([numbers["b"], numbers["c"]], ["tea", "iron"]) == {numbers["b"], numbers["c"]}
    assert catalog.breaking([numbers["b"]], ["tea"]) == set()
    assert catalog.breaking([], ["tea"]) == set()


def test_a_catalogue_of_before_sequences_is_brought_up(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "old.sqlite3")
    tables.migrations.apply(connections.current, stop_before="m002_changes")
    item = Item(id="a", title="Tent", category=("Out", "Tents"), price=Decimal("9.50"), attributes={"Size": ("L",)})
    for number, content in ((4, item), (7, thing("b"))):
        connections.current.execute(
            "INSERT INTO items (number, id, hash, record, title, brand, category_text, attributes_text, description, "
            "words, brand_key, category_key, currency) VALUES (?, ?, ?, ?, ?, '', '', '', '', '', '', '', '')",
            [number, content.id, content.content_hash(), content.model_dump_json(), content.title],
        )
    catalog = Catalog(connections)
    assert list(catalog.all()) == [item, thing("b")]
    assert catalog.upsert([item, thing("b")]).same == 2
    assert catalog.variants(["a", "b"]) == {"a": variant_key(item), "b": variant_key(thing("b"))}
    columns = catalog.columns()
    assert columns.numbers.tolist() == [4, 7]
    assert columns.price_list == [Decimal(1), Decimal("9.50")]
    assert columns.texts.paths.values_read == [("Out", "Tents"), ()]
    assert columns.texts.attributes["size"].values_read == ["L"]
    catalog.upsert([thing("c")])
    assert catalog.numbers(["c"]) == {"c": 8}
