"""Tuning: which settings make the best network, sought by Optuna among those that make sense.

Knows the space of settings, and how trials are chosen, pruned and kept. Knows nothing of how one is carried out
(``ranking.tryouts``), nor of the command line.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import TrialState
from sqlalchemy.exc import SQLAlchemyError

from ranking.bootstrap import Interval, differences, means
from ranking.descent import Epoch
from ranking.errors import Diverged, SettingError
from ranking.models.network import Network
from ranking.settings import Hardware, TrainingSettings, Way
from ranking.tryouts import SEEDS, Tryouts

log = logging.getLogger(__name__)

Method = Literal["tpe", "random", "grid"]
Prune = Literal["median", "hyperband", "none"]
FORM = 1  # of the space; trials of another form are left alone
TENTHS = 10  # trials are compared at the same tenth of their epochs, since epochs is one of the settings
FIRST = 5  # trials that are not pruned by the median, so that there is one
SPARED = 2  # tenths in which nothing is pruned: the learning rate still rises
FEWEST_TO_WEIGH = 10  # whole trials below which nothing is said of which setting matters

_WAYS: dict[str, tuple[Way, ...]] = {"none": (), **{way: (way,) for way in get_args(Way)}, "all": get_args(Way)}


@dataclass(frozen=True)
class Range:
    """Any number between two; ``log``: by its logarithm."""

    low: float
    high: float
    log: bool = False


# What a trial may set. Batches, seeds, patience and what only costs time are left as they are.
SPACE: Mapping[str, Range | tuple[Any, ...]] = {
    "learning_rate": Range(1e-3, 2e-2, log=True),
    "weight_decay": Range(1e-4, 1e-1, log=True),
    "dropout": Range(0.0, 0.4),
    "hidden": (16, 32, 64, 128),
    "epochs": (8, 12, 20),
    "hard": (40, 80, 160),
    "asked": (25, 50, 100),
    "random": (50, 100, 200),
    "requested": (0.3, 0.5, 0.7),
    "loosely": (0.2, 0.4, 0.6),
    "augment": tuple(_WAYS),
}
# The grid's own: all combinations of all of the above would be millions.
GRID: Mapping[str, tuple[Any, ...]] = {
    "learning_rate": (2e-3, 4e-3, 8e-3),
    "hidden": (16, 32, 64),
    "dropout": (0.0, 0.1, 0.3),
}


@dataclass(frozen=True)
class Sought:
    """What the trials came to; ``settings`` are the best one's."""

    settings: TrainingSettings
    best: float
    whole: int  # trials that ran to their end
    pruned: int
    weights: Mapping[str, float]  # how much each setting matters, summing to 1; empty after too few trials


@dataclass(frozen=True)
class Confirmed:
    """NDCG@10 on likings that chose nothing, before and after, and their difference, each with its interval."""

    before: Interval
    after: Interval
    difference: Interval


class Study:
    """The trials of one shop's events, of one method and of what was set before, in a file: they go on after a stop."""

    def __init__(self, study: optuna.Study, base: TrainingSettings, method: Method) -> None:
        self._study, self._base, self._method = study, base, method

    @property
    def finished(self) -> int:
        """Trials that ran to their end or were pruned."""
        return len(self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)))

    @property
    def best(self) -> float | None:
        """The highest value so far."""
        whole = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return max((trial.value for trial in whole if trial.value is not None), default=None)

    def seek(
        self,
        tryouts: Tryouts,
        trials: int,
        seconds: float | None = None,
        progress: Callable[[str, int, int], None] = lambda what, done, total: None,
    ) -> Sought:
        """Go on until there are ``trials`` in all, or until the time is over; KeyboardInterrupt passes at once.

        The first trial is what was set before. No trial is begun after ``seconds``; one that runs is finished.
        """
        started = time.monotonic()

        def told(share: float) -> None:
            best = "" if self.best is None else f", best {self.best:.4f}"
            what = f"trying settings: {min(self.finished + 1, trials)} of {trials}{best}"
            done, spent = (self.finished + share) / trials, time.monotonic() - started
            progress(what, round(1000 * min(1.0, max(done, spent / seconds if seconds else 0.0))), 1000)

        def objective(trial: optuna.Trial) -> float:
            settings = self._suggested(trial)
            seen: set[int] = set()

            def watch(epoch: Epoch) -> None:
                tenth = TENTHS * epoch.number // settings.epochs
                if tenth not in seen:
                    seen.add(tenth)
                    trial.report(epoch.validation, tenth)
                if trial.should_prune():
                    raise optuna.TrialPruned

            try:
                return tryouts.attempt(settings, lambda _, done, total: told(done / max(total, 1)), watch).value
            except Diverged as error:
                log.info("trial %d: %s", trial.number, error)
                raise optuna.TrialPruned from error

        told(0)
        left = trials - self.finished
        if left > 0:
            self._study.optimize(objective, n_trials=left, timeout=seconds)
        return self.sought()

    def sought(self) -> Sought:
        """What the trials came to so far; SettingError if none is whole."""
        whole = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if not whole:
            raise SettingError("No trial ran to its end yet. Run the command again, with more time.")
        best = self._study.best_trial
        weights: dict[str, float] = {}
        if len(whole) >= FEWEST_TO_WEIGH:
            weights = optuna.importance.get_param_importances(self._study)
        return Sought(
            _with(self._base, best.params), float(best.value or 0), len(whole), self.finished - len(whole), weights
        )

    def _suggested(self, trial: optuna.Trial) -> TrainingSettings:
        chosen = {}
        for name, held in SPACE.items():
            if self._method == "grid" and name not in GRID:
                continue
            if isinstance(held, Range):
                chosen[name] = trial.suggest_float(name, held.low, held.high, log=held.log)
            else:
                chosen[name] = trial.suggest_categorical(name, held)
        return _with(self._base, chosen)


@contextmanager
def opened(file: Path, data: str, base: TrainingSettings, method: Method, prune: Prune) -> Iterator[Study]:
    """The study in the SQLite ``file`` of the ``data`` (its hash), begun if there is none; SettingError if damaged.

    Whoever calls sees to it that no other process tries settings in the same file: a trial that is still running there
    is taken for one that was cut off.
    """
    optuna.logging.disable_default_handler()
    optuna.logging.enable_propagation()
    try:
        storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
        try:
            start = hashlib.sha256(base.model_dump_json(exclude=set(Hardware.model_fields)).encode()).hexdigest()
            name = f"{FORM} {method} {data[:12]} {start[:12]}"
            study = optuna.create_study(
                storage=storage, study_name=name, load_if_exists=True, direction="maximize", pruner=_pruner(prune)
            )
            for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                study.tell(trial.number, state=TrialState.FAIL)
            # Another seed for each start, or a second start would draw what the first one drew.
            study.sampler = _sampler(method, base.seed + len(study.trials))
            if not study.trials and (known := _as_params(base, method)):
                study.enqueue_trial(known)
            yield Study(study, base, method)
        finally:
            storage.engine.dispose()
    except SQLAlchemyError as error:
        raise SettingError(f"{file} cannot be used ({error.__class__.__name__}). Delete it to begin anew.") from error


def confirm(
    tryouts: Tryouts,
    before: TrainingSettings,
    after: TrainingSettings,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> dict[str, Confirmed]:
    """Train with both settings anew, over SEEDS, and compare them on the likings that chose nothing.

    Keys are "validation, by history", "test, with a request" and so on.
    """
    networks: dict[str, list[Network]] = {}
    for name, settings in (("before", before), ("after", after)):
        networks[name] = []
        for number in range(SEEDS):
            progress(f"training with the settings {name}", number, SEEDS)
            own = settings.model_copy(update={"seed": settings.seed + number})
            networks[name].append(tryouts.attempt(own).network)
    made = {}
    for part, cases in tryouts.cases.items():
        progress(f"measuring on {part}", 0, 1)
        gained = {name: tryouts.measured(held, cases) for name, held in networks.items()}
        for way in gained["before"]:
            made[f"{part}, {way}"] = compared(gained["before"][way], gained["after"][way])
    return made


def compared(before: NDArray[np.float64], after: NDArray[np.float64]) -> Confirmed:
    """Both means over the same cases, and the mean difference, with their intervals."""
    columns = means({"before": before, "after": after})
    return Confirmed(columns["before"], columns["after"], differences({"": after}, {"": before})[""])


def is_better(confirmed: Mapping[str, Confirmed]) -> bool:
    """Whether what was found is better on the validation likings that chose nothing, both ways taken together."""
    held = [one.difference.value for name, one in confirmed.items() if name.startswith("validation")]
    return float(np.mean(held)) > 0


def _with(base: TrainingSettings, chosen: Mapping[str, Any]) -> TrainingSettings:
    changes = {name: _WAYS[value] if name == "augment" else value for name, value in chosen.items()}
    return TrainingSettings.model_validate({**base.model_dump(), **changes})


def _as_params(base: TrainingSettings, method: Method) -> dict[str, Any]:
    """The settings as a trial's parameters; nothing where they lie outside of the space, and for a grid."""
    held = {name: getattr(base, name) for name in SPACE}
    held["augment"] = next((name for name, ways in _WAYS.items() if ways == base.augment), "")
    inside = all(
        span.low <= held[name] <= span.high if isinstance(span, Range) else held[name] in span
        for name, span in SPACE.items()
    )
    return held if inside and method != "grid" else {}


def _sampler(method: Method, seed: int) -> optuna.samplers.BaseSampler:
    if method == "grid":
        return optuna.samplers.GridSampler(GRID, seed=seed)
    if method == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed)


def _pruner(prune: Prune) -> optuna.pruners.BasePruner:
    if prune == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=FIRST, n_warmup_steps=SPARED)
    if prune == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=SPARED, max_resource=TENTHS)
    return optuna.pruners.NopPruner()
