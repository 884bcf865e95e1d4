import numpy as np
import pytest
from sklearn.metrics import f1_score, ndcg_score, precision_score, roc_auc_score

from ranking.metrics import auc, f1, figures, mrr, ndcg, per_list, precision, ranks_of, recall


@pytest.fixture
def lists():
    rng = np.random.default_rng(3)
    return rng.random((50, 40), dtype=np.float32), rng.integers(0, 40, 50)


def test_they_agree_with_scikit_learn(lists):
    scores, targets = lists
    relevant = np.zeros(scores.shape)
    relevant[np.arange(50), targets] = 1
    ranks = ranks_of(scores, targets)
    for k in (1, 5, 10):
        assert ndcg(ranks, k) == pytest.approx(ndcg_score(relevant, scores, k=k))
        shown = (np.argsort(np.argsort(-scores, axis=1), axis=1) < k).astype(float)
        assert precision(ranks, k) == pytest.approx(precision_score(relevant, shown, average="samples"))
        assert f1(ranks, k) == pytest.approx(f1_score(relevant, shown, average="samples", zero_division=0))
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


def test_with_one_target_a_list_precision_and_f1_follow_from_recall():
    ranks = [0, 4, 5, 20]
    for k in (5, 10):
        assert precision(ranks, k) == pytest.approx(recall(ranks, k) / k)
        assert f1(ranks, k) == pytest.approx(recall(ranks, k) * 2 / (k + 1))


def test_ties_gain_nothing_and_items_that_are_out_do_not_count():
    scores = np.array([[1.0, 1.0, 1.0], [-np.inf, 2.0, 1.0]], dtype=np.float32)
    assert ranks_of(scores, np.array([0, 2])).tolist() == [1.0, 1.0]


def test_figures_are_complete_and_the_means_of_what_each_list_adds():
    assert figures(np.array([0.0]), np.array([9])) == {
        "recall@5": 1.0,
        "precision@5": 0.2,
        "f1@5": pytest.approx(1 / 3),
        "ndcg@5": 1.0,
        "mrr@5": 1.0,
        "recall@10": 1.0,
        "precision@10": 0.1,
        "f1@10": pytest.approx(2 / 11),
        "ndcg@10": 1.0,
        "mrr@10": 1.0,
        "auc": 1.0,
    }
    ranks, others = np.array([0.0, 3.0, 40.0]), np.array([50, 50, 49])
    assert figures(ranks, others) == {name: values.mean() for name, values in per_list(ranks, others).items()}


def test_a_score_that_is_no_number_is_no_hit() -> None:
    with pytest.raises(ValueError, match="not a number"):
        ranks_of(np.array([[0.1, np.nan]], dtype=np.float32), np.array([1]))
