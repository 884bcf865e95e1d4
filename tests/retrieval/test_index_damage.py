"""What is broken or taken away of an index, before it is opened and while it answers."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hashing import DIMENSION, Hashing
from indexed_things import exactly, folder_of, nearest, thing, worded

from retrieval.catalog import Catalog
from retrieval.errors import IndexBuildError
from retrieval.index import Index
from retrieval.probe import Probe
from retrieval.shelf import SEAL


def damage_nothing(folder: Path) -> None:
    (folder / SEAL).unlink()


def damage_database(folder: Path) -> None:
    (folder / "chroma" / "chroma.sqlite3").write_bytes(b"not a database" * 1200)


def damage_segment(folder: Path) -> None:
    for file in (folder / "chroma").rglob("*.bin"):
        file.write_bytes(b"\xff" * 64)


def damage_missing(folder: Path) -> None:
    (folder / "chroma" / "chroma.sqlite3").unlink()


def damage_lexical(folder: Path) -> None:
    (folder / "lexical" / "meta.json").write_text("{}")


def damage_matrix(folder: Path) -> None:
    (folder / "vectors.i8").write_bytes(b"")


DAMAGES = [damage_nothing, damage_database, damage_segment, damage_missing, damage_matrix, damage_lexical]


@pytest.mark.parametrize("damage", DAMAGES)
def test_broken_on_opening_is_rebuilt(
    opened: Callable[..., Index], catalog: Catalog, damage: Callable[[Path], None]
) -> None:
    index = opened()
    folder = folder_of(index)
    index.close()
    damage(folder)
    encoder = Hashing()
    index = opened(encoder)
    assert encoder.texts == 0  # from the cache
    assert (folder_of(index) == folder) == (damage is damage_nothing)
    assert nearest(index, catalog, "Thing 7", 20) == exactly(catalog, "Thing 7", 20)
    assert not (folder_of(index) / SEAL).exists()  # an end without closing is noticed
    folder = folder_of(index)
    index.close()
    assert (folder / SEAL).exists()
    assert Probe(folder, DIMENSION, [0, 500, 999]).fault() == ""


@pytest.mark.parametrize("part", ["", "chroma", "lexical"])
def test_a_folder_that_somebody_removes_is_built_anew_meanwhile_it_answers(
    opened: Callable[..., Index], catalog: Catalog, tmp_path: Path, part: str
) -> None:
    index = opened()
    before = folder_of(index)
    shutil.rmtree(before / part if part else tmp_path / "index")
    assert nearest(index, catalog, "Thing 7", 20) == exactly(catalog, "Thing 7", 20)
    assert index.refresh() is True
    assert folder_of(index) != before
    assert nearest(index, catalog, "Thing 7", 20) == exactly(catalog, "Thing 7", 20)
    catalog.upsert([thing(5000)])
    assert index.refresh() is True
    assert worded(index, catalog, "Thing 5000")[0] == "i5000"
    assert index.refresh() is False
    with pytest.raises(IndexBuildError, match="in use by another"):
        opened()
    index.close()
    again = opened()
    assert folder_of(again).is_dir()
    again.close()
