from dataclasses import replace

import numpy as np
import pytest
from small_shop_data import SETTINGS, encode

from ranking.behaviour import NOBODY, Track, split
from ranking.blend import ASSOCIATIONS, NETWORK, SEQUENCE, Committee, Shipped
from ranking.blending import KINDS, choose, compared, fitted, lists_of
from ranking.features import NAMES, Features
from ranking.folder import load, save
from ranking.metrics import ndcg
from ranking.models.model import Model
from ranking.relations import Relations
from ranking.requests import Need
from ranking.training import gathered


class Knowing(Model):
    """Knows what some shoppers want next, and likes one item at random otherwise."""

    def __init__(self, cases, n, seed):
        rng = np.random.default_rng(seed)
        self.wanted = {case.history.places.tobytes(): case.target for case in cases}
        self.n, self.rng = n, rng

    def scores(self, tracks, places=None):
        made = np.zeros((len(tracks), self.n), np.float32)
        for row, track in zip(made, tracks, strict=True):
            row[self.wanted.get(track.places.tobytes(), int(self.rng.integers(self.n)))] = 1
        return made if places is None else np.take_along_axis(made, places, axis=1)


@pytest.fixture(scope="module")
def ground(material, training):
    table, items, made = material
    parts = split(made)
    features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))
    committee, curves = gathered(features, training.network, parts, SETTINGS)
    assert list(curves) == [SEQUENCE]
    return committee, items, parts


@pytest.fixture(scope="module")
def recipes(ground):
    committee, items, parts = ground
    lists = lists_of(committee, items, parts.validation, encode, SETTINGS, np.random.default_rng(0))
    return {kind: fitted(kind, committee.names, committee.names, lists, SETTINGS) for kind in KINDS}


def test_every_model_that_may_ship_is_there_and_none_holds_a_shopper_s_history(ground, recipes):
    committee, _, parts = ground
    assert committee.names == (NETWORK, SEQUENCE, *ASSOCIATIONS, "transitions", "content")
    shipped = Shipped.of(recipes["network"], committee, SETTINGS.sequence)
    n, shoppers = len(committee.features.table), len(parts.train)
    shapes = [weights.shape for weights in shipped.associations.values()]
    shapes += [tuple(tensor.shape) for tensor in shipped.sequence.values()]
    assert n != shoppers
    assert shoppers not in {size for shape in shapes for size in shape}


@pytest.mark.parametrize("kind", KINDS)
def test_a_blend_comes_back_from_its_folder_as_it_was(tmp_path, ground, training, recipes, kind):
    committee, _, parts = ground
    shipped = Shipped.of(recipes[kind], committee, SETTINGS.sequence)
    table = committee.features.table
    saved = load(save(tmp_path / "rerankers", replace(training, shipped=shipped), table.ids))
    tracks = [case.history for case in parts.test[:5]]
    expected = shipped.over(committee.features)
    again = saved.shipped.over(committee.features)
    assert again.scores(tracks) == pytest.approx(expected.scores(tracks), abs=1e-5)
    places = np.array([3, 77, 12])
    assert again.score(tracks[0], places) == pytest.approx(expected.score(tracks[0], places), abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_p_like_of_held_out_likings_and_of_others_is_half_on_average(ground, recipes, kind):
    committee, _, parts = ground
    blend = Shipped.of(recipes[kind], committee, SETTINGS.sequence).over(committee.features)
    rng = np.random.default_rng(1)
    pairs = np.array([[case.target, rng.integers(len(committee.features.table))] for case in parts.test])
    found = np.stack([blend.score(case.history, pair) for case, pair in zip(parts.test, pairs, strict=True)])
    assert found.mean() == pytest.approx(0.5, abs=0.15)
    assert found[:, 0].mean() > found[:, 1].mean() + 0.3


def test_models_that_know_different_shoppers_are_better_together_and_one_that_knows_nothing_is_left_out(ground):
    committee, items, parts = ground
    n, cases = len(committee.features.table), parts.validation
    models = {
        "ease": Knowing(cases[::2], n, 1),
        "item_cosine": Knowing(cases[1::2], n, 2),
        "item_pearson": Knowing([], n, 3),
    }
    made = choose(Committee(committee.features, committee.network, models), items, cases, encode, SETTINGS)
    single = max(made.compared[name] for name in ("ease", "item_cosine", NETWORK))
    assert made.compared["blend.weighted"] > single + 0.05
    assert made.recipe.kind in KINDS
    assert {"ease", "item_cosine"} <= set(made.recipe.members)
    assert "item_pearson" not in made.blends["weighted"].members


def test_a_single_model_ships_where_it_is_the_best(ground):
    committee, items, parts = ground
    n, cases = len(committee.features.table), parts.validation
    made = choose(
        Committee(committee.features, committee.network, {"ease": Knowing(cases, n, 1)}), items, cases, encode, SETTINGS
    )
    assert made.compared["ease"] == 1.0
    assert max(made.compared.values()) == 1.0
    assert "ease" in made.recipe.members


def test_ranks_of_many_recipes_at_once_are_those_of_each_alone(ground, recipes):
    committee, _, parts = ground
    together = compared(committee, recipes, parts.test)
    for kind, recipe in recipes.items():
        alone = compared(committee, {kind: recipe}, parts.test)[kind]
        assert (together[kind] == alone).all()
        assert ndcg(alone, 10) > 0.2


@pytest.mark.parametrize("kind", KINDS)
def test_in_a_changed_catalogue_the_kept_items_keep_their_scores_and_new_ones_are_known_by_text(ground, recipes, kind):
    committee, _, _ = ground
    table = committee.features.table
    shipped = Shipped.of(recipes[kind], committee, SETTINGS.sequence)
    place = {item_id: number for number, item_id in enumerate(["new", *reversed(table.ids)])}
    moved = shipped.aligned(table.ids, place)
    order = np.array([len(table) - number for number in range(len(table))])
    for name, weights in shipped.associations.items():
        assert (moved.associations[name][order][:, order] != weights).nnz == 0
        assert moved.associations[name][0].nnz == 0
    for name in ("known", "identity.weight", "popular.weight"):
        assert (moved.sequence[name][order] == shipped.sequence[name]).all()
        assert (moved.sequence[name][0] == 0).all()
    assert shipped.aligned(table.ids, table.place) is shipped


def test_what_was_asked_for_raises_what_answers_it_in_every_blend(ground, recipes):
    committee, _, parts = ground
    named = NAMES.index("named")
    history: Track = parts.test[0].history
    places = np.arange(40)[None]
    computed = committee.features.compute([history], places)
    computed[NAMES.index("requested")] = 1
    raw = committee.raw(committee.names, computed, [history], places)
    for recipe in recipes.values():
        before = recipe.logits(computed, raw)
        answering = computed.copy()
        answering[named] = answering[NAMES.index("relevance")] = 1
        after = recipe.logits(answering, committee.raw(committee.names, answering, [history], places))
        assert (after > before).all()


@pytest.mark.parametrize("kind", KINDS)
def test_few_items_of_few_shoppers_get_the_logits_that_they_have_among_all(ground, recipes, kind):
    committee, _, parts = ground
    blend = Shipped.of(recipes[kind], committee, SETTINGS.sequence).over(committee.features)
    tracks = [NOBODY, *(case.history for case in parts.test[:4])]
    places = np.random.default_rng(0).integers(0, len(committee.features.table), (len(tracks), 30))
    whole = blend.logits(tracks)
    assert blend.logits(tracks, places) == pytest.approx(np.take_along_axis(whole, places, axis=1), abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_what_nobody_s_logits_are_is_computed_once_and_still_knows_what_is_asked_for(ground, recipes, kind):
    committee, _, _ = ground
    blend = Shipped.of(recipes[kind], committee, SETTINGS.sequence).over(committee.features)
    rng = np.random.default_rng(0)
    places = rng.permutation(len(committee.features.table))[:50]
    for need in (None, Need(rng.random(50, np.float32), rng.random(50, np.float32)), None):
        expected = blend.logits([NOBODY], places[None], need and need.for_all(1))[0]
        assert blend.of_nobody(places, need) == pytest.approx(expected, abs=1e-3)
