"""The command that measures the reranker.

Knows progress and tables for people. What is measured is in ``ranking``.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from chat.settings import Settings
from chat.store import Store
from ranking.errors import NoModel, TooFewEvents
from ranking.history import Events
from retrieval.catalog import Catalog
from retrieval.database import Connections
from ui.home import Home
from ui.progress import Tell, bars

if TYPE_CHECKING:  # torch takes seconds to load, and `events` needs none of it
    from ranking.material import Material

METRICS = ("recall@5", "ndcg@5", "mrr@5", "recall@10", "ndcg@10", "mrr@10", "auc")
MODELS = {
    "": "reranker",
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
) -> None:
    """Measure the live reranker against plain ones: each shopper's last liking, among all items they have not had."""
    settings = Settings.model_validate({})
    evaluate_reranker(Home(settings.home), settings, all_models=all_models)


def evaluate_reranker(home: Home, settings: Settings, *, all_models: bool = False) -> dict[str, float]:
    """Measure the live reranker on every shopper's last liking, print the table, and return the figures.

    ``all_models``: every other model is learned on the rest and measured beside it.
    """
    from ranking import folder as model_folder
    from ranking.baselines import baselines
    from ranking.behaviour import split
    from ranking.evaluation import evaluate as measure
    from ranking.evaluation import of_tracks
    from ranking.features import Features
    from ranking.relations import Relations
    from ranking.settings import TrainingSettings
    from ranking.training import measured

    live = model_folder.current(home.rerankers)
    if live is None:
        raise NoModel("No reranker was trained yet. Run: shoptalk train")
    saved = model_folder.load(live)
    with bars(console) as tell, material_of(home, settings, tell) as material:
        parts = split(material.tracks)
        if not parts.test:
            raise TooFewEvents("No shopper has three likings or more, so that there is nothing to measure on.")
        tell("counting what follows what", 0, 1)
        relations = Relations.learn(list(parts.train.values()), material.table.vectors)
        features = Features(material.table, relations)
        everyone = TrainingSettings.model_validate(saved.facts["settings"]).model_copy(update={"measured": EVERYONE})
        figures = measured(saved.network, features, parts, everyone, tell)
        if all_models:
            for name, model in baselines(features, material.items, parts, material.encode, everyone, tell):
                found = measure(of_tracks(model.scores), parts.test, len(material.table))
                figures |= {f"{name}.test.{figure}": value for figure, value in found.items()}
    title = f"Reranker {saved.version}: the last liking of {len(parts.test):,} shoppers, among all items"
    console.print(figures_table(figures, title))
    return figures


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


def figures_table(figures: Mapping[str, float], title: str) -> Table:
    """The metrics on the test of each model that was measured."""
    table = Table("test", *METRICS, title=title)
    for prefix, name in MODELS.items():
        if f"{prefix}test.auc" not in figures:
            continue
        table.add_row(name, *(f"{figures[f'{prefix}test.{metric}']:.4f}" for metric in METRICS))
    return table
