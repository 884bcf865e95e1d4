import json
import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_shop_data import SETTINGS, encode, items, vectors

from ranking.behaviour import Case, Track, split
from ranking.bootstrap import Interval
from ranking.checkpoints import Checkpoint
from ranking.features import Features
from ranking.folder import content_hash, load, save
from ranking.history import Event
from ranking.last import ALONE, ASKED, MODEL, TOKENIZER, Reordering
from ranking.models.cross_encoder import title_of
from ranking.relations import Relations
from ranking.reranker import Reranker
from ranking.rereading import FAR, First, Reread, Tops, ranks_after, reread, top, tried, weight_of
from ranking.settings import LastSettings
from ranking.training import train
from retrieval.ground import Candidate, Evidence
from retrieval.minilm import package_folder

LAST = LastSettings(cross_encoder=True, layers=1, frozen=0, others=3, among=30, batch=8, epochs=1, learning_rate=1e-3)
SETTINGS = SETTINGS.model_copy(update={"last": LAST})
TITLES = [title_of(item) for item in items()[::40]]  # some that stand in histories
NOBODY = Track(np.zeros(0, np.int64), np.zeros(0, np.float32))
SURE = Reread(1e4, 0.5, Interval(0.1, 0.05, 0.15))


@pytest.fixture(scope="module")
def first(material, training):
    table, held, made = material
    parts = split(made)
    features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))
    return First(training.shipped.over(features), features, held, encode, SETTINGS)


@pytest.fixture(scope="module")
def made(first, material):
    cases = split(material[2]).validation
    return tried(first, cases, np.arange(40))


@pytest.fixture(scope="module")
def sure(made):
    """As if it had been found to be better, so that it serves."""
    return replace(made, found={ALONE: SURE, ASKED: SURE})


@pytest.fixture(scope="module")
def folder(tmp_path_factory, training, material, sure):
    return save(tmp_path_factory.mktemp("model") / "reranker", replace(training, reread=sure), material[0].ids)


def found_for(table, request):
    cosines = table.vectors @ encode([request])[0]
    return [
        Candidate(table.ids[at], float(cosines[at]), (Evidence("query", "dense", rank, float(cosines[at])),))
        for rank, at in enumerate(np.argsort(-cosines, kind="stable"), start=1)
    ]


def everything(table):
    return [Candidate(item_id, 1.0, ()) for item_id in table.ids]


LIPSTICKS = [
    Event(shopper_id="ann", kind="purchase", item_id=f"lipstick-{maker}-red", time=float(time))
    for time, maker in enumerate(("acme", "borel", "corvo"))
]


def order(ranker, candidates, request="", k=160):
    return [(one.item_id, one.score) for one in ranker.rank(LIPSTICKS, candidates, k, 0.0, request=request)]


def test_by_default_none_is_trained(training, tmp_path, material):
    assert training.reread is None
    assert not any(name.startswith("last.") for name in training.figures)
    saved = load(save(tmp_path, training, material[0].ids))
    assert (saved.last, saved.facts["last"]) == (None, None)


def test_a_training_that_is_asked_for_one_says_what_it_adds_and_keeps_it_only_if_it_is_better(material, tmp_path):
    table, held, made = material
    trained = train(table, held, made, encode, SETTINGS, measure=False)
    assert trained.reread is not None
    assert len(trained.curves["cross_encoder"]) == 1
    for kind in (ALONE, ASKED):
        gain = trained.figures[f"last.{kind}.ndcg@10.gain"]
        assert (
            trained.figures[f"last.{kind}.ndcg@10.gain.low"]
            <= gain
            <= trained.figures[f"last.{kind}.ndcg@10.gain.high"]
        )
    better = [kind for kind in (ALONE, ASKED) if trained.figures[f"last.{kind}.ndcg@10.gain.low"] > 0]
    saved = load(save(tmp_path, trained, table.ids))
    assert [kind for kind in (ALONE, ASKED) if saved.last and saved.last.weights[kind]] == better
    assert (tmp_path / saved.version / MODEL).exists() == bool(better)


def test_one_that_is_not_better_beyond_noise_takes_no_part(made):
    unsure = Reread(1e4, 0.5, Interval(0.1, -0.01, 0.21))
    assert replace(made, found={ALONE: unsure, ASKED: unsure}).ships is None
    half = replace(made, found={ALONE: SURE, ASKED: unsure})
    assert half.ships.weights == {ALONE: 1e4, ASKED: 0.0}
    assert half.sentence() == (
        "The cross-encoder over the first 20: by history alone NDCG@10 +0.1000 (between +0.0500 and +0.1500), takes "
        "part; with a request NDCG@10 +0.1000 (between -0.0100 and +0.2100), stays out."
    )


def test_with_too_few_lists_none_is_made(first, material):
    assert tried(first, split(material[2]).validation[:12], np.arange(6)) is None


@pytest.mark.parametrize("kind", [ALONE, ASKED])
def test_the_first_few_leave_out_what_the_shopper_has_and_what_does_not_answer(first, material, kind):
    cases = split(material[2]).validation[:20]
    tops = top(first, cases, kind, 60, np.random.default_rng(0))
    assert (tops.logits[:, :-1] >= tops.logits[:, 1:]).all()
    for case, places, logits, target in zip(cases, tops.places, tops.logits, tops.target, strict=True):
        known = places[np.isfinite(logits)]
        assert not set(known.tolist()) & set(case.history.places.tolist())
        assert target == FAR or places[target] == case.target
        if kind == ASKED:
            assert len(known) < 60  # there are 20 items of each kind


def tops_of(logits, targets):
    logits = np.array(logits, np.float32)
    cases = [Case(f"s{number}", NOBODY, 0) for number in range(len(logits))]
    return Tops(cases, np.tile(np.arange(logits.shape[1]), (len(logits), 1)), logits, np.array(targets))


def test_ranks_after_the_first_were_ordered_anew():
    tops = tops_of([[5, 4, 3, 2], [5, 4, 3, 2], [5, 4, -np.inf, -np.inf]], [2, 3, FAR])
    read = np.array([[0, 0, 3], [3, 0, 0], [0, 2, 9]], np.float32)
    assert ranks_after(tops, read, 1.0).tolist() == [0, 3, FAR]  # the second one's target is not among the three
    assert ranks_after(tops, read, 0.0).tolist() == [2, 3, FAR]
    made = reread(tops, read, 1.0)
    assert made.gain.value == pytest.approx((1 - 1 / np.log2(4)) / 3)


@pytest.mark.parametrize(("says", "weighs"), [(1.0, True), (-1.0, False)])
def test_what_misleads_weighs_nothing(says, weighs):
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 5, 200)
    logits = -np.sort(-rng.normal(size=(200, 5)), axis=1)
    read = rng.normal(size=(200, 5)).astype(np.float32)
    read[np.arange(200), targets] += 2 * says
    assert (weight_of(tops_of(logits, targets), read) > 0.5) is weighs


def test_only_the_first_free_ones_trade_places_and_each_place_keeps_its_logit(sure):
    titles = [title_of(item) for item in items()]
    few = replace(sure.last, count=4, weights={ALONE: 1e4, ASKED: 0.0})
    step, track, places = Reordering(few, titles), Track(np.array([3]), np.ones(1, np.float32)), np.arange(10, 20)
    logits = np.linspace(3, 0, 10).astype(np.float32)
    free = np.array([True, False, True, True, True, True, True, True, True, True])
    after = step.logits(logits, track, places, free, ALONE)
    moved = np.flatnonzero(after != logits)
    assert len(moved)
    assert set(moved.tolist()) <= {0, 2, 3, 4}
    assert sorted(after) == sorted(logits)
    for unread in (step.logits(logits, NOBODY, places, free, ALONE), step.logits(logits, track, places, free, ASKED)):
        assert (unread == logits).all()


def test_it_changes_the_order_of_a_ranking_and_not_its_probabilities(folder, small_shop, material, training):
    with_it = order(Reranker.load(folder, small_shop[0], vectors), everything(material[0]))
    plain = order(
        Reranker.load(save(folder.parent, training, material[0].ids), small_shop[0], vectors), everything(material[0])
    )
    assert [item for item, _ in with_it] != [item for item, _ in plain]
    assert [score for _, score in with_it] == pytest.approx([score for _, score in plain])
    assert {item for item, _ in with_it[:23]} == {item for item, _ in plain[:23]}  # three were bought: they stay


@pytest.mark.parametrize("k", [5, 30])
def test_a_lipstick_lover_who_asks_for_a_razor_still_gets_razors_first(folder, small_shop, material, k):
    ranked = order(Reranker.load(folder, small_shop[0], vectors), found_for(material[0], "razor"), "razor", k)
    assert {item.split("-")[0] for item, _ in ranked[:20]} == {"razor"}


@pytest.mark.parametrize("broken", ["missing", "damaged", "no tokenizer", "other facts"])
def test_one_that_cannot_be_read_leaves_the_first_ranker_alone(
    broken, tmp_path, sure, training, small_shop, material, caplog
):
    table = material[0]
    target = save(tmp_path, replace(training, reread=sure), table.ids)
    if broken == "missing":
        (target / MODEL).unlink()
    elif broken == "damaged":
        (target / MODEL).write_bytes(b"not a model")
    elif broken == "no tokenizer":
        (target / TOKENIZER).unlink()
    else:
        facts = json.loads((target / "model.json").read_text())
        (target / "model.json").write_text(json.dumps(facts | {"last": {"weights": {}}}))
    with caplog.at_level(logging.WARNING, "ranking.last"):
        ranker = Reranker.load(target, small_shop[0], vectors)
    assert "cannot be used: items stay as ranked without it" in caplog.text
    plain = Reranker.load(save(tmp_path, training, table.ids), small_shop[0], vectors)
    assert order(ranker, everything(table)) == order(plain, everything(table))


def test_the_folder_holds_nothing_of_shoppers_or_their_histories(folder, material):
    assert {path.name for path in folder.iterdir()} >= {MODEL, TOKENIZER}
    assert (folder / TOKENIZER).read_bytes() == (package_folder() / "tokenizer.json").read_bytes()
    facts = (folder / "model.json").read_text()
    for content in ((folder / MODEL).read_bytes(), facts.encode()):
        assert not any(title.encode() in content for title in TITLES)
    assert not any(f'"{shopper_id}"' in facts for shopper_id in material[2])
    assert folder.name == content_hash(folder)


def test_a_checkpoint_holds_numbers_alone(first, material, tmp_path):
    path = tmp_path / "cross_encoder.pt"
    tried(first, split(material[2]).validation, np.arange(40), checkpoint=Checkpoint(path, "data"))
    held = torch.load(path, weights_only=True)
    assert set(held) == {"data", "start", "state"}
    assert set(held["state"]) == {"module", "optimiser", "scaler", "best", "since", "curve"}
    content = path.read_bytes()
    assert not any(title.encode() in content for title in TITLES)
