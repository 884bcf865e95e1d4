import numpy as np
import pytest
import torch
from small_shop_data import SETTINGS, encode

from ranking.behaviour import split
from ranking.errors import NoModel, TooFewEvents
from ranking.features import NAMES, Features
from ranking.folder import content_hash, current, go_live, load, save
from ranking.models.network import FEW
from ranking.relations import Relations
from ranking.training import train


def test_it_beats_popularity_and_same_category_on_held_out_likings(training):
    figures = training.figures
    assert figures["test.ndcg@10"] > figures["same_category.test.ndcg@10"] + 0.1
    assert figures["test.ndcg@10"] > figures["popularity.test.ndcg@10"] + 0.1
    assert figures["test.auc"] > 0.9


def test_the_same_data_and_seed_give_the_same_model(material, training):
    table, held, made = material
    again = train(table, held, made, encode, SETTINGS)
    assert again.data_hash == training.data_hash
    assert again.figures == training.figures


def test_calibrated_probabilities_rise_with_the_logits(training):
    probabilities = training.network.probability(np.array([-20, 0, 20], np.float32))
    assert (np.diff(probabilities) > 0).all()
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


def test_too_few_events_are_said_plainly(material):
    table, held, made = material
    few = dict(list(made.items())[:3])
    with pytest.raises(TooFewEvents, match="Only 3 shoppers have three or more likings"):
        train(table, held, few, encode, SETTINGS)


def test_ctrl_c_keeps_the_best_so_far(material):
    table, held, made = material

    def impatient(what, done, total):
        if what.startswith("training: loss") and done > total // 2:
            raise KeyboardInterrupt

    stopped = train(table, held, made, encode, SETTINGS, impatient)
    assert stopped.interrupted
    assert stopped.figures["test.auc"] > 0.5


def test_what_a_shopper_put_into_the_relations_is_taken_out_of_their_features(material):
    table, _, made = material
    whole = dict(list(made.items())[:12])
    everyone = list(made.values())
    for own in list(whole.values())[:4]:
        others = [track for track in everyone if track is not own]
        history, places = own.until(3), np.arange(len(table))[None]
        removed = Features(table, Relations.learn(everyone, table.vectors)).compute([history], places, None, [own])
        without = Features(table, Relations.learn(others, table.vectors))
        # The damping under the root still knows of the shopper; the counts themselves must not.
        without.flows.scale = Features(table, Relations.learn(everyone, table.vectors)).flows.scale
        seen = removed[NAMES.index("transition")] > np.log(1.001e-3)
        truly = without.compute([history], places)[NAMES.index("transition")] > np.log(1.001e-3)
        assert (seen == truly).all()


def test_a_saved_model_comes_back_as_it_was(tmp_path, material, training):
    table, _, made = material
    folder = save(tmp_path / "reranker", training, table.ids)
    assert current(tmp_path / "reranker") is None
    go_live(folder)
    assert current(tmp_path / "reranker") == folder
    saved = load(folder)
    assert (saved.version, saved.ids) == (folder.name, table.ids)
    assert saved.version == content_hash(folder)
    assert saved.facts["figures"] == training.figures
    assert (saved.relations.follows != training.relations.follows).nnz == 0
    parts = split(made)
    features, history = Features(table, saved.relations), parts.test[0].history
    assert saved.shipped.recipe.kind == training.shipped.recipe.kind
    assert saved.shipped.over(features).scores([history]) == pytest.approx(
        training.shipped.over(features).scores([history])
    )


def test_a_damaged_or_older_model_is_refused_with_what_to_do(tmp_path, material, training):
    table, _, _ = material
    folder = save(tmp_path / "reranker", training, table.ids)
    (folder / "network.safetensors").write_bytes(b"not weights")
    with pytest.raises(NoModel, match="is damaged"):
        load(folder)
    (folder / "model.json").write_text('{"form": 0}')
    with pytest.raises(NoModel, match=r"made by another version of Shoptalk. Run: shoptalk train"):
        load(folder)
    with pytest.raises(NoModel, match="holds no trained reranker"):
        load(tmp_path / "nowhere")


def test_relations_move_to_a_changed_catalogue(material, training):
    table, _, _ = material
    place = {item_id: number for number, item_id in enumerate(["new", *reversed(table.ids[:-1])])}
    moved = training.relations.aligned(table.ids, place)
    assert moved.popularity[0] == 0
    one, two = table.ids[0], table.ids[30]
    assert moved.popularity[place[one]] == training.relations.popularity[0]
    assert moved.follows[place[one], place[two]] == training.relations.follows[0, 30]


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 200), (3, FEW)])
def test_logits_are_the_same_with_and_without_torch(training, shape):
    computed = np.random.default_rng(0).normal(size=(len(NAMES), *shape)).astype(np.float32)
    with torch.inference_mode():
        expected = training.network.eval()(torch.from_numpy(computed.reshape(len(NAMES), -1)).T).numpy()
    assert training.network.logits(computed) == pytest.approx(expected.reshape(shape), rel=1e-5, abs=1e-4)
