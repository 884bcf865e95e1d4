"""Training of the reranker: the base models on the training part, their blend on what was held out.

Knows nothing of files or of the command line; progress goes to a callback.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ranking.appraisal import of_cold, of_lists, of_opinions, of_probabilities, of_ranking
from ranking.behaviour import Case, Split, Track
from ranking.blend import ASSOCIATIONS, SEQUENCE, Committee, Shipped
from ranking.blending import choose
from ranking.checkpoints import Checkpoint
from ranking.descent import Epoch, Outcome, descend, device_of
from ranking.errors import TooFewEvents
from ranking.evaluation import sample
from ranking.examples import FEATURE_BATCH, Encode, Progress, examples_of, lists
from ranking.features import NAMES, Features
from ranking.metrics import ndcg, ranks_of
from ranking.models.model import Model
from ranking.models.network import Network, Trained, slope_and_offset
from ranking.models.plain import Popularity, SameCategory, Transitions
from ranking.models.sequence import SASRec, learn
from ranking.relations import Relations
from ranking.rereading import First, Tried, tried
from ranking.settings import TrainingSettings
from ranking.splits import Held, held_out
from ranking.table import ItemTable
from ranking.update import Learned, gentle, learned_until, with_news
from retrieval.items import Item

FEWEST_CASES = 20  # shoppers with three likings, below which nothing can be learned or measured
VARIES = 1e-6  # spread of a feature, below which it is one and the same in all examples
VALIDATION_CELLS = 5_000_000  # shoppers times items held for early stopping: 200 MB


@dataclass(frozen=True)
class Training:
    """What was trained, with what it was trained on; ``relations`` count everything, for serving."""

    shipped: Shipped
    relations: Relations
    settings: TrainingSettings
    data_hash: str
    data: dict[str, float | None]  # how much there is of what, see ``data_counts``
    figures: dict[str, float]  # e.g. "validation.ndcg@10", "test.recall@10", "popularity.test.ndcg@10"
    curves: dict[str, tuple[Epoch, ...]]  # by what was trained
    interrupted: bool
    reread: Tried | None = None  # the cross-encoder for the first few, where one was trained

    @property
    def network(self) -> Network:
        """The feature network, which is learned whatever ships."""
        return self.shipped.network


def train(
    table: ItemTable,
    items: Sequence[Item],
    made: Mapping[str, Track],
    encode: Encode,
    settings: TrainingSettings | None = None,
    progress: Progress = lambda what, done, total: None,
    measure: bool = True,
    former: Shipped | None = None,
    checkpoints: Path | None = None,
    held: Held | None = None,
    ratings: Mapping[tuple[str, int], float] | None = None,
    since: float | None = None,
) -> Training:
    """Train on the tracks and measure by leave-one-out; TooFewEvents if there are too few likings.

    ``items`` are the table's, in its order; ``encode`` makes unit rows of the simulated requests. Interrupted by
    Ctrl-C, it returns the best so far: the network alone where the blend was not yet made (KeyboardInterrupt passes
    where there is nothing yet). ``former``: what is measured beside the new one, over the same table.
    ``checkpoints``: a folder from which a training that was cut off goes on.
    ``held``: another split of the tracks. ``ratings``: stars by shopper and place, which are foretold too.
    ``since`` (unix seconds): no training anew but an update of ``former``, whose nets go on from their weights with
    what came after that, and as much of what came before.
    """
    settings = settings or TrainingSettings()
    if held is None:
        held = held_out(made, "leave-one-out")
        if len(held.parts.test) < FEWEST_CASES:
            raise TooFewEvents(
                f"Only {len(held.parts.test)} shoppers have three or more likings (purchases, likes, good ratings); "
                f"{FEWEST_CASES} are needed to train. Bring more events: shoptalk events FILE"
            )
    parts = held.parts
    if not parts.validation:
        raise TooFewEvents("Nothing is left to say when the training should stop. Bring more events.")
    progress("counting what follows what", 0, 1)
    features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))
    digest = data_hash(table, made)
    start, learned, learning = None, None, settings
    if since is not None:
        start, learned, learning = former, learned_until(parts, made, since), gentle(settings)
    checkpoint = Checkpoint(checkpoints / "network.pt", digest) if checkpoints else None
    prepared = prepare(features, items, parts, encode, learning, progress, learned)
    network, outcome = fit(prepared, learning, progress, checkpoint, start=start.network if start else None)
    del prepared
    shipped, curves, interrupted = Shipped.alone(network), {"network": outcome.curve}, outcome.interrupted
    compared: dict[str, float] = {}
    reread = None
    if not interrupted:
        checkpoint = Checkpoint(checkpoints / "sequence.pt", digest) if checkpoints else None
        try:
            committee, more = gathered(features, network, parts, learning, progress, checkpoint, start, learned)
            curves |= more
            chosen = choose(committee, items, parts.validation, encode, settings, progress)
            shipped = Shipped.of(chosen.recipe, committee, settings.sequence)
            compared = {f"compared.{name}.ndcg@10": value for name, value in chosen.compared.items()}
            if settings.last.cross_encoder:
                first = First(shipped.over(features), features, items, encode, settings)
                checkpoint = Checkpoint(checkpoints / "cross_encoder.pt", digest) if checkpoints else None
                reread = tried(first, parts.validation, chosen.held[chosen.fitted], progress, checkpoint)
        except KeyboardInterrupt:
            interrupted = True
    if reread is not None:
        curves["cross_encoder"], interrupted = reread.outcome.curve, reread.outcome.interrupted
        compared |= reread.figures()
    figures = compared
    if measure:
        figures |= measured(shipped, features, parts, settings, progress, former)
        figures |= of_opinions(shipped.over(features), held, made, ratings or {}, progress)
    progress("counting everything", 0, 1)
    relations = Relations.learn(list(made.values()), table.vectors)
    shipped = shipped.relearned(list(made.values()), len(table))
    counts = data_counts(table, made, parts.liked)
    return Training(shipped, relations, settings, digest, counts, figures, curves, interrupted, reread)


def gathered(
    features: Features,
    network: Network,
    parts: Split,
    settings: TrainingSettings,
    progress: Progress = lambda what, done, total: None,
    checkpoint: Checkpoint | None = None,
    start: Shipped | None = None,
    learned: Learned | None = None,
) -> tuple[Committee, dict[str, tuple[Epoch, ...]]]:
    """Every model that may ship, learned on the training part, and the curves of what was trained for it.

    ``checkpoint`` is the transformer's. Ctrl-C while that is learned keeps the best so far. ``start``: the transformer
    goes on from this one's, if it has one, with the shoppers who have something new by ``learned``, and as many others.
    """
    tracks, n = list(parts.train.values()), len(features.table)
    others: dict[str, Model] = {}
    curves = {}
    state = start.sequence if start else None
    if settings.sequence.epochs and (start is None or state is not None):
        net, outcome = learn(
            features.table.vectors,
            tracks if learned is None else with_news(parts, learned, settings.seed),
            parts.validation,
            settings.sequence,
            on=settings,
            checkpoint=checkpoint,
            progress=progress,
            start=state,
        )
        others[SEQUENCE], curves[SEQUENCE] = SASRec(net), outcome.curve
    for name, make in ASSOCIATIONS.items():
        progress(f"learning {name.replace('_', ' ')}", 0, 1)
        others[name] = make(tracks, n)
    return Committee(features, network, others), curves


def measured(
    shipped: Shipped,
    features: Features,
    parts: Split,
    settings: TrainingSettings,
    progress: Progress,
    former: Shipped | None = None,
) -> dict[str, float]:
    """Figures on validation and test of what ships, of the former, popularity, same category and transitions.

    ``features`` are over relations of the training part, from which the former's counts are taken anew too. The figures
    are named as ``ranking.appraisal`` does.
    """
    model = shipped.over(features)
    rivals: dict[str, Model] = {
        "": model,
        "network": Trained(shipped.network, features),
        "popularity": Popularity(features),
        "same_category": SameCategory(features),
        "transitions": Transitions(features),
    }
    if former is not None:
        progress("counting for the former one", 0, 1)
        rivals["former"] = former.relearned(list(parts.train.values()), len(features.table)).over(features)
    made: dict[str, float] = {}
    for part, cases in (("validation", parts.validation), ("test", parts.test)):
        held = sample(cases, settings.measured, settings.seed)
        figures, ranking = of_ranking(rivals, part, held, features, progress)
        more = of_lists(ranking, held, features, len(parts.train))
        if part == "test":  # on validation p(like) was fitted
            more |= of_probabilities(model, held, len(features.table), settings.seed, progress)
            more |= of_cold(model, held, features, settings.seed, progress)
        made |= figures | {f"{part}.{name}": value for name, value in more.items()}
    return made


def data_hash(table: ItemTable, made: Mapping[str, Track]) -> str:
    """Hex digest of the items' ids and of every shopper's track."""
    digest = hashlib.sha256("\n".join(table.ids).encode())
    for shopper_id, track in sorted(made.items()):
        digest.update(shopper_id.encode())
        digest.update(track.places.tobytes())
        digest.update(track.weights.tobytes())
        digest.update(track.times.tobytes())
        digest.update(repr(track.searches).encode())
    return digest.hexdigest()


def data_counts(table: ItemTable, made: Mapping[str, Track], liked: float) -> dict[str, float | None]:
    """How many items, shoppers, items in their histories ("steps"), and likings among these; and from when to when
    ("first", "last": unix seconds, None without times)."""
    likings = sum(int((track.weights >= liked).sum()) for track in made.values())
    times = np.concatenate([track.times for track in made.values()])
    known = times[~np.isnan(times)]
    first, last = (float(known.min()), float(known.max())) if len(known) else (None, None)
    steps = sum(map(len, made.values()))
    counts = {"items": len(table), "shoppers": len(made), "steps": steps, "likings": likings}
    return {**counts, "first": first, "last": last}


@dataclass(frozen=True)
class Prepared:
    """What a network learns from, and the held-out cases that say when to stop, as features in half precision."""

    inputs: NDArray[np.float16]  # [examples, m, F], the liked item first
    corrections: NDArray[np.float32]  # [examples, m] added to the logits
    cases: Sequence[Case]
    held: torch.Tensor  # [cases, n, F]


def prepare(
    features: Features,
    items: Sequence[Item],
    parts: Split,
    encode: Encode,
    settings: TrainingSettings,
    progress: Progress = lambda what, done, total: None,
    learned: Learned | None = None,
) -> Prepared:
    """Compute what ``fit`` needs; ``items`` are the table's, in its order, ``learned`` as of ``examples_of``."""
    rng = np.random.default_rng(settings.seed)
    examples = examples_of(parts, settings, rng, learned)
    inputs, corrections = lists(features, items, examples, encode, settings, rng, progress)
    count = max(50, VALIDATION_CELLS // len(features.table))
    cases = sample(parts.validation, min(count, 1_000), settings.seed)
    return Prepared(inputs, corrections, cases, _whole(features, cases, progress))


def fit(
    prepared: Prepared,
    settings: TrainingSettings,
    progress: Progress = lambda what, done, total: None,
    checkpoint: Checkpoint | None = None,
    watch: Callable[[Epoch], None] = lambda epoch: None,
    start: Network | None = None,
) -> tuple[Network, Outcome]:
    """The network that is best on validation, calibrated; and how its descent went. Arguments as of ``descend``.

    ``start``: it goes on from this one's weights and statistics.
    """
    torch.manual_seed(settings.seed)
    network = Network(len(NAMES), settings.hidden, settings.dropout)
    if start is None:
        _normalise(network, prepared, settings)
    else:
        network.load_state_dict(start.state_dict())
    inputs, corrections = torch.from_numpy(prepared.inputs), torch.from_numpy(prepared.corrections)
    lesson = NextLiking(inputs, corrections, prepared.cases, prepared.held)
    outcome = descend(network, lesson, settings, on=settings, checkpoint=checkpoint, progress=progress, watch=watch)
    _calibrate(network, prepared.cases, prepared.held, np.random.default_rng(settings.seed))
    return network, outcome


def _normalise(network: Network, prepared: Prepared, settings: TrainingSettings) -> None:
    """Give the network the statistics of its inputs."""
    flat = prepared.inputs.reshape(-1, len(NAMES)).astype(np.float32)
    network.mean.copy_(torch.from_numpy(flat.mean(axis=0)))
    spread = flat.std(axis=0)
    network.spread.copy_(torch.from_numpy(np.maximum(spread, 1e-3)))
    # What never varied, as times in a shop that imported none, taught nothing, and must not count once it varies.
    kept = [float(name not in settings.without and own > VARIES) for name, own in zip(NAMES, spread, strict=True)]
    network.kept.copy_(torch.tensor(kept))


@dataclass(frozen=True)
class NextLiking:
    """The network's lesson: the first item of each list is the one that was liked."""

    inputs: torch.Tensor  # [examples, m, F] float16
    corrections: torch.Tensor  # [examples, m]
    cases: Sequence[Case]
    held: torch.Tensor  # [cases, n, F] float16

    @property
    def examples(self) -> int:
        return len(self.inputs)

    def loss(self, module: Network, rows: torch.Tensor) -> torch.Tensor:
        device = device_of(module)
        logits = module(self.inputs[rows].to(device).float()) + self.corrections[rows].to(device)
        return nn.functional.cross_entropy(logits, torch.zeros(len(rows), dtype=torch.long, device=device))

    def validate(self, module: Network) -> float:
        """NDCG@10 of the cases, among all items that the shopper has not had."""
        logits = _logits(module, self.held)
        for row, case in zip(logits, self.cases, strict=True):
            own = row[case.target]
            row[case.history.places] = -np.inf
            row[case.target] = own
        return ndcg(ranks_of(logits, np.array([case.target for case in self.cases], dtype=np.int64)), 10)


def _whole(features: Features, cases: Sequence[Case], progress: Progress) -> torch.Tensor:
    """Features [cases, n, F] over the whole catalogue, in half precision."""
    made = []
    for start in range(0, len(cases), FEATURE_BATCH):
        progress("preparing validation", start, len(cases))
        tracks = [case.history for case in cases[start : start + FEATURE_BATCH]]
        made.append(features.compute(tracks).transpose(1, 2, 0).astype(np.float16))
    return torch.from_numpy(np.concatenate(made))


def _logits(network: Network, held: torch.Tensor) -> NDArray[np.float32]:
    device = device_of(network)
    with torch.inference_mode():
        return np.stack([network(row.to(device).float()).cpu().numpy() for row in held])


def _calibrate(network: Network, cases: Sequence[Case], held: torch.Tensor, rng: np.random.Generator) -> None:
    """Fit slope and offset so that sigmoid gives p(like) in an even mix of held-out likings and random items."""
    logits = _logits(network, held)
    places = np.arange(len(cases))
    liked = logits[places, [case.target for case in cases]]
    other = logits[places, rng.integers(0, logits.shape[1], len(cases))]
    slope, offset = slope_and_offset(liked, other)
    network.get_buffer("slope").fill_(slope)
    network.get_buffer("offset").fill_(offset)
