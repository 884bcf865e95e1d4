import pytest
import torch

from ranking.behaviour import split
from ranking.bootstrap import Interval
from ranking.features import NAMES, Features
from ranking.importance import WEIGHED, importances, weak
from ranking.models.network import Network
from ranking.relations import Relations


@pytest.fixture(scope="module")
def shop(material):
    table, _, made = material
    parts = split(made)
    return Features(table, Relations.learn(list(parts.train.values()), table.vectors)), parts.validation


def leaning_on(*names):
    """A network that sums these features, and looks at nothing else."""
    network = Network(len(NAMES), hidden=4, dropout=0.0)
    with torch.no_grad():
        for weights in network.parameters():
            weights.zero_()
        for name in names:
            network.linear.weight[0, NAMES.index(name)] = 1
    return network


def test_only_what_the_network_leans_on_is_missed(shop):
    features, cases = shop
    found = importances(leaning_on("transition"), features, cases, seed=0)
    assert set(found) == set(WEIGHED)
    assert next(iter(found)) == "transition"
    assert found["transition"].low > 0.2
    assert {lost.value for name, lost in found.items() if name != "transition"} == {0.0}
    assert set(weak(found)) == set(WEIGHED) - {"transition"}


def test_features_that_are_the_same_for_all_shoppers_are_weighed_too(shop):
    features, cases = shop
    # The item's popularity says something only among the items: shuffled among shoppers alone it would lose nothing.
    assert importances(leaning_on("popularity"), features, cases, seed=0)["popularity"].value != 0


def test_the_same_seed_weighs_the_same(shop):
    features, cases = shop
    network = leaning_on("transition", "text_max")
    assert importances(network, features, cases, seed=1) == importances(network, features, cases, seed=1)


def test_features_that_were_left_out_are_not_weighed(shop):
    features, cases = shop
    network = leaning_on("transition")
    network.kept[NAMES.index("price")] = 0
    assert set(importances(network, features, cases, seed=0)) == set(WEIGHED) - {"price"}


def test_a_loss_that_may_be_noise_is_weak():
    found = {
        "sure": Interval(0.2, 0.1, 0.3),
        "maybe": Interval(0.01, -0.01, 0.03),
        "harmful": Interval(-0.2, -0.3, -0.1),
    }
    assert weak(found) == ("maybe", "harmful")
