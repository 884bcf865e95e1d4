from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from small_shop_data import SETTINGS, encode

from ranking.behaviour import Track, split
from ranking.errors import SettingError, TooFewEvents
from ranking.examples import examples_of
from ranking.models.sequence import learn
from ranking.settings import TrainingSettings
from ranking.training import train
from ranking.update import gentle, learned_until, moment, same_sizes, with_news

SINCE = 1.7e9 + 4  # each shopper of the small shop buys five to eight items, at 1.7e9, 1.7e9 + 1, …


def walk(*times):
    return Track(np.arange(len(times)), np.ones(len(times), np.float32), np.array(times, float))


def test_new_is_what_a_training_of_then_held_back_or_did_not_know():
    made = {"long": walk(1, 2, 3, 4, 5, 6, 7), "short": walk(1, 2, 8, 9), "came later": walk(6, 7, 8, 9)}
    # Of "long" the likings 1 to 5 were known and 4 and 5 held back; of "short" both were learned from.
    assert learned_until(split(made), made, 5) == {"long": 3, "short": 2, "came later": 0}


def test_events_without_times_or_without_news_are_said():
    ordered = {str(number): Track(np.arange(5), np.ones(5, np.float32)) for number in range(3)}
    with pytest.raises(TooFewEvents, match="an order and no times"):
        learned_until(split(ordered), ordered, 0)
    known = {str(number): walk(1, 2, 3, 4) for number in range(3)}
    with pytest.raises(TooFewEvents, match="Nothing to learn from has come since 1 January 1970 00:01 UTC"):
        learned_until(split(known), known, 60)


def test_all_that_is_new_is_learned_and_as_much_of_the_old(material):
    _, _, made = material
    parts = split(made)
    learned = learned_until(parts, made, SINCE)
    examples = examples_of(parts, SETTINGS, np.random.default_rng(0), learned)
    new = [
        (id(track), at)
        for shopper_id, track in parts.train.items()
        for at in range(max(learned[shopper_id], 1), len(track))
    ]
    old = [
        (id(track), at)
        for shopper_id, track in parts.train.items()
        for at in range(1, min(learned[shopper_id], len(track)))
    ]
    found = [(id(one.whole), len(one.track)) for one in examples]
    assert len(found) == len(set(found)) == 2 * len(new)
    assert set(new) < set(found) <= {*new, *old}
    assert all(one.target == one.whole.places[len(one.track)] for one in examples)

    with_new = [track for own, track in parts.train.items() if len(track) > learned[own]]
    tracks = with_news(parts, learned, 0)
    assert [id(track) for track in tracks[: len(with_new)]] == [id(track) for track in with_new]
    assert len({id(track) for track in tracks}) == len(tracks) <= 2 * len(with_new)


def test_an_update_goes_on_from_the_live_network(material):
    table, items, made = material
    then = {own: track.until(int((track.times <= SINCE).sum())) for own, track in made.items()}
    settings = SETTINGS.model_copy(update={"sequence": SETTINGS.sequence.model_copy(update={"epochs": 0})})
    live = train(table, items, then, encode, settings, measure=False)
    still = settings.model_copy(update={"learning_rate": 1e-12, "weight_decay": 0.0})
    same = train(table, items, made, encode, still, measure=False, former=live.shipped, since=SINCE)
    for name, tensor in live.network.state_dict().items():
        if name not in ("slope", "offset"):  # p(like) is fitted anew, on what is held out now
            assert torch.allclose(tensor, same.network.state_dict()[name], atol=1e-6), name
    updated = train(table, items, made, encode, settings, former=live.shipped, since=SINCE)
    assert len(updated.curves["network"]) <= gentle(settings).epochs < settings.epochs
    assert updated.settings == settings  # an update of an update is no gentler
    assert updated.figures["validation.ndcg@10"] > updated.figures["popularity.validation.ndcg@10"] + 0.1
    assert (updated.relations.popularity.sum(), live.relations.popularity.sum()) == pytest.approx(
        (sum(map(len, made.values())), sum(map(len, then.values())))
    )


def test_the_transformer_goes_on_too_and_knows_the_items_that_came():
    vectors = np.eye(6, dtype=np.float32)
    settings = SETTINGS.sequence.model_copy(update={"axes": 4})
    first, _ = learn(vectors, [walk(1, 2, 3)] * 4, [], settings)
    still = settings.model_copy(update={"learning_rate": 1e-12, "weight_decay": 0.0, "epochs": 1})
    later, _ = learn(
        vectors, [Track(np.array([3, 4]), np.ones(2, np.float32))] * 4, [], still, start=first.state_dict()
    )
    assert later.known[:, 0].tolist() == [1, 1, 1, 1, 1, 0]
    assert first.known[:, 0].tolist() == [1, 1, 1, 0, 0, 0]
    for name, tensor in first.state_dict().items():
        if name != "known":
            assert torch.allclose(tensor, later.state_dict()[name], atol=1e-6), name


def test_since_is_a_day_or_the_word_last():
    assert moment("2026-11-01", None) == datetime(2026, 11, 1, tzinfo=UTC).timestamp()
    assert moment("2026-11-01T12:00+02:00", None) == datetime(2026, 11, 1, 10, tzinfo=UTC).timestamp()
    assert moment("last", 5.0) == 5.0
    with pytest.raises(SettingError, match="without times"):
        moment("last", None)
    with pytest.raises(SettingError, match="--since wants a day such as 2026-11-01, or the word last, not 'monday'"):
        moment("monday", 5.0)


def test_an_update_keeps_the_form_of_the_nets():
    live = TrainingSettings()
    same_sizes(live.model_copy(update={"learning_rate": 1.0}), live)
    with pytest.raises(SettingError, match="hidden=8: the live reranker has 32"):
        same_sizes(live.model_copy(update={"hidden": 8}), live)
    wider = live.model_copy(update={"sequence": live.sequence.model_copy(update={"width": 32})})
    with pytest.raises(SettingError, match=r"sequence\.width=32: the live reranker has 64"):
        same_sizes(wider, live)
