"""What variety costs: ``python -m bench.diversity [--data DIR] [--json PATH] [--draw DIR]``.

Leave-one-out as in ``bench.beauty``, with the reranker trained as it ships: of each shopper's 200 best items by the
reranker, five are chosen by maximal marginal relevance under a category quota, for a range of both. Figures for each
strength and quota: NDCG@5 of the shopper's last item in that list, the list's diversity (mean of 1 - cosine over its
pairs) and its number of categories. ``--draw`` writes NDCG against diversity as an SVG for each shop. ``default.…`` are
those of the settings. The figures with ``demo.`` are of our own demo shop, which is synthetic.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import demo.__main__ as demo_data
from bench.beauty import beauty_items
from bench.report import parser, report
from chat.settings import Settings
from ranking import charts
from ranking.behaviour import Case, split
from ranking.diversity import QUOTA, mmr, worth
from ranking.evaluation import sample
from ranking.features import Features
from ranking.history import Events
from ranking.intake import take_in
from ranking.material import Material
from ranking.metrics import ndcg
from ranking.models.model import Model
from ranking.relations import Relations
from ranking.settings import TrainingSettings
from ranking.table import ItemTable
from ranking.training import train
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.embeddings import EmbeddingCache
from retrieval.encoder import Encoder, MiniLMEncoder, ensure_encoder
from retrieval.filters import Filter
from retrieval.items import Item

SHOPPERS, QUICK_SHOPPERS = 2_000, 300
QUICK = TrainingSettings(examples=2_000, epochs=2)
CANDIDATES, CARDS = 200, 5
STRENGTHS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
QUOTAS = (1.0, 0.8, 0.6)
BATCH = 64

Floats = NDArray[np.float32]
Point = tuple[float, float, float]  # NDCG@5, diversity, categories


def main() -> None:
    """The command."""
    made = parser(__doc__, data="beauty")
    made.add_argument("--draw", type=Path, default=None, metavar="DIR", help="write the curves here, as SVG")
    arguments = made.parse_args()
    settings = Settings.model_validate({})
    encoder = MiniLMEncoder(ensure_encoder(settings.models))
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        demo_data.write(home / "demo-data")
        lines = (home / "demo-data" / "catalogue.jsonl").read_text(encoding="utf-8").splitlines()
        shops = {"demo": ([Item.model_validate_json(line) for line in lines], home / "demo-data" / "events.jsonl")}
        if arguments.data is not None and (arguments.data / "items.jsonl").exists():
            shops = {"beauty": (beauty_items(arguments.data), arguments.data / "interactions.csv")} | shops
        for shop, (items, events) in shops.items():
            cache = EmbeddingCache(settings.models / "bench" / f"{shop}.sqlite3")  # repeated runs encode nothing anew
            curve = measured(items, events, home / shop, encoder, cache, quick=arguments.quick)
            cache.close()
            prefix = "demo." if shop == "demo" else ""
            for (strength, quota), (quality, variety, categories) in curve.items():
                label = f"{prefix}diversity_{strength:g}.quota_{quota:g}"
                figures |= {f"{label}.ndcg@5": quality, f"{label}.diversity@5": variety,
                            f"{label}.categories@5": categories}  # fmt: skip
            quality, variety, categories = curve[settings.diversity, QUOTA]
            figures |= {f"{prefix}default.ndcg@5": quality, f"{prefix}default.diversity@5": variety}
            if arguments.draw is not None:
                arguments.draw.mkdir(parents=True, exist_ok=True)
                path = arguments.draw / f"diversity-{shop}.svg"
                path.write_text(drawn(curve, shop) + "\n", encoding="utf-8")
    report("diversity", figures, json_path=arguments.json, quick=arguments.quick)


def measured(
    items: Sequence[Item], events: Path, home: Path, encoder: Encoder, cache: EmbeddingCache, *, quick: bool
) -> dict[tuple[float, float], Point]:
    """A point for each strength and quota, over one shop."""
    connections = Connections(home / "shop.sqlite3")
    catalog, stored = Catalog(connections), Events(connections)
    catalog.upsert(items)
    ids = catalog.ids(Filter(in_stock_only=False))
    if events.suffix == ".csv":
        take_in(events, stored, ids, home, kind="purchase", order_column="position")
    else:
        take_in(events, stored, ids, home)
    material = Material.gather(catalog, stored, encoder, cache)
    connections.close()
    table, parts = material.table, split(material.tracks)
    settings = QUICK if quick else TrainingSettings()
    training = train(table, material.items, material.tracks, material.encode, settings, measure=False)
    # As in every offline measure: the relations of the training part, not those that serve, which have seen the target.
    learned = list(parts.train.values())
    features = Features(table, Relations.learn(learned, table.vectors))
    model = training.shipped.relearned(learned, len(table)).over(features)
    cases = sample(parts.test, QUICK_SHOPPERS if quick else SHOPPERS, seed=1)
    lists = [one for start in range(0, len(cases), BATCH) for one in _best(model, cases[start : start + BATCH], table)]
    return {
        (strength, quota): _point(cases, lists, table, strength, quota) for strength in STRENGTHS for quota in QUOTAS
    }


def _best(model: Model, cases: Sequence[Case], table: ItemTable) -> list[tuple[NDArray[np.int64], Floats]]:
    """Places and logits of each case's best items that its shopper has not had."""
    scores = model.scores([case.history for case in cases])
    made = []
    for row, case in zip(scores, cases, strict=True):
        own = row[case.target]
        row[case.history.places] = -np.inf
        row[case.target] = own
        best = np.argsort(-row)[: min(CANDIDATES, len(table) - len(case.history))]
        made.append((best, row[best]))
    return made


def _point(
    cases: Sequence[Case],
    lists: Sequence[tuple[NDArray[np.int64], Floats]],
    table: ItemTable,
    strength: float,
    quota: float,
) -> Point:
    ranks, variety, categories = [], [], []
    pairs = CARDS * (CARDS - 1)
    for case, (places, logits) in zip(cases, lists, strict=True):
        vectors, leaf = table.vectors[places], table.leaf[places]
        chosen = mmr(worth(logits), vectors, CARDS, strength, leaf, quota)
        found = np.flatnonzero(places[chosen] == case.target)
        ranks.append(float(found[0]) if len(found) else float(CARDS))
        shown = vectors[chosen]
        variety.append(1 - float((shown @ shown.T).sum() - len(chosen)) / pairs)
        categories.append(len(np.unique(leaf[chosen])))
    return ndcg(ranks, CARDS), float(np.mean(variety)), float(np.mean(categories))


def drawn(curve: dict[tuple[float, float], Point], shop: str) -> str:
    """NDCG against diversity: a line for each quota, a point for each strength."""
    series = {
        ("no quota" if quota == 1 else f"quota {quota:.0%}"): [
            (variety, quality) for (_, own), (quality, variety, _) in curve.items() if own == quota
        ]
        for quota in QUOTAS
    }
    ticks = {variety: f"{variety:.2f}" for (_, quota), (_, variety, _) in curve.items() if quota == QUOTAS[0]}
    title = f"What variety costs ({shop})"
    return charts.lines(title, series, "diversity of the five shown", "NDCG@5", ticks)


if __name__ == "__main__":
    main()
