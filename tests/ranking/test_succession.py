import pytest

from ranking.succession import judged


@pytest.mark.parametrize(
    ("low", "high", "may", "noise"),
    [
        (-0.02, -0.001, False, "worse beyond noise"),
        (-0.02, 0.001, True, "a difference within noise"),
        (-0.001, 0.02, True, "a difference within noise"),
        (0.001, 0.02, True, "better beyond noise"),
    ],
)
def test_a_new_model_may_take_over_unless_it_is_worse_beyond_noise(low, high, may, noise):
    behind = "former.validation.ndcg@10.behind"
    figures = {
        "validation.ndcg@10": 0.31,
        "former.validation.ndcg@10": 0.3,
        behind: 0.01,
        f"{behind}.low": low,
        f"{behind}.high": high,
    }
    verdict = judged(figures, "abc")
    assert verdict.may_take_over is may
    assert verdict.sentence == (
        f"Validation NDCG@10 is 0.3100, against 0.3000 of abc, which is live: +0.0100 (between {low:+.4f} and "
        f"{high:+.4f} with 95% confidence, over the same shoppers), {noise}."
    )


def test_without_a_live_one_it_may_take_over():
    assert judged({"validation.ndcg@10": 0.31}, "").may_take_over
