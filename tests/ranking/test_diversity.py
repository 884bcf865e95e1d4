import numpy as np
import pytest

from ranking.diversity import mmr

SAME, OTHER = [1.0, 0.0], [0.0, 1.0]


@pytest.mark.parametrize(
    ("scores", "vectors", "diversity", "expected"),
    [
        ([0.9, 0.8, 0.7], [SAME, SAME, OTHER], 0.0, [0, 1]),
        ([0.9, 0.8, 0.7], [SAME, SAME, OTHER], 0.5, [0, 2]),
        ([0.9, 0.8, 0.1], [SAME, SAME, OTHER], 0.9, [0, 1]),  # variety never pulls in what is far worse
        ([0.9], [SAME], 0.5, [0]),
    ],
)
def test_mmr(scores, vectors, diversity, expected):
    chosen = mmr(np.array(scores, np.float32), np.array(vectors, np.float32), 2, diversity)
    assert chosen == expected


def test_mmr_fills_up_to_k_by_score():
    scores = np.array([1.0, 0.2, 0.3], np.float32)
    assert mmr(scores, np.eye(3, dtype=np.float32), 3, 0.3) == [0, 2, 1]
