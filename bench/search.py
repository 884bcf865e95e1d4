"""How well what ships finds products: nDCG@10 and Recall@50 on judged shop queries, beside its parts alone.

Protocol: index every product of ``products.jsonl``; gain 2^(grade-1)-1, unjudged counts as grade 1, the ideal taken
over the judged; Recall@50 of the grade-4 products, divided by min(50, their number); the mean over queries.
"""

import csv
import importlib
import json
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.report import parser, report
from chat.settings import Settings
from retrieval.cleaning import plain
from retrieval.filters import Filter
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

    words = shop.index.snapshot().lexical
    names = shop.catalog.ids_of(shop.catalog.numbers([item.id for item in items]).values())
    arms: dict[str, Search] = {
        "lexical": lambda query: [names[number] for number, _ in words.search(query, DEEP)],
        "minilm_titles": dense(shop, items, [item.title for item in items]),
        "minilm_full": dense(shop, items, [item.encoder_text() for item in items]),
        "shipped": shipped,
    }
    if bm25 := lexical(items):
        arms = {"bm25_titles": bm25, **arms}
    figures: dict[str, float] = {}
    for name, search in arms.items():
        figures[f"{name}.ndcg@10"], figures[f"{name}.recall@50"] = judge(search, grades)
    misled, _ = judge(lambda query: shipped(query, [strangers[query]]), grades)
    figures["random_descriptions.ndcg_drop"] = figures["shipped.ndcg@10"] - misled
    figures["shipped.ground_ms_p50"] = float(np.percentile(times, 50))
    figures["shipped.ground_ms_p95"] = float(np.percentile(times, 95))
    figures["shipped.chroma_share"] = shop.index.chroma_share
    figures["queries"] = float(len(grades))
    return figures


def main() -> None:
    """Measure and report."""
    arguments = parser(__doc__, data="search").parse_args()
    settings = Settings.model_validate({})
    home = settings.home / "bench" / "search"
    figures = measure(arguments.data, home, settings.models, candidates=settings.candidates, quick=arguments.quick)
    report("search", figures, json_path=arguments.json, quick=arguments.quick)


if __name__ == "__main__":
    main()
