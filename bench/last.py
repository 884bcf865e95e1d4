"""What a text cross-encoder adds over the first 20: ``python -m bench.last [--data DIR] [--json PATH] [--set …]``.

A reranker is trained as ``shoptalk train --set last.cross_encoder=true`` does it, on a folder with ``items.jsonl`` and
``interactions.csv`` and on our own demo shop, which is synthetic (``--quick``: on that alone, and little of it). Each
shopper's last item is then foretold from all before it, among ALL items that the shopper has not had (``alone``), and
among those that answer a simulated request (``asked``): by the reranker (``first``), and with its first 20 ordered
anew, with the weight that was fitted, whether it would take part (``ships``) or not. Times are of reading 20 items for
one shopper.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import demo.__main__ as demo_data
from bench.beauty import QUICK, beauty_items, kept_embeddings
from bench.report import parser, report
from chat.settings import Settings
from ranking.behaviour import split
from ranking.bootstrap import differences
from ranking.evaluation import sample
from ranking.features import Features
from ranking.history import Events
from ranking.intake import take_in
from ranking.last import KINDS, Reordering
from ranking.material import Material
from ranking.metrics import per_list
from ranking.models.cross_encoder import CrossEncoder, title_of
from ranking.relations import Relations
from ranking.rereading import First, Tops, ranks_after, scored, top
from ranking.settings import LastSettings, TrainingSettings, changed
from ranking.training import train
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.embeddings import EmbeddingCache
from retrieval.encoder import Encoder, MiniLMEncoder, ensure_encoder
from retrieval.items import Item

SHOPPERS = 22_363  # most that are measured; of those with a request a quarter
TIMED, WARM_UP = 300, 10
BEGINS, ENDS = "ranking for the cross-encoder", "counting everything"  # as a training tells them
METRICS = ("recall@10", "ndcg@10")
QUICK_LAST = LastSettings(cross_encoder=True, layers=2, frozen=0, lists=200, epochs=1)


def main() -> None:
    """The command."""
    arguments = parser(__doc__, data="beauty")
    arguments.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the training")
    given = arguments.parse_args()
    settings = Settings.model_validate({})
    encoder = MiniLMEncoder(ensure_encoder(settings.models))
    base = QUICK.model_copy(update={"last": QUICK_LAST}) if given.quick else TrainingSettings()
    training = changed(base, ["last.cross_encoder=true", *given.set])
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not given.quick and given.data is not None and (given.data / "items.jsonl").exists():
            with kept_embeddings(settings, given.data.name, folder / "beauty"):
                items, events = beauty_items(given.data), given.data / "interactions.csv"
                figures |= measured(items, events, folder / "beauty", encoder, training)
        demo_data.write(folder / "demo-data")
        lines = (folder / "demo-data" / "catalogue.jsonl").read_text(encoding="utf-8").splitlines()
        items = [Item.model_validate_json(line) for line in lines]
        with kept_embeddings(settings, "demo", folder / "demo"):
            found = measured(items, folder / "demo-data" / "events.jsonl", folder / "demo", encoder, training)
        figures |= {f"demo.{figure}": value for figure, value in found.items()}
    report("last", figures, json_path=given.json, quick=given.quick)


def measured(
    items: Sequence[Item], events: Path, home: Path, encoder: Encoder, settings: TrainingSettings
) -> dict[str, float]:
    """Figures over one shop, whose database is made in the folder ``home``."""
    connections, cache = Connections(home / "shop.sqlite3"), EmbeddingCache(home / "embeddings.sqlite3")
    try:
        catalog, table = Catalog(connections), Events(connections)
        catalog.upsert(items)
        kind, order = ("purchase", "position") if events.suffix == ".csv" else (None, "")
        take_in(events, table, {item.id for item in items}, home, kind=kind, order_column=order)  # type: ignore[arg-type]
        material = Material.gather(catalog, table, encoder, cache)
        begun: dict[str, float] = {}

        def told(what: str, done: int, total: int) -> None:
            begun.setdefault(what.partition(":")[0], time.perf_counter())

        made = train(material.table, material.items, material.tracks, material.encode, settings, told, measure=False)
        if made.reread is None:
            return {"lists": 0.0}
        parts = split(material.tracks)
        known = list(parts.train.values())
        features = Features(material.table, Relations.learn(known, material.table.vectors))
        shipped = made.shipped.relearned(known, len(material.table))
        first = First(shipped.over(features), features, material.items, material.encode, settings)
        titles = [title_of(item) for item in material.items]
        last = made.reread.last
        figures = made.reread.figures() | {
            "train_s": begun[ENDS] - begun[BEGINS],
            "model_mb": len(made.reread.model) / 1e6,
        }
        reader = CrossEncoder(last.encoder, titles, last.history)
        for number, kind in enumerate(KINDS):
            cases = sample(parts.test, SHOPPERS // (4 if number else 1), seed=1)
            tops = top(first, cases, kind, last.count, np.random.default_rng(1))
            after = ranks_after(tops, scored(reader, tops, last.count), last.weights[kind])
            found = compared(tops, after) | {"ships": float(made.reread.found[kind].gain.low > 0)}
            figures |= {f"{kind}.{figure}": value for figure, value in found.items()}
            if not number:
                figures |= timed(Reordering(replace(last, weights=dict.fromkeys(KINDS, 1.0)), titles), tops)
        return figures
    finally:
        cache.close()
        connections.close()


def compared(tops: Tops, after: np.ndarray) -> dict[str, float]:
    """Recall and NDCG before and after, and what was gained with the ends of its interval."""
    before, anew = (per_list(ranks, ranks) for ranks in (tops.target, after))
    gained = differences({name: anew[name] for name in METRICS}, before, [case.shopper_id for case in tops.cases])
    figures = {"shoppers": float(len(tops.cases))}
    for name in METRICS:
        figures |= {f"first.{name}": float(before[name].mean()), f"reordered.{name}": float(anew[name].mean())}
        figures |= {f"gain.{name}{end}": getattr(gained[name], part)
                    for end, part in (("", "value"), (".low", "low"), (".high", "high"))}  # fmt: skip
    return figures


def timed(step: Reordering, tops: Tops) -> dict[str, float]:
    """Milliseconds that ordering the first ones anew takes, for one shopper after another."""
    taken = []
    for case, places, logits in list(zip(tops.cases, tops.places, tops.logits, strict=True))[: TIMED + WARM_UP]:
        started = time.perf_counter()
        step.logits(logits, case.history, places, np.ones(len(places), bool), KINDS[0])
        taken.append((time.perf_counter() - started) * 1000)
    return {f"read20_ms_p{share}": float(np.quantile(taken[WARM_UP:], share / 100)) for share in (50, 95)}


if __name__ == "__main__":
    main()
