"""Training of the reranker: cases to features, features to a network, the best by validation kept.

Knows nothing of files or of the command line; progress goes to a callback.
"""

import hashlib
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ranking.behaviour import Case, Split, Track, split
from ranking.errors import TooFewEvents
from ranking.evaluation import evaluate, of_tracks, sample
from ranking.examples import FEATURE_BATCH, Encode, Progress, examples_of, lists
from ranking.features import NAMES, Features
from ranking.metrics import ndcg, ranks_of
from ranking.models.model import Model
from ranking.models.network import Network, Trained
from ranking.models.plain import Popularity, SameCategory, Transitions
from ranking.relations import Relations
from ranking.settings import TrainingSettings
from ranking.table import ItemTable
from retrieval.items import Item

log = logging.getLogger(__name__)

FEWEST_CASES = 20  # shoppers with three likings, below which nothing can be learned or measured
VALIDATION_CELLS = 5_000_000  # shoppers times items held for early stopping: 200 MB


@dataclass(frozen=True)
class Training:
    """A trained network with what it was trained on; ``relations`` count everything, for serving."""

    network: Network
    relations: Relations
    settings: TrainingSettings
    data_hash: str
    figures: dict[str, float]  # e.g. "validation.ndcg@10", "test.recall@10", "popularity.test.ndcg@10"
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
) -> Training:
    """Train on the tracks and measure by leave-one-out; TooFewEvents if there are too few likings.

    ``items`` are the table's, in its order; ``encode`` makes unit rows of the simulated requests. Interrupted by
    Ctrl-C, it returns the best network so far (KeyboardInterrupt passes where there is none yet). ``former``: a network
    that is measured beside the new one.
    """
    settings = settings or TrainingSettings()
    parts = split(made)
    if len(parts.test) < FEWEST_CASES:
        raise TooFewEvents(
            f"Only {len(parts.test)} shoppers have three or more likings (purchases, likes, good ratings); "
            f"{FEWEST_CASES} are needed to train. Bring more events: shoptalk events FILE"
        )
    progress("counting what follows what", 0, 1)
    features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))
    network, interrupted = fit(prepare(features, items, parts, encode, settings, progress), settings, progress)
    figures = measured(network, features, parts, settings, progress, former) if measure else {}
    progress("counting everything", 0, 1)
    relations = Relations.learn(list(made.values()), table.vectors)
    return Training(network, relations, settings, data_hash(table, made), figures, interrupted)


def measured(
    network: Network,
    features: Features,
    parts: Split,
    settings: TrainingSettings,
    progress: Progress,
    former: Network | None = None,
) -> dict[str, float]:
    """Figures on validation and test of the network, of a former one, popularity, same category and transitions."""
    made = {}
    rivals: dict[str, Model] = {
        "": Trained(network, features),
        "popularity.": Popularity(features),
        "same_category.": SameCategory(features),
        "transitions.": Transitions(features),
    }
    if former is not None:
        rivals["former."] = Trained(former, features)
    for part, cases in (("validation", parts.validation), ("test", parts.test)):
        held = sample(cases, settings.measured, settings.seed)
        for name, rival in rivals.items():
            progress(f"measuring on {part}", 0, 1)
            figures = evaluate(of_tracks(rival.scores), held, len(features.table))
            made.update({f"{name}{part}.{figure}": value for figure, value in figures.items()})
    return made


def data_hash(table: ItemTable, made: Mapping[str, Track]) -> str:
    """Hex digest of the items' ids and of every shopper's track."""
    digest = hashlib.sha256("\n".join(table.ids).encode())
    for shopper_id, track in sorted(made.items()):
        digest.update(shopper_id.encode())
        digest.update(track.places.tobytes())
        digest.update(track.weights.tobytes())
    return digest.hexdigest()


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
    prepared: Prepared, settings: TrainingSettings, progress: Progress = lambda what, done, total: None
) -> tuple[Network, bool]:
    """The network that is best on validation, calibrated; and whether it was interrupted."""
    torch.manual_seed(settings.seed)
    network = Network(len(NAMES), settings.hidden, settings.dropout)
    flat = prepared.inputs.reshape(-1, len(NAMES)).astype(np.float32)
    network.mean.copy_(torch.from_numpy(flat.mean(axis=0)))
    network.spread.copy_(torch.from_numpy(np.maximum(flat.std(axis=0), 1e-3)))
    del flat
    network.kept.copy_(torch.tensor([float(name not in settings.without) for name in NAMES]))
    inputs, corrections = torch.from_numpy(prepared.inputs), torch.from_numpy(prepared.corrections)
    best, interrupted = _descend(network, inputs, corrections, prepared.cases, prepared.held, settings, progress)
    network.load_state_dict(best)
    _calibrate(network, prepared.cases, prepared.held, np.random.default_rng(settings.seed))
    return network, interrupted


def _whole(features: Features, cases: Sequence[Case], progress: Progress) -> torch.Tensor:
    """Features [cases, n, F] over the whole catalogue, in half precision."""
    made = []
    for start in range(0, len(cases), FEATURE_BATCH):
        progress("preparing validation", start, len(cases))
        tracks = [case.history for case in cases[start : start + FEATURE_BATCH]]
        made.append(features.compute(tracks).transpose(1, 2, 0).astype(np.float16))
    return torch.from_numpy(np.concatenate(made))


def _logits(network: Network, held: torch.Tensor) -> NDArray[np.float32]:
    network.eval()
    with torch.inference_mode():
        made = np.stack([network(row.float()).numpy() for row in held])
    network.train()
    return made


def _validate(network: Network, cases: Sequence[Case], held: torch.Tensor) -> float:
    logits = _logits(network, held)
    for row, case in zip(logits, cases, strict=True):
        own = row[case.target]
        row[case.history.places] = -np.inf
        row[case.target] = own
    return ndcg(ranks_of(logits, np.array([case.target for case in cases], dtype=np.int64)), 10)


def _descend(
    network: Network,
    inputs: torch.Tensor,
    corrections: torch.Tensor,
    cases: Sequence[Case],
    held: torch.Tensor,
    settings: TrainingSettings,
    progress: Progress,
) -> tuple[dict[str, torch.Tensor], bool]:
    """State of the network that was best on validation, and whether Ctrl-C ended the training."""
    steps = settings.epochs * math.ceil(len(inputs) / settings.batch)
    optimiser = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    rise = max(1, int(settings.warm_up * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min((step + 1) / rise, 0.5 * (1 + math.cos(math.pi * max(0, step - rise) / max(1, steps - rise)))),
    )
    generator = torch.Generator().manual_seed(settings.seed)
    best: dict[str, torch.Tensor] = {}
    highest, since, done, loss_text = -1.0, 0, 0, ""
    try:
        for _ in range(settings.epochs):
            total = 0.0
            order = torch.randperm(len(inputs), generator=generator)
            for rows in torch.split(order, settings.batch):
                logits = network(inputs[rows].float()) + corrections[rows]
                loss = nn.functional.cross_entropy(logits, torch.zeros(len(rows), dtype=torch.long))
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
                optimiser.step()
                schedule.step()
                total += float(loss.detach()) * len(rows)
                done += 1
                progress(f"training{loss_text}", done, steps)
            value = _validate(network, cases, held)
            log.info("loss %.4f, validation NDCG@10 %.4f", total / len(inputs), value)
            loss_text = f": loss {total / len(inputs):.3f}, validation NDCG@10 {value:.4f}"
            if value > highest:
                highest, since = value, 0
                best = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
            else:
                since += 1
                if since >= settings.patience:
                    break
    except KeyboardInterrupt:
        if not best:
            raise
        return best, True
    return best, False


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
