"""Succession: whether a new model may take over from the live one.

It may unless its validation NDCG@10 is worse beyond noise: unless the whole interval of the difference, by the
bootstrap over the same shoppers, lies below 0. Pure. Knows figures by the names that ``ranking.appraisal`` gives them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

FIGURE = "validation.ndcg@10"
GAIN = f"former.{FIGURE}.behind"  # how far the former model is behind the new one, shopper by shopper


@dataclass(frozen=True)
class Verdict:
    """Whether a new model may take over, and why."""

    may_take_over: bool
    sentence: str


def judged(figures: Mapping[str, float], live: str) -> Verdict:
    """The verdict on a new model by its figures, among which is GAIN where it was compared with the live one."""
    if GAIN not in figures:
        return Verdict(True, "There was no live reranker to compare it with.")
    value, low, high = figures[GAIN], figures[f"{GAIN}.low"], figures[f"{GAIN}.high"]
    noise = "worse beyond noise" if high < 0 else "better beyond noise" if low > 0 else "a difference within noise"
    new, former = figures[FIGURE], figures[f"former.{FIGURE}"]
    return Verdict(
        high >= 0,
        f"Validation NDCG@10 is {new:.4f}, against {former:.4f} of {live}, which is live: "
        f"{value:+.4f} (between {low:+.4f} and {high:+.4f} with 95% confidence, over the same shoppers), {noise}.",
    )
