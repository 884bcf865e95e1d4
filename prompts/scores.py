"""The score table: what a version reached on the cases, and what may be said of the difference of two versions.

Pure statistics over results; knows nothing of how they came about (``chat.evaluation``) nor of live traffic
(``prompts.experiment``). Two versions are compared case by case: which has more checks passed is counted, and the sign
test says whether the count could be chance. Figures are compared by their differences in pairs: an interval by the
bootstrap, and a sign-flip test beside it, as the bootstrap alone promises too much of few cases.

All tests of one comparison share ALPHA, so that of comparisons of equal versions at most that share calls anything at
all. It is weighted Bonferroni with one step of Holm's ("A simple sequentially rejective multiple test procedure",
1979): the cases' test has CASES_ALPHA, the figures' the rest in equal parts; where the cases' test calls a difference,
its share passes on to the figures. A test that can call nothing, however the signs of its differences fall, takes no
share (Tarone, "A modified Bonferroni method for discrete data", 1990).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from prompts.results import Failure as Failure
from prompts.results import Result as Result

ALPHA = 0.05  # share of comparisons of equal versions that may call a difference, in the cases or in any figure
CASES_ALPHA = 0.04  # of it, for the cases: 12 better and 3 worse are beyond noise still
DRAWS = 10_000  # so many that the smallest share of ALPHA that a figure may get is in reach of the sign-flip test
LEAST_PAIRS = 6  # with fewer no sign test can call anything

# What is counted of a case, how people call it, and whether more of it is better (None: neither).
FIGURES: dict[str, tuple[str, bool | None]] = {
    "passed": ("checks passed", True),
    "constraints": ("constraints right", True),
    "hit5": ("Hit@5", True),
    "success5": ("simulated success within 5 turns", True),
    "written": ("turns with the LLM's words", True),
    "repaired": ("sentences repaired, per turn", False),
    "cut": ("sentences cut, per turn", False),
    "questions": ("questions, per turn", False),
    "words": ("words, per turn", None),
    "tokens": ("tokens, per turn", False),
    "first_word_ms": ("first word, ms", False),
}


@dataclass(frozen=True)
class Gap:
    """How much more of a figure the second version has, per case, with its interval; ``clear``: beyond noise."""

    figure: str
    pairs: int
    gain: float
    low: float
    high: float
    clear: bool


@dataclass(frozen=True)
class Comparison:
    """Two versions on the cases that both have a result of."""

    first: str
    second: str
    cases: int
    better: int  # cases of which the second passes more
    worse: int
    p: float  # how often equal versions would differ as much
    gaps: tuple[Gap, ...]
    alpha: float = ALPHA  # up to which p the cases' difference is beyond noise

    @property
    def verdict(self) -> int:
        """1: the second is better, -1: worse, beyond noise; 0: no difference can be called."""
        return 0 if self.p > self.alpha else 1 if self.better > self.worse else -1

    @cached_property
    def sentence(self) -> str:
        """What may be said, plainly."""
        if not self.cases:
            return f"{self.first} and {self.second} have no case in common."
        if not self.better + self.worse:
            said = f"{self.second} passes the same as {self.first} on all {self.cases} cases."
        else:
            what = {1: "the gain is beyond noise", -1: "the loss is beyond noise", 0: "the difference is within noise"}
            said = (
                f"{self.second} is better than {self.first} on {self.better}, worse on {self.worse} of {self.cases};"
                f" {what[self.verdict]}."
            )
        clear = [f"{'more' if gap.gain > 0 else 'less'} {FIGURES[gap.figure][0]}" for gap in self.gaps if gap.clear]
        return f"{said} Beyond noise it also has {', '.join(clear)}." if clear else said


def total(results: Sequence[Result]) -> dict[str, float]:
    """The mean of each figure over the cases that have it, and the share of cases that passed whole (``cases``)."""
    cases = [result.ok for result in results if not result.simulated]
    found = {"cases": float(np.mean(cases)) if cases else float("nan")}
    for name in FIGURES:
        held = [value for result in results if (value := _figure(result, name)) is not None]
        if held:
            found[name] = float(np.mean(held))
    return found


def compare(first: Sequence[Result], second: Sequence[Result], seed: int = 0) -> Comparison:
    """The second version against the first, on the cases that both have. The same results give the same answer.

    At most ALPHA of comparisons of equal versions call anything different: the cases, or any of the figures.
    """
    others = {result.case: result for result in second}
    pairs = [(one, others[one.case]) for one in first if one.case in others]
    cases = [(one, other) for one, other in pairs if not one.simulated]
    better = sum(other.share > one.share for one, other in cases)
    worse = sum(other.share < one.share for one, other in cases)
    p = float(stats.binomtest(better, better + worse).pvalue) if better + worse else 1.0
    columns = {}
    for name in FIGURES:
        if name == "passed":
            continue  # the cases' own test speaks of it
        both = [(_figure(one, name), _figure(other, name)) for one, other in pairs]
        columns[name] = np.array([b - a for a, b in both if a is not None and b is not None])
    told = {name: held for name, held in columns.items() if len(held)}
    open_tests = sum(_can_be_called(int(np.count_nonzero(held))) for held in told.values())
    for_cases = ALPHA if not open_tests else CASES_ALPHA
    for_figures = ALPHA - CASES_ALPHA if _can_be_called(better + worse) and p > for_cases else ALPHA
    gaps = tuple(_gap(name, held, for_figures / max(open_tests, 1), seed) for name, held in told.items())
    titles = [results[0].version if results else "nothing" for results in (first, second)]
    return Comparison(titles[0], titles[1], len(cases), better, worse, p, gaps, for_cases)


def _can_be_called(differences: int) -> bool:
    """Whether a test of so many differences that are not zero could call anything, if all had the same sign."""
    return 2.0 ** (1 - differences) <= ALPHA


def band(yes: int, of: int) -> tuple[float, float]:
    """Within which the true share of yes lies, by so many answers (Wilson's interval)."""
    found = stats.binomtest(yes, of).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def _figure(result: Result, name: str) -> float | None:
    if name == "passed":
        return None if result.simulated else result.share
    return result.figures.get(name)


def _gap(name: str, gains: np.ndarray, alpha: float, seed: int) -> Gap:
    """The mean gain, with an interval of 1 - alpha."""
    mean = float(gains.mean())
    if np.ptp(gains) == 0 or len(gains) < LEAST_PAIRS:
        clear = mean != 0 and len(gains) >= LEAST_PAIRS and 2 ** (1 - len(gains)) <= alpha
        return Gap(name, len(gains), mean, mean, mean, clear)
    rng = np.random.default_rng(seed)
    means = gains[rng.integers(0, len(gains), (DRAWS, len(gains)))].mean(axis=1)
    low, high = (float(bound) for bound in np.quantile(means, (alpha / 2, 1 - alpha / 2)))
    return Gap(name, len(gains), mean, low, high, bool((low > 0 or high < 0) and _flipped(gains, rng) <= alpha))


def _flipped(gains: np.ndarray, rng: np.random.Generator) -> float:
    """How often the mean is as far from zero where each difference has its sign by chance; exact where they are few."""
    count = len(gains)
    exact = 2**count <= DRAWS
    every = np.arange(2**count)[:, None] >> np.arange(count) & 1 if exact else None
    signs = rng.integers(0, 2, (DRAWS, count)) if every is None else every
    far = np.abs((2 * signs - 1) @ gains) >= abs(gains.sum()) - 1e-9 * np.abs(gains).sum()  # a tie is as far
    return float(far.mean()) if exact else float((far.sum() + 1) / (DRAWS + 1))
