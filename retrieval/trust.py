"""How much of what is nearest a Chroma collection finds, measured on its own vectors against the exact product.

A graph's recall depends on the vectors in it: on a million of one shop's it may be 0.99, on another's 0.7, whatever its
settings. So it is measured on every folder that is written, and Chroma answers only where it finds enough. Knows
nothing of texts, folders or filters.
"""

import numpy as np

from retrieval.chroma import Collection
from retrieval.encoder import Vectors
from retrieval.matrix import Matrix

TRUSTED_RECALL = 0.99
ASKED = 96  # vectors; the measured recall is off by about 0.005 where it is near the bar
AT_ONCE = 8
DEEP = 50  # ranks that are compared
# Length of what is added to an item's unit vector to make a query of it: their cosine is then about 0.7, as a shopper's
# words have to the item that they mean.
TURNED = 1.0


def recall(collection: Collection, matrix: Matrix, n: int) -> float | None:
    """Share of the 50 nearest that are among the first 50 of ``n`` asked for, 0..1; None if Chroma does not answer."""
    if len(matrix) <= DEEP:
        return 1.0
    queries = _queries(matrix)
    shares: list[float] = []
    for start in range(0, len(queries), AT_ONCE):
        some = queries[start : start + AT_ONCE]
        answers = collection.nearest(some, min(n, len(matrix)))
        if answers is None:
            return None
        for (_, cosines), (_, best) in zip(answers, matrix.best(some, DEEP, None), strict=True):
            # An item as near as the 50th, to the last digits, is as good an answer.
            shares.append(float(np.count_nonzero(cosines[:DEEP] >= best[-1] - 1e-5)) / len(best))
    return float(np.mean(shares))


def _queries(matrix: Matrix) -> Vectors:
    draw = np.random.default_rng(len(matrix))
    rows = np.sort(draw.choice(len(matrix), min(ASKED, len(matrix)), replace=False))
    noise = draw.standard_normal((len(rows), matrix.dimension), dtype=np.float32)
    turned = matrix.of_rows(rows) + TURNED * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    unit: Vectors = turned / np.linalg.norm(turned, axis=1, keepdims=True)
    return unit
