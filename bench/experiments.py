"""How often the watching of two prompt versions calls a difference that is none, and how soon one that is there.

Experiments are drawn, looked at on each of 60 days, and stopped at the first call. Also how often the score table calls
two versions the same that are (drawn results, as a model without temperature 0 gives them), and how long a list of
1,000 versions takes. Needs no data.
"""

import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from bench.report import parser, report
from prompts.experiment import Arm, difference
from prompts.library import Library
from prompts.scores import Result, compare
from prompts.versions import Versions
from retrieval.database import Connections

DAYS = 60
DAILY = 100  # conversations of each arm a day
RATE = 0.20  # of conversations with a success, of the version that is live
GAINS = (0.03, 0.05)  # how much better the other one is, where it is
CASES, CHECKS = 60, 4  # of a score table, and of each case
COMPARISONS = 200
WORSE = 0.15  # of the checks, that a worse version passes less
SEED = 20261128


def called_on(first: np.ndarray, second: np.ndarray) -> int | None:
    """The day of the first call, from 1; None where there was none. The arrays hold each day's successes."""
    for day, (a, b) in enumerate(zip(first.cumsum(), second.cumsum(), strict=True), 1):
        seen = difference(Arm(day * DAILY, int(a)), Arm(day * DAILY, int(b)))
        if seen is not None and seen.sure:
            return day
    return None


def experiments(count: int, gain: float) -> list[int | None]:
    """The day on which each of so many experiments of this gain was called; None where it was not."""
    generator = np.random.default_rng([SEED, round(gain * 1000)])
    return [
        called_on(generator.binomial(DAILY, RATE, DAYS), generator.binomial(DAILY, RATE + gain, DAYS))
        for _ in range(count)
    ]


def scored(generator: np.random.Generator, likely: np.ndarray) -> list[Result]:
    """A version's results on the cases, whose checks pass this likely, with figures as noisy as a small model's."""
    return [
        Result(
            case=str(number),
            version="drawn",
            checks=CHECKS,
            passed=int(generator.binomial(CHECKS, share)),
            figures={
                "constraints": float(generator.binomial(2, 0.9)) / 2,
                "hit5": float(generator.binomial(1, 0.8)),
                "written": float(generator.binomial(2, 0.8)) / 2,
                "repaired": float(generator.poisson(0.3)),
                "cut": float(generator.poisson(0.2)),
                "questions": float(generator.poisson(0.1)),
                "words": (words := float(generator.normal(20, 5))),
                "tokens": 700 + 1.4 * words + float(generator.normal(0, 30)),
                "first_word_ms": float(generator.lognormal(5, 0.4)),
            },
        )
        for number, share in enumerate(likely)
    ]


def called_the_same(count: int) -> tuple[float, float]:
    """Of so many comparisons of equal versions, the shares called the same: by the cases, and in all that is told."""
    generator = np.random.default_rng(SEED)
    cases = whole = 0
    for _ in range(count):
        likely = generator.beta(4, 1, CASES)
        found = compare(scored(generator, likely), scored(generator, likely))
        cases += found.verdict == 0
        whole += found.verdict == 0 and not any(gap.clear for gap in found.gaps)
    return cases / count, whole / count


def worse_called(count: int) -> float:
    """Of so many comparisons with a version that passes WORSE less of its checks, the share called worse."""
    generator = np.random.default_rng([SEED, 1])
    called = 0
    for _ in range(count):
        likely = generator.beta(4, 1, CASES)
        called += compare(scored(generator, likely), scored(generator, np.maximum(likely - WORSE, 0))).verdict < 0
    return called / count


def listing_ms(count: int) -> float:
    """Milliseconds that a list of so many versions takes, the median of nine."""
    with tempfile.TemporaryDirectory() as folder:
        connections = Connections(Path(folder) / "shop.db")
        files = Library()
        versions = Versions(connections, files)
        versions.adopt(files)
        text = files.get("reply").content
        made = [versions.check(f"{text}{{# {number} #}}\n", "bench") for number in range(count - len(files.names))]
        versions.publish_all(made, "bench")
        taken = []
        for _ in range(9):
            begun = time.perf_counter()
            assert len(versions.all()) == count
            taken.append((time.perf_counter() - begun) * 1000)
        connections.close()
    return median(taken)


def main() -> None:
    """Run it."""
    arguments = parser(__doc__).parse_args()
    count = 100 if arguments.quick else 1000
    figures: dict[str, float] = {}
    alarms = [day for day in experiments(count, 0.0) if day]
    figures["false_alarms"] = len(alarms) / count
    for gain in GAINS:
        days = experiments(count, gain)
        seen = sorted(day for day in days if day)
        figures[f"power@+{gain:.2f}"] = len(seen) / count
        figures[f"days_to_call_median@+{gain:.2f}"] = float(seen[len(seen) // 2]) if seen else float("nan")
    same = called_the_same(20 if arguments.quick else COMPARISONS)
    figures["equal_versions_same_by_cases"], figures["equal_versions_same_in_all"] = same
    figures[f"worse_versions_called@-{WORSE:.2f}"] = worse_called(20 if arguments.quick else COMPARISONS)
    figures["list_1000_ms"] = listing_ms(1000)
    report("experiments", figures, json_path=arguments.json, quick=arguments.quick)


if __name__ == "__main__":
    main()
