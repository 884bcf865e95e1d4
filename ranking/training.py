"""Training of the reranker: cases to features, features to a network, the best by validation kept.

Knows nothing of files or of the command line; progress goes to a callback.
"""

import hashlib
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import nn

from ranking.behaviour import Case, Split, Track, split
from ranking.errors import TooFewEvents
from ranking.evaluation import evaluate, of_tracks, sample
from ranking.features import NAMES, Features
from ranking.metrics import ndcg, ranks_of
from ranking.models import Network, Popularity, SameCategory, Scores, Trained, Transitions
from ranking.relations import Relations
from ranking.requests import relevance_of, request_for
from ranking.table import ItemTable
from retrieval.items import Item

log = logging.getLogger(__name__)

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much
FEWEST_CASES = 20  # shoppers with three likings, below which nothing can be learned or measured
VALIDATION_CELLS = 5_000_000  # shoppers times items held for early stopping: 200 MB
FEATURE_BATCH = 128


class TrainingSettings(BaseModel):
    """What a training depends on beside its data; saved with the model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    examples: int = 20_000  # histories with their next item, the latest of each shopper first
    hard: int = 80  # other items of a list that transitions or the text put near the top
    asked: int = 50  # other items of a list that answer the request best
    random: int = 100  # other items of a list drawn from all
    requested: float = 0.5  # share of the examples that come with a request
    hidden: int = 32
    dropout: float = 0.1
    learning_rate: float = 4e-3
    weight_decay: float = 1e-2
    warm_up: float = 0.1  # share of the steps in which the learning rate rises; then it falls as a cosine
    clip: float = 1.0  # longest gradient
    batch: int = 128
    epochs: int = 12
    patience: int = 4  # epochs without a better validation before it stops
    measured: int = 4_000  # shoppers over whom the saved figures are taken
    seed: int = 0


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
    torch.manual_seed(settings.seed)
    parts = split(made)
    if len(parts.test) < FEWEST_CASES:
        raise TooFewEvents(
            f"Only {len(parts.test)} shoppers have three or more likings (purchases, likes, good ratings); "
            f"{FEWEST_CASES} are needed to train. Bring more events: shoptalk events FILE"
        )
    progress("counting what follows what", 0, 1)
    features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))
    network, interrupted = fit(features, items, parts, encode, settings, progress)
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
    rivals: dict[str, Scores] = {
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


def fit(
    features: Features,
    items: Sequence[Item],
    parts: Split,
    encode: Encode,
    settings: TrainingSettings,
    progress: Progress,
) -> tuple[Network, bool]:
    """The network that is best on validation, calibrated; and whether it was interrupted."""
    rng = np.random.default_rng(settings.seed)
    inputs, corrections = _lists(features, items, _examples(parts, settings, rng), encode, settings, rng, progress)
    network = Network(len(NAMES), settings.hidden, settings.dropout)
    flat = inputs.reshape(-1, len(NAMES)).astype(np.float32)
    network.mean.copy_(torch.from_numpy(flat.mean(axis=0)))
    network.spread.copy_(torch.from_numpy(np.maximum(flat.std(axis=0), 1e-3)))
    del flat
    count = max(50, VALIDATION_CELLS // len(features.table))
    cases = sample(parts.validation, min(count, 1_000), settings.seed)
    held = _whole(features, cases, progress)
    best, interrupted = _descend(
        network, torch.from_numpy(inputs), torch.from_numpy(corrections), cases, held, settings, progress
    )
    network.load_state_dict(best)
    _calibrate(network, cases, held, rng)
    return network, interrupted


@dataclass(frozen=True)
class _Example:
    track: Track  # what came before
    target: int
    whole: Track  # all that the relations counted of this shopper


def _examples(parts: Split, settings: TrainingSettings, rng: np.random.Generator) -> list[_Example]:
    """Likings of the training part with what came before; each shopper's latest first, until there are enough."""
    rounds: dict[int, list[_Example]] = {}
    for track in parts.train.values():
        likings = [int(at) for at in np.flatnonzero(track.weights >= parts.liked) if at > 0][::-1]
        for number, at in enumerate(likings):
            rounds.setdefault(number, []).append(_Example(track.until(at), int(track.places[at]), track))
    made: list[_Example] = []
    for number in sorted(rounds):
        room = settings.examples - len(made)
        order = rng.permutation(len(rounds[number]))[:room]
        made += [rounds[number][int(at)] for at in order]
    return [made[int(at)] for at in rng.permutation(len(made))]


def _lists(
    features: Features,
    items: Sequence[Item],
    examples: Sequence[_Example],
    encode: Encode,
    settings: TrainingSettings,
    rng: np.random.Generator,
    progress: Progress,
) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    """Features [examples, m, F] of the target (first) and other items, and corrections [examples, m] of their logits.

    The hard items are there for certain, the random ones stand for all the rest: each counts as many times as it
    stands for, so that the loss estimates the softmax over the whole catalogue.
    """
    n = len(features.table)
    asked = rng.random(len(examples)) < settings.requested
    texts = [request_for(items[example.target], settings.seed) for example in examples]
    wanted = sorted({text for text, with_request in zip(texts, asked, strict=True) if with_request})
    progress("reading simulated requests", 0, 1)
    encoded = encode(wanted) if wanted else np.zeros((0, features.table.vectors.shape[1]), np.float32)
    row = {text: number for number, text in enumerate(wanted)}
    hard, top, drawn = (min(count, n // 4) for count in (settings.hard, settings.asked, settings.random))
    inputs, corrections = [], []
    for start in range(0, len(examples), FEATURE_BATCH):
        progress("preparing examples", start, len(examples))
        part = examples[start : start + FEATURE_BATCH]
        tracks = [example.track for example in part]
        following = features.following(tracks) + 1e-6 * rng.random((len(part), n), dtype=np.float32)
        like = features.likeness(tracks)
        vectors = np.stack(
            [
                encoded[row[texts[at]]] if asked[at] else np.zeros(encoded.shape[1], np.float32)
                for at in range(start, start + len(part))
            ]
        )
        relevance = relevance_of(vectors @ features.table.vectors.T)
        places = np.zeros((len(part), 1 + hard + top + drawn), dtype=np.int64)
        correction = np.zeros(places.shape, dtype=np.float32)
        for number, example in enumerate(part):
            places[number], correction[number] = _others(
                example,
                following[number],
                like[number],
                relevance[number] if asked[start + number] else None,
                hard,
                top,
                drawn,
                rng,
            )
        with_request = asked[start : start + len(part)]
        chosen = np.take_along_axis(relevance, places, axis=1) * with_request[:, None]
        made = features.compute(tracks, places, chosen, [example.whole for example in part])
        made[NAMES.index("requested")] = with_request[:, None]
        inputs.append(made.transpose(1, 2, 0).astype(np.float16))
        corrections.append(correction)
    return np.concatenate(inputs), np.concatenate(corrections)


def _others(
    example: _Example,
    following: NDArray[np.float32],
    like: NDArray[np.float32],
    relevance: NDArray[np.float32] | None,
    hard: int,
    top: int,
    drawn: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Places of the target and of the others, and the corrections of their logits."""
    n = len(following)
    free = np.ones(n, dtype=bool)
    free[example.whole.places] = False
    free[example.target] = False

    def take(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        held = np.argpartition(np.where(free, -scores, np.inf), count - 1)[:count] if count else np.zeros(0, np.int64)
        free[held] = False
        return held

    third = hard // 3
    chosen = [
        take(following, hard - third),
        take(like, third),
        take(following if relevance is None else relevance, top),
    ]
    rest = np.flatnonzero(free)
    random = rng.choice(rest, drawn, replace=len(rest) < drawn)
    correction = np.zeros(1 + hard + top + drawn, dtype=np.float32)
    correction[1 + hard + top :] = math.log(max(len(rest), 1) / max(drawn, 1))
    return np.concatenate([[example.target], *chosen, random]), correction


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
