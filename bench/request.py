"""A request and a history, each alone and both together, through the product's own grounding and reranker.

A held-out shopper asks for the target in so many words: its leaf category and one word of its title, drawn by a seed
(of at least four letters, not the first, not its brand). A hit: the target is among the ten that are shown, items that
the shopper has had left out of all three. Knows a shop and a reranker; knows nothing of training.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ranking.behaviour import Case
from ranking.evaluation import Score, ranks
from ranking.history import Event
from ranking.requests import request_for
from ranking.reranker import Reranker
from ranking.table import ItemTable
from retrieval.filters import Filter
from retrieval.ground import Grounder
from retrieval.items import Item

SHOWN = 10
SEED = 5  # another than the training's, so that the words are not those that it saw

Ground = Callable[[str], Sequence[str]]


def hits(
    cases: Sequence[Case],
    items: Sequence[Item],
    table: ItemTable,
    grounder: Grounder,
    reranker: Reranker,
    by_history: Score,
    *,
    candidates: int,
    diversity: float,
) -> dict[str, float]:
    """Hit@10 of the request, the history, and both; ``found``: the target is among the candidates at all.

    ``by_history`` scores the whole catalogue for a history; ``candidates`` and ``diversity`` as in the settings.
    """
    shown: dict[str, list[bool]] = {"grounding": [], "request": [], "both": [], "found": []}
    for case in cases:
        target = table.ids[case.target]
        had = {table.ids[place] for place in case.history.places}
        request = request_for(items[case.target], SEED)
        found = grounder.ground([], request, Filter(in_stock_only=False), candidates).candidates
        found = tuple(candidate for candidate in found if candidate.item_id not in had)
        history = events_of(case, table)
        shown["found"].append(target in {candidate.item_id for candidate in found})
        shown["grounding"].append(target in {candidate.item_id for candidate in found[:SHOWN]})
        for name, known in (("request", []), ("both", history)):
            ranked = reranker.rank(known, found, SHOWN, diversity, request=request)
            shown[name].append(target in {one.item_id for one in ranked})
    made = {f"{name}.hit@{SHOWN}": float(np.mean(held)) for name, held in shown.items() if name != "found"}
    made[f"history.hit@{SHOWN}"] = float(np.mean(ranks(by_history, cases, len(table)) < SHOWN))
    made["request.found"] = float(np.mean(shown["found"]))
    better = max(made["request.hit@10"], made["grounding.hit@10"], made["history.hit@10"])
    return made | {"both.gain": made["both.hit@10"] / max(better, 1e-9)}


def events_of(case: Case, table: ItemTable) -> list[Event]:
    """The case's history as events, oldest first."""
    return [
        Event(shopper_id="s", kind="purchase", item_id=table.ids[place], time=float(number))
        for number, place in enumerate(case.history.places)
    ]
