"""How well what ships finds products: nDCG@10 and Recall@50 on judged shop queries, beside its parts alone.

Protocol: index every product of ``products.jsonl``; gain 2^(grade-1)-1, unjudged counts as grade 1, the ideal taken
over the judged; Recall@50 of the grade-4 products, divided by min(50, their number); the mean over queries.
"""

import csv
import importlib
import itertools
import json
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.report import parser, report
from chat.settings import Settings
from demo import assortment, catalogue
from demo.__main__ import SEED as DEMO_SEED
from retrieval.cleaning import plain
from retrieval.encoder import Vectors
from retrieval.filters import Filter
from retrieval.fusion import Weights, fused
from retrieval.ground import CARRIED_THRESHOLD
from retrieval.items import Item
from retrieval.shop import Shop, open_catalogue

SEED = 20261124
QUICK_QUERIES = 60
DEEP = 50  # ranks that are judged

Search = Callable[[str], Sequence[str]]  # a query -> item ids, best first
Grades = Mapping[str, Mapping[str, int]]  # query -> item id -> grade 1..4


def load(data: Path) -> tuple[list[Item], dict[str, dict[str, int]]]:
    """Products as items, and the judgements."""
    with (data / "products.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    items = [Item(id=row["item_id"], title=plain(row["title"]), description=plain(row["description"])) for row in rows]
    grades: dict[str, dict[str, int]] = {}
    with (data / "judgements.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            grades.setdefault(row["query"], {})[row["item_id"]] = int(row["grade"])
    return items, grades


def ndcg(found: Sequence[str], grades: Mapping[str, int], k: int = 10) -> float:
    """nDCG@k of one query; 0 where no judged product has any gain."""

    def discounted(gains: Sequence[float]) -> float:
        return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains[:k]))

    ideal = discounted(sorted((2.0 ** (grade - 1) - 1 for grade in grades.values()), reverse=True))
    got = discounted([2.0 ** (grades.get(item_id, 1) - 1) - 1 for item_id in found[:k]])
    return got / ideal if ideal else 0.0


def recall(found: Sequence[str], grades: Mapping[str, int], k: int = 50) -> float | None:
    """Recall@k of the grade-4 products; None where there are none."""
    best = {item_id for item_id, grade in grades.items() if grade == 4}
    return len(best & set(found[:k])) / min(k, len(best)) if best else None


def judge(search: Search, grades: Grades) -> tuple[float, float]:
    """Mean nDCG@10 and Recall@50 over all queries."""
    gained, recalled = [], []
    for query, held in grades.items():
        found = search(query)
        gained.append(ndcg(found, held))
        recalled.append(recall(found, held))
    counted = [one for one in recalled if one is not None]
    return float(np.mean(gained)), float(np.mean(counted))


def dense(shop: Shop, items: Sequence[Item], texts: Sequence[str]) -> Search:
    """Exact nearest neighbours among these texts, one an item."""
    matrix = shop.index.cache.encode(texts, shop.encoder)

    def search(query: str) -> list[str]:
        scores = matrix @ shop.encoder.encode([query])[0]
        return [items[row].id for row in np.argsort(-scores, kind="stable")[:DEEP]]

    return search


def lexical(items: Sequence[Item]) -> Search | None:
    """BM25 over titles by the library bm25s; None where it is not installed (it is no dependency of ours)."""
    try:
        bm25s = importlib.import_module("bm25s")
    except ImportError:
        return None
    retriever = bm25s.BM25()
    retriever.index(bm25s.tokenize([item.title for item in items], show_progress=False), show_progress=False)

    def search(query: str) -> list[str]:
        tokens = bm25s.tokenize([query], show_progress=False)
        rows, _ = retriever.retrieve(tokens, k=DEEP, show_progress=False)
        return [items[int(row)].id for row in rows[0]]

    return search


def measure(data: Path, home: Path, models: Path, *, candidates: int, quick: bool) -> dict[str, float]:
    """All figures; the shop that is searched is kept in ``home`` for the next run."""
    items, grades = load(data)
    if quick:
        grades = {query: grades[query] for query in random.Random(SEED).sample(sorted(grades), QUICK_QUERIES)}
    with open_catalogue(home) as (_, catalog):
        catalog.remove(catalog.ids(Filter(in_stock_only=False)) - {item.id for item in items})
        catalog.upsert(items)
    with Shop.opened(home, models, lambda what: print(what, end="\r", flush=True)) as shop:
        return _figures(shop, items, grades, candidates)


def _figures(shop: Shop, items: Sequence[Item], grades: Grades, candidates: int) -> dict[str, float]:
    draw = random.Random(SEED)
    strangers = {query: draw.choice(items).title for query in grades}
    times: list[float] = []

    def shipped(query: str, descriptions: Sequence[str] = ()) -> list[str]:
        start = time.perf_counter()
        found = shop.grounder.ground(descriptions, query, Filter(), candidates).candidates
        times.append((time.perf_counter() - start) * 1000)
        return [candidate.item_id for candidate in found]

    looks = {query: Look.at(shop, query, candidates) for query in grades}
    arms: dict[str, Search] = {
        "minilm_titles": dense(shop, items, [item.title for item in items]),
        "minilm_full": dense(shop, items, [item.encoder_text() for item in items]),
        "dense": lambda query: looks[query].ordered(looks[query].cosines),
        "lexical": lambda query: looks[query].ordered(looks[query].coverages),
        "reciprocal_rank": lambda query: looks[query].ordered(looks[query].reciprocal_ranks()),
        "convex": lambda query: looks[query].fused(Weights(feedback_items=0)),
        "shipped": shipped,
    }
    if bm25 := lexical(items):
        arms = {"bm25_titles": bm25, **arms}
    figures: dict[str, float] = {}
    for name, search in arms.items():
        figures[f"{name}.ndcg@10"], figures[f"{name}.recall@50"] = judge(search, grades)
    figures["shipped_held_out.ndcg@10"], figures["shipped_held_out.recall@50"] = held_out(looks, grades)
    misled, _ = judge(lambda query: shipped(query, [strangers[query]]), grades)
    figures["random_descriptions.ndcg_drop"] = figures["shipped.ndcg@10"] - misled
    figures |= not_carried(shop, grades)
    figures["shipped.ground_ms_p50"] = float(np.percentile(times, 50))
    figures["shipped.ground_ms_p95"] = float(np.percentile(times, 95))
    figures["shipped.chroma_share"] = shop.index.chroma_share
    figures["queries"] = float(len(grades))
    return figures


@dataclass(frozen=True)
class Look:
    """What both arms found for one query, to be fused in other ways than the one that ships."""

    ids: tuple[str, ...]
    vectors: Vectors  # of the items
    query: Vectors  # [1, d]
    coverages: np.ndarray

    @staticmethod
    def at(shop: Shop, query: str, k: int) -> "Look":
        """The k best of each arm, with the scores of both."""
        columns, snapshot = shop.catalog.columns(), shop.index.snapshot()
        vector = shop.encoder.encode([query])
        ((near, _),) = snapshot.nearest(vector, k, columns)
        held = [number for number, _ in snapshot.lexical.search(query, k)]
        numbers = np.union1d(near, np.array(held, dtype=np.int64))
        scores = dict(snapshot.lexical.search(query, len(numbers), within=numbers))
        coverages = np.array([scores.get(number, 0.0) for number in numbers.tolist()])
        ids = tuple(columns.ids[columns.rows(numbers)].tolist())
        return Look(ids, snapshot.vectors(numbers), vector, coverages)

    @property
    def cosines(self) -> np.ndarray:
        """Of the query to each item."""
        cosines: np.ndarray = self.vectors @ self.query[0]
        return cosines

    def reciprocal_ranks(self) -> np.ndarray:
        """Reciprocal rank fusion of the two arms, with the constant 60 that is usual."""
        ranks = [np.argsort(np.argsort(-scores, kind="stable")) + 1 for scores in (self.cosines, self.coverages)]
        total: np.ndarray = sum((1 / (60 + rank) for rank in ranks), start=np.zeros(len(self.ids)))
        return total

    def fused(self, tuned: Weights) -> list[str]:
        """Ids as the shipped fusion orders them with these weights."""
        return self.ordered(fused(self.vectors, self.query, self.coverages, tuned))

    def ordered(self, scores: np.ndarray) -> list[str]:
        """Ids by these scores."""
        return [self.ids[at] for at in np.argsort(-scores, kind="stable")[:DEEP]]


def held_out(looks: Mapping[str, Look], grades: Grades) -> tuple[float, float]:
    """nDCG@10 and Recall@50 of queries under weights that were chosen on other queries: 5 folds, 10 times."""
    queries = sorted(grades)
    grid = [Weights(*one) for one in itertools.product((0.4, 0.5, 0.6, 0.7, 0.8), (0.5, 1.0, 2.0), (0, 5, 10, 20))]
    scores = _scored(looks, grades, queries, grid)
    outcomes = []
    for repeat in range(10):
        order = np.random.default_rng(SEED + repeat).permutation(len(queries))
        for fold in range(5):
            held, rest = order[fold::5], np.setdiff1d(order, order[fold::5])
            best = int(np.argmax(np.nanmean(scores[:, rest, 0], axis=1) + 0.5 * np.nanmean(scores[:, rest, 1], axis=1)))
            outcomes.append(np.nanmean(scores[best, held], axis=0))
    gained, recalled = np.mean(outcomes, axis=0)
    return float(gained), float(recalled)


def _scored(looks: Mapping[str, Look], grades: Grades, queries: Sequence[str], grid: Sequence[Weights]) -> np.ndarray:
    """nDCG@10 and Recall@50 (NaN where there is none): [weights, queries, 2]."""
    made = np.full((len(grid), len(queries), 2), np.nan)
    for at, tuned in enumerate(grid):
        for place, query in enumerate(queries):
            found = looks[query].fused(tuned)
            recalled = recall(found, grades[query])
            made[at, place] = ndcg(found, grades[query]), np.nan if recalled is None else recalled
    return made


def not_carried(shop: Shop, grades: Grades) -> dict[str, float]:
    """Precision and recall of "not carried": each query with every product judged 2 or better hidden, and with none.

    Products that nobody judged and that would do as well are not hidden, so some of what counts as missed is right.
    """
    asks: list[tuple[str, Filter, bool]] = []
    for query, held in grades.items():
        hidden = tuple(item_id for item_id, grade in held.items() if grade >= 2)
        asks += [(query, Filter(), True), (query, Filter(excluded_ids=hidden), False)]
    return rates("not_carried", shop, asks)


def departments_not_carried(home: Path, models: Path) -> dict[str, float]:
    """The same in the demo shop: its kinds of things, with the department that has them hidden, and with none."""
    departments = assortment.departments()
    items = catalogue.items(departments, DEMO_SEED)
    with open_catalogue(home) as (_, catalog):
        catalog.upsert(items)
    asks: list[tuple[str, Filter, bool]] = []
    for department in departments:
        hidden = tuple(item.id for item in items if item.category[0] == department.name)
        for kind in sorted({kind.name for leaf in department.leaves for kind in leaf.kinds}):
            asks += [(kind, Filter(), True), (kind, Filter(excluded_ids=hidden), False)]
    with Shop.opened(home, models, lambda what: print(what, end="\r", flush=True)) as shop:
        return rates("not_carried_demo", shop, asks)


def rates(name: str, shop: Shop, asks: Sequence[tuple[str, Filter, bool]]) -> dict[str, float]:
    """Precision and recall of "not carried" over asks of which the last part says whether it is carried."""
    said = [
        (shop.grounder.ground([], query, filter).carried < CARRIED_THRESHOLD, carried)
        for query, filter, carried in asks
    ]
    right = sum(refused and not carried for refused, carried in said)
    return {
        f"{name}.precision": right / max(1, sum(refused for refused, _ in said)),
        f"{name}.recall": right / max(1, sum(not carried for _, carried in said)),
    }


def main() -> None:
    """Measure and report."""
    arguments = parser(__doc__, data="search").parse_args()
    settings = Settings.model_validate({})
    home = settings.home / "bench" / "search"
    figures = measure(arguments.data, home, settings.models, candidates=settings.candidates, quick=arguments.quick)
    if not arguments.quick:
        figures |= departments_not_carried(home.parent / "search-demo", settings.models)
    report("search", figures, json_path=arguments.json, quick=arguments.quick)


if __name__ == "__main__":
    main()
