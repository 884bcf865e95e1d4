from typing import get_args

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from small_shop_data import SETTINGS

from ranking.augmentation import Similar, cropped, masked, reordered, substituted, varied
from ranking.behaviour import Track, split
from ranking.examples import augmented, examples_of
from ranking.features import Features
from ranking.relations import Relations
from ranking.settings import Way

WAYS = get_args(Way)
N = 40  # items: each may stand for the next two by text, for the one before by liking
SIMILAR = Similar(
    sp.csr_matrix(np.roll(np.eye(N), 1, axis=1) + 0.5 * np.roll(np.eye(N), 2, axis=1)),
    sp.csr_matrix(np.roll(np.eye(N), -1, axis=1)),
)


def track(*places: int, weights=None) -> Track:
    given = np.linspace(0.1, 1, len(places)) if weights is None else weights
    return Track(np.array(places, np.int64), np.array(given, np.float32))


def weight_of(held: Track) -> dict[int, float]:
    return dict(zip(held.places.tolist(), held.weights.tolist(), strict=True))


@pytest.mark.parametrize("way", [cropped, masked, reordered])
def test_weights_stay_with_their_items(way):
    whole = track(*range(12))
    for seed in range(20):
        changed = way(whole, np.random.default_rng(seed))
        assert weight_of(changed).items() <= weight_of(whole).items()


def test_a_crop_keeps_the_latest_items_alone():
    lengths = set()
    for seed in range(40):
        changed = cropped(track(*range(6)), np.random.default_rng(seed))
        assert changed.places.tolist() == list(range(6))[-len(changed) :]
        lengths.add(len(changed))
    assert lengths == {1, 2, 3, 4, 5}


def test_a_mask_drops_a_share_and_keeps_the_order():
    changed = masked(track(*range(10)), np.random.default_rng(0))
    assert (len(changed), sorted(changed.places)) == (7, changed.places.tolist())


def test_a_reordered_history_has_the_same_items_and_moves_them_in_one_window():
    moved = set()
    for seed in range(20):
        changed = reordered(track(*range(10)), np.random.default_rng(seed))
        assert sorted(changed.places) == list(range(10))
        elsewhere = np.flatnonzero(changed.places != np.arange(10))
        assert not len(elsewhere) or elsewhere[-1] - elsewhere[0] < 5
        moved.update(elsewhere.tolist())
    assert moved == set(range(10))


def test_a_substitute_takes_its_item_s_place_and_weight():
    whole = track(0, 10, 20)
    changed = substituted(whole, lambda place, taken: place + 1, np.random.default_rng(0))
    assert changed.weights.tolist() == whole.weights.tolist()
    assert sorted((changed.places - whole.places).tolist()) == [0, 0, 1]


def test_the_more_similar_is_drawn_more_often_and_what_is_barred_never():
    rng = np.random.default_rng(0)
    drawn = [SIMILAR.draw("text", 5, {0}, rng) for _ in range(300)]
    assert set(drawn) == {6, 7}
    assert drawn.count(6) == pytest.approx(200, abs=30)
    assert {SIMILAR.draw("text", 5, {6}, rng) for _ in range(20)} == {7}
    assert SIMILAR.draw("text", 5, {6, 7}, rng) is None
    assert SIMILAR.draw("liking", 5, {0}, rng) == 4


@given(
    st.lists(st.tuples(st.integers(0, N - 1), st.floats(-1, 1, width=32)), unique_by=lambda pair: pair[0], max_size=9),
    st.sets(st.integers(0, N - 1), max_size=6),
    st.sets(st.sampled_from(WAYS), min_size=1),
    st.integers(0, 1_000),
)
def test_whatever_the_way_nothing_barred_comes_in_and_no_liking_history_is_emptied(steps, others, ways, seed):
    whole = track(*(place for place, _ in steps), weights=[weight for _, weight in steps])
    barred = others - set(whole.places.tolist())
    changed = varied(whole, ways, SIMILAR, barred, np.random.default_rng(seed))
    assert len(changed) <= len(whole)
    assert len(changed) >= min(len(whole), 1)
    assert not barred & set(changed.places.tolist())
    assert len(set(changed.places.tolist())) == len(changed)
    assert (changed.weights > 0).any() == (whole.weights > 0).any()
    again = varied(whole, ways, SIMILAR, barred, np.random.default_rng(seed))
    assert again.places.tolist() == changed.places.tolist()


@pytest.mark.parametrize("way", WAYS)
def test_examples_change_in_the_share_that_is_set_and_never_in_what_they_foretell(material, way):
    table, _, made = material
    parts = split(made)
    features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))
    examples = [one for one in examples_of(parts, SETTINGS, np.random.default_rng(0)) if len(one.track) > 1]

    def changed_share(**changes):
        after = augmented(examples, features, SETTINGS.model_copy(update=changes))
        assert [(one.target, one.whole) for one in after] == [(one.target, one.whole) for one in examples]
        later = [set(one.whole.places.tolist()) - set(one.track.places.tolist()) for one in examples]
        assert not any(set(one.track.places.tolist()) & held for one, held in zip(after, later, strict=True))
        pairs = zip(after, examples, strict=True)
        return np.mean([one.track.places.tolist() != former.track.places.tolist() for one, former in pairs])

    assert changed_share(augment=(), augmented=1.0) == 0
    assert changed_share(augment=(way,), augmented=0.0) == 0
    most = changed_share(augment=(way,), augmented=1.0)
    # Half of the windows of two are drawn in the order that they had, and some items are liked with the shopper's own
    # items alone.
    assert most > {"reorder": 0.3, "liking": 0.6}.get(way, 0.9)
    assert changed_share(augment=(way,), augmented=0.5) == pytest.approx(most / 2, abs=0.15)
