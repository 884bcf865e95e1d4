import numpy as np
import pytest
from small_shop_data import SETTINGS

from ranking.behaviour import Track, split
from ranking.evaluation import evaluate, of_tracks
from ranking.features import Features
from ranking.models.plain import Popularity
from ranking.models.sequence import SASRec, learn, main_axes, moved, restored
from ranking.relations import Relations

SEQUENCE = SETTINGS.sequence.model_copy(update={"epochs": 12, "patience": 12, "dropout": 0.2})


def learned(material, **changes):
    table, _, made = material
    parts = split(made)
    settings = SEQUENCE.model_copy(update=changes)
    net, outcome = learn(table.vectors, list(parts.train.values()), parts.validation, settings)
    return net, outcome, parts, settings


@pytest.fixture(scope="module")
def whole(material):
    return learned(material)


@pytest.mark.parametrize("drawn", [3_000, 40])
def test_it_learns_what_comes_next_with_all_items_in_the_loss_or_some(material, drawn):
    net, outcome, parts, _ = learned(material, drawn=drawn)
    table = material[0]
    features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))
    found = evaluate(of_tracks(SASRec(net).scores), parts.test, len(table))
    popular = evaluate(of_tracks(Popularity(features).scores), parts.test, len(table))
    assert found["auc"] > popular["auc"] + 0.2
    assert outcome.curve[-1].loss < outcome.curve[0].loss


def test_named_places_long_and_empty_histories(material, whole):
    model, parts = SASRec(whole[0]), whole[2]
    histories = [case.history for case in parts.test[:6]]
    every = model.scores(histories)
    places = np.array([[3, 77, 12]] * 6)
    assert model.scores(histories, places) == pytest.approx(every[:, [3, 77, 12]], abs=1e-4)
    one_by_one = np.concatenate([model.scores([history]) for history in histories])
    assert one_by_one == pytest.approx(every, abs=1e-4)  # whatever they are padded to beside others
    long = Track(np.arange(120) % 90, np.ones(120, np.float32))
    latest = Track(long.places[-50:], long.weights[-50:])
    assert model.scores([long]) == pytest.approx(model.scores([latest]), abs=1e-5)
    nobody = Track(np.zeros(0, np.int64), np.zeros(0, np.float32))
    disliked = Track(np.array([4]), np.array([-1], np.float32))
    assert (model.scores([disliked]) == model.scores([nobody])).all()


def test_the_order_of_a_history_counts(whole):
    model = SASRec(whole[0])
    forth = Track(np.array([0, 20, 40]), np.ones(3, np.float32))
    back = Track(np.array([40, 20, 0]), np.ones(3, np.float32))
    assert np.abs(model.scores([forth]) - model.scores([back])).max() > 0.1


def test_an_item_that_comes_later_is_scored_by_its_text(material, whole):
    table, net = material[0], whole[0]
    # Under another id, with the text of an item that nobody had: as that item, and never by what others had learned.
    unknown = int(np.flatnonzero(net.known[:, 0].numpy() == 0)[0]) if (net.known == 0).any() else 0
    place = {**table.place, "later": len(table)}
    vectors = np.concatenate([table.vectors, table.vectors[[unknown]]])
    state = moved(net.state_dict(), table.ids, place)
    model = SASRec(restored(vectors, state, whole[3]))
    history = whole[2].test[0].history
    scores = model.scores([history])[0]
    assert scores[:-1] == pytest.approx(SASRec(net).scores([history])[0], abs=1e-4)
    assert np.isfinite(scores[-1])
    if (net.known == 0).any():
        assert scores[-1] == pytest.approx(scores[unknown], abs=1e-4)


def test_without_an_order_there_is_nothing_to_learn(material):
    alone = [Track(np.array([1]), np.ones(1, np.float32))]
    with pytest.raises(ValueError, match="no history has two liked items"):
        learn(material[0].vectors, alone, [], SEQUENCE)


def test_main_axes_hold_most_of_what_differs():
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(200, 3)) @ rng.normal(size=(3, 12))).astype(np.float32)
    axes = main_axes(vectors, 3)
    centred = vectors - vectors.mean(axis=0)
    assert np.linalg.norm(centred @ axes) == pytest.approx(np.linalg.norm(centred), rel=1e-4)
    assert axes.T @ axes == pytest.approx(np.eye(3), abs=1e-4)
