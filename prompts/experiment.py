"""Comparing two versions on live conversations: who gets which, and what may be said of the difference, on any day.

Pure statistics; knows nothing of prompts, conversations or tables. The difference of two rates is given with a
confidence sequence: an interval that holds at every look at once, so that looking every day and stopping when it leaves
zero keeps the stated share of false alarms. It is Robbins' normal mixture (1970) on the information gathered, in the
form of Johari, Koomen, Pekelis and Walsh, "Peeking at A/B Tests" (2017); as that rests on the central limit theorem,
nothing is said before LEAST_TRIALS of each arm.
"""

import hashlib
from dataclasses import dataclass
from math import log, sqrt
from statistics import NormalDist

LEAST_TRIALS = 100  # of each arm, before anything is said
LEAST_OF_EACH = 5  # successes, and failures, of both arms together
ALPHA = 0.05  # share of experiments without a difference that may ever call one
PLANNED = 0.05  # the difference of rates at which the interval is narrowest for the traffic that it takes to see it


@dataclass(frozen=True)
class Arm:
    """What became of the conversations that used one version."""

    trials: int
    successes: int

    @property
    def rate(self) -> float:
        """Successes by trials; 0 without any."""
        return self.successes / self.trials if self.trials else 0.0


@dataclass(frozen=True)
class Difference:
    """How much the second rate is above the first, with an interval that holds at every look."""

    gain: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether the interval leaves zero out: the one version is better, or worse."""
        return self.low > 0 or self.high < 0


def takes_candidate(key: str, name: str, share: float) -> bool:
    """Whether the conversation of this key is among the share (0-1) that gets the candidate of this prompt.

    The same key always gives the same answer, a greater share keeps whoever was in it, and prompts are independent.
    """
    digest = hashlib.sha256(f"{name}:{key}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 < share


def difference(first: Arm, second: Arm, alpha: float = ALPHA) -> Difference | None:
    """The second's rate less the first's; None while too little is known to say anything."""
    successes = first.successes + second.successes
    trials = first.trials + second.trials
    if min(first.trials, second.trials) < LEAST_TRIALS or min(successes, trials - successes) < LEAST_OF_EACH:
        return None
    # Of both together, as under no difference: an arm that had no success yet has no variance of its own.
    pooled = successes / trials
    information = 1 / (pooled * (1 - pooled) * (1 / first.trials + 1 / second.trials))
    gain = second.rate - first.rate
    width = sqrt((information + _mixture(alpha)) * log((information + _mixture(alpha)) / (_mixture(alpha) * alpha**2)))
    return Difference(gain, gain - width / information, gain + width / information)


def _mixture(alpha: float) -> float:
    """The information at which the mixture is about tightest, so that PLANNED is seen soonest (Howard et al. 2021)."""
    planned = (NormalDist().inv_cdf(1 - alpha / 2) / PLANNED) ** 2
    return planned / (-2 * log(alpha) + log(1 - 2 * log(alpha)))
