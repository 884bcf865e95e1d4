"""EASE: a linear autoencoder that foretells each item's liking from all the others.

Knows who liked what. After Steck, "Embarrassingly Shallow Autoencoders for Sparse Data" (2019): with P the inverse of
the damped Gram matrix, the weights are -P / diag(P), the diagonal left out.
"""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from scipy.linalg.lapack import spotrf, spotri

from ranking.behaviour import Track
from ranking.models.associations import Associations
from ranking.models.model import Floats
from ranking.profile import EVEN, profiles

DAMPING = 100.0  # added to the Gram matrix's diagonal: the ridge of the regression
MOST_ITEMS = 15_000  # the most liked items that take part; the matrix of all pairs must be inverted: 0.9 GB, a minute
STRONGEST = 200  # weights that are kept of each item, for memory
BATCH = 1_000  # items whose strongest weights are sought at once


class EASE(Associations):
    """The weights that best give back each liking from the shopper's others."""

    def __init__(self, tracks: Sequence[Track], n: int) -> None:
        liked = profiles(tracks, n, EVEN)
        counts = np.asarray(liked.sum(axis=0)).ravel()
        taking_part = np.sort(np.argsort(-counts, kind="stable")[:MOST_ITEMS])
        liked = liked[:, taking_part]
        solved = _solve(np.asarray((liked.T @ liked).todense(), dtype=np.float32))
        k = min(STRONGEST, len(taking_part))
        columns, values = [], []
        for start in range(0, len(solved), BATCH):
            part = solved[start : start + BATCH]
            best = np.argpartition(-np.abs(part), k - 1, axis=1)[:, :k]
            columns.append(taking_part[best.ravel()])
            values.append(np.take_along_axis(part, best, axis=1).ravel())
        rows = np.repeat(taking_part, k)
        weights = sp.csr_matrix((np.concatenate(values), (rows, np.concatenate(columns))), (n, n), np.float32)
        super().__init__(weights)


def _solve(gram: Floats) -> Floats:
    """The weights [m, m] from the Gram matrix, in its own memory."""
    gram[np.diag_indices_from(gram)] += np.float32(DAMPING)
    # Fortran's order is the transposed one, which is the same for a symmetric matrix, and so nothing is copied.
    factor, failed = spotrf(gram.T, lower=0, clean=0, overwrite_a=1)
    inverse, failed_too = spotri(factor, lower=0, overwrite_c=1)
    assert failed == failed_too == 0, "the damped Gram matrix is positive definite"
    weights = inverse.T  # C order, its lower triangle filled
    for row in range(len(weights)):
        weights[row, row + 1 :] = weights[row + 1 :, row]
    diagonal = np.diag(weights).copy()
    weights /= -diagonal
    np.fill_diagonal(weights, 0)
    return np.asarray(weights)
