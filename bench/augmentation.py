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
from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from bench import grounds
from bench.grounds import Ground
from bench.report import parser, report
from ranking.evaluation import BATCH_CELLS, ndcgs, sample
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
    short = np.array([len(case.history) <= SHORT for case in cases])
    batch = max(1, BATCH_CELLS // len(ground.features.table))
    parts = [cases[start : start + batch] for start in range(0, len(cases), batch)]
    # In half precision, as what is learned from: the same numbers for all networks.
    held = [ground.features.compute([case.history for case in part]).astype(np.float16) for part in parts]

    def gains(ways: tuple[Way, ...], name: str, seed: int) -> Floats:
        network = trained(ground, settings.model_copy(update={"augment": ways, "seed": seed}))
        made = np.concatenate(
            [
                ndcgs(network.logits(computed.astype(np.float32)), part)
                for computed, part in zip(held, parts, strict=True)
            ]
        )
        _say(f"seed {seed}, {name}: NDCG@10 {made.mean():.4f}, of short histories {made[short].mean():.4f}")
        return made

    tried: dict[str, tuple[Way, ...]] = {"none": (), **{way: (way,) for way in WAYS}, "all": WAYS}
    rounds = [{name: gains(ways, name, seed) for name, ways in tried.items()} for seed in range(seeds)]
    gained = {name: np.stack([one[name] for one in rounds]) for name in tried}
    helped = tuple(way for way in WAYS if (gained[way] - gained["none"]).mean() > 0)
    if helped and helped not in tried.values():
        gained["best"] = np.stack([gains(helped, " and ".join(helped), seed) for seed in range(seeds)])
    figures = {"shoppers": float(len(cases)), "short.shoppers": float(short.sum())}
    for part, kept in (("", np.ones_like(short)), ("short.", short)):
        figures |= {f"{part}{name}": value for name, value in _figures(gained, kept).items()}
    return figures


def trained(ground: Ground, settings: TrainingSettings) -> Network:
    """A network by the settings, stopped by few shoppers."""
    parts = replace(ground.parts, validation=sample(ground.parts.validation, STOPPING, seed=6))
    prepared = prepare(ground.features, ground.material.items, parts, ground.material.encode, settings)
    return fit(prepared, settings)[0].eval()


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
