"""The command that measures the reranker.

Knows progress and tables for people. What is measured is in ``ranking``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from chat.settings import Settings
from chat.store import Store
from ranking.errors import NoModel, TooFewEvents
from ranking.history import Events
from ranking.splits import Way, held_out
from retrieval.catalog import Catalog
from retrieval.database import Connections
from ui.home import Home
from ui.progress import Tell, bars

if TYPE_CHECKING:  # torch takes seconds to load, and `events` needs none of it
    from ranking.material import Material

METRICS = ("recall@5", "ndcg@5", "mrr@5", "recall@10", "ndcg@10", "mrr@10", "auc")
FEWER_METRICS = ("recall@10", "ndcg@10", "mrr@10", "auc")
WIDE = 110  # characters of a terminal that has room for all of them
MODELS = {
    "": "reranker",
    "network.": "network over features",
    "transitions.": "what followed",
    "same_category.": "same category",
    "popularity.": "popularity",
    "content.": "near by text",
    "item_cosine.": "items liked together (cosine)",
    "item_pearson.": "items liked together (Pearson)",
    "shopper_cosine.": "shoppers alike (cosine)",
    "shopper_pearson.": "shoppers alike (Pearson)",
    "ease.": "linear autoencoder (EASE)",
    "logistic.": "logistic regression",
    "svm.": "linear SVM",
}
EVERYONE = 1_000_000_000

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)


def evaluate(
    all_models: Annotated[bool, typer.Option("--all", help="Also learn and measure every other model.")] = False,
    way: Annotated[
        Way,
        typer.Option("--split", help="What is held out; but for leave-one-out a model is trained anew on the rest."),
    ] = "leave-one-out",
) -> None:
    """Measure the live reranker against plain ones: each shopper's last liking, among all items they have not had."""
    settings = Settings.model_validate({})
    evaluate_reranker(Home(settings.home), settings, all_models=all_models, way=way)


def evaluate_reranker(
    home: Home, settings: Settings, *, all_models: bool = False, way: Way = "leave-one-out"
) -> dict[str, float]:
    """Measure the live reranker on what the split holds out, print the table, and return the figures.

    ``all_models``: every other model is learned on the rest and measured beside it. With any other split than
    leave-one-out the live model has seen what is held out: one with the same settings is trained on the rest and
    measured in its place. It does not go live.
    """
    from ranking import card
    from ranking import folder as model_folder
    from ranking.appraisal import of_opinions, of_ranking
    from ranking.baselines import baselines
    from ranking.features import Features
    from ranking.relations import Relations
    from ranking.settings import TrainingSettings
    from ranking.training import measured
    from ranking.training import train as fit

    live = model_folder.current(home.rerankers)
    if live is None:
        raise NoModel("No reranker was trained yet. Run: shoptalk train")
    saved = model_folder.load(live)
    everyone = TrainingSettings.model_validate(saved.facts["settings"]).model_copy(update={"measured": EVERYONE})
    if way != "leave-one-out":
        console.print(f"The live reranker knows what the split {way} holds out: training one anew on the rest.")
    with bars(console) as tell, material_of(home, settings, tell) as material:
        held = held_out(material.tracks, way)
        parts, table = held.parts, material.table
        if not parts.test:
            raise TooFewEvents("No shopper has enough likings, so that there is nothing to measure on.")
        tell("counting what follows what", 0, 1)
        features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))
        if way == "leave-one-out":
            # What it counted has seen the last likings: it is counted anew without them.
            aligned = saved.shipped.aligned(saved.ids, table.place)
            shipped = aligned.relearned(list(parts.train.values()), len(table))
            figures = measured(shipped, features, parts, everyone, tell)
            figures |= of_opinions(shipped.over(features), held, material.tracks, material.ratings, tell)
        else:
            figures = fit(
                table, material.items, material.tracks, material.encode, everyone, tell,
                held=held, ratings=material.ratings,
            ).figures  # fmt: skip
        if all_models:
            for name, model in baselines(features, material.items, parts, material.encode, everyone, tell):
                found, _ = of_ranking({"": model}, "test", parts.test, features, tell)
                figures |= {f"{name}.{figure}": value for figure, value in found.items()}
        if way == "leave-one-out":
            facts = saved.facts | {"figures": saved.facts["figures"] | figures}
            if home.importances.exists():
                facts["importances"] = json.loads(home.importances.read_text(encoding="utf-8"))
                facts["weighed"] = written_on(home.importances)
            written = card.write(live, facts)
    what = f"Reranker {saved.version}" if way == "leave-one-out" else f"A reranker trained anew, split {way}"
    console.print(figures_table(figures, f"{what}: {len(parts.test):,} held-out likings, each among all items"))
    for names in (card.RANKING, card.LIKING, card.LISTS):
        console.print(_measured(card.rows(figures, names)))
    if way == "leave-one-out":
        console.print(f"Written anew with these figures: {written}", highlight=False)
    return figures


def _measured(lines: Sequence[tuple[str, ...]]) -> Table:
    """What was measured of the reranker, with its intervals: a header, and a line for each figure."""
    table = Table(*lines[0])
    for line in lines[1:]:
        table.add_row(*line)
    return table


@contextmanager
def material_of(home: Home, settings: Settings, tell: Tell) -> Iterator["Material"]:
    """What a training works on, gathered from the home; closed at the end."""
    from ranking.material import Material
    from retrieval.embeddings import EmbeddingCache
    from retrieval.encoder import MiniLMEncoder, ensure_encoder

    connections = Connections(home.database)
    cache = EmbeddingCache(home.folder / "embeddings.sqlite3")
    try:
        encoder = MiniLMEncoder(ensure_encoder(settings.models))
        shown = Store(connections).impressions()
        yield Material.gather(Catalog(connections), Events(connections), encoder, cache, tell, shown)
    finally:
        cache.close()
        connections.close()


def written_on(path: Path) -> str:
    """The day (UTC) on which the file was written: what it says may be older than what it is read with."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()


def figures_table(figures: Mapping[str, float], title: str) -> Table:
    """The metrics on the test of each model that was measured: as many as the terminal shows whole."""
    metrics = METRICS if console.width >= WIDE else FEWER_METRICS
    table = Table("test", *metrics, title=title)
    for prefix, name in MODELS.items():
        if f"{prefix}test.auc" not in figures:
            continue
        table.add_row(name, *(f"{figures[f'{prefix}test.{metric}']:.4f}" for metric in metrics))
    return table
