import numpy as np
import pytest
import torch

from ranking.behaviour import Track
from ranking.checkpoints import Checkpoint
from ranking.last import MODEL, TOKENIZER, save
from ranking.models.cross_encoder import (
    MAX_TOKENS,
    CrossEncoder,
    Lists,
    PairNet,
    exported,
    history_of,
    learn,
    pair,
    title_of,
    tokenizer,
)
from ranking.settings import LastSettings
from retrieval.encoder import Onnx
from retrieval.items import Item

COLOURS = ("red", "blue", "green", "black", "white", "pink")
TITLES = [f"{colour} {kind}" for kind in ("lipstick", "razor", "mug", "tent") for colour in COLOURS]
TINY = LastSettings(layers=1, frozen=0, others=3, batch=8, epochs=6, patience=6, learning_rate=1e-3)


def lists(count, seed):
    """What is liked is red, whatever the history, and the first logits are in favour of the others."""
    rng = np.random.default_rng(seed)
    red = [number for number, title in enumerate(TITLES) if title.startswith("red")]
    others = np.setdiff1d(np.arange(len(TITLES)), red)
    places = [[rng.choice(red), *rng.choice(others, 5, replace=False)] for _ in range(count)]
    first = np.tile(np.array([0, 1, 1, 1, 1, 1], np.float32), (count, 1))
    return Lists(["white mug; black tent"] * count, np.array(places), first)


@pytest.fixture(scope="module")
def learned():
    return learn(lists(96, 0), lists(12, 1), TITLES, TINY)


@pytest.fixture(scope="module")
def served(learned, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    save(folder, exported(learned[0], [pair("white mug", title) for title in TITLES]))
    return Onnx(folder / MODEL, folder / TOKENIZER, MAX_TOKENS)


def test_it_learns_what_the_titles_say_and_stops_by_the_held_lists(learned):
    _, outcome = learned
    assert outcome.best.validation > 0.95
    assert outcome.curve[-1].loss < 1 < 2 < outcome.curve[0].loss


def test_the_served_form_orders_as_what_was_learned(learned, served):
    pairs = [pair("white mug; black tent", title) for title in TITLES]
    with torch.inference_mode():
        tokens = [torch.tensor([one.ids]) for one in tokenizer().encode_batch(pairs)]
        expected = np.array([float(learned[0](ids, torch.ones_like(ids))[0]) for ids in tokens])
    model = CrossEncoder(served, TITLES, 5)
    track = Track(np.array([TITLES.index("black tent"), TITLES.index("white mug")]), np.ones(2, np.float32))
    every = model.scores([track])
    assert every.shape == (1, len(TITLES))
    reds = {number for number, title in enumerate(TITLES) if title.startswith("red")}
    assert set(np.argsort(-every[0])[: len(reds)].tolist()) == reds == set(np.argsort(-expected)[: len(reds)].tolist())
    places = np.array([[3, 0, 7]])
    assert model.scores([track], places) == pytest.approx(every[:, [3, 0, 7]], abs=0.1)


def test_of_a_history_the_latest_liked_titles_are_read_the_latest_first():
    track = Track(np.array([0, 1, 2, 3]), np.array([1, 0.3, -1, 1], np.float32))
    assert history_of(track, TITLES, 5) == "black lipstick; blue lipstick; red lipstick"
    assert history_of(track, TITLES, 2) == "black lipstick; blue lipstick"
    assert history_of(Track(np.zeros(0, np.int64), np.zeros(0, np.float32)), TITLES, 5) == ""


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("  Matte\tlipstick ", "Matte lipstick"),
        ("Best [SEP] item ever", "Best (SEP) item ever"),
        ("long " * 30, ("long " * 30)[:48]),
    ],
)
def test_a_title_brings_no_marks_of_the_tokenizer_s_and_no_more_than_its_share(title, read):
    made = title_of(Item(id="1", title=title))
    assert made == read
    ids = tokenizer().encode(pair(made, made)).ids
    assert ids.count(102) == 2  # [SEP], between the two and at the end


def test_frozen_layers_and_word_vectors_stay_as_they_were():
    before = PairNet(2, 1).state_dict()
    after, _ = learn(lists(16, 0), lists(4, 1), TITLES, TINY.model_copy(update={"layers": 2, "frozen": 1, "epochs": 1}))
    changed = {name for name, tensor in after.state_dict().items() if not torch.equal(tensor, before[name])}
    assert any(".layer.1." in name for name in changed)
    assert not any(".layer.0." in name or ".embeddings." in name for name in changed)


def test_one_that_was_cut_off_goes_on_to_the_very_same_net(tmp_path, learned):
    checkpoint = Checkpoint(tmp_path / "cross_encoder.pt", "data")

    def impatient(what, done, total):
        if done > total // 4:
            raise KeyboardInterrupt

    _, outcome = learn(lists(96, 0), lists(12, 1), TITLES, TINY, checkpoint=checkpoint, progress=impatient)
    assert outcome.interrupted
    assert len(outcome.curve) == 1
    again, whole = learn(lists(96, 0), lists(12, 1), TITLES, TINY, checkpoint=checkpoint)
    assert whole.curve == learned[1].curve
    assert all(torch.equal(one, other) for one, other in
               zip(again.state_dict().values(), learned[0].state_dict().values(), strict=True))  # fmt: skip
