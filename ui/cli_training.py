"""The command that trains the reranker.

Knows progress and tables for people. What is learned, and how, is in ``ranking``.
"""

import shutil
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chat.settings import Settings
from ranking.card import CARD
from ranking.errors import NoModel, SettingError
from ranking.settings import TrainingSettings, changed
from ui.cli_ranking import figures_table, material_of
from ui.home import Home
from ui.progress import bars

console = Console()


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(train)


def train(
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the training, as NAME=VALUE, or @FILE of such (YAML, JSON). Repeat."),
    ] = None,
    fresh: Annotated[bool, typer.Option(help="Begin anew, though a training was cut off before its end.")] = False,
) -> None:
    """Train the reranker on the shop's events; it goes live if it is not worse than the one before.

    One that was cut off goes on where it was. Ctrl-C ends the training and keeps the best so far.
    """
    settings = Settings.model_validate({})
    train_reranker(Home(settings.home), settings, changes or [], fresh=fresh)


def train_reranker(home: Home, settings: Settings, changes: list[str] | None = None, *, fresh: bool = False) -> Path:
    """Train on all events, save the model, make it live if it is not worse than the live one on validation.

    ``changes`` are those of ``ranking.settings.changed``. Returns the model's folder. Raises TooFewEvents and
    SettingError. Ctrl-C ends the training and keeps the best so far.
    """
    from ranking import folder as model_folder
    from ranking.training import train as fit

    started = time.monotonic()
    training_settings = chosen(home, changes or [])
    live = model_folder.current(home.rerankers)
    if fresh:
        shutil.rmtree(home.partial, ignore_errors=True)
    try:
        former = model_folder.load(live).network if live else None
    except NoModel:  # damaged, or of another form: nothing to compare with
        former = None
    with bars(console) as tell, material_of(home, settings, tell) as material:
        training = fit(
            material.table,
            material.items,
            material.tracks,
            material.encode,
            training_settings,
            tell,
            former=former,
            checkpoints=home.partial,
            ratings=material.ratings,
        )
        folder = model_folder.save(home.rerankers, training, material.table.ids)
    figures = training.figures
    console.print(figures_table(figures, f"Reranker {folder.name}: each shopper's last liking, among all items"))
    new, old = figures["validation.ndcg@10"], figures.get("former.validation.ndcg@10", -1.0)
    if live is not None and new < old:
        stays = f"Validation NDCG@10 {new:.4f} is below the live reranker's {old:.4f}: {live.name} stays live."
        console.print(stays, highlight=False)
    else:
        model_folder.go_live(folder)
        console.print(f"{folder.name} is live.", highlight=False)
    if training.interrupted:
        stopped = " Stopped by you; the best so far was kept, and `shoptalk train` goes on from there."
    else:
        stopped = ""
        shutil.rmtree(home.partial, ignore_errors=True)
    console.print(
        f"{time.monotonic() - started:.0f} s. Its card: {folder / CARD}. Its curve: {folder / 'curve.svg'}.{stopped}",
        highlight=False,
    )
    return folder


def chosen(home: Home, changes: list[str]) -> TrainingSettings:
    """The usual settings, those that tuning found for this shop instead, and the changes over both; says so."""
    from ranking.features import NAMES

    tuned = [f"@{home.tuned}"] if home.tuned.exists() else []
    if tuned:
        console.print(f"With the settings in {home.tuned}, which `shoptalk tune` found.", highlight=False)
    made = changed(TrainingSettings(), [*tuned, *changes])
    if unknown := sorted(set(made.without) - set(NAMES)):
        raise SettingError(f"without={','.join(unknown)}: no feature has that name. There are: {', '.join(NAMES)}.")
    return made
