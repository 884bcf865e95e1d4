"""Whether a catalogue carries such a thing at all: a confidence from the best that was found.

Pure. A logistic function of how near the nearest item is and how much of the asked words the best item holds, fitted
and its threshold set on queries whose answers were hidden (docs/search.md has precision and recall).
"""

import math

CARRIED_THRESHOLD = 0.5  # below it, "not carried"

# Fitted by bench.search's own measurement over the judged queries and the demo shop's departments.
_BIAS, _COSINE, _COVERAGE = -9.0, 12.0, 5.0


def carried(nearest: float, covered: float) -> float:
    """Confidence in 0..1 that what was asked for is carried.

    ``nearest``: the best cosine of the query to an item; ``covered``: the largest share of the asked words, by rarity,
    that one item holds, 0..1.
    """
    logit = _BIAS + _COSINE * nearest + _COVERAGE * min(covered, 1.0)
    return 1 / (1 + math.exp(-logit))
