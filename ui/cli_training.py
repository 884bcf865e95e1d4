"""The command that trains the reranker.

Knows progress and tables for people. What is learned, and how, is in ``ranking``.
"""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from chat.settings import Settings
from ranking.card import CARD
from ranking.errors import NoModel, SettingError
from ranking.settings import Hardware, TrainingSettings, changed
from ui.cli_ranking import figures_table, material_of, written_on
from ui.home import Home
from ui.progress import bars

if TYPE_CHECKING:  # torch takes seconds to load
    from ranking.folder import Saved

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
    go_live: Annotated[str, typer.Option(metavar="REASON", help="Make it live however it does; why, is kept.")] = "",
    ray: Annotated[
        str, typer.Option(help="Train on a Ray cluster: its HOST:PORT, or local. Needs the extra ray.")
    ] = "",
    since: Annotated[
        str, typer.Option(metavar="DAY|last", help="No training anew: update the live one by what came after that.")
    ] = "",
) -> None:
    """Train the reranker on the shop's events; it goes live unless it is worse than the live one beyond noise.

    One that was cut off goes on where it was. Ctrl-C ends the training and keeps the best so far.
    """
    settings = Settings.model_validate({})
    given = [*([f"ray={ray}", "processes=2"] if ray else []), *(changes or [])]
    train_reranker(Home(settings.home), settings, given, fresh=fresh, go_live=go_live, since=since)


def train_reranker(
    home: Home,
    settings: Settings,
    changes: list[str] | None = None,
    *,
    fresh: bool = False,
    go_live: str = "",
    since: str = "",
) -> Path:
    """Train on all events, save the model, make it live unless it is worse than the live one beyond noise.

    ``go_live`` is the reason to make it live all the same. ``changes`` are those of ``ranking.settings.changed``.
    ``since`` (a day, or "last": what the live one has not seen) makes it an update of the live one, whose settings it
    keeps. Returns the model's folder. Raises TooFewEvents, NoModel and SettingError. Ctrl-C ends the training and
    keeps the best so far.
    """
    from ranking import folder as model_folder
    from ranking.lives import succeed
    from ranking.succession import judged
    from ranking.training import train as fit

    started = time.monotonic()
    live = model_folder.current(home.rerankers)
    if fresh:
        shutil.rmtree(home.partial, ignore_errors=True)
    try:
        former = model_folder.load(live) if live else None
    except NoModel:  # damaged, or of another form: nothing to compare with
        former = None
    begin = None
    if since:
        begin, training_settings = _update(former, since, changes or [])
    else:
        training_settings = chosen(home, changes or [])
    with bars(console) as tell, material_of(home, settings, tell) as material:
        training = fit(
            material.table,
            material.items,
            material.tracks,
            material.encode,
            training_settings,
            tell,
            former=former.shipped.aligned(former.ids, material.table.place) if former else None,
            checkpoints=home.partial,
            ratings=material.ratings,
            since=begin,
        )
        verdict = judged(training.figures, live.name if live else "")
        notes = {
            "verdict": verdict.sentence,
            "forced": "" if verdict.may_take_over else go_live,
            "updates": live.name if live and since else "",
        }
        folder = model_folder.save(home.rerankers, training, material.table.ids, notes)
    figures = training.figures
    console.print(figures_table(figures, f"Reranker {folder.name}: each shopper's last liking, among all items"))
    console.print(verdict.sentence, highlight=False)
    if training.reread is not None:
        console.print(training.reread.sentence(), highlight=False)
    if verdict.may_take_over or go_live:
        succeed(folder, notes["forced"] or (f"update of {notes['updates']}" if since else "trained"))
        console.print(f"{folder.name} is live.", highlight=False)
    else:
        way = f"To take the new one all the same: shoptalk rerankers --live {folder.name}"
        console.print(f"{live.name if live else ''} stays live. {way}", highlight=False)
    if training.interrupted:
        stopped = " Stopped by you; the best so far was kept, and the same command goes on from there."
    else:
        stopped = ""
        shutil.rmtree(home.partial, ignore_errors=True)
    console.print(
        f"{time.monotonic() - started:.0f} s. Its card: {folder / CARD}. Its curve: {folder / 'curve.svg'}.{stopped}",
        highlight=False,
    )
    return folder


def _update(live: "Saved | None", since: str, changes: list[str]) -> tuple[float, TrainingSettings]:
    """From when on events are new to the live one, in unix seconds, and its own settings with the changes."""
    from ranking.update import moment, same_sizes

    if live is None:
        raise NoModel("There is no live reranker to update. Run: shoptalk train")
    # Where it was trained is no matter: this may be another machine.
    its = TrainingSettings.model_validate({**live.facts["settings"], **Hardware().model_dump()})
    made = changed(its, changes)
    same_sizes(made, its)
    return moment(since, live.facts["data"]["last"]), made


def chosen(home: Home, changes: list[str]) -> TrainingSettings:
    """The usual settings, those that tuning found for this shop instead, and the changes over both; says so."""
    from ranking.features import NAMES

    tuned = [f"@{home.tuned}"] if home.tuned.exists() else []
    if tuned:
        day = written_on(home.tuned)
        console.print(f"With the settings in {home.tuned}, which `shoptalk tune` found on {day}.", highlight=False)
    made = changed(TrainingSettings(), [*tuned, *changes])
    if unknown := sorted(set(made.without) - set(NAMES)):
        raise SettingError(f"without={','.join(unknown)}: no feature has that name. There are: {', '.join(NAMES)}.")
    return made
