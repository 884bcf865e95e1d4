"""The baselines: every plain model learned on one set of tracks, so that what the reranker adds can be measured.

Knows which models there are. Knows nothing of how each works, nor of how they are measured.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ranking.behaviour import Case, Split
from ranking.examples import Encode, Progress, examples_of, lists
from ranking.features import Features
from ranking.models.autoencoder import EASE
from ranking.models.content import Content
from ranking.models.linear import Linear
from ranking.models.model import Model
from ranking.models.neighbours import ItemNeighbours, ShopperNeighbours
from ranking.models.plain import Popularity, SameCategory, Transitions
from ranking.requests import Need, relevance_of, request_for
from ranking.settings import TrainingSettings
from retrieval.items import Item

Inputs = NDArray[np.float16]
LINEAR_EXAMPLES = 5_000  # examples that the linear learners are fitted on: their few weights are settled by then


def baselines(
    features: Features,
    items: Sequence[Item],
    parts: Split,
    encode: Encode,
    settings: TrainingSettings,
    progress: Progress = lambda what, done, total: None,
    known: Collection[str] = (),
) -> Iterator[tuple[str, Model]]:
    """Name and model, each learned on the training part just before it is given, so that one is in memory at a time.

    Those whose names are ``known`` are left out.
    ``features`` are over relations of the training part; ``items`` are the table's, in its order.
    """
    n, tracks = len(features.table), list(parts.train.values())
    makers: dict[str, Callable[[], Model]] = {
        "popularity": lambda: Popularity(features),
        "same_category": lambda: SameCategory(features),
        "content": lambda: Content(features.table),
        "item_cosine": lambda: ItemNeighbours(tracks, n, "cosine"),
        "item_pearson": lambda: ItemNeighbours(tracks, n, "pearson"),
        "shopper_cosine": lambda: ShopperNeighbours(tracks, n, "cosine"),
        "shopper_pearson": lambda: ShopperNeighbours(tracks, n, "pearson"),
        "ease": lambda: EASE(tracks, n),
        "transitions": lambda: Transitions(features),
    }
    for name, make in makers.items():
        if name in known:
            continue
        progress(f"learning {name.replace('_', ' ')}", 0, 1)
        yield name, make()
    inputs = _inputs(features, items, parts, encode, settings, progress)
    progress("learning logistic regression", 0, 1)
    yield "logistic", Linear(features, inputs, "logistic", settings.seed)
    progress("learning linear svm", 0, 1)
    yield "svm", Linear(features, inputs, "svm", settings.seed)


def calibrate(
    model: Model, features: Features, items: Sequence[Item], cases: Sequence[Case], encode: Encode, seed: int
) -> None:
    """Fit the model's calibration on held-out cases, each with and without a request made from its target."""
    requests = [request_for(items[case.target], seed) for case in cases]
    relevance = relevance_of(encode(requests) @ features.table.vectors.T)
    model.calibrate(cases, Need(relevance, features.table.words.shares(requests)), seed)


def _inputs(
    features: Features,
    items: Sequence[Item],
    parts: Split,
    encode: Encode,
    settings: TrainingSettings,
    progress: Progress,
) -> Inputs:
    fewer = settings.model_copy(update={"examples": min(settings.examples, LINEAR_EXAMPLES)})
    rng = np.random.default_rng(settings.seed)
    return lists(features, items, examples_of(parts, fewer, rng), encode, fewer, rng, progress)[0]
