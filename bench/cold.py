"""Cold starts: shoppers of whom little is known, and items that nobody had yet.

The shoppers of the test are scored again with only the last 0, 1 or 2 items of their history, the target staying the
same; real ones with so few have no target to be measured on. Items with none are the targets that do not occur in the
training part at all. Knows cases and scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ranking.behaviour import Case
from ranking.evaluation import Score, evaluate, sample
from ranking.features import Features

FEW = (0, 1, 2)  # events that are known of a shopper
METRICS = ("recall@10", "ndcg@10", "auc")


def cold(scores: Mapping[str, Score], cases: Sequence[Case], features: Features, shoppers: int) -> dict[str, float]:
    """``cold.N_events.MODEL.METRIC`` over at most so many shoppers, and ``cold.new_items.…`` with their number."""
    made: dict[str, float] = {}
    held = sample(cases, shoppers, seed=6)
    parts = {f"{few}_events": [replace(case, history=case.history.last(few)) for case in held] for few in FEW}
    unseen = [case for case in cases if features.relations.popularity[case.target] == 0]
    parts["new_items"] = sample(unseen, shoppers, seed=6)
    for part, own in parts.items():
        made[f"cold.{part}"] = float(len(own))
        for name, score in scores.items() if own else ():
            found = evaluate(score, own, len(features.table))
            made |= {f"cold.{part}.{name}.{metric}": found[metric] for metric in METRICS}
    return made
