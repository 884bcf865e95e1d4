import numpy as np
import pytest
from small_shop_data import SETTINGS, encode

from ranking.baselines import baselines, calibrate
from ranking.behaviour import Track, split
from ranking.evaluation import evaluate, of_tracks
from ranking.features import Features
from ranking.models.associations import DECAY
from ranking.models.autoencoder import DAMPING, EASE
from ranking.models.model import Calibration
from ranking.models.neighbours import SHRINKAGE, ItemNeighbours, ShopperNeighbours
from ranking.models.network import Trained
from ranking.relations import Relations
from ranking.requests import Need


@pytest.fixture(scope="module")
def learned(material, training):
    table, items, made = material
    parts = split(made)
    features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))
    models = dict(baselines(features, items, parts, encode, SETTINGS))
    for model in models.values():
        calibrate(model, features, items, parts.validation, encode, seed=0)
    return {**models, "network": Trained(training.network, features)}, features, parts


PLAIN = ["popularity", "same_category"]  # in this shop nobody buys the same kind twice: the second says nothing
LEARNED = ["content", "item_cosine", "item_pearson", "shopper_cosine", "shopper_pearson", "ease", "transitions"]
LEARNED += ["logistic", "svm", "network"]
NAMES = PLAIN + LEARNED


def test_every_model_is_there(learned):
    assert list(learned[0]) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_one_interface(learned, name):
    models, features, parts = learned
    model, history = models[name], parts.test[0].history
    places = np.array([3, 77, 12, 140])
    every = model.scores([history, history.until(1)])
    assert every.shape == (2, len(features.table))
    assert model.scores([history], places[None])[0] == pytest.approx(every[0, places], rel=1e-4, abs=1e-5)
    alone = model.score(history, places)
    assert ((alone >= 0) & (alone <= 1)).all()
    # Every item is as likely, or more so, once it is what was asked for, against not being it.
    answering, not_at_all = (model.score(history, places, Need(*[np.full(4, need, np.float32)] * 2)) for need in (1, 0))
    assert (answering > not_at_all).all()
    nobody = Track(np.zeros(0, np.int64), np.zeros(0, np.float32))
    assert np.isfinite(model.score(nobody, places)).all()


@pytest.mark.parametrize("name", LEARNED)
def test_each_knows_the_shopper_better_than_popularity_does(learned, name):
    models, features, parts = learned
    figures = evaluate(of_tracks(models[name].scores), parts.test, len(features.table))
    popular = evaluate(of_tracks(models["popularity"].scores), parts.test, len(features.table))
    assert figures["auc"] > popular["auc"] + 0.05


@pytest.mark.parametrize("name", NAMES)
def test_p_like_is_high_for_held_out_likings_and_low_for_others(learned, name):
    models, features, parts = learned
    rng = np.random.default_rng(1)
    liked, other = [], []
    for case in parts.test:
        pair = models[name].score(case.history, np.array([case.target, rng.integers(len(features.table))]))
        liked.append(pair[0])
        other.append(pair[1])
    # Calibrated on an even mix: the mean over one like it is near a half.
    assert np.mean([liked, other]) == pytest.approx(0.5, abs=0.15)
    if name in LEARNED:
        assert np.mean(liked) > np.mean(other) + 0.1


WHO_LIKED_WHAT = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 1, 1]], np.float64)
TRACKS = [Track(np.flatnonzero(row), np.ones(int(row.sum()), np.float32)) for row in WHO_LIKED_WHAT]


def centred(likeness, rows):
    return rows - rows.mean(axis=1, keepdims=True) if likeness == "pearson" else rows


@pytest.mark.parametrize("likeness", ["cosine", "pearson"])
def test_neighbours_by_item_are_those_of_the_definition(likeness):
    rows = centred(likeness, WHO_LIKED_WHAT.T)
    lengths = np.sqrt((rows**2).sum(axis=1) + SHRINKAGE)
    alike = np.maximum(rows @ rows.T / np.outer(lengths, lengths), 0) * (WHO_LIKED_WHAT.T @ WHO_LIKED_WHAT > 0)
    np.fill_diagonal(alike, 0)
    history = Track(np.array([0, 2]), np.ones(2, np.float32))
    scores = ItemNeighbours(TRACKS, 4, likeness).scores([history])[0]
    assert scores == pytest.approx(DECAY * alike[0] + alike[2], abs=1e-6)


@pytest.mark.parametrize("likeness", ["cosine", "pearson"])
def test_neighbours_by_shopper_are_those_of_the_definition(likeness):
    own, others = centred(likeness, np.array([[DECAY, 0, 1, 0]])), centred(likeness, WHO_LIKED_WHAT)
    lengths = np.sqrt((others**2).sum(axis=1) + SHRINKAGE) * np.sqrt((own**2).sum() + SHRINKAGE)
    alike = np.maximum(others @ own[0] / lengths, 0)
    history = Track(np.array([0, 2]), np.ones(2, np.float32))
    scores = ShopperNeighbours(TRACKS, 4, likeness).scores([history])[0]
    assert scores == pytest.approx(alike @ WHO_LIKED_WHAT, abs=1e-6)


def test_the_autoencoder_s_weights_are_those_of_its_closed_form():
    inverse = np.linalg.inv(WHO_LIKED_WHAT.T @ WHO_LIKED_WHAT + DAMPING * np.eye(4))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    history = Track(np.array([0, 2]), np.ones(2, np.float32))
    assert EASE(TRACKS, 4).scores([history])[0] == pytest.approx(DECAY * weights[0] + weights[2], rel=1e-4)


def test_a_calibration_gives_back_the_share_of_likings():
    rng = np.random.default_rng(0)
    raw = rng.exponential(5, 4000).astype(np.float32)
    # The truth: likings are e times as frequent for each unit of asinh(raw / median).
    truth = 1 / (1 + np.exp(-(np.arcsinh(raw / np.median(raw)) - 1)))
    likes = rng.random(4000) < truth
    need = np.zeros(4000, np.float32)
    fitted = Calibration.fit(raw[likes], raw[~likes], need[likes], need[~likes])
    assert np.abs(fitted.probability(raw) - truth).max() < 0.05
