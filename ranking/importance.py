"""Importance: what the network loses once a feature says nothing any more.

Permutation importance, after Breiman, "Random Forests" (2001): one feature's values are shuffled among all shoppers and
items of a batch, all else stays, and the likings are foretold anew. Features that say the same stand in for each
other, so that each of them alone seems to matter little: what is left out is therefore measured again, trained without.
Knows nothing of training.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ranking.behaviour import Case
from ranking.bootstrap import Interval, means
from ranking.evaluation import BATCH_CELLS, ndcgs, sample
from ranking.features import NAMES, Features
from ranking.models.network import Network

CELLS = 2_000_000  # cases times items that are foretold anew for each feature: 165 cases at 12,000 items
REPEATS = 2  # shufflings of each feature
# Without a request these are all 0, and the request is not for leaving out.
OF_REQUESTS = ("relevance", "named", "requested")
WEIGHED = tuple(name for name in NAMES if name not in OF_REQUESTS)

Floats = NDArray[np.float64]


def importances(
    network: Network,
    features: Features,
    cases: Sequence[Case],
    seed: int,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> dict[str, Interval]:
    """NDCG@10 that is lost with each feature shuffled, by history alone, with its interval over shoppers; most first.

    Features that the network was trained without are not among them.
    """
    network.eval()
    held = sample(cases, max(50, CELLS // len(features.table)), seed)
    rng = np.random.default_rng([seed, 4])
    names = [name for name in WEIGHED if network.kept[NAMES.index(name)] > 0]
    lost: dict[str, list[Floats]] = {name: [] for name in names}
    batch = max(2, BATCH_CELLS // len(features.table))
    for start in range(0, len(held), batch):
        part = held[start : start + batch]
        computed = features.compute([case.history for case in part])
        whole = ndcgs(network.logits(computed), part)
        for number, name in enumerate(names):
            progress("weighing features", start * len(names) + number * len(part), len(held) * len(names))
            values = computed[NAMES.index(name)]
            kept, without = values.copy(), np.zeros(len(part))
            for _ in range(REPEATS):
                values[:] = rng.permutation(kept.ravel()).reshape(kept.shape)
                without += ndcgs(network.logits(computed), part) / REPEATS
            values[:] = kept
            lost[name].append(whole - without)
    made = means({name: np.concatenate(parts) for name, parts in lost.items()})
    return dict(sorted(made.items(), key=lambda pair: -pair[1].value))


def weak(found: Mapping[str, Interval]) -> tuple[str, ...]:
    """The features of whose loss it cannot be said that it is more than noise."""
    return tuple(name for name, lost in found.items() if lost.low <= 0)
