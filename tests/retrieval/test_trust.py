"""Whether Chroma's answers are good enough is measured on each folder, and decides which arm answers."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hashing import Hashing

from retrieval.catalog import Catalog
from retrieval.chroma import Answer
from retrieval.database import Connections
from retrieval.encoder import Vectors
from retrieval.index import Index
from retrieval.items import Item
from retrieval.matrix import SCANNED_AT_ONCE, Matrix, MatrixWriter
from retrieval.stamp import Stamps
from retrieval.trust import TRUSTED_RECALL, recall

SIZE = 32


def unit(rows: np.ndarray) -> Vectors:
    made: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return made


@pytest.fixture
def matrix(tmp_path: Path) -> Matrix:
    rows = SCANNED_AT_ONCE + 1500  # more than one product
    vectors = unit(np.random.default_rng(1).standard_normal((rows, SIZE)))
    with MatrixWriter(tmp_path / "matrix") as writer:
        writer.add(np.arange(rows) + 1, np.arange(rows).astype(np.uint64), vectors)
    return Matrix(tmp_path / "matrix", SIZE)


class Forgetful:
    """A collection that finds only every so-manieth of what is nearest."""

    def __init__(self, matrix: Matrix, finds_every: int) -> None:
        self._matrix, self._every = matrix, finds_every

    def nearest(self, vectors: Vectors, n: int) -> list[Answer] | None:
        if not self._every:
            return None
        found = self._matrix.best(vectors, n, None)
        return [(self._matrix.numbers[rows][:: self._every], scores[:: self._every]) for rows, scores in found]

    def upsert(self, numbers: Sequence[int], vectors: Vectors) -> None:
        raise AssertionError("it is only asked")

    def remove(self, numbers: Sequence[int]) -> None:
        raise AssertionError("it is only asked")

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("finds_every", "measured"), [(1, 1.0), (2, 0.5), (5, 0.2), (0, None)])
def test_recall_is_the_share_of_the_nearest_that_are_found(
    matrix: Matrix, finds_every: int, measured: float | None
) -> None:
    assert recall(Forgetful(matrix, finds_every), matrix, 300) == pytest.approx(measured, abs=0.01)


def test_a_scan_in_int8_finds_what_an_exact_product_finds(matrix: Matrix) -> None:
    vectors = unit(np.random.default_rng(2).standard_normal((3, SIZE)))
    exact = matrix.of_rows(np.arange(len(matrix)))
    few = np.unique(np.random.default_rng(3).choice(len(matrix), 2000))

    for rows in (None, np.arange(1, len(matrix), 2), few):
        allowed = np.arange(len(matrix)) if rows is None else rows
        for vector, (found, scores) in zip(vectors, matrix.best(vectors, 20, rows), strict=True):
            cosines = exact[allowed] @ vector
            best = allowed[np.argsort(-cosines, kind="stable")[:20]]
            assert found.tolist() == best.tolist()
            np.testing.assert_allclose(scores, np.sort(cosines)[::-1][:20], rtol=1e-5)


def test_chroma_answers_only_where_it_was_found_to_find_enough(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "shop.sqlite3")
    catalog = Catalog(connections)
    catalog.upsert(Item(id=f"i{number}", title=f"Thing {number}") for number in range(600))
    encoder, stamps = Hashing(), Stamps(connections)

    def asked() -> dict[str, int]:
        index = Index.open(tmp_path / "index", catalog, connections, encoder)
        index.snapshot().nearest(encoder.encode(["Thing 7"]), 50, catalog.columns())
        index.close()
        return index.answers

    assert asked() == {"chroma": 1, "exact": 0}
    stamp = stamps.read()
    assert stamp is not None
    assert stamp.recall is not None
    assert stamp.recall >= TRUSTED_RECALL

    stamps.move(replace(stamp, recall=TRUSTED_RECALL - 0.01), {})
    assert asked() == {"chroma": 0, "exact": 1}

    stamps.move(replace(stamp, recall=None), {})  # as a folder of before this was measured
    assert asked() == {"chroma": 1, "exact": 0}
    measured = stamps.read()
    assert measured is not None
    assert measured.recall == stamp.recall
