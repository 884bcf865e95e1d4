"""How well the reranker foresees a shopper's next liking: ``python -m bench.beauty [--data DIR] [--json PATH]``.

Leave-one-out on a folder with ``items.jsonl`` and ``interactions.csv``: a shopper's last item is the test's target, the
one before it validation's; all before that trains. Scored with everything before the target as history, among ALL items
that the shopper has not had. The figures with ``demo.`` are the same for our own demo shop, which is synthetic.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import demo.__main__ as demo_data
from bench.report import parser, report
from chat.settings import Settings
from ranking import folder as model_folder
from ranking.behaviour import Case, Split, Track, split, tracks
from ranking.evaluation import evaluate, of_tracks, sample
from ranking.features import Features
from ranking.history import Event, Events
from ranking.intake import take_in
from ranking.models.model import Model
from ranking.models.network import Trained
from ranking.models.plain import Popularity, SameCategory, Transitions
from ranking.relations import Relations
from ranking.reranker import Reranker
from ranking.settings import TrainingSettings
from ranking.table import ItemTable
from ranking.training import Training, train
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.embeddings import EmbeddingCache
from retrieval.encoder import Encoder, MiniLMEncoder, ensure_encoder
from retrieval.filters import Filter
from retrieval.ground import Candidate, Evidence
from retrieval.index import item_vectors
from retrieval.items import Item

QUICK_SHOPPERS = 1_500
QUICK = TrainingSettings(examples=4_000, epochs=3)
TIMED_SHOPPERS = 300
CANDIDATES = 200

Floats = NDArray[np.float32]


def main() -> None:
    """The command."""
    arguments = parser(__doc__, data="beauty").parse_args()
    settings = Settings.model_validate({})
    encoder = MiniLMEncoder(ensure_encoder(settings.models))
    cache = EmbeddingCache(settings.models / "bench" / "embeddings.sqlite3")  # repeated runs encode nothing anew
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.data is not None and (arguments.data / "items.jsonl").exists():
            figures |= measure(beauty_items(arguments.data), arguments.data / "interactions.csv", folder / "beauty",
                               encoder, cache, quick=arguments.quick)  # fmt: skip
        else:
            _say(f"No items.jsonl in {arguments.data}: only the demo shop is measured.")
        demo_data.write(folder / "demo-data")
        lines = (folder / "demo-data" / "catalogue.jsonl").read_text(encoding="utf-8").splitlines()
        items = [Item.model_validate_json(line) for line in lines]
        measured = measure(items, folder / "demo-data" / "events.jsonl", folder / "demo", encoder, cache,
                           quick=arguments.quick)  # fmt: skip
        figures |= {f"demo.{figure}": value for figure, value in measured.items()}
    figures["memory_gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    cache.close()
    report("beauty", figures, json_path=arguments.json, quick=arguments.quick)


def beauty_items(data: Path) -> list[Item]:
    """The items of ``items.jsonl``: id, title and the first category path."""
    made = []
    for line in (data / "items.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        category = tuple(row["categories"][0]) if row["categories"] else ()
        made.append(Item(id=row["item_id"], title=row["title"] or row["asin"], category=category))
    return made


def measure(
    items: Sequence[Item], events: Path, home: Path, encoder: Encoder, cache: EmbeddingCache, *, quick: bool
) -> dict[str, float]:
    """Figures of all models over one shop; ``home`` is a folder for its database and its model."""
    connections = Connections(home / "shop.sqlite3")
    catalog, table_of_events = Catalog(connections), Events(connections)
    catalog.upsert(items)
    started = time.perf_counter()
    kind, order = ("purchase", "position") if events.suffix == ".csv" else (None, "")
    ids = catalog.ids(Filter(in_stock_only=False))
    intake = take_in(events, table_of_events, ids, home, kind=kind, order_column=order)  # type: ignore[arg-type]
    figures: dict[str, float] = {"events_s": time.perf_counter() - started, "events_new": float(intake.new)}
    _say(f"{intake.new} events in {figures['events_s']:.1f} s; encoding")

    def encode(texts: Sequence[str]) -> Floats:
        return cache.encode(texts, encoder)

    items = list(catalog.all())
    table = ItemTable.of(items, item_vectors(items, encode))
    made = tracks(table_of_events.rows(), table.place)
    settings = QUICK if quick else TrainingSettings()
    started = time.perf_counter()
    training = train(table, items, made, encode, settings, _Progress(), measure=False)
    figures["train_s"] = time.perf_counter() - started
    parts = split(made)
    figures |= _quality(table, parts, training, QUICK_SHOPPERS if quick else len(parts.test))
    figures |= _cost(table, parts, training, home, catalog)
    connections.close()
    return figures


def _quality(table: ItemTable, parts: Split, training: Training, shoppers: int) -> dict[str, float]:
    cases = sample(parts.test, shoppers, seed=1)
    features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))
    models: dict[str, Model] = {
        "popularity": Popularity(features),
        "same_category": SameCategory(features),
        "transitions": Transitions(features),
        "reranker": Trained(training.network, features),
    }
    figures = {"shoppers": float(len(cases))}
    for name, model in models.items():
        _say(f"measuring {name} on {len(cases)} shoppers")
        found = evaluate(of_tracks(model.scores), cases, len(table))
        figures |= {f"{name}.{figure}": value for figure, value in found.items()}
    return figures | {f"shipped.{figure}": figures[f"reranker.{figure}"] for figure in found}


def _cost(table: ItemTable, parts: Split, training: Training, home: Path, catalog: Catalog) -> dict[str, float]:
    """Time of whole ``Reranker.rank`` calls: 200 candidates of a request, one shopper at a time."""
    folder = model_folder.save(home / "reranker", training, table.ids)
    reranker = Reranker.load(folder, catalog, lambda ids: table.vectors[[table.place[item_id] for item_id in ids]])
    rng = np.random.default_rng(0)
    timings = []
    for case in sample(parts.test, TIMED_SHOPPERS, seed=2):
        history, candidates = _events(case, table), _candidates(case, table, rng)
        started = time.perf_counter()
        reranker.rank(history, candidates, 5, 0.25, request="something")
        timings.append((time.perf_counter() - started) * 1000)
    return {
        "score200_ms_p50": float(np.quantile(timings, 0.5)),
        "score200_ms_p95": float(np.quantile(timings, 0.95)),
    }


def _events(case: Case, table: ItemTable) -> list[Event]:
    track: Track = case.history
    return [
        Event(shopper_id="s", kind="purchase", item_id=table.ids[place], time=float(number))
        for number, place in enumerate(track.places)
    ]


def _candidates(case: Case, table: ItemTable, rng: np.random.Generator) -> list[Candidate]:
    places = rng.choice(len(table), min(CANDIDATES, len(table)), replace=False)
    cosines = table.vectors[places] @ table.vectors[case.target]
    order = np.argsort(-cosines)
    return [
        Candidate(
            table.ids[places[at]],
            float(np.clip(cosines[at], 0, 1)),
            (Evidence("query", "dense", rank, float(cosines[at])),),
        )
        for rank, at in enumerate(order, start=1)
    ]


class _Progress:
    """One line for each kind of work."""

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        self._say, self._last = say or _say, ""

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._last:
            self._last = what
            self._say(what)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
