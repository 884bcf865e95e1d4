"""Tryouts: the network trained with other settings on one and the same shop, and measured on held-out likings.

The shoppers with a validation liking are parted in two: by one half settings are chosen, by the other what was chosen
is confirmed, since the best of many is the best by luck too. Each liking is foretold twice: from the history alone,
and from the history with a simulated request; settings that served but one of the two would spoil the other. Knows
nothing of where settings come from.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ranking.behaviour import Case, Split
from ranking.descent import Epoch
from ranking.errors import TooFewEvents
from ranking.evaluation import BATCH_CELLS, ndcgs, sample
from ranking.examples import Encode, Progress, asked_for, examples_of, lists
from ranking.features import NAMES, Features
from ranking.models.network import Network
from ranking.requests import Need, relevance_of, request_for
from ranking.settings import TrainingSettings
from ranking.training import FEWEST_CASES, Prepared, fit, prepare
from retrieval.items import Item

MEASURED_CELLS = 8_000_000  # cases times items over which settings are compared; half of a minute for each network
# What the examples are made from: settings that agree in these share them.
OF_EXAMPLES = ("examples", "hard", "asked", "random", "requested", "loosely", "augment", "augmented", "seed")
KEPT = 3  # sets of examples in memory, of 200 MB each for 20,000 examples
SEEDS = 2  # trainings of each of the settings that are compared

NOTHING = np.zeros(0, np.float16)

ALONE, ASKED = "by history", "with a request"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Attempt:
    """A network, and its NDCG@10 [cases] on the cases that choose, by history alone and with a request."""

    network: Network
    gained: Mapping[str, Floats]

    @property
    def value(self) -> float:
        """What tuning raises: the mean of both."""
        return float(np.mean([values.mean() for values in self.gained.values()]))


class Tryouts:
    """Trains with any settings; what trainings have in common is computed once."""

    def __init__(
        self,
        features: Features,
        items: Sequence[Item],
        parts: Split,
        encode: Encode,
        settings: TrainingSettings,
        progress: Progress = lambda what, done, total: None,
    ) -> None:
        """``features`` are over relations of the training part; ``items`` are the table's, in its order.

        Raises TooFewEvents where a half would say nothing.
        """
        if len(parts.validation) < 2 * FEWEST_CASES:
            raise TooFewEvents(
                f"Only {len(parts.validation)} shoppers have three or more likings (purchases, likes, good ratings); "
                f"{2 * FEWEST_CASES} are needed to compare settings. Bring more events: shoptalk events FILE"
            )
        self.features, self._items, self._encode, self._seed = features, items, encode, settings.seed
        self._loosely = settings.loosely
        choosing, confirming = halves(parts.validation, settings.seed)
        self._parts = replace(parts, validation=choosing)
        first = prepare(features, items, self._parts, encode, settings, progress)
        self._prepared: OrderedDict[str, Prepared] = OrderedDict({_key(settings): first})
        self._held = replace(first, inputs=NOTHING, corrections=NOTHING.astype(np.float32))
        self._need = self._needed(first.cases)
        count = max(100, MEASURED_CELLS // len(features.table))
        self.choosing = choosing
        self.cases = {
            "validation": sample(confirming, count, settings.seed),
            "test": sample(parts.test, count, settings.seed),
        }

    def attempt(
        self,
        settings: TrainingSettings,
        progress: Progress = lambda what, done, total: None,
        watch: Callable[[Epoch], None] = lambda epoch: None,
    ) -> Attempt:
        """Train and measure on the half that chooses. ``watch`` as of ``descend``; KeyboardInterrupt passes."""
        network, outcome = fit(self._examples(settings, progress), settings, progress, watch=watch)
        if outcome.interrupted:
            raise KeyboardInterrupt
        held = self._held.held.numpy()
        gained = {}
        for name, need in ((ALONE, None), (ASKED, self._need)):
            each = []
            for number, case in enumerate(self._held.cases):
                computed = held[number].T[:, None].astype(np.float32)
                asked = None if need is None else _rows(need, slice(number, number + 1))
                each.append(_ndcgs(network, computed, [case], asked))
            gained[name] = np.concatenate(each)
        return Attempt(network, gained)

    def measured(self, networks: Sequence[Network], cases: Sequence[Case]) -> dict[str, Floats]:
        """NDCG@10 [cases] by history and with a request, the mean over the networks."""
        need = self._needed(cases)
        made: dict[str, list[Floats]] = {ALONE: [], ASKED: []}
        batch = max(1, BATCH_CELLS // len(self.features.table))
        for start in range(0, len(cases), batch):
            part = cases[start : start + batch]
            computed = self.features.compute([case.history for case in part])
            for name, asked in ((ALONE, None), (ASKED, _rows(need, slice(start, start + batch)))):
                made[name].append(np.mean([_ndcgs(network, computed, part, asked) for network in networks], axis=0))
        return {name: np.concatenate(parts) for name, parts in made.items()}

    def _examples(self, settings: TrainingSettings, progress: Progress) -> Prepared:
        key = _key(settings)
        if key not in self._prepared:
            rng = np.random.default_rng(settings.seed)
            examples = examples_of(self._parts, settings, rng)
            inputs, corrections = lists(self.features, self._items, examples, self._encode, settings, rng, progress)
            self._prepared[key] = replace(self._held, inputs=inputs, corrections=corrections)
        self._prepared.move_to_end(key)
        while len(self._prepared) > KEPT:
            self._prepared.popitem(last=False)
        return self._prepared[key]

    def _needed(self, cases: Sequence[Case]) -> Need:
        """A request for each case, in the words of its target or of an item near it; as loose for all settings."""
        rng = np.random.default_rng([self._seed, 2])
        places = asked_for(self.features, [case.target for case in cases], self._loosely, rng)
        # Another seed than the training's, so that it is not the very words that were learned from.
        texts = [request_for(self._items[place], self._seed + 1) for place in places]
        relevance = relevance_of(self._encode(texts) @ self.features.table.vectors.T)
        return Need(relevance, self.features.table.words.shares(texts))


def halves(cases: Sequence[Case], seed: int) -> tuple[list[Case], list[Case]]:
    """The cases parted in two at random, the first the larger by one where they are odd."""
    order = np.random.default_rng([seed, 3]).permutation(len(cases))
    middle = (len(cases) + 1) // 2
    return [cases[at] for at in np.sort(order[:middle])], [cases[at] for at in np.sort(order[middle:])]


def _key(settings: TrainingSettings) -> str:
    return str([getattr(settings, name) for name in OF_EXAMPLES])


def _rows(need: Need, rows: slice) -> Need:
    return Need(need.relevance[rows], need.named[rows])


def _ndcgs(network: Network, computed: NDArray[np.float32], cases: Sequence[Case], need: Need | None) -> Floats:
    """NDCG@10 of each case from features [F, cases, n], with a request where there is a need."""
    if need is not None:
        computed = computed.copy()
        for name, values in (("relevance", need.relevance), ("named", need.named), ("requested", np.float32(1))):
            computed[NAMES.index(name)] = values
    return ndcgs(network.eval().logits(computed), cases)
