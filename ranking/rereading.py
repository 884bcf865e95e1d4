"""How the last step is learned: a cross-encoder for what the first ranker puts first, its weight, and what it adds.

It learns on held-out likings that the first ranker put near the top, against the other items there; how much it weighs
is fitted on other shoppers; it takes part only where it is better, beyond noise, for others again. Knows the first
ranker by its logits. Knows nothing of files, nor of how that one was learned.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from ranking.behaviour import Case, Places
from ranking.blend import Blend
from ranking.bootstrap import Interval, differences
from ranking.checkpoints import Checkpoint
from ranking.descent import Outcome
from ranking.evaluation import BATCH_CELLS
from ranking.examples import Encode, Progress, asked_for
from ranking.features import Features
from ranking.last import ALONE, ASKED, KINDS, MODEL, TOKENIZER, Last, order, save
from ranking.metrics import per_list
from ranking.models.cross_encoder import MAX_TOKENS, CrossEncoder, Lists, exported, history_of, learn, pair, title_of
from ranking.models.model import Floats
from ranking.requests import ENOUGH, Need, relevance_of, request_for
from ranking.settings import TrainingSettings
from retrieval.encoder import Onnx
from retrieval.items import Item

HELD = 150  # most lists that say when the training should stop
WEIGHED = 3  # one in so many compared shoppers is there to fit the weight; the others say whether it takes part
MOST = 8_000  # compared shoppers: some 5,000 tell NDCG@10 apart by 0.001
FEWEST = 20  # lists below which nothing is learned
CHECKED = 200  # pairs on which the served form is compared with what was learned
HEAVIEST = 100.0  # of the weight: by then the first logits count for nothing
AT_ONCE = 512  # cases that are ranked before it is seen whether there are lists enough
FAR = 1_000_000  # rank of what is not among the first at all


@dataclass(frozen=True)
class First:
    """The first ranker, over a catalogue, and what it is asked with."""

    blend: Blend
    features: Features
    items: Sequence[Item]
    encode: Encode
    settings: TrainingSettings


@dataclass(frozen=True)
class Tops:
    """What the first ranker puts first for some cases, best first; what the shopper has had is left out."""

    cases: Sequence[Case]
    places: Places  # [cases, m]
    logits: Floats  # [cases, m]; -inf: does not answer what is asked for
    target: NDArray[np.int64]  # [cases] where in the row stands what was liked; FAR: nowhere

    def __getitem__(self, rows: NDArray[np.int64]) -> "Tops":
        return Tops([self.cases[int(row)] for row in rows], self.places[rows], self.logits[rows], self.target[rows])


@dataclass(frozen=True)
class Reread:
    """What a weight was fitted to be, and what came of it for other shoppers: NDCG@10 before, and the gain."""

    weight: float
    before: float
    gain: Interval


@dataclass(frozen=True)
class Tried:
    """A trained cross-encoder, whether it ships or not; ``last`` has the weights as they were fitted."""

    model: bytes  # ONNX
    last: Last
    lists: int  # that it was learned on
    found: dict[str, Reread]  # by last.KINDS
    outcome: Outcome

    @property
    def ships(self) -> Last | None:
        """The last step as it serves, its weight 0 where it is not better beyond noise; None: it is nowhere."""
        weights = {kind: one.weight if one.gain.low > 0 else 0.0 for kind, one in self.found.items()}
        return replace(self.last, weights=weights) if any(weights.values()) else None

    def figures(self) -> dict[str, float]:
        """E.g. "last.alone.weight", "last.asked.ndcg@10" and what was gained on it, with the ends of its interval."""
        made = {"last.lists": float(self.lists)}
        for kind, one in self.found.items():
            made |= {
                f"last.{kind}.weight": one.weight,
                f"last.{kind}.ndcg@10": one.before + one.gain.value,
                f"last.{kind}.ndcg@10.gain": one.gain.value,
                f"last.{kind}.ndcg@10.gain.low": one.gain.low,
                f"last.{kind}.ndcg@10.gain.high": one.gain.high,
            }
        return made

    def sentence(self) -> str:
        """What came of it, for whoever trains."""
        words = {ALONE: "by history alone", ASKED: "with a request"}
        said = [
            f"{words[kind]} NDCG@10 {one.gain.value:+.4f} (between {one.gain.low:+.4f} and {one.gain.high:+.4f}), "
            f"{'takes part' if one.gain.low > 0 else 'stays out'}"
            for kind, one in self.found.items()
        ]
        return f"The cross-encoder over the first {self.last.count}: {'; '.join(said)}."


def tried(
    first: First,
    cases: Sequence[Case],
    fitted: NDArray[np.int64],
    progress: Progress = lambda what, done, total: None,
    checkpoint: Checkpoint | None = None,
) -> Tried | None:
    """Learn a cross-encoder for what the first ranker puts first, and weigh it; None where there are too few lists.

    ``cases`` are held out from the blend's models; on those that ``fitted`` numbers, the blend was fitted. On these it
    learns; on the others it is weighed and measured, or on two fifths of all where the blend was fitted on all. Ctrl-C
    while it learns keeps the best so far.
    """
    settings, own = first.settings, first.settings.last
    rng = np.random.default_rng([settings.seed, 7])
    learning = rng.permutation(np.asarray(fitted, dtype=np.int64))
    compared = rng.permutation(np.setdiff1d(np.arange(len(cases)), learning))[:MOST]
    if not len(compared):
        learning, compared = np.split(learning, [len(learning) * 3 // 5])
    titles = [title_of(item) for item in first.items]
    held, lists = _lists(first, [cases[at] for at in learning], titles, rng, progress)
    if len(lists) + len(held) < FEWEST or not len(held):
        return None
    net, outcome = learn(lists, held, titles, own, on=settings, checkpoint=checkpoint, progress=progress)
    progress("converting the cross-encoder", 0, 1)
    pairs = [pair(history, titles[at]) for history, row in zip(held.histories, held.places, strict=True) for at in row]
    model = exported(net, pairs[:CHECKED])
    last = Last(_opened(model), own.first, own.history, dict.fromkeys(KINDS, 0.0))
    reader, found = CrossEncoder(last.encoder, titles, last.history), {}
    for kind in KINDS:
        # What was asked for mostly stands near the top, so that half as many shoppers say as much.
        numbers = compared if kind == ALONE else compared[::2]
        tops = top(first, [cases[at] for at in numbers], kind, own.first, rng, progress)
        read = scored(reader, tops, own.first, progress)
        rows = np.arange(len(numbers))
        weighing, measuring = rows[rows % WEIGHED == 0], rows[rows % WEIGHED != 0]
        weight = weight_of(tops[weighing], read[weighing])
        found[kind] = reread(tops[measuring], read[measuring], weight)
    weights = {kind: one.weight for kind, one in found.items()}
    return Tried(model, replace(last, weights=weights), len(lists) + len(held), found, outcome)


def _opened(model: bytes) -> Onnx:
    with tempfile.TemporaryDirectory() as name:
        save(Path(name), model)
        return Onnx(Path(name) / MODEL, Path(name) / TOKENIZER, MAX_TOKENS)


def _lists(
    first: First, cases: Sequence[Case], titles: Sequence[str], rng: np.random.Generator, progress: Progress
) -> tuple[Lists, Lists]:
    """Lists that say when to stop, and lists to learn from, some of them with a request."""
    own = first.settings.last
    asked = rng.random(len(cases)) < first.settings.requested
    made: list[tuple[str, Places, Floats, int]] = []
    for start in range(0, len(cases), AT_ONCE):
        for kind in KINDS:
            numbers = np.flatnonzero(asked[start : start + AT_ONCE] == (kind == ASKED)) + start
            tops = top(first, [cases[at] for at in numbers], kind, max(own.among, own.first), rng)
            for row in np.flatnonzero(tops.target < tops.places.shape[1]):
                at = int(tops.target[row])
                history = history_of(tops.cases[row].history, titles, own.history)
                # What was liked comes first, the others after it as they were ranked.
                turned = [
                    np.concatenate([held[[at]], np.delete(held, at)]) for held in (tops.places[row], tops.logits[row])
                ]
                made.append((history, turned[0], turned[1], at))
        progress("ranking for the cross-encoder", min(len(made), own.lists), own.lists)
        if len(made) >= own.lists:
            break
    made = made[: own.lists]
    near = [number for number, one in enumerate(made) if one[3] < own.first][: max(1, min(HELD, len(made) // 10))]
    far = sorted(set(range(len(made))) - set(near))
    held = _listed([made[number] for number in near])
    return Lists(held.histories, held.places[:, : own.first], held.first[:, : own.first]), _listed(
        [made[number] for number in far]
    )


def _listed(rows: Sequence[tuple[str, Places, Floats, int]]) -> Lists:
    if not rows:
        return Lists([], np.zeros((0, 0), np.int64), np.zeros((0, 0), np.float32))
    return Lists([row[0] for row in rows], np.stack([row[1] for row in rows]), np.stack([row[2] for row in rows]))


def top(
    first: First,
    cases: Sequence[Case],
    kind: str,
    count: int,
    rng: np.random.Generator,
    progress: Progress = lambda what, done, total: None,
) -> Tops:
    """What the first ranker puts first for each case among all items; with ASKED, in answer to a simulated request."""
    n = len(first.features.table)
    count, batch = min(count, n), max(1, BATCH_CELLS // n)
    made = [Tops([], np.zeros((0, count), np.int64), np.zeros((0, count), np.float32), np.zeros(0, np.int64))]
    for start in range(0, len(cases), batch):
        progress("comparing with and without the cross-encoder", start, len(cases))
        part = cases[start : start + batch]
        need = _need(first, part, rng) if kind == ASKED else None
        logits = np.array(first.blend.logits([case.history for case in part], None, need), dtype=np.float32)
        if need is not None:
            logits[need.answers < ENOUGH] = -np.inf
        for row, case in zip(logits, part, strict=True):
            own = row[case.target]
            row[case.history.places] = -np.inf
            row[case.target] = own
        best = np.argpartition(-logits, count - 1, axis=1)[:, :count]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(logits, best, 1), axis=1, kind="stable"), 1)
        values = np.take_along_axis(logits, best, axis=1)
        there = (best == np.array([case.target for case in part])[:, None]) & np.isfinite(values)
        made.append(Tops(part, best, values, np.where(there.any(axis=1), there.argmax(axis=1), FAR)))
    return Tops(
        cases,
        *(np.concatenate(held) for held in zip(*((one.places, one.logits, one.target) for one in made), strict=True)),
    )


def _need(first: First, cases: Sequence[Case], rng: np.random.Generator) -> Need:
    """A simulated request for each case's target, as in the rest of the training."""
    wished = asked_for(first.features, [case.target for case in cases], first.settings.loosely, rng)
    texts = [request_for(first.items[place], first.settings.seed) for place in wished]
    table = first.features.table
    return Need(relevance_of(first.encode(texts) @ table.vectors.T), table.words.shares(texts))


def scored(reader: CrossEncoder, tops: Tops, count: int, progress: Progress = lambda what, done, total: None) -> Floats:
    """The cross-encoder's logits [cases, count] where what was liked is among these; 0 elsewhere, where none counts."""
    read = np.zeros(tops.places[:, :count].shape, dtype=np.float32)
    rows = np.flatnonzero(tops.target < count)
    for done, row in enumerate(rows):
        progress("reading with the cross-encoder", done, len(rows))
        read[row] = reader.scores([tops.cases[row].history], tops.places[row, :count][None])[0]
    return read


def reread(tops: Tops, read: Floats, weight: float) -> Reread:
    """NDCG@10 of the order as it was, and what is gained with this weight."""
    owners = [case.shopper_id for case in tops.cases]
    before, after = (per_list(held, held)["ndcg@10"] for held in (tops.target, ranks_after(tops, read, weight)))
    gain = differences({"": after}, {"": before}, owners)[""]
    return Reread(weight, float(before.mean()) if len(before) else 0.0, gain)


def ranks_after(tops: Tops, read: Floats, weight: float) -> NDArray[np.int64]:
    """Rank (from 0) of what each case liked, once the first are ordered anew; FAR where it is not among the top."""
    count = read.shape[1]
    moved = order(tops.logits[:, :count], read, weight).argsort(axis=1)
    inside = tops.target < count
    ranks = tops.target.copy()
    ranks[inside] = moved[inside, tops.target[inside]]
    return ranks


def weight_of(tops: Tops, read: Floats) -> float:
    """What the cross-encoder's logits weigh beside the first ones, by the likelihood of what was liked."""
    count = read.shape[1]
    rows = np.flatnonzero(tops.target < count)
    if not len(rows):
        return 0.0
    first, target = tops.logits[rows, :count].astype(np.float64), tops.target[rows]
    known = np.isfinite(first)
    both = np.stack([np.where(known, first, 0.0), np.where(known, read[rows], 0.0)])
    each = np.arange(len(rows))

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = np.where(known, np.tensordot(weights, both, 1), -np.inf)
        away = softmax(logits, axis=1)
        away[each, target] -= 1
        return -float(log_softmax(logits, axis=1)[each, target].mean()), (both * away).sum(axis=2).mean(axis=1)

    found = minimize(loss, np.array([1.0, 0.1]), jac=True, method="L-BFGS-B", bounds=[(0, None), (0, None)]).x
    return float(min(found[1] / max(found[0], 1e-9), HEAVIEST))
