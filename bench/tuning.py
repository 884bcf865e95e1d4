"""What tuning gains, and which features matter: ``python -m bench.tuning [--data DIR] [--json PATH]``.

TRIALS settings of the feature network are tried on a sample of the examples, as ``shoptalk tune`` does; the best and
the usual ones are then trained anew and compared on likings that chose nothing: ``WHERE.before``, ``.after``, ``.gain``
and the ends of its interval (95%), where WHERE is the validation of other shoppers or the test, by history alone or
with a request. ``tried.first`` and ``tried.best`` are on the shoppers who chose, which is where the best looks better
than it is. ``lost.FEATURE`` is the NDCG@10 lost once a feature is shuffled, ``without_weak.WHERE.gain`` what leaving
out those does of which it cannot be said that they add more than noise. ``demo.`` is our own demo shop, which is
synthetic.
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench import grounds
from bench.grounds import Ground
from bench.report import parser, report
from ranking.importance import importances, weak
from ranking.settings import TrainingSettings
from ranking.tryouts import Tryouts
from ranking.tuning import Confirmed, confirm, opened

TRIALS, QUICK_TRIALS = 20, 3
EXAMPLES, QUICK_EXAMPLES = 4_000, 500


def main() -> None:
    """The command."""
    arguments = parser(__doc__, data="beauty").parse_args()
    figures: dict[str, float] = {}
    if (arguments.data / "items.jsonl").exists():
        with grounds.beauty(arguments.data) as ground:
            figures |= measured(ground, quick=arguments.quick)
    else:
        _say(f"No items.jsonl in {arguments.data}: only the demo shop is measured.")
    with grounds.demo() as ground:
        figures |= {f"demo.{name}": value for name, value in measured(ground, quick=arguments.quick).items()}
    report("tuning", figures, json_path=arguments.json, quick=arguments.quick)


def measured(ground: Ground, *, quick: bool) -> dict[str, float]:
    """All figures of one shop."""
    base = TrainingSettings(examples=QUICK_EXAMPLES if quick else EXAMPLES)
    tryouts = Tryouts(ground.features, ground.material.items, ground.parts, ground.material.encode, base)
    before = tryouts.attempt(base)
    figures = {"tried.first": before.value}
    with (
        tempfile.TemporaryDirectory() as name,
        opened(Path(name) / "tuning.sqlite3", "bench", base, "tpe", "median") as study,
    ):
        sought = study.seek(tryouts, QUICK_TRIALS if quick else TRIALS, progress=_Progress())
    figures |= {"tried.best": sought.best, "tried.whole": float(sought.whole), "tried.pruned": float(sought.pruned)}
    chosen = sought.settings.model_dump()
    _say(str({name: value for name, value in chosen.items() if value != base.model_dump()[name]}))
    if sought.settings != base:
        figures |= _figures(confirm(tryouts, base, sought.settings))
    found = importances(before.network, ground.features, tryouts.choosing, base.seed, _Progress())
    figures |= {f"lost.{name}": lost.value for name, lost in found.items()}
    left_out = weak(found)
    _say(f"weak: {', '.join(left_out)}")
    if left_out:
        without = base.model_copy(update={"without": left_out})
        figures |= {f"without_weak.{name}": value for name, value in _figures(confirm(tryouts, base, without)).items()}
    return figures


def _figures(confirmed: Mapping[str, Confirmed]) -> dict[str, float]:
    made: dict[str, float] = {}
    for where, one in confirmed.items():
        name = where.replace(", ", ".").replace(" ", "_")
        gain = one.difference
        made |= {f"{name}.before": one.before.value, f"{name}.after": one.after.value, f"{name}.gain": gain.value,
                 f"{name}.gain_low": gain.low, f"{name}.gain_high": gain.high}  # fmt: skip
    _say(str({name: round(value, 4) for name, value in made.items()}))
    return made


class _Progress:
    """A line whenever the words change."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._last:
            self._last = what
            _say(what)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
