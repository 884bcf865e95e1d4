import numpy as np
import pytest

from retrieval.carried import CARRIED_THRESHOLD, carried


@pytest.mark.parametrize(
    ("cosines", "coverages", "words", "expected"),
    [
        ([0.7, 0.2], [1.0, 0.0], 2, True),  # one item that means it and holds its words is enough
        ([0.7, 0.6], [0.0, 0.0], 2, False),  # near, and not a word of it: a couch where sofas are asked for
        ([0.2, 0.1], [1.35, 1.0], 1, False),  # its word, in another sense
        ([0.7, 0.2], [0.0, 1.0], 2, False),  # each by another item
        ([0.65], [0.5], 2, False),
        ([0.65], [0.5], 6, True),  # a long request: no item holds all its words
        ([0.7], [1.0], 0, False),  # nothing but words that say nothing
        ([], [], 3, False),
        ([-0.5], [1.0], 1, False),
    ],
)
def test_a_thing_is_carried_if_one_item_means_it_and_holds_its_words(
    cosines: list[float], coverages: list[float], words: int, expected: bool
) -> None:
    confidence = carried(np.array(cosines), np.array(coverages), words)
    assert 0 <= confidence <= 1
    assert (confidence >= CARRIED_THRESHOLD) is expected


def test_confidence_grows_with_what_is_found() -> None:
    grown = [carried(np.array([cosine]), np.array([1.0]), 1) for cosine in (0.2, 0.4, 0.47, 0.6, 0.9)]
    assert grown == sorted(grown)
    assert grown[2] == pytest.approx(0.5)
