"""The commands of the reranker: ``train``, ``evaluate``.

Knows progress and tables for people. What is learned and measured is in ``ranking``.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
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
    """Add the commands."""
    app.command()(train)
    app.command()(evaluate)


def train() -> None:
    """Train the reranker on the shop's events; it goes live if it is not worse than the one before."""
    settings = Settings.model_validate({})
    train_reranker(Home(settings.home), settings)


def evaluate(
    all_models: Annotated[bool, typer.Option("--all", help="Also learn and measure every other model.")] = False,
) -> None:
    """Measure the live reranker against plain ones: each shopper's last liking, among all items they have not had."""
    settings = Settings.model_validate({})
    evaluate_reranker(Home(settings.home), settings, all_models=all_models)


def train_reranker(home: Home, settings: Settings) -> Path:
    """Train on all events, save the model, make it live if it is not worse than the live one on validation.

    Returns the model's folder. Raises TooFewEvents. Ctrl-C ends the training and keeps the best so far.
    """
    from ranking import folder as model_folder
    from ranking.training import train as fit

    started = time.monotonic()
    live = model_folder.current(home.rerankers)
    try:
        former = model_folder.load(live).network if live else None
    except NoModel:  # damaged, or of another form: nothing to compare with
        former = None
    with bars(console) as tell, material_of(home, settings, tell) as material:
        training = fit(material.table, material.items, material.tracks, material.encode, progress=tell, former=former)
        folder = model_folder.save(home.rerankers, training, material.table.ids)
    figures = training.figures
    console.print(_table(figures, f"Reranker {folder.name}: each shopper's last liking, among all items"))
    new, old = figures["validation.ndcg@10"], figures.get("former.validation.ndcg@10", -1.0)
    if live is not None and new < old:
        stays = f"Validation NDCG@10 {new:.4f} is below the live reranker's {old:.4f}: {live.name} stays live."
        console.print(stays, highlight=False)
    else:
        model_folder.go_live(folder)
        console.print(f"{folder.name} is live.", highlight=False)
    stopped = " Stopped by you; the best so far was kept." if training.interrupted else ""
    console.print(f"{time.monotonic() - started:.0f} s.{stopped}", highlight=False)
    return folder


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
    console.print(_table(figures, title))
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


def _table(figures: Mapping[str, float], title: str) -> Table:
    table = Table("test", *METRICS, title=title)
    for prefix, name in MODELS.items():
        if f"{prefix}test.auc" not in figures:
            continue
        table.add_row(name, *(f"{figures[f'{prefix}test.{metric}']:.4f}" for metric in METRICS))
    return table
