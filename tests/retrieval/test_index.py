import json
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest

from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.encoder import Vectors
from retrieval.errors import IndexBuildError
from retrieval.index import Index
from retrieval.items import Item
from retrieval.probe import fault
from retrieval.vectors import VectorFolder, write

DIMENSION = 16


class Hashing:
    """A real, if simple, encoder: each word adds its own random direction."""

    name, dimension = "hashing", DIMENSION

    def __init__(self) -> None:
        self.texts = 0

    def encode(self, texts: list[str]) -> Vectors:
        self.texts += len(texts)
        rows = [sum((self._direction(word) for word in text.split()), np.zeros(DIMENSION)) + 1e-6 for text in texts]
        vectors = np.array(rows, dtype=np.float32).reshape(len(texts), DIMENSION)
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    @staticmethod
    def _direction(word: str) -> np.ndarray:
        return np.random.default_rng(zlib.crc32(word.encode())).normal(size=DIMENSION)


def thing(number: int) -> Item:
    return Item(id=f"i{number}", title=f"Thing {number}")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    made = Catalog(Connections(tmp_path / "shop.sqlite3"))
    made.upsert(thing(number) for number in range(300))
    return made


def opened(tmp_path: Path, catalog: Catalog, encoder: Hashing | None = None) -> Index:
    return Index.open(tmp_path / "index", catalog, encoder or Hashing())


def pointer(tmp_path: Path) -> dict[str, object]:
    return dict(json.loads((tmp_path / "index" / "current.json").read_text()))


def test_nearest_are_the_exactly_nearest(tmp_path: Path, catalog: Catalog) -> None:
    index = opened(tmp_path, catalog)
    ids = [item.id for item in catalog.all()]
    matrix = index.vectors(ids)
    vector = Hashing().encode(["Thing 7"])[0]
    expected = sorted(zip(ids, (matrix @ vector).tolist(), strict=True), key=lambda pair: -pair[1])[:20]
    found = index.query(vector, 20)
    assert [item_id for item_id, _ in found] == [item_id for item_id, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-5)
    assert index.answers == {"chroma": 1, "exact": 0}
    index.close()


@pytest.mark.parametrize("allowed", [250, 60, 1, 0])
def test_a_filter_is_exact_and_never_starves(tmp_path: Path, catalog: Catalog, allowed: int) -> None:
    index = opened(tmp_path, catalog)
    ids = [item.id for item in catalog.all()]
    permitted = set(ids[:allowed])
    vector = Hashing().encode(["Thing 299"])[0]
    found = index.query(vector, 10, permitted)
    scores = dict(zip(ids, (index.vectors(ids) @ vector).tolist(), strict=True))
    expected = sorted(permitted, key=lambda item_id: -scores[item_id])[:10]
    assert [item_id for item_id, _ in found] == expected
    assert sum(index.answers.values()) == 1
    index.close()


def test_too_few_allowed_for_chroma_are_found_by_the_exact_product(tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).normal(size=(5000, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [f"i{number}" for number in range(len(vectors))]
    write(tmp_path / "folder", ids, vectors)
    folder = VectorFolder(tmp_path / "folder")
    allowed = set(ids[::500])
    found, arm = folder.nearest(vectors[0], 5, allowed)
    expected = sorted(allowed, key=lambda item_id: -float(vectors[ids.index(item_id)] @ vectors[0]))[:5]
    assert ([item_id for item_id, _ in found], arm) == (expected, "exact")
    assert folder.nearest(vectors[0], 5, None)[1] == "chroma"
    assert folder.nearest(vectors[0], 5, set(ids[::2]))[1] == "chroma"
    folder.close()


def test_vectors_of_unknown_items_are_zeros(tmp_path: Path, catalog: Catalog) -> None:
    index = opened(tmp_path, catalog)
    known, unknown = index.vectors(["i1", "nothing"])
    assert np.linalg.norm(known) == pytest.approx(1, abs=1e-5)
    assert not unknown.any()
    assert index.vectors([]).shape == (0, DIMENSION)
    index.close()


def test_a_second_opening_rebuilds_nothing(tmp_path: Path, catalog: Catalog) -> None:
    opened(tmp_path, catalog).close()
    before, encoder = pointer(tmp_path), Hashing()
    opened(tmp_path, catalog, encoder).close()
    assert pointer(tmp_path) == before
    assert encoder.texts == 0


def test_refresh_encodes_only_what_changed_and_sweeps_the_old(tmp_path: Path, catalog: Catalog) -> None:
    encoder = Hashing()
    index = opened(tmp_path, catalog, encoder)
    encoded, former = encoder.texts, pointer(tmp_path)["folder"]
    assert not index.refresh()
    catalog.upsert([Item(id="i3", title="Changed altogether"), Item(id="new", title="Novelty")])
    catalog.remove(["i4"])
    assert index.refresh()
    assert encoder.texts - encoded == 2
    assert len(index) == 300
    assert index.query(encoder.encode(["Novelty"])[0], 1)[0][0] == "new"
    assert "i4" not in {item_id for item_id, _ in index.query(encoder.encode(["Thing 4"])[0], 300)}
    assert not (tmp_path / "index" / str(former)).exists()
    index.close()


def test_stale_on_opening_is_rebuilt(tmp_path: Path, catalog: Catalog) -> None:
    opened(tmp_path, catalog).close()
    catalog.upsert([Item(id="new", title="Novelty")])
    index = opened(tmp_path, catalog)
    assert (len(index), index.generation) == (301, catalog.generation())
    index.close()


def damage_pointer(folder: Path) -> None:
    (folder.parent / "current.json").write_text("{half a po")


def damage_database(folder: Path) -> None:
    (folder / "chroma" / "chroma.sqlite3").write_bytes(b"not a database" * 1000)


def damage_segment(folder: Path) -> None:
    for file in (folder / "chroma").rglob("*.bin"):
        file.write_bytes(b"\xff" * 64)


def damage_missing(folder: Path) -> None:
    (folder / "chroma" / "chroma.sqlite3").unlink()


def damage_matrix(folder: Path) -> None:
    (folder / "vectors.npy").write_bytes(b"")


@pytest.mark.parametrize("damage", [damage_pointer, damage_database, damage_segment, damage_missing, damage_matrix])
def test_broken_on_opening_is_rebuilt(tmp_path: Path, catalog: Catalog, damage: object) -> None:
    opened(tmp_path, catalog).close()
    folder = tmp_path / "index" / str(pointer(tmp_path)["folder"])
    damage(folder)  # type: ignore[operator]
    encoder = Hashing()
    index = opened(tmp_path, catalog, encoder)
    assert encoder.texts == 0  # from the cache
    assert index.query(encoder.encode(["Thing 7"])[0], 1)[0][0] == "i7"
    assert fault(tmp_path / "index" / str(pointer(tmp_path)["folder"])) == ""
    index.close()


def test_leftovers_of_an_interrupted_build_are_swept(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "index" / "half-built").mkdir(parents=True)
    index = opened(tmp_path, catalog)
    assert sorted(path.name for path in (tmp_path / "index").iterdir()) == sorted(
        ["current.json", "lock", str(pointer(tmp_path)["folder"])]
    )
    index.close()


def test_two_owners_are_refused(tmp_path: Path, catalog: Catalog) -> None:
    index = opened(tmp_path, catalog)
    with pytest.raises(IndexBuildError, match="in use by another Shoptalk process"):
        opened(tmp_path, catalog)
    index.close()
    opened(tmp_path, catalog).close()


def test_an_empty_catalogue_has_an_empty_index(tmp_path: Path) -> None:
    index = opened(tmp_path, Catalog(Connections(tmp_path / "empty.sqlite3")))
    assert index.query(np.ones(DIMENSION, dtype=np.float32), 5) == []
    index.close()
    opened(tmp_path, Catalog(Connections(tmp_path / "empty.sqlite3"))).close()


def test_queries_go_on_while_the_index_is_replaced(tmp_path: Path, catalog: Catalog) -> None:
    index, wrong, stop = opened(tmp_path, catalog), [], threading.Event()
    vector = Hashing().encode(["Thing 7"])[0]

    def ask() -> None:
        while not stop.is_set():
            found = index.query(vector, 5)
            if len(found) != 5 or found[0][0] != "i7":
                wrong.append(found)

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    for round_ in range(3):
        catalog.upsert([Item(id="new", title=f"Novelty {round_}")])
        index.refresh()
    stop.set()
    for asker in askers:
        asker.join()
    assert wrong == []
    index.close()


def test_a_folder_whose_chroma_fails_still_answers(tmp_path: Path) -> None:
    vectors = Hashing().encode(["Thing 1", "Thing 2"])
    write(tmp_path / "folder", ["i1", "i2"], vectors)
    folder = VectorFolder(tmp_path / "folder")
    folder.close()
    found, arm = folder.nearest(vectors[1], 1, None)
    assert (found[0][0], arm) == ("i2", "exact")
