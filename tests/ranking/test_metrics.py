import numpy as np
import pytest
from sklearn.metrics import ndcg_score, roc_auc_score

from ranking.metrics import auc, figures, mrr, ndcg, ranks_of, recall


@pytest.fixture
def lists():
    rng = np.random.default_rng(3)
    return rng.random((50, 40), dtype=np.float32), rng.integers(0, 40, 50)


def test_ndcg_and_auc_agree_with_scikit_learn(lists):
    scores, targets = lists
    relevant = np.zeros(scores.shape)
    relevant[np.arange(50), targets] = 1
    ranks = ranks_of(scores, targets)
    for k in (1, 5, 10):
        assert ndcg(ranks, k) == pytest.approx(ndcg_score(relevant, scores, k=k))
    expected = np.mean([roc_auc_score(row, own) for row, own in zip(relevant, scores, strict=True)])
    assert auc(ranks, np.full(50, 39)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ([0, 4, 5, 20], (0.5, 0.75, 0.3, 0.3 + 1 / 6 / 4)),
        ([], (0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_recall_and_mrr(ranks, expected):
    assert (recall(ranks, 5), recall(ranks, 10), mrr(ranks, 5), mrr(ranks, 10)) == pytest.approx(expected)


def test_ties_gain_nothing_and_items_that_are_out_do_not_count():
    scores = np.array([[1.0, 1.0, 1.0], [-np.inf, 2.0, 1.0]], dtype=np.float32)
    assert ranks_of(scores, np.array([0, 2])).tolist() == [1.0, 1.0]


def test_figures_are_complete():
    assert figures(np.array([0.0]), np.array([9])) == {
        "recall@5": 1.0,
        "ndcg@5": 1.0,
        "mrr@5": 1.0,
        "recall@10": 1.0,
        "ndcg@10": 1.0,
        "mrr@10": 1.0,
        "auc": 1.0,
    }


def test_a_score_that_is_no_number_is_no_hit() -> None:
    with pytest.raises(ValueError, match="not a number"):
        ranks_of(np.array([[0.1, np.nan]], dtype=np.float32), np.array([1]))
