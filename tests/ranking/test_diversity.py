import numpy as np
import pytest

from ranking.diversity import mmr, worth

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


@pytest.mark.parametrize(
    ("scores", "groups", "quota", "expected"),
    [
        ([0.9, 0.89, 0.88, 0.87, 0.86], [1, 1, 1, 1, 2], 0.5, [0, 1, 4, 2]),  # two of four, then the other category
        ([0.9, 0.89, 0.88, 0.87, 0.86], [1, 1, 1, 1, 2], 1.0, [0, 1, 2, 3]),
        ([0.9, 0.89, 0.88, 0.87, 0.2], [1, 1, 1, 1, 2], 0.5, [0, 1, 2, 3]),  # what is far worse does not compete
        ([0.9, 0.89, 0.88, 0.87, 0.86], [1, 1, 1, 1, 1], 0.5, [0, 1, 2, 3]),  # nor is there another one
        ([0.9, 0.89, 0.88, 0.87, 0.86], [1, 1, 2, 2, 3], 0.01, [0, 2, 4, 1]),
    ],
)
def test_no_category_gets_more_than_its_quota_while_another_competes(scores, groups, quota, expected):
    vectors = np.eye(5, dtype=np.float32)
    chosen = mmr(np.array(scores, np.float32), vectors, 4, 0.01, np.array(groups), quota)
    assert chosen == expected


def test_worth_is_nearly_one_for_the_best_and_half_where_the_margin_ends():
    assert worth(np.array([5.0, 2.0, -90.0], np.float32)) == pytest.approx([0.9526, 0.5, 0.0], abs=1e-4)
