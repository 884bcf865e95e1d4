import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from ranking.list_metrics import Catalogue, bias, coverage, figures_of_lists, novelty, variety

POPULARITY = np.array([7, 3, 1, 0, 0], dtype=np.float32)
VECTORS = np.eye(5, dtype=np.float32)
VECTORS[1] = [0.6, 0.8, 0, 0, 0]
CATALOGUE = Catalogue(POPULARITY, VECTORS, 7)
LISTS = np.array([[0, 1], [0, 2], [0, 1]])


def test_by_hand():
    assert coverage(LISTS, 5) == 3 / 5
    # Shares of the 7 shoppers, with one more: 8/8, 4/8, 2/8; so 0, 1 and 2 bits.
    assert novelty(LISTS, CATALOGUE).tolist() == [0.5, 1.0, 0.5]
    assert variety(LISTS, CATALOGUE) == pytest.approx([0.4, 1.0, 0.4])
    assert bias(LISTS, np.array([1, 1, 1]), CATALOGUE) == pytest.approx([5 / 3, 4 / 3, 5 / 3])
    assert CATALOGUE.head.tolist() == [True, False, False, False, False]


def test_variety_is_one_less_the_mean_cosine_of_the_pairs():
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(30, 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    own = rng.choice(30, 10, replace=False)
    pairs = cosine_similarity(vectors[own])[np.triu_indices(10, 1)]
    catalogue = Catalogue(np.ones(30, np.float32), vectors, 3)
    assert variety(own[None], catalogue) == pytest.approx([1 - pairs.mean()], abs=1e-6)
    assert variety(own[None, :1], catalogue).tolist() == [0.0]


def test_all_figures_with_their_intervals():
    found = figures_of_lists(LISTS, np.array([0, 1, 4]), CATALOGUE, ["ann", "bob", "cy"])
    assert {name: round(one.value, 4) for name, one in found.items()} == {
        "novelty@2": 0.6667,
        "diversity@2": 0.6,
        "popularity_bias@2": round((5 + 4 + 5) / 3 / (10 / 3), 4),
        "head_share@2": 0.5,
        "head_share.liked": 0.3333,
        "coverage@2": 0.6,
    }
    assert found["diversity@2"].low == pytest.approx(0.4)
    assert found["diversity@2"].high == pytest.approx(1.0)
