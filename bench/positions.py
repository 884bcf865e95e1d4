"""How far clicks are led by where items stood, and what taking that off gives: ``python -m bench.positions``.

Simulated, so that the truth is known: over the demo shop's categories, items have a drawn attraction; a ranker that
knows it but roughly shows five of a category; a shopper opens one that they look at (position ** -steepness) and that
attracts. Figures for each steepness: the one that is estimated, and how well items ordered by their summed clicks
agree with their attraction (NDCG@5 within a category, Kendall's tau over all shown), uncorrected and corrected.
"""

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from bench.report import parser, report
from demo import assortment, catalogue
from demo.__main__ import SEED
from ranking.behaviour import Row, tracks
from ranking.positions import PositionBias, Shown

STEEPNESS = (0.0, 0.5, 1.0, 1.5)
CARDS = 5
TURNS, QUICK_TURNS = 12_000, 3_000
SHOPPERS = 600
ROUGHNESS = 1.0  # spread of the ranker's error, in logits; the attraction's own spread is 1.2
VARIETY = 1.0  # of the same from turn to turn: requests and histories differ

Floats = NDArray[np.float64]


def main() -> None:
    """The command."""
    arguments = parser(__doc__).parse_args()
    leaves: dict[str, list[int]] = defaultdict(list)
    for number, item in enumerate(catalogue.items(assortment.departments(), SEED)):
        leaves[item.category[-1]].append(number)
    shelves = [np.array(held) for held in leaves.values() if len(held) > CARDS]
    figures = {}
    for steepness in STEEPNESS:
        turns = QUICK_TURNS if arguments.quick else TURNS
        attraction, shown, opened, rows = simulated(shelves, steepness, turns)
        bias = PositionBias.estimated(shown, opened)
        figures[f"steepness_{steepness:g}.estimated"] = bias.steepness
        seen = np.unique([int(item) for _, item, _, _ in shown])
        for name, correction in (("uncorrected", PositionBias()), ("corrected", bias)):
            clicks = summed(rows, len(attraction), correction)
            held = [ndcg(clicks[shelf], attraction[shelf]) for shelf in shelves]
            figures[f"steepness_{steepness:g}.{name}.ndcg@5"] = float(np.mean(held))
            figures[f"steepness_{steepness:g}.{name}.tau"] = float(kendalltau(clicks[seen], attraction[seen]).statistic)
    report("positions", figures, json_path=arguments.json, quick=arguments.quick)


def simulated(
    shelves: list[NDArray[np.int64]], steepness: float, turns: int
) -> tuple[Floats, list[Shown], set[tuple[str, str]], list[Row]]:
    """Attraction of each item, what was shown, what was opened, and the clicks as rows of events by shopper."""
    rng = np.random.default_rng(SEED)
    items = int(max(shelf.max() for shelf in shelves)) + 1
    logits = rng.normal(-1, 1.2, items)
    known = logits + rng.normal(0, ROUGHNESS, items)
    attraction: Floats = 1 / (1 + np.exp(-logits))
    shown: list[Shown] = []
    opened: set[tuple[str, str]] = set()
    clicks: dict[str, list[Row]] = defaultdict(list)
    for turn in range(turns):
        shelf = shelves[int(rng.integers(len(shelves)))]
        scores = known[shelf] + rng.normal(0, VARIETY, len(shelf))
        for position, at in enumerate(np.argsort(-scores)[:CARDS], start=1):
            item = int(shelf[at])
            shown.append((str(turn), str(item), position, float(1 / (1 + np.exp(-scores[at])))))
            if rng.random() < position**-steepness * attraction[item]:
                opened.add((str(turn), str(item)))
                shopper = f"s{turn % SHOPPERS:03}"
                clicks[shopper].append((shopper, "click", str(item), None, "", 1.7e9 + turn, position))
    return attraction, shown, opened, [row for shopper in sorted(clicks) for row in clicks[shopper]]


def summed(rows: list[Row], items: int, bias: PositionBias) -> Floats:
    """Summed weights of each item's clicks, as training counts an item's popularity."""
    total = np.zeros(items)
    for track in tracks(rows, {str(number): number for number in range(items)}, bias).values():
        np.add.at(total, track.places, track.weights)
    return total


def ndcg(scores: Floats, gains: Any, k: int = CARDS) -> float:
    """NDCG at k of the order by the scores, with graded gains."""
    discounts = 1 / np.log2(np.arange(2, k + 2))
    best = np.sort(gains)[::-1][:k]
    return float((gains[np.argsort(-scores, kind="stable")][:k] * discounts).sum() / (best * discounts).sum())


if __name__ == "__main__":
    main()
