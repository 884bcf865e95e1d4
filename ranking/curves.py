"""The training curve as a picture: the loss and the validation after each epoch.

Pure. Knows points and charts; knows nothing of how they came to be.
"""

from collections.abc import Mapping, Sequence

from ranking import charts
from ranking.descent import VALIDATION, Epoch


def picture(curves: Mapping[str, Sequence[Epoch]], by: str = VALIDATION) -> str:
    """One SVG with two charts for each descent: its loss, and its validation with the best epoch named."""
    return charts.stacked([chart for name, epochs in curves.items() for chart in pair(name, epochs, by)])


def pair(name: str, epochs: Sequence[Epoch], by: str) -> list[str]:
    """The two charts of one descent; ``by``: what it was validated by."""
    best = max(epochs, key=lambda epoch: epoch.validation)
    loss = [(epoch.number, epoch.loss) for epoch in epochs]
    value = [(epoch.number, epoch.validation) for epoch in epochs]
    title = f"{name}: {by}, best in epoch {best.number} ({best.validation:.4f})"
    return [
        charts.lines(f"{name}: loss", {"loss": loss}, "epoch", ""),
        charts.lines(title, {"validation": value, "kept": [value[best.number - 1]]}, "epoch", ""),
    ]
