"""What the demo shop can show and ``beauty`` cannot, for it has times, kinds, ratings and dislikes: all SYNTHETIC.

Ratings foretold, dislikes told from likings, the drift of half a year, and the splits that hold out shoppers and the
latest time, for each of which the reranker is trained anew on the rest. ``bench.beauty`` calls this on the demo shop
that it has trained.
"""

from collections.abc import Sequence
from pathlib import Path

from ranking import drift
from ranking import folder as model_folder
from ranking.appraisal import COMPARED, of_opinions, of_probabilities
from ranking.evaluation import sample
from ranking.examples import Progress
from ranking.features import Features
from ranking.history import Event, Events
from ranking.material import Material
from ranking.relations import Relations
from ranking.reranker import Reranker
from ranking.settings import TrainingSettings
from ranking.splits import WAYS, Way, held_out
from ranking.training import train
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.embeddings import EmbeddingCache
from retrieval.encoder import Encoder
from retrieval.ground import Candidate

DAYS = 90.0  # of each of the two periods that are compared
SAID = ("test.stars.", "test.")  # taken off the figures' names: "mae", not "test.stars.mae"


def demo_figures(home: Path, encoder: Encoder, progress: Progress, *, quick: bool) -> dict[str, float]:
    """Figures of the shop in the home, whose ``rerankers`` hold one model; ``quick`` leaves out the trainings anew."""
    connections = Connections(home / "shop.sqlite3")
    cache = EmbeddingCache(home / "embeddings.sqlite3")
    try:
        events, catalog = Events(connections), Catalog(connections)
        material = Material.gather(catalog, events, encoder, cache)
        (model,) = (path.parent for path in (home / "rerankers").glob("*/model.json"))
        figures = _said(material, model, progress) | _drift(material, events, catalog, model)
        for way in WAYS if not quick else ():
            if way != "leave-one-out":
                figures |= _apart(material, model, way, progress)
        return figures
    finally:
        cache.close()
        connections.close()


def _said(material: Material, model: Path, progress: Progress) -> dict[str, float]:
    """What was said of the held-out items, and p(like) of them, by the counts of the training part."""
    held, table = held_out(material.tracks, "leave-one-out"), material.table
    tracks, saved = list(held.parts.train.values()), model_folder.load(model)
    features = Features(table, Relations.learn(tracks, table.vectors))
    shipped = saved.shipped.aligned(saved.ids, table.place).relearned(tracks, len(table)).over(features)
    said = of_opinions(shipped, held, material.tracks, material.ratings, progress)
    cases = sample(held.parts.test, len(held.parts.test), 0)
    liked = of_probabilities(shipped, cases, len(table), 0, progress)
    figures = {name: value for name, value in liked.items() if not name.startswith("reliability")}
    for name, value in said.items():
        for prefix in SAID:
            name = name.removeprefix(prefix)
        figures[name] = value
    return figures


def _drift(material: Material, events: Events, catalog: Catalog, model: Path) -> dict[str, float]:
    """The report of ``events --drift`` as figures."""
    table = material.table
    reranker = Reranker.load(model, catalog, lambda ids: table.vectors[[table.place[one] for one in ids]])

    def score(history: Sequence[Event], item_id: str) -> float | None:
        ranked = reranker.rank(history, [Candidate(item_id, 1.0, ())], 1, 0.0)
        return ranked[0].score if ranked else None

    found = drift.compare(events.rows(), DAYS, score)
    figures = {
        "drift.kinds_psi": found.kinds_psi,
        "drift.scores_psi": found.scores_psi,
        "drift.events_on_new_items": found.fresh,
        "drift.top_items_kept": found.top_kept[1] / max(found.top_kept[0], 1),
        "drift.items_kept": found.kept / max(found.items[0], 1),
    }
    for kind, (before, now) in found.kinds.items():
        figures |= {f"drift.{kind}.before": float(before), f"drift.{kind}.now": float(now)}
    return figures


def _apart(material: Material, model: Path, way: Way, progress: Progress) -> dict[str, float]:
    """Recall and NDCG of a reranker trained anew on what the split leaves, with the settings of the one at hand."""
    everyone = TrainingSettings.model_validate(model_folder.load(model).facts["settings"]).model_copy(
        update={"measured": len(material.tracks)}
    )
    held = held_out(material.tracks, way)
    found = train(
        material.table, material.items, material.tracks, material.encode, everyone, progress, held=held
    ).figures
    names = [f"{figure}{end}" for figure in COMPARED for end in ("", ".low", ".high")]
    return {f"split.{way}.cases": float(len(held.parts.test))} | {
        f"split.{way}.{prefix}{name}": found[f"{prefix}test.{name}"]
        for prefix in ("", "popularity.", "same_category.", "transitions.")
        for name in names
    }
