import numpy as np
import pytest

from retrieval.fusion import Weights, arm_weights, feedback, fused


def units(*rows: tuple[float, ...]) -> np.ndarray:
    vectors = np.array(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def at(cosine: float) -> tuple[float, float]:
    """A unit vector with this cosine to (1, 0)."""
    return cosine, float(np.sqrt(1 - cosine**2))


@pytest.mark.parametrize(
    ("cosines", "expected"),
    [
        ([], [1.0]),
        ([0.9], [1.0, 0.6]),
        ([0.05], [1.0, 0.0]),
        ([-0.5], [1.0, 0.0]),
        ([0.275], [1.0, 0.3]),  # half of the way from unrelated to related
        ([0.9, 0.05], [1.0, 0.3, 0.0]),  # they share one weight; the unrelated one's share is lost
    ],
)
def test_a_descriptions_weight_falls_with_its_distance_from_the_query(
    cosines: list[float], expected: list[float]
) -> None:
    texts = units((1, 0), *map(at, cosines))
    assert arm_weights(texts, has_query=True) == pytest.approx(expected)


def test_what_is_trusted_weighs_the_same_however_far_it_is_from_the_query() -> None:
    near, far = at(0.9), at(-0.5)
    assert arm_weights(units((1, 0), near, far), has_query=True, trusted=True) == pytest.approx([1.0, 0.5, 0.5])
    assert arm_weights(units((1, 0)), has_query=True, trusted=True) == pytest.approx([1.0])
    items = units((1, 0), far)
    cold, told = (fused(items, units((1, 0), far), np.array([0.0, 0.0]), trusted=one) for one in (False, True))
    assert cold[0] > cold[1]
    assert told[1] > cold[1]


def test_descriptions_alone_share_the_weight() -> None:
    assert arm_weights(units((1, 0), (0, 1)), has_query=False) == pytest.approx([0.5, 0.5])


def test_scores_are_shares_of_what_is_possible() -> None:
    items = units((1, 0), at(0.5), (-1, 0))
    plain = fused(items, units((1, 0)), np.array([1.0, 0.0, 0.5]))
    assert plain == pytest.approx([1.0, 0.5 / 1.6, 0.3 / 1.6])  # too few items for feedback
    assert fused(items, units((1, 0)), None) == pytest.approx([1.0, 0.5, 0.0])


def test_the_best_of_a_first_look_pull_the_query_towards_them() -> None:
    # The first four hold the word and point one way; of the others, equally near to the query, one points that way too.
    items = units(*[(0.6, 0.8, 0)] * 4, (0.5, 0.8, 0.3), (0.5, -0.8, 0.3), *[(0, 0, 1)] * 10)
    coverages = np.array([1.0] * 4 + [0.0] * 12)
    without = fused(items, units((1, 0, 0)), coverages, Weights(feedback_items=0))
    assert without[4] == pytest.approx(without[5])
    shipped = fused(items, units((1, 0, 0)), coverages)
    assert shipped[4] > shipped[5] + 0.2


def test_feedback_is_a_unit_vector_between_the_two() -> None:
    moved = feedback(units((1, 0))[0], units((0, 1), (0, 1)), 1.0)
    assert moved == pytest.approx([0.5**0.5, 0.5**0.5])


def test_no_items() -> None:
    assert fused(np.zeros((0, 2), np.float32), units((1, 0)), np.zeros(0)).tolist() == []
