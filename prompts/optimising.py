"""Finding a better version: which cases proposals are made and chosen on, which decide, and the choice itself.

Pure: knows cases and results. Who proposes, ``chat.proposing`` knows. Whoever chooses the best of several on the cases
that they were made from finds one that looks better where none is; so a part of the cases, the same for every version
and every run, is held out and only decides.
"""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from prompts.cases import Case
from prompts.errors import CaseError
from prompts.scores import LEAST_PAIRS, Comparison, Result, compare

HELD_OUT = 0.5  # share of the cases: as many to decide as to learn from


def parts(cases: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """The cases to develop on, and those held out, by the hash of each: a new case moves none of the others.

    CaseError where a part is too small for any difference to be called.
    """
    develop, held = list[Case](), list[Case]()
    for case in cases:
        digest = hashlib.sha256(f"part:{case.hash}".encode()).digest()
        (held if int.from_bytes(digest[:8]) / 2**64 < HELD_OUT else develop).append(case)
    if min(len(develop), len(held)) < LEAST_PAIRS:
        what = f"{len(develop)} to develop on and {len(held)} held out are too few to tell a gain from noise"
        raise CaseError("cases", 0, f"{what}: take at least {LEAST_PAIRS} of each")
    return develop, held


def best(base: Sequence[Result], others: Mapping[str, Sequence[Result]]) -> Comparison | None:
    """The one of the others that is better than the base on the most cases more than it is worse; None: none is.

    Of equals the one that passes more checks, then the one that costs fewer tokens.
    """
    found = [compare(base, results) for results in others.values()]
    better = [one for one in found if one.better > one.worse]

    def worth(one: Comparison) -> tuple[float, float, float]:
        results = others[one.second]
        tokens = [result.figures.get("tokens", 0.0) for result in results]
        return one.better - one.worse, float(np.mean([result.share for result in results])), -float(np.mean(tokens))

    return max(better, key=worth, default=None)
