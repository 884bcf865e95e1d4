"""What changed histories are worth: ``python -m bench.augmentation [--data DIR] [--json PATH]``.

The feature network is trained on a sample of the examples as they are (``none``), with half of their histories changed
in each one way (``crop``, ``mask``, ``reorder``, and items substituted by ``text`` or by ``liking``), in all ways, and
in those ways together that helped (``best``), for each of SEEDS; NDCG@10 of the shoppers' validation liking among all
items. ``gain`` is the mean difference to ``none``, ``gain_spread`` its standard deviation over the seeds,
``gain_error`` its standard error over the shoppers. ``short.`` is the same for shoppers whose history is of one to
three items; ``demo.`` for our own demo shop, which is synthetic.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from bench import grounds
from bench.grounds import Ground
from bench.report import parser, report
from ranking.behaviour import Case
from ranking.evaluation import BATCH_CELLS, sample
from ranking.metrics import ranks_of
from ranking.models.network import Network
from ranking.settings import TrainingSettings, Way
from ranking.training import fit, prepare

SEEDS, QUICK_SEEDS = 3, 1
EXAMPLES, QUICK_EXAMPLES = 3_000, 1_000  # the smaller, the more there is for augmentation to add
SHOPPERS, QUICK_SHOPPERS = 600, 300
STOPPING = 100  # shoppers by whom a training is stopped: few, since it is the same for all, and takes most of the time
SHORT = 3  # items
WAYS: tuple[Way, ...] = get_args(Way)

Floats = NDArray[np.float64]


def main() -> None:
    """The command."""
    arguments = parser(__doc__, data="beauty").parse_args()
    figures: dict[str, float] = {}
    if (arguments.data / "items.jsonl").exists():
        with grounds.beauty(arguments.data) as ground:
            figures |= measured(ground, quick=arguments.quick)
    else:
        _say(f"No items.jsonl in {arguments.data}: only the demo shop is measured.")
    with grounds.demo() as ground:
        figures |= {f"demo.{name}": value for name, value in measured(ground, quick=arguments.quick).items()}
    report("augmentation", figures, json_path=arguments.json, quick=arguments.quick)


def measured(ground: Ground, *, quick: bool) -> dict[str, float]:
    """All figures of one shop."""
    seeds = QUICK_SEEDS if quick else SEEDS
    settings = TrainingSettings(examples=QUICK_EXAMPLES if quick else EXAMPLES, epochs=3 if quick else 8)
    cases = sample(ground.parts.validation, QUICK_SHOPPERS if quick else SHOPPERS, seed=5)
    tried: dict[str, tuple[Way, ...]] = {"none": (), **{way: (way,) for way in WAYS}, "all": WAYS}
    gained = gains_of(ground, cases, trained(ground, settings, tried, seeds))
    helped = tuple(way for way in WAYS if (gained[way] - gained["none"]).mean() > 0)
    if helped and helped not in tried.values():
        tried["best"] = helped
        gained |= gains_of(ground, cases, trained(ground, settings, {"best": helped}, seeds))
    short = np.array([len(case.history) <= SHORT for case in cases])
    figures = {"shoppers": float(len(cases)), "short.shoppers": float(short.sum())}
    for part, kept in (("", np.ones_like(short)), ("short.", short)):
        figures |= {f"{part}{name}": value for name, value in _figures(gained, kept).items()}
    return figures


def trained(
    ground: Ground, settings: TrainingSettings, tried: Mapping[str, tuple[Way, ...]], seeds: int
) -> dict[str, list[Network]]:
    """A network for each seed, of each of the augmentations."""
    made: dict[str, list[Network]] = {name: [] for name in tried}
    parts = replace(ground.parts, validation=sample(ground.parts.validation, STOPPING, seed=6))
    for name, ways in tried.items():
        for seed in range(seeds):
            _say(f"training with {name}, seed {seed}")
            own = settings.model_copy(update={"augment": ways, "seed": seed})
            prepared = prepare(ground.features, ground.material.items, parts, ground.material.encode, own)
            made[name].append(fit(prepared, own)[0])
    return made


def gains_of(ground: Ground, cases: Sequence[Case], networks: Mapping[str, Sequence[Network]]) -> dict[str, Floats]:
    """NDCG@10 [seeds, cases] of each case by each network; the features are computed once for all of them."""
    _say(f"measuring {', '.join(networks)}")
    made: dict[str, list[list[Floats]]] = {name: [[] for _ in held] for name, held in networks.items()}
    batch = max(1, BATCH_CELLS // len(ground.features.table))
    for start in range(0, len(cases), batch):
        part = cases[start : start + batch]
        computed = ground.features.compute([case.history for case in part])
        targets = np.array([case.target for case in part], dtype=np.int64)
        for name, held in networks.items():
            for number, network in enumerate(held):
                logits = network.eval().logits(computed)
                for row, case in zip(logits, part, strict=True):
                    own = row[case.target]
                    row[case.history.places] = -np.inf
                    row[case.target] = own
                ranks = ranks_of(logits, targets)
                made[name][number].append(np.where(ranks < 10, 1 / np.log2(ranks + 2), 0.0))
    return {name: np.stack([np.concatenate(parts) for parts in held]) for name, held in made.items()}


def _figures(gained: Mapping[str, Floats], kept: NDArray[np.bool_]) -> dict[str, float]:
    made: dict[str, float] = {}
    base = gained["none"][:, kept]
    for name, every in gained.items():
        own = every[:, kept]
        made[f"{name}.ndcg@10"] = float(own.mean())
        if name == "none":
            continue
        difference = own - base
        made[f"{name}.gain"] = float(difference.mean())
        if len(difference) > 1:
            made[f"{name}.gain_spread"] = float(difference.mean(axis=1).std(ddof=1))
        made[f"{name}.gain_error"] = float(difference.mean(axis=0).std(ddof=1) / np.sqrt(difference.shape[1]))
    return made


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
