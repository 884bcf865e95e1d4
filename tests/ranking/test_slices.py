import numpy as np
import pytest
import scipy.sparse as sp

from ranking.slices import ALONE, block, entries, product

MATRIX = sp.random(30, 40, 0.2, "csr", np.float32, np.random.default_rng(0))


def test_a_block_is_the_rows_and_columns_of_the_matrix():
    rows, columns = np.array([7, 0, 29]), np.array([39, 2, 3, 11])
    assert (block(MATRIX, rows, columns) == MATRIX.toarray()[rows][:, columns]).all()
    assert block(MATRIX, rows[:0], columns).shape == (0, 4)


def test_entries_are_what_the_rows_hold():
    rows = np.array([7, 7, 0])
    owner, column, value = entries(MATRIX, rows)
    held = MATRIX[rows].tocoo()
    assert sorted(zip(owner, column, value, strict=True)) == sorted(zip(held.row, held.col, held.data, strict=True))


@pytest.mark.parametrize("rows", [0, 1, 5, 300])
def test_a_product_in_pieces_is_the_product(rows):
    rng = np.random.default_rng(1)
    left, right = rng.random((rows, 64), dtype=np.float32), rng.random((90, 64), dtype=np.float32)
    assert rows < 300 or left.size * len(right) > 4 * ALONE
    assert product(left, right) == pytest.approx(left @ right.T, rel=1e-5)
