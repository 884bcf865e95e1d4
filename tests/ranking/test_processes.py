import pytest
from small_shop_data import SETTINGS, encode

from ranking.behaviour import split
from ranking.errors import SettingError
from ranking.features import Features
from ranking.relations import Relations
from ranking.training import fit, prepare

# Dropout draws otherwise in each process; without it, the same network is to come out.
ALIKE = SETTINGS.model_copy(update={"dropout": 0.0, "epochs": 4, "device": "cpu"})


@pytest.fixture(scope="module")
def prepared(material):
    table, held, made = material
    parts = split(made)
    features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))
    return prepare(features, held, parts, encode, ALIKE)


@pytest.fixture(scope="module")
def alone(prepared):
    return fit(prepared, ALIKE)


def same(one, other):
    """The same descent but for rounding; weights that the loss does not depend on may drift apart."""
    curve, expected = one[1].curve, other[1].curve
    assert [epoch.loss for epoch in curve] == pytest.approx([epoch.loss for epoch in expected], rel=1e-3)
    assert [epoch.validation for epoch in curve] == pytest.approx([epoch.validation for epoch in expected], abs=5e-3)


def test_two_processes_learn_what_one_does(prepared, alone):
    told = []
    two = ALIKE.model_copy(update={"processes": 2})
    same(fit(prepared, two, lambda what, done, total: told.append((done, total))), alone)
    steps = len(alone[1].curve) * -(-len(prepared.inputs) // ALIKE.batch)
    assert told == [(step, steps) for step in range(1, steps + 1)]


def test_two_workers_of_ray_learn_what_one_process_does(prepared, alone):
    pytest.importorskip("ray.train", reason='the extra is not installed: pip install "shoptalk[ray]"')
    same(fit(prepared, ALIKE.model_copy(update={"processes": 2, "ray": "local"})), alone)


def test_a_cluster_that_is_not_there_is_said_plainly(prepared):
    pytest.importorskip("ray.train", reason='the extra is not installed: pip install "shoptalk[ray]"')
    with pytest.raises(SettingError, match=r"is no address of a Ray cluster. Give HOST:PORT or local."):
        fit(prepared, ALIKE.model_copy(update={"ray": "ray://127.0.0.1:1"}))
