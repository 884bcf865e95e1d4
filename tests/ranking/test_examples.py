import numpy as np
import pytest
from small_shop_data import SETTINGS, encode

from ranking.behaviour import split
from ranking.examples import examples_of, lists
from ranking.features import NAMES, Features
from ranking.relations import Relations


@pytest.fixture(scope="module")
def learn_from(material):
    table, items, made = material
    parts = split(made)
    features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))

    def inputs(**changes):
        settings, rng = SETTINGS.model_copy(update=changes), np.random.default_rng(0)
        examples = examples_of(parts, settings, rng)
        made, _ = lists(features, items, examples, encode, settings, rng, lambda what, done, total: None)
        return {name: made[:, :, number].astype(np.float32) for number, name in enumerate(NAMES)}

    return inputs


def test_the_share_of_examples_with_a_request_is_the_setting_s(learn_from):
    assert learn_from(requested=0.0)["requested"].max() == 0
    assert learn_from(requested=1.0)["requested"].min() == 1
    some = learn_from(requested=0.5)
    assert some["requested"][:, 0].mean() == pytest.approx(0.5, abs=0.15)
    assert (some["named"][some["requested"] == 0] == 0).all()


def test_a_loose_request_seldom_names_the_liked_item_in_full(learn_from):
    exact, loose = learn_from(requested=1.0, loosely=0.0), learn_from(requested=1.0, loosely=1.0)
    assert exact["named"][:, 0].min() == pytest.approx(1, abs=1e-2)
    assert (loose["named"][:, 0] < 0.99).mean() > 0.5
    # It still speaks of something like it: the liked item answers better than what was drawn at random.
    drawn = slice(-SETTINGS.random // 3, None)
    assert loose["relevance"][:, 0].mean() > loose["relevance"][:, drawn].mean() + 0.1
