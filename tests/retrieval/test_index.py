import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hashing import DIMENSION, Hashing
from indexed_things import exactly, folder_of, nearest, thing, worded

from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.errors import IndexBuildError
from retrieval.filters import Filter
from retrieval.index import Index
from retrieval.items import Item
from retrieval.matrix import Matrix, MatrixWriter
from retrieval.overlay import Overlaid
from retrieval.shelf import SEAL
from retrieval.snapshot import breadth
from retrieval.stamp import Stamps


def test_nearest_are_the_exactly_nearest(opened: Callable[..., Index], catalog: Catalog) -> None:
    index = opened()
    assert nearest(index, catalog, "Thing 7", 20) == exactly(catalog, "Thing 7", 20)
    assert index.answers == {"chroma": 1, "exact": 0}
    index.close()


@pytest.mark.parametrize("dearest", [900, 300, 60, 0, -1])
def test_a_filter_is_exact_and_never_starves(opened: Callable[..., Index], catalog: Catalog, dearest: int) -> None:
    index, filter = opened(), Filter(price_max=Decimal(dearest))
    found = nearest(index, catalog, "Thing 999", 10, filter)
    assert found == exactly(catalog, "Thing 999", 10, filter)
    assert len(found) == min(10, dearest + 1)
    index.close()


def test_chroma_answers_where_enough_survive_and_the_exact_product_where_not(
    opened: Callable[..., Index], catalog: Catalog
) -> None:
    index, columns = opened(), catalog.columns()
    near = set(exactly(catalog, "Thing 7", 250))
    for ids, arm in ((near, "chroma"), ({item.id for item in catalog.all()} - near, "exact")):
        before = index.answers[arm]
        mask = np.array([item_id in ids for item_id in columns.ids.tolist()])
        found = index.snapshot().nearest(Hashing().encode(["Thing 7", "Thing 7"]), 200, columns, mask)
        assert [len(numbers) for numbers, _ in found] == [200, 200]
        assert index.answers[arm] - before == 2
    index.close()


@pytest.mark.parametrize(
    ("possible", "size", "texts", "fetched"),
    [
        (2200, 2200, 3, 300),
        (21, 2200, 3, 300),
        (100_000, 100_000, 3, 300),
        (1_000_000, 1_000_000, 3, 300),
        (300_000, 1_000_000, 3, 434),
        (150_000, 1_000_000, 1, 867),
        (20_000, 1_000_000, 3, 300),
    ],
)
def test_chroma_is_asked_for_what_is_cheaper_than_the_exact_product(
    possible: int, size: int, texts: int, fetched: int
) -> None:
    assert breadth(possible, size, 200, texts) == fetched


def test_vectors_of_unknown_items_are_zeros(opened: Callable[..., Index]) -> None:
    index = opened()
    known, unknown = index.vectors(["i1", "nothing"])
    assert np.linalg.norm(known) == pytest.approx(1, abs=1e-5)
    assert not unknown.any()
    assert index.vectors([]).shape == (0, DIMENSION)
    index.close()


def test_a_second_opening_encodes_and_builds_nothing(opened: Callable[..., Index]) -> None:
    index = opened()
    folder = folder_of(index)
    index.close()
    encoder = Hashing()
    index = opened(encoder)
    assert (folder_of(index), encoder.texts) == (folder, 0)
    index.close()


def test_small_changes_are_applied_in_place(opened: Callable[..., Index], catalog: Catalog) -> None:
    encoder = Hashing()
    index = opened(encoder)
    folder, encoded = folder_of(index), encoder.texts
    assert not index.refresh()
    catalog.upsert([Item(id="i3", title="Changed altogether"), Item(id="new", title="Novelty")])
    catalog.remove(["i4"])
    assert index.refresh()
    assert not index.refresh()
    assert (encoder.texts - encoded, folder_of(index), len(index)) == (2, folder, 1200)
    for text in ("Novelty", "Changed altogether", "Thing 4", "Thing 3"):
        assert nearest(index, catalog, text, 30) == exactly(catalog, text, 30)
        dear = Filter(price_min=Decimal(1190))  # the exact product answers
        assert nearest(index, catalog, text, 30, dear) == exactly(catalog, text, 30, dear)
    assert index.answers == {"chroma": 4, "exact": 4}
    words = ("novelty", "altogether", "4", "3")
    assert [worded(index, catalog, word) for word in words] == [["new"], ["i3"], [], []]
    index.close()


def test_changes_applied_in_place_are_there_after_opening_again(opened: Callable[..., Index], catalog: Catalog) -> None:
    index = opened()
    folder = folder_of(index)
    catalog.upsert([Item(id="i3", title="Changed altogether"), Item(id="new", title="Novelty")])
    catalog.remove(["i4"])
    index.refresh()
    vectors = index.vectors(["i3", "new", "i4", "i5"])
    index.close()
    encoder = Hashing()
    index = opened(encoder)
    assert (folder_of(index), encoder.texts, len(index)) == (folder, 0, 1200)
    np.testing.assert_array_equal(index.vectors(["i3", "new", "i4", "i5"]), vectors)
    for text in ("Novelty", "Changed altogether", "Thing 4"):
        assert nearest(index, catalog, text, 30) == exactly(catalog, text, 30)
    assert [worded(index, catalog, word) for word in ("novelty", "altogether", "4")] == [["new"], ["i3"], []]
    index.close()


def test_a_price_is_no_work_for_the_index(opened: Callable[..., Index], catalog: Catalog) -> None:
    encoder = Hashing()
    index = opened(encoder)
    encoded = encoder.texts
    catalog.upsert(thing(number, price=Decimal(5000 + number), stock=3) for number in range(1200))
    assert not index.refresh()
    assert encoder.texts == encoded
    dear = Filter(price_min=Decimal(6190))
    assert nearest(index, catalog, "Thing 3", 30, dear) == exactly(catalog, "Thing 3", 30, dear)
    index.close()


def test_more_than_a_fifth_is_built_aside_and_the_former_folder_goes(
    opened: Callable[..., Index], catalog: Catalog
) -> None:
    index = opened()
    former, kept = folder_of(index), index.snapshot()
    vector = Hashing().encode(["Thing 900"])
    before = kept.nearest(vector, 5, catalog.columns())
    catalog.upsert(Item(id=f"i{number}", title=f"Other {number}") for number in range(300))
    assert index.refresh()
    assert folder_of(index) != former
    assert nearest(index, catalog, "Other 7", 20) == exactly(catalog, "Other 7", 20)
    # Whoever was finding items in the former state goes on in it.
    after = kept.nearest(vector, 5, catalog.columns())
    assert [numbers.tolist() for numbers, _ in after] == [numbers.tolist() for numbers, _ in before]
    assert former.exists()
    del kept
    assert not former.exists()
    index.close()


def test_an_item_that_is_written_twice_counts_as_it_was_written_last(tmp_path: Path) -> None:
    vectors = np.eye(3, 4, dtype=np.float32)
    with MatrixWriter(tmp_path) as writer:
        writer.add(np.array([9, 5]), np.array([90, 50], dtype=np.uint64), vectors[:2])
        writer.add(np.array([9]), np.array([91], dtype=np.uint64), vectors[2:])
    held = Overlaid.fresh(Matrix(tmp_path, 4))
    assert (len(held), held.all_numbers().tolist()) == (2, [5, 9])
    np.testing.assert_array_equal(held.of(np.array([5, 9, 7])), [vectors[1], vectors[2], np.zeros(4)])
    assert held.is_of(np.array([9, 9, 5]), np.array([90, 91, 50], dtype=np.uint64)).tolist() == [False, True, True]


def test_stale_on_opening_is_brought_up_to_date(opened: Callable[..., Index], catalog: Catalog) -> None:
    opened().close()
    catalog.upsert([Item(id="new", title="Novelty")])
    index = opened()
    assert (len(index), index.generation) == (1201, catalog.generation())
    assert nearest(index, catalog, "Novelty", 1) == ["new"]
    index.close()


def test_an_interrupted_refresh_is_done_again(
    opened: Callable[..., Index], catalog: Catalog, connections: Connections
) -> None:
    index, stamps = opened(), Stamps(connections)
    stamp, folder = stamps.read(), folder_of(index)
    assert stamp is not None
    catalog.upsert([Item(id="i3", title="Changed altogether"), Item(id="new", title="Novelty")])
    catalog.remove(["i4"])
    index.refresh()
    # As if it had been killed before the stamp: Chroma holds the changes, and nothing says so.
    stamps.swap(stamp)
    (folder / SEAL).unlink(missing_ok=True)
    index.close()
    (folder / SEAL).unlink()
    index = opened()
    assert (folder_of(index), len(index)) == (folder, 1200)
    for text in ("Novelty", "Changed altogether", "Thing 4"):
        assert nearest(index, catalog, text, 30) == exactly(catalog, text, 30)
    index.close()


def test_a_stamp_that_cannot_be_read_is_none(opened: Callable[..., Index], connections: Connections) -> None:
    opened().close()
    connections.current.execute("UPDATE index_state SET stamp = '{half a st'")
    index = opened()
    assert len(index) == 1200
    index.close()


def test_another_encoder_rebuilds(opened: Callable[..., Index]) -> None:
    opened().close()

    class Other(Hashing):
        name = "another"

    encoder = Other()
    opened(encoder).close()
    assert encoder.texts > 0


def test_leftovers_of_an_interrupted_build_are_swept(tmp_path: Path, opened: Callable[..., Index]) -> None:
    (tmp_path / "index" / "half-built").mkdir(parents=True)
    index = opened()
    assert sorted(path.name for path in (tmp_path / "index").iterdir()) == sorted(["lock", folder_of(index).name])
    index.close()


def test_two_owners_are_refused(opened: Callable[..., Index]) -> None:
    index = opened()
    with pytest.raises(IndexBuildError, match="in use by another Shoptalk process"):
        opened()
    index.close()
    opened().close()


def test_an_empty_catalogue_has_an_empty_index_and_grows(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "empty.sqlite3")
    catalog = Catalog(connections)
    index = Index.open(tmp_path / "index", catalog, connections, Hashing())
    assert nearest(index, catalog, "Thing", 5) == []
    catalog.upsert([thing(1)])
    index.refresh()
    assert nearest(index, catalog, "Thing", 5) == ["i1"]
    index.close()
    index = Index.open(tmp_path / "index", catalog, connections, Hashing())
    assert nearest(index, catalog, "Thing", 5) == ["i1"]
    index.close()


def test_queries_go_on_while_the_index_changes(opened: Callable[..., Index], catalog: Catalog) -> None:
    index, wrong, stop = opened(), [], threading.Event()

    def ask() -> None:
        while not stop.is_set():
            found = nearest(index, catalog, "Thing 7", 5)
            if len(found) != 5 or found[0] != "i7":
                wrong.append(found)

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    for round_ in range(4):
        size = 300 if round_ % 2 else 3
        catalog.upsert(Item(id=f"i{number + 10}", title=f"Novelty {round_} {number}") for number in range(size))
        index.refresh()
    stop.set()
    for asker in askers:
        asker.join()
    assert wrong == []
    index.close()


def test_where_chroma_fails_the_exact_product_answers(opened: Callable[..., Index], catalog: Catalog) -> None:
    index = opened()
    index.snapshot().shelf.collection.close()
    assert nearest(index, catalog, "Thing 7", 20) == exactly(catalog, "Thing 7", 20)
    assert index.answers == {"chroma": 0, "exact": 1}
    index.close()
