"""Training of the reranker: cases to features, features to a network, the best by validation kept.

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
from ranking.checkpoints import Checkpoint
from ranking.descent import Epoch, Outcome, descend, device_of
from ranking.errors import TooFewEvents
from ranking.evaluation import sample
from ranking.examples import FEATURE_BATCH, Encode, Progress, examples_of, lists
from ranking.features import NAMES, Features
from ranking.metrics import ndcg, ranks_of
from ranking.models.model import Model
from ranking.models.network import Network, Trained
from ranking.models.plain import Popularity, SameCategory, Transitions
from ranking.relations import Relations
from ranking.settings import TrainingSettings
from ranking.splits import Held, held_out
from ranking.table import ItemTable
from retrieval.items import Item

FEWEST_CASES = 20  # shoppers with three likings, below which nothing can be learned or measured
VALIDATION_CELLS = 5_000_000  # shoppers times items held for early stopping: 200 MB


@dataclass(frozen=True)
class Training:
    """A trained network with what it was trained on; ``relations`` count everything, for serving."""

    network: Network
    relations: Relations
    settings: TrainingSettings
    data_hash: str
    data: dict[str, int]  # how much there is of what
    figures: dict[str, float]  # e.g. "validation.ndcg@10", "test.recall@10", "popularity.test.ndcg@10"
    curves: dict[str, tuple[Epoch, ...]]  # by what was trained
    interrupted: bool


def train(
    table: ItemTable,
    items: Sequence[Item],
    made: Mapping[str, Track],
    encode: Encode,
    settings: TrainingSettings | None = None,
    progress: Progress = lambda what, done, total: None,
    measure: bool = True,
    former: Network | None = None,
    checkpoints: Path | None = None,
    held: Held | None = None,
    ratings: Mapping[tuple[str, int], float] | None = None,
) -> Training:
    """Train on the tracks and measure by leave-one-out; TooFewEvents if there are too few likings.

    ``items`` are the table's, in its order; ``encode`` makes unit rows of the simulated requests. Interrupted by
    Ctrl-C, it returns the best network so far (KeyboardInterrupt passes where there is none yet). ``former``: a network
    that is measured beside the new one. ``checkpoints``: a folder from which a training that was cut off goes on.
    ``held``: another split of the tracks. ``ratings``: stars by shopper and place, which are foretold too.
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
    checkpoint = Checkpoint(checkpoints / "network.pt", digest) if checkpoints else None
    prepared = prepare(features, items, parts, encode, settings, progress)
    network, outcome = fit(prepared, settings, progress, checkpoint)
    figures = measured(network, features, parts, settings, progress, former) if measure else {}
    if measure:
        figures |= of_opinions(Trained(network, features), held, made, ratings or {}, progress)
    progress("counting everything", 0, 1)
    relations = Relations.learn(list(made.values()), table.vectors)
    return Training(
        network,
        relations,
        settings,
        digest,
        data_counts(table, made, parts.liked),
        figures,
        {"network": outcome.curve},
        outcome.interrupted,
    )


def measured(
    network: Network,
    features: Features,
    parts: Split,
    settings: TrainingSettings,
    progress: Progress,
    former: Network | None = None,
) -> dict[str, float]:
    """Figures on validation and test of the network, of a former one, popularity, same category and transitions.

    They are named as ``ranking.appraisal`` does.
    """
    model = Trained(network, features)
    rivals: dict[str, Model] = {
        "": model,
        "popularity": Popularity(features),
        "same_category": SameCategory(features),
        "transitions": Transitions(features),
    }
    if former is not None:
        rivals["former"] = Trained(former, features)
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
    return digest.hexdigest()


def data_counts(table: ItemTable, made: Mapping[str, Track], liked: float) -> dict[str, int]:
    """How many items, shoppers, items in their histories ("steps"), and likings among these."""
    likings = sum(int((track.weights >= liked).sum()) for track in made.values())
    return {"items": len(table), "shoppers": len(made), "steps": sum(map(len, made.values())), "likings": likings}


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
) -> Prepared:
    """Compute what ``fit`` needs; ``items`` are the table's, in its order."""
    rng = np.random.default_rng(settings.seed)
    inputs, corrections = lists(features, items, examples_of(parts, settings, rng), encode, settings, rng, progress)
    count = max(50, VALIDATION_CELLS // len(features.table))
    cases = sample(parts.validation, min(count, 1_000), settings.seed)
    return Prepared(inputs, corrections, cases, _whole(features, cases, progress))


def fit(
    prepared: Prepared,
    settings: TrainingSettings,
    progress: Progress = lambda what, done, total: None,
    checkpoint: Checkpoint | None = None,
    watch: Callable[[Epoch], None] = lambda epoch: None,
) -> tuple[Network, Outcome]:
    """The network that is best on validation, calibrated; and how its descent went. Arguments as of ``descend``."""
    torch.manual_seed(settings.seed)
    network = Network(len(NAMES), settings.hidden, settings.dropout)
    flat = prepared.inputs.reshape(-1, len(NAMES)).astype(np.float32)
    network.mean.copy_(torch.from_numpy(flat.mean(axis=0)))
    network.spread.copy_(torch.from_numpy(np.maximum(flat.std(axis=0), 1e-3)))
    del flat
    network.kept.copy_(torch.tensor([float(name not in settings.without) for name in NAMES]))
    inputs, corrections = torch.from_numpy(prepared.inputs), torch.from_numpy(prepared.corrections)
    lesson = NextLiking(inputs, corrections, prepared.cases, prepared.held)
    outcome = descend(network, lesson, settings, on=settings, checkpoint=checkpoint, progress=progress, watch=watch)
    _calibrate(network, prepared.cases, prepared.held, np.random.default_rng(settings.seed))
    return network, outcome


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
    values = torch.from_numpy(np.concatenate([liked, other]))
    labels = torch.cat([torch.ones(len(cases)), torch.zeros(len(cases))])
    centre = float(values.mean())
    fitted = torch.tensor([1.0, 0.0], requires_grad=True)
    optimiser = torch.optim.LBFGS([fitted], max_iter=100)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        # A little pull towards a slope of 1 keeps a perfectly separable sample from growing without end.
        loss = nn.functional.binary_cross_entropy_with_logits(fitted[0] * (values - centre) + fitted[1], labels)
        loss = loss + 1e-3 * (fitted[0] - 1) ** 2
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    slope, offset = (float(value) for value in fitted.detach())
    slope = max(slope, 1e-3)  # a better logit is never a lower p(like)
    network.get_buffer("slope").fill_(slope)
    network.get_buffer("offset").fill_(offset - slope * centre)
