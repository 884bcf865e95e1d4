"""Whether a catalogue carries such a thing at all: a confidence from the best that was found.

Pure. What is carried shows in an item that both means what was asked (cosine) and holds its words (coverage): the
product of the two, of the best. Neither tells alone: a shop without sofas still has something nearest to a sofa, and
a word of the request stands somewhere. Held to queries whose answers were hidden: docs/search.md.
"""

import numpy as np

CARRIED_THRESHOLD = 0.5  # below it, "not carried"

_HALF = 0.47  # of the product where one cannot tell; chosen on the judged queries and the demo shop's departments
_STEEPNESS = 20.0  # 0.15 more gives 0.95, 0.15 less 0.05
_NAMED_IN = 3  # words: a longer request describes, and no item holds all its words


def carried(cosines: np.ndarray, coverages: np.ndarray, words: int) -> float:
    """Confidence in 0..1 that what was asked for is carried, by the items that were found.

    ``cosines``: of the query to each item, [n]; ``coverages``: the share of the asked words that each holds, [n];
    ``words``: how many words were asked for, without those that say nothing.
    """
    held = np.minimum(coverages * max(1.0, words / _NAMED_IN), 1.0) if words else np.zeros_like(coverages)
    best = float((np.maximum(cosines, 0) * held).max(initial=0.0))
    return float(1 / (1 + np.exp(-_STEEPNESS * (best - _HALF))))
