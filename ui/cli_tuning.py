"""The command that seeks the settings by which the reranker is trained.

Knows progress and tables for people. What is tried, and how, is in ``ranking``.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from chat.errors import SetupError
from chat.settings import Settings
from ranking.settings import TrainingSettings
from ui.cli_ranking import material_of
from ui.cli_training import chosen
from ui.home import Home
from ui.progress import Tell, bars

if TYPE_CHECKING:  # torch and Optuna take seconds to load
    from ranking.bootstrap import Interval
    from ranking.material import Material
    from ranking.tryouts import Tryouts
    from ranking.tuning import Confirmed, Sought

Method = Literal["tpe", "random", "grid"]  # as ranking.tuning has them
Prune = Literal["median", "hyperband", "none"]

console = Console(highlight=False)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tune)


def tune(
    trials: Annotated[
        int, typer.Option(min=1, help="How many settings are tried, those of earlier runs among them.")
    ] = 30,
    minutes: Annotated[float, typer.Option(min=0, help="No trial begins after so long; 0: as long as it takes.")] = 0,
    method: Annotated[Method, typer.Option(help="tpe (learns from the trials before), random, or grid.")] = "tpe",
    prune: Annotated[Prune, typer.Option(help="What ends a poor trial early: median, hyperband, or none.")] = "median",
    examples: Annotated[
        int, typer.Option(min=1, help="A trial learns from so many at most; the comparison from all.")
    ] = 5_000,
    features: Annotated[
        bool, typer.Option("--features", help="Weigh the features instead, and leave out weak ones.")
    ] = False,
    changes: Annotated[list[str] | None, typer.Option("--set", help="A setting to begin from, as in `train`.")] = None,
) -> None:
    """Try other settings of the training, and keep those that make a better reranker; `train` then takes them.

    Ctrl-C ends it; the same command goes on where it was.
    """
    settings = Settings.model_validate({})
    home = Home(settings.home)
    if features:
        weigh_features(home, settings, changes or [])
    else:
        tune_reranker(home, settings, trials, minutes, method, prune, examples, changes or [])


def tune_reranker(
    home: Home,
    settings: Settings,
    trials: int,
    minutes: float,
    method: Method,
    prune: Prune,
    examples: int,
    changes: list[str],
) -> None:
    """Try settings, compare the best with what was set before, and write it to ``home.tuned`` if it is better.

    Raises TooFewEvents and SettingError. KeyboardInterrupt passes: whatever was tried is kept in ``home.tuning``.
    """
    from ranking.training import data_hash
    from ranking.tuning import confirm, opened

    base = chosen(home, changes)
    fewer = base.model_copy(update={"examples": min(base.examples, examples)})
    with _alone(home), bars(console) as tell, _tryouts(home, settings, fewer, tell) as (material, tryouts):
        data = data_hash(material.table, material.tracks)
        with opened(home.tuning, data, fewer, method, prune) as study:
            try:
                sought = study.seek(tryouts, trials, 60 * minutes or None, tell)
            except KeyboardInterrupt:
                console.print(
                    f"Stopped after {study.finished} of {trials} trials; the same command goes on from there."
                )
                raise
        after = sought.settings.model_copy(update={"examples": base.examples})
        confirmed = confirm(tryouts, base, after, tell) if after != base else {}
    console.print(_settings_table(base, after, sought))
    if not confirmed:
        console.print("None of them did better than the settings that were there before: they stay.")
        return
    _conclude(home, after, confirmed)
    console.print(
        f"The best of {sought.whole + sought.pruned} trials is the best by luck too: on the shoppers who chose it "
        f"({sought.best:.4f}) it looks better than it is. The table is of shoppers, and of likings, that chose nothing."
    )


def weigh_features(home: Home, settings: Settings, changes: list[str]) -> None:
    """Train, show what each feature adds, train without the weak ones, and leave these out from now on if it is better.

    Raises TooFewEvents and SettingError. The weights are written to ``home.importances`` too.
    """
    from ranking.importance import importances, weak
    from ranking.tuning import confirm

    base = chosen(home, changes)
    with _alone(home), bars(console) as tell, _tryouts(home, settings, base, tell) as (_, tryouts):
        network = tryouts.attempt(base, tell).network
        found = importances(network, tryouts.features, tryouts.choosing, base.seed, tell)
        left_out = weak(found)
        after = base.model_copy(update={"without": (*base.without, *left_out)})
        confirmed = confirm(tryouts, base, after, tell) if left_out else {}
    table = Table("feature", "NDCG@10 lost", title="What is lost, by history alone, once a feature is shuffled")
    for name, lost in found.items():
        table.add_row(name, f"{_between(lost)}{'' if lost.clear else ' (may be chance)'}")
    console.print(table)
    weights = {name: {"value": lost.value, "low": lost.low, "high": lost.high} for name, lost in found.items()}
    home.importances.write_text(json.dumps(weights, indent=2) + "\n", encoding="utf-8")
    if not confirmed:
        console.print("Each of them adds more than noise: all stay.")
        return
    console.print(f"Trained without {', '.join(left_out)}:")
    _conclude(home, after, confirmed)


def _conclude(home: Home, after: TrainingSettings, confirmed: "Mapping[str, Confirmed]") -> None:
    """Show the comparison, and keep the settings if it says so."""
    from ranking.tuning import is_better

    console.print(_confirmed_table(confirmed))
    if not is_better(confirmed):
        console.print("On validation it is not better: the settings that were there before stay.")
        return
    home.tuned.write_text(json.dumps(_differing(after), indent=2) + "\n", encoding="utf-8")
    console.print(f"Kept in {home.tuned}: `shoptalk train` takes them from now on. Delete the file to go back.")


@contextmanager
def _tryouts(
    home: Home, settings: Settings, base: TrainingSettings, tell: Tell
) -> "Iterator[tuple[Material, Tryouts]]":
    from ranking.behaviour import split
    from ranking.features import Features
    from ranking.relations import Relations
    from ranking.tryouts import Tryouts

    with material_of(home, settings, tell) as material:
        parts = split(material.tracks)
        tell("counting what follows what", 0, 1)
        features = Features(material.table, Relations.learn(list(parts.train.values()), material.table.vectors))
        yield material, Tryouts(features, material.items, parts, material.encode, base, tell)


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    with (home.folder / "tuning.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SetupError(f"Settings are being tried for {home.folder} already. Wait for it, or stop it.") from error
        yield


def _differing(settings: TrainingSettings) -> dict[str, Any]:
    """The settings that are not the defaults, as ``train --set @FILE`` reads them."""
    usual = TrainingSettings().model_dump(mode="json")
    return {name: value for name, value in settings.model_dump(mode="json").items() if value != usual[name]}


def _settings_table(before: TrainingSettings, after: TrainingSettings, sought: "Sought") -> Table:
    from ranking.tuning import SPACE

    title = f"The best settings of {sought.whole} whole trials and {sought.pruned} that were ended early"
    table = Table("setting", "before", "best", "how much it matters", title=title)
    for name in sorted(SPACE, key=lambda name: -sought.weights.get(name, 0)):
        weight = f"{sought.weights[name]:.0%}" if name in sought.weights else ""
        table.add_row(name, _said(getattr(before, name)), _said(getattr(after, name)), weight)
    return table


def _confirmed_table(confirmed: "Mapping[str, Confirmed]") -> Table:
    table = Table("NDCG@10", "before", "after", "difference", title="Both trained anew, on likings that chose nothing")
    for name, one in confirmed.items():
        difference = one.difference
        sure = "" if difference.clear else " (may be chance)"
        between = f"{difference.value:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}]{sure}"
        table.add_row(name, _between(one.before), _between(one.after), between)
    return table


def _between(held: "Interval") -> str:
    return f"{held.value:.4f} [{held.low:.4f}, {held.high:.4f}]"


def _said(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return ", ".join(value) or "none" if isinstance(value, tuple) else str(value)
