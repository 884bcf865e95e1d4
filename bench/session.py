"""How soon a like or a "not this" counts: ``python -m bench.session [--json PATH]``.

Over the demo shop with a reranker trained on it. For shoppers drawn by the seed, 200 candidates of a request are
ranked; the shopper likes (or refuses) one of the five shown; timed is all from storing that event, power-cut safe, over
reading the shopper's history anew to the new order. Figures: milliseconds of the clock and, for a machine that is
shared, of the processor, and how often the new order differs.
"""

import tempfile
import time
from pathlib import Path

import numpy as np

import demo.__main__ as demo_data
from bench.report import parser, report
from chat.settings import Settings
from ranking import folder as model_folder
from ranking.history import Event, Events
from ranking.intake import take_in
from ranking.material import Material
from ranking.reranker import Reranker
from ranking.table import ItemTable
from ranking.training import train
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.embeddings import EmbeddingCache
from retrieval.encoder import MiniLMEncoder, ensure_encoder
from retrieval.filters import Filter
from retrieval.ground import Candidate, Evidence
from retrieval.items import Item

SHOPPERS, QUICK_SHOPPERS = 300, 60
CANDIDATES, CARDS = 200, 5
WARM_UP = 5  # rankings that are not timed: the first load caches


def main() -> None:
    """The command."""
    arguments = parser(__doc__).parse_args()
    settings = Settings.model_validate({})
    encoder = MiniLMEncoder(ensure_encoder(settings.models))
    cache = EmbeddingCache(settings.models / "bench" / "demo.sqlite3")  # repeated runs encode nothing anew
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        demo_data.write(home / "data")
        connections = Connections(home / "shop.sqlite3")
        catalog, events = Catalog(connections), Events(connections)
        lines = (home / "data" / "catalogue.jsonl").read_text(encoding="utf-8").splitlines()
        catalog.upsert(Item.model_validate_json(line) for line in lines)
        take_in(home / "data" / "events.jsonl", events, catalog.ids(Filter(in_stock_only=False)), home)
        material = Material.gather(catalog, events, encoder, cache)
        training = train(material.table, material.items, material.tracks, material.encode, measure=False)
        folder = model_folder.save(home / "reranker", training, material.table.ids)
        table = material.table
        reranker = Reranker.load(folder, catalog, lambda ids: table.vectors[[table.place[one] for one in ids]])
        figures = measured(reranker, events, table, QUICK_SHOPPERS if arguments.quick else SHOPPERS, settings.diversity)
        connections.close()
    cache.close()
    report("session", figures, json_path=arguments.json, quick=arguments.quick)


def measured(reranker: Reranker, events: Events, table: ItemTable, shoppers: int, diversity: float) -> dict[str, float]:
    """Time from the event to the new order, and the share of orders that differ, for likes and refusals."""
    rng = np.random.default_rng(0)
    known = events.shoppers()
    timings: dict[str, list[float]] = {"like": [], "dislike": []}
    computed: dict[str, list[float]] = {"like": [], "dislike": []}
    changed: dict[str, list[bool]] = {"like": [], "dislike": []}
    for number in range(shoppers + WARM_UP):
        shopper, candidates = known[int(rng.integers(len(known)))], asked(table, int(rng.integers(len(table))))
        kind = "like" if number % 2 else "dislike"
        before = [one.item_id for one in reranker.rank(events.of(shopper), candidates, CARDS, diversity)]
        chosen = int(rng.integers(len(before)))
        begun, busy = time.perf_counter(), time.thread_time()
        moment = time.time()
        event = {"shopper_id": shopper, "kind": kind, "item_id": before[chosen], "time": moment, "position": chosen + 1}
        events.add([Event.model_validate(event)])
        after = [one.item_id for one in reranker.rank(events.of(shopper), candidates, CARDS, diversity)]
        if number >= WARM_UP:
            timings[kind].append((time.perf_counter() - begun) * 1000)
            computed[kind].append((time.thread_time() - busy) * 1000)
            changed[kind].append(after != before)
    figures = {"shoppers": float(shoppers)}
    for kind, held in timings.items():
        figures[f"{kind}.counts_ms_p50"] = float(np.quantile(held, 0.5))
        figures[f"{kind}.counts_ms_p95"] = float(np.quantile(held, 0.95))
        figures[f"{kind}.processor_ms_p95"] = float(np.quantile(computed[kind], 0.95))
        figures[f"{kind}.order_changed"] = float(np.mean(changed[kind]))
    return figures


def asked(table: ItemTable, target: int) -> list[Candidate]:
    """The candidates of a request for something like the item: the nearest by text."""
    cosines = table.vectors @ table.vectors[target]
    return [
        Candidate(table.ids[at], float(max(cosines[at], 0)), (Evidence("query", "dense", rank, float(cosines[at])),))
        for rank, at in enumerate(np.argsort(-cosines)[:CANDIDATES], start=1)
    ]


if __name__ == "__main__":
    main()
