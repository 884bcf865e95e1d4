"""What is found for who names nothing: by descriptions from the history alone, and as the shop suggests it.

Leave-one-out: the shopper's last item is the target, among all that they have not had. Knows shops, histories and
figures; where the model comes from, bench.teaching knows.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.progress import track

from bench.asking import Model
from bench.finding import DEEP, gain
from chat.finding import Finder
from chat.need import Need
from chat.teaching.records import Language
from chat.teaching.requests import DIGEST, OPEN
from chat.understand import parse_understanding, variables
from chat.want import Want
from ranking.errors import NoModel
from ranking.history import Event
from ranking.reranker import Ranked, Untrained, open_reranker
from retrieval.filters import Filter
from retrieval.ground import Candidate
from retrieval.shop import Shop

Texts = Sequence[tuple[str, ...]]  # descriptions for each shopper


@dataclass(frozen=True)
class HeldShopper:
    """A shopper whose last item is to be found: what they had before, oldest first."""

    had: tuple[str, ...]
    target: str


def described(model: Model, shop: Shop, shoppers: Sequence[HeldShopper]) -> Texts:
    """What the model describes for each, told of nothing but what they had last."""
    titles = {item.id: item.title for item in shop.catalog.all()}
    given = [
        variables(OPEN[0], Need(), "; ".join(titles[item_id] for item_id in reversed(one.had[-DIGEST:])))
        for one in shoppers
    ]
    return [parse_understanding(raw).descriptions for raw in model.ask(model.prompt("understand"), given)]


def copied(shop: Shop, shoppers: Sequence[HeldShopper]) -> Texts:
    """The beginning of the title of what each had last, of a description's length: what takes no model."""
    items = shop.catalog.many(list({one.had[-1] for one in shoppers}))
    return [(Language.name(items[one.had[-1]].title),) for one in shoppers]


def alone(name: str, shop: Shop, shoppers: Sequence[HeldShopper], texts: Texts) -> dict[str, float]:
    """Recall@10 of the target by the descriptions, and nothing else."""
    hits = []
    for one, descriptions in zip(shoppers, texts, strict=True):
        found = shop.grounder.ground(descriptions, "", _open(one), DEEP).candidates[:DEEP] if descriptions else ()
        hits.append(one.target in {held.item_id for held in found})
    return {f"history.{name}.recall@10": float(np.mean(hits))}


def suggested(
    shop: Shop, rerankers: Path, shoppers: Sequence[HeldShopper], every: Mapping[str, Texts], candidates: int
) -> dict[str, float]:
    """Recall@10 of the target among ten cards, as the trained reranker orders them.

    ``popular``: of what is popular alone, and with each of the ``every`` descriptions as one more source of candidates;
    ``shipped``: as the shop finds it, with what others had after the same things, and with descriptions beside;
    ``everything``: of all items.
    """
    catalog, ground = shop.catalog, shop.grounder.ground
    reranker = open_reranker(rerankers, catalog, shop.index.vectors)
    if isinstance(reranker, Untrained):
        raise NoModel(f"There is no trained reranker in {rerankers}.")
    finder = Finder(catalog, shop.grounder, reranker, cards=DEEP, candidates=candidates, diversity=0.0)
    texts: dict[str, Texts] = {"": [()] * len(shoppers), **{f"+{name}": held for name, held in every.items()}}
    all_ids = sorted(catalog.ids(Filter(in_stock_only=False)))
    hits: dict[str, list[float]] = defaultdict(list)
    for at, one in enumerate(track(shoppers, "ranking")):
        history = [
            Event(shopper_id="held", kind="purchase", item_id=item_id, time=float(time))
            for time, item_id in enumerate(one.had)
        ]
        limits, had = _open(one), set(one.had)
        popular = ground((), "", limits, candidates).candidates
        for name, held in texts.items():
            more = ground(held[at], "", limits, candidates).candidates if held[at] else ()
            both = {item.item_id: replace(item, evidence=()) for item in (*popular, *more)}
            hits[f"popular{name}"].append(_hit(one, reranker.rank(history, list(both.values()), DEEP, 0.0)))
            want = Want(filter=limits).described(held[at], taught=bool(held[at]))
            hits[f"shipped{name}"].append(_hit(one, finder.find([want], history).groups[0].ranked))
        left = [Candidate(item_id, 1.0, ()) for item_id in all_ids if item_id not in had]
        hits["everything"].append(_hit(one, reranker.rank(history, left, DEEP, 0.0)))
    figures = {f"history.reranked.{name}.recall@10": float(np.mean(held)) for name, held in hits.items()}
    for source in ("popular", "shipped"):
        for name in every:
            figures |= gain(f"history.gain.{source}+{name}", hits[source], hits[f"{source}+{name}"])
    return figures


def _hit(one: HeldShopper, ranked: Sequence[Ranked]) -> float:
    return float(one.target in {held.item_id for held in ranked})


def _open(one: HeldShopper) -> Filter:
    return Filter(excluded_ids=tuple(one.had), in_stock_only=False)
