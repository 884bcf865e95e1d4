"""Slices of matrices: a few rows, and a few columns of these, without touching the rest.

For one shopper and a few hundred items scipy spends far longer preparing a product than on the product, and BLAS longer
waking its other threads. Knows matrices; knows nothing of what they mean.
"""

import math

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import erf

ALONE = 1 << 18  # multiplications up to which OpenBLAS does not share a product among its threads

Floats = NDArray[np.float32]
Places = NDArray[np.int64]


def entries(matrix: sp.csr_matrix, rows: Places) -> tuple[Places, Places, Floats]:
    """What the rows hold: for each entry the number of its row in ``rows`` (rising), its column and its value."""
    starts = matrix.indptr[rows].astype(np.int64)
    counts = matrix.indptr[rows + 1] - starts
    owner = np.repeat(np.arange(len(rows)), counts)
    at = np.arange(len(owner)) + (starts - np.cumsum(counts) + counts)[owner]
    return owner, matrix.indices[at], matrix.data[at]


def numbered(places: Places, n: int) -> Places:
    """[n]: the number from 1 of each place among these distinct ``places``; 0 for the others."""
    # Zeros from the system cost nothing until they are touched, whatever n is.
    made = np.zeros(n, dtype=np.int64)
    made[places] = np.arange(1, len(places) + 1)
    return made


def block(matrix: sp.csr_matrix, rows: Places, columns: Places) -> Floats:
    """The distinct rows and distinct columns of it, dense: [rows, columns]."""
    owner, column, values = entries(matrix, rows)
    at = numbered(columns, matrix.shape[1])[column]
    held = at > 0
    made = np.zeros((len(rows), len(columns)), dtype=np.float32)
    made[owner[held], at[held] - 1] = values[held]
    return made


def product(left: Floats, right: Floats) -> Floats:
    """``left @ right.T``, done by this thread alone.

    On a busy machine a small product that is shared among threads waits a hundred times longer for the others than it
    takes, since they have to be woken; so it is done in pieces that are too small to be shared.
    """
    step = max(1, ALONE // max(right.size, 1))
    made = np.empty((len(left), len(right)), dtype=np.float32)
    for start in range(0, len(left), step):
        np.matmul(left[start : start + step], right.T, out=made[start : start + step])
    return made


def gelu(values: Floats) -> Floats:
    """Torch's GELU of each value, in its exact form."""
    return np.asarray(np.float32(0.5) * values * (1 + erf(values * np.float32(math.sqrt(0.5)))), dtype=np.float32)
