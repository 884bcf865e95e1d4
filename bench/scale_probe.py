"""What a shop of some size costs, measured in a process of its own: ``python -m bench.scale_probe HOME``.

Opens the shop as a server does, grounds what shoppers ask, then holds the index's answers to the exact ones. Prints
one line of JSON. A process of its own: nothing of a build is in its memory, and its start is a cold one.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np

from bench.synthetic import Ask, Assortment
from chat.settings import Settings
from retrieval.encoder import Vectors
from retrieval.filters import Filter
from retrieval.shop import Shop

WARM_UP = 20  # groundings before any is timed
EXACT_AT_ONCE = 50_000  # rows of the exact product held at once
DEEP = 50  # ranks compared


def start(home: Path, settings: Settings) -> dict[str, float]:
    """Seconds from the start of this process to the shop's first answer, the index's check included."""
    with Shop.opened(home, settings.models) as shop:
        shop.grounder.ground([], "a waterproof tent", Filter(price_max=Decimal(100)), settings.candidates)
        return {"cold_start_s": time.time() - _born()}


def _born() -> float:
    """When this process began, in seconds since 1970."""
    after_boot = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    (booted,) = (line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime"))
    return int(booted.split()[1]) + after_boot


def probe(home: Path, asks: Sequence[Ask], settings: Settings, *, compared: int) -> dict[str, float]:
    """Figures without the size in their names."""
    figures: dict[str, float] = {}
    with Shop.opened(home, settings.models) as shop:
        for ask in asks[:WARM_UP]:
            shop.grounder.ground(ask.descriptions, ask.query, ask.filter, settings.candidates)
        stages: dict[str, list[float]] = {}
        found = []
        for ask in asks[WARM_UP:]:
            start = time.perf_counter()
            grounding = shop.grounder.ground(ask.descriptions, ask.query, ask.filter, settings.candidates)
            stages.setdefault("ground", []).append((time.perf_counter() - start) * 1000)
            found.append(len(grounding.candidates))
            for stage, took in grounding.timings_ms.items():
                stages.setdefault(f"ground.{stage}", []).append(took)
        for stage, times in stages.items():
            figures[f"{stage}_ms_p50"] = float(np.percentile(times, 50))
            figures[f"{stage}_ms_p95"] = float(np.percentile(times, 95))
        figures["candidates_mean"] = float(np.mean(found))
        figures["chroma_share"] = shop.index.chroma_share
        figures |= _memory()
        figures["recall@50_vs_exact"] = _recall(shop, asks[-compared:], settings.candidates)
    return figures


def _recall(shop: Shop, asks: Sequence[Ask], k: int) -> float:
    """Share of the 50 items truly nearest to a text, and allowed, that the index's answer has among its first 50."""
    columns, snapshot = shop.catalog.columns(), shop.index.snapshot()
    shares = []
    for ask in asks:
        texts = shop.encoder.encode([ask.query, *ask.descriptions])
        mask = columns.mask(ask.filter)
        numbers = columns.numbers[mask]
        cosines = np.concatenate(
            [np.zeros((0, len(texts)), dtype=np.float32)]
            + [
                snapshot.vectors(numbers[start : start + EXACT_AT_ONCE]) @ texts.T
                for start in range(0, len(numbers), EXACT_AT_ONCE)
            ]
        )
        for column, (given, _) in enumerate(snapshot.nearest(texts, k, columns, mask)):
            shares.append(_share(numbers, cosines[:, column], given))
    return float(np.mean(shares))


def _share(numbers: np.ndarray, cosines: Vectors, given: np.ndarray) -> float:
    """Of the true first 50; an item as near as the 50th, to the last digits, counts as one of them."""
    deep = min(DEEP, len(numbers))
    if not deep:
        return 1.0
    least = np.partition(cosines, -deep)[-deep] - 1e-6
    good = numbers[cosines >= least]
    return float(np.isin(given[:deep], good).sum() / deep)


def _memory() -> dict[str, float]:
    """Of this process, Chroma included, in GiB: all that is resident, and the part that is its own (not a file's)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("VmRSS", "RssAnon", "VmHWM"))}
    return {
        "memory_gib": kib["VmRSS"] / 2**20,
        "memory_own_gib": kib["RssAnon"] / 2**20,
        "memory_peak_gib": kib["VmHWM"] / 2**20,
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale_probe", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--asks", type=int, default=220)
    parser.add_argument("--compared", type=int, default=70, help="asks whose answers are held to the exact ones")
    parser.add_argument("--open-only", action="store_true", help="only how long it takes to the first answer")
    parser.add_argument("--data", type=Path, default=None)
    arguments = parser.parse_args()
    settings = Settings.model_validate({})
    if arguments.open_only:
        figures = start(arguments.home, settings)
    else:
        asks = Assortment(arguments.data).asks(arguments.asks)
        figures = probe(arguments.home, asks, settings, compared=arguments.compared)
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main()
