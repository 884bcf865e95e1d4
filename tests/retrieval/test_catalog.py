import threading
from decimal import Decimal
from pathlib import Path

import pytest
from generated_items import GENERATED_FILTERS, GENERATED_ITEMS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.catalog import Catalog, UpsertCount
from retrieval.database import Connections
from retrieval.facts import Facts, Vocabulary
from retrieval.filters import Filter
from retrieval.items import Item

EVERYTHING = Filter(in_stock_only=False)

ITEMS = [
    Item(
        id="tent-1", title="Ridge tent for two", brand="Fellside", category=("Outdoor", "Tents"),
        price=Decimal("149.00"), currency="USD", attributes={"colour": ("green", "Red"), "season": ("3",)},
        stock=3, rating=4.5, rating_count=20,
    ),
    Item(
        id="tent-2", title="Dome tent", brand="fellside", category=("Outdoor", "Tents"), price=Decimal("89.5"),
        currency="USD", attributes={"Colour": ("Blue",)}, stock=0, rating=3.9, rating_count=4,
        description="A steam-free tent; packs small.",
    ),
    Item(
        id="mug", title="Enamel tea mug", brand="Kettle & Co", category=("Kitchen", "Mugs"), price=Decimal("9"),
        currency="USD", attributes={"colour": ("red",)}, rating=5.0, rating_count=1,
    ),
    Item(id="bag", title="Canvas bag — Straße", category=("Outdoor",), brand="", attributes={"material": ("cotton",)}),
]  # fmt: skip


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    made = Catalog(Connections(tmp_path / "shop.sqlite3"))
    made.upsert(ITEMS)
    return made


def test_upsert_counts_and_writes_in_place(catalog: Catalog) -> None:
    cheaper = ITEMS[0].model_copy(update={"price": Decimal("99")})
    added = Item(id="new", title="New thing")
    assert catalog.upsert([cheaper, ITEMS[1], added]) == UpsertCount(new=1, changed=1, same=1)
    assert catalog.get("tent-1") == cheaper
    assert [item.id for item in catalog.all()] == ["tent-1", "tent-2", "mug", "bag", "new"]


def test_what_was_changed_or_removed_is_not_found_by_its_old_words(catalog: Catalog) -> None:
    catalog.upsert([ITEMS[0].model_copy(update={"title": "Pavilion"})])
    assert catalog.remove(["mug", "never there"]) == 1
    assert catalog.ids(Filter(excluded_terms=("ridge", "enamel"), in_stock_only=False)) == {"tent-1", "tent-2", "bag"}
    assert catalog.ids(Filter(attributes={"colour": ("red",)}, in_stock_only=False)) == {"tent-1"}


def test_many_keeps_the_order_asked_for_and_leaves_out_the_unknown(catalog: Catalog) -> None:
    assert list(catalog.many(["mug", "nothing", "tent-1"])) == ["mug", "tent-1"]
    assert catalog.get("nothing") is None


def test_generation_names_the_contents_and_not_their_order(tmp_path: Path, catalog: Catalog) -> None:
    other = Catalog(Connections(tmp_path / "other.sqlite3"))
    for item in reversed(ITEMS):
        other.upsert([item])
    first = catalog.generation()
    assert other.generation() == first
    catalog.upsert([ITEMS[0].model_copy(update={"stock": 2})])
    assert catalog.generation() != first
    catalog.upsert(ITEMS)
    assert catalog.generation() == first
    catalog.remove([item.id for item in ITEMS])
    assert catalog.generation() == f"{0:032x}"


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (Filter(), {"tent-1", "mug", "bag"}),
        (EVERYTHING, {"tent-1", "tent-2", "mug", "bag"}),
        (Filter(price_max=Decimal("149")), {"tent-1", "mug"}),
        (Filter(price_max=Decimal("148.999999999999999999")), {"mug"}),
        (Filter(price_min=Decimal("9.0")), {"tent-1", "mug"}),
        (Filter(price_min=Decimal("-1")), {"tent-1", "mug"}),
        (Filter(price_max=Decimal("-1")), set()),
        (Filter(price_below=Decimal("149.00")), {"mug"}),
        (Filter(price_below=Decimal("149.01"), price_above=Decimal("9")), {"tent-1"}),
        (Filter(one_of=((("colour", "red"), ("size", "10")),)), {"tent-1", "mug"}),
        (Filter(one_of=((("Colour", "Red"),), (("size", "10"),))), set()),
        (Filter(one_of=((),)), set()),
        (Filter(brands=("FELLSIDE",), in_stock_only=False), {"tent-1", "tent-2"}),
        (Filter(excluded_brands=("Fellside",)), {"mug", "bag"}),
        (Filter(categories=(("outdoor",),)), {"tent-1", "bag"}),
        (Filter(categories=(("outdoor", "tents"), ("kitchen",))), {"tent-1", "mug"}),
        (Filter(categories=(("out",),)), set()),
        (Filter(excluded_categories=(("Outdoor", "TENTS"),)), {"mug", "bag"}),
        (Filter(categories=(("outdoor",),), excluded_categories=(("outdoor", "tents"),)), {"bag"}),
        (Filter(attributes={"COLOUR": ("RED", "pink")}), {"tent-1", "mug"}),
        (Filter(attributes={"size": ("10",)}), set()),
        (Filter(excluded_attributes={"colour": ("red",)}), {"bag"}),
        (Filter(excluded_terms=("tea",), in_stock_only=False), {"tent-1", "tent-2", "bag"}),
        (Filter(excluded_terms=("STRASSE",)), {"tent-1", "mug"}),
        (Filter(rating_min=4.5), {"tent-1", "mug"}),
        (Filter(excluded_ids=("mug",)), {"tent-1", "bag"}),
    ],
)
def test_ids_satisfy_the_filter(catalog: Catalog, filter: Filter, expected: set[str]) -> None:
    assert catalog.ids(filter) == expected == {item.id for item in ITEMS if filter.matches(item)}
    assert catalog.count(filter) == len(expected)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(GENERATED_ITEMS, max_size=6), filters=st.lists(GENERATED_FILTERS, min_size=5, max_size=5))
def test_ids_and_filter_agree_on_anything(tmp_path: Path, items: list[Item], filters: list[Filter]) -> None:
    catalog = Catalog(Connections(tmp_path / "any.sqlite3"))
    catalog.remove([item.id for item in catalog.all()])
    catalog.upsert(items)
    for filter in filters:
        assert catalog.ids(filter) == {item.id for item in items if filter.matches(item)}, filter


def test_popular_weighs_ratings_by_their_count(catalog: Catalog) -> None:
    assert catalog.popular(EVERYTHING, 5) == ["tent-1", "mug", "tent-2", "bag"]
    assert catalog.popular(Filter(excluded_terms=("ridge",)), 1) == ["mug"]


def test_facts(catalog: Catalog) -> None:
    assert catalog.facts(Filter(categories=(("outdoor",),), in_stock_only=False)) == Facts(
        count=3,
        price_min=Decimal("89.5"),
        price_max=Decimal("149.00"),
        cheapest="tent-2",
        dearest="tent-1",
        brands=1,
        top_brands=(("Fellside", 2),),
        top_categories=((("Outdoor", "Tents"), 2), (("Outdoor",), 1)),
        top_attributes={
            "colour": (("green", 1), ("Red", 1), ("Blue", 1)),
            "season": (("3", 1),),
            "material": (("cotton", 1),),
        },
    )
    ridgeless = catalog.facts(Filter(excluded_terms=("ridge",)))
    assert (ridgeless.count, ridgeless.cheapest, ridgeless.dearest) == (2, "mug", "mug")
    assert catalog.facts(Filter(brands=("nobody",))) == Facts(0, None, None, "", "", 0)


def test_vocabulary(catalog: Catalog) -> None:
    assert catalog.vocabulary() == Vocabulary(
        brands=("Fellside", "fellside", "Kettle & Co"),
        categories=(("Outdoor", "Tents"), ("Kitchen", "Mugs"), ("Outdoor",)),
        attributes={"colour": ("Red", "green", "Blue"), "season": ("3",), "material": ("cotton",)},
        currency="USD",
        price_range=(Decimal("9"), Decimal("149.00")),
        carried={
            ("Outdoor", "Tents"): frozenset({"colour", "season"}),
            ("Kitchen", "Mugs"): frozenset({"colour"}),
            ("Outdoor",): frozenset({"material"}),
        },
        held={
            ("Outdoor", "Tents"): {"colour": frozenset({"red", "green", "blue"}), "season": frozenset({"3"})},
            ("Kitchen", "Mugs"): {"colour": frozenset({"red"})},
            ("Outdoor",): {"material": frozenset({"cotton"})},
        },
    )


def test_answers_follow_a_change(catalog: Catalog) -> None:
    assert catalog.count(Filter()) == 3
    assert catalog.vocabulary().currency == "USD"
    catalog.remove(["mug", "tent-1", "tent-2"])
    assert catalog.count(Filter()) == 1
    assert catalog.vocabulary().currency == ""


def test_a_vocabulary_is_the_same_object_until_a_word_changes(catalog: Catalog) -> None:
    first = catalog.vocabulary()
    catalog.upsert([ITEMS[0].model_copy(update={"price": Decimal("99"), "stock": 1})])
    assert catalog.vocabulary() is not first
    catalog.upsert([ITEMS[0]])
    again = catalog.vocabulary()
    catalog.upsert([ITEMS[0].model_copy(update={"title": "Ridge", "stock": 1, "rating": 1.0})])
    assert catalog.vocabulary() is again


def test_many_threads_read_while_one_writes(catalog: Catalog) -> None:
    stop, wrong = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            found = catalog.ids(EVERYTHING)
            if len(found) not in (4, 104):
                wrong.append(len(found))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(5):
        catalog.upsert(Item(id=f"extra-{n}", title=f"Extra {n}") for n in range(100))
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_writers_in_two_threads_wait_for_each_other(tmp_path: Path) -> None:
    catalog = Catalog(Connections(tmp_path / "two.sqlite3"))

    def write(part: int) -> None:
        for n in range(20):
            catalog.upsert([Item(id=f"{part}-{n}", title="Thing")])

    writers = [threading.Thread(target=write, args=(part,)) for part in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    whole = Catalog(Connections(tmp_path / "whole.sqlite3"))
    whole.upsert(Item(id=f"{part}-{n}", title="Thing") for part in range(3) for n in range(20))
    assert catalog.size() == 60
    assert catalog.generation() == whole.generation()


def test_the_other_variants_of_a_product_are_looked_up_by_its_key_as_far_as_they_are_in_stock(tmp_path: Path) -> None:
    catalog = Catalog(Connections(tmp_path / "shop.sqlite3"))
    group = [Item(id=f"g{n}", title="Mug", group_id="mug", stock=0 if n == 3 else 1) for n in range(8)]
    catalog.upsert([*group, Item(id="alone", title="Mug"), Item(id="also", title="Mug", group_id="other")])
    assert catalog.siblings(["g1", "g3", "alone", "also", "unknown"], 3) == {
        "g1": ("g0", "g2", "g4"), "g3": ("g0", "g1", "g2"), "alone": (), "also": (),
    }  # fmt: skip
    plan = catalog._connections.current.execute(
        "EXPLAIN QUERY PLAN SELECT id FROM items WHERE variant = 'x' AND substr(variant, 1, 5) <> 'item '"
    ).fetchall()
    assert "items_first_by_variant" in str(plan)
