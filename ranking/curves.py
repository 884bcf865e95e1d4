"""The training curve as a picture: the loss and the validation after each epoch.

Pure. Knows points and charts; knows nothing of how they came to be.
"""

from collections.abc import Mapping, Sequence

from ranking import charts
from ranking.descent import VALIDATION, Epoch


def picture(curves: Mapping[str, Sequence[Epoch]]) -> str:
    """One SVG with two charts for each descent: its loss, and its validation with the best epoch named."""
    made = []
    for name, epochs in curves.items():
        best = max(epochs, key=lambda epoch: epoch.validation)
        loss = [(epoch.number, epoch.loss) for epoch in epochs]
        value = [(epoch.number, epoch.validation) for epoch in epochs]
        title = f"{name}: {VALIDATION}, best in epoch {best.number} ({best.validation:.4f})"
        made.append(charts.lines(f"{name}: loss", {"loss": loss}, "epoch", ""))
        made.append(charts.lines(title, {"validation": value, "kept": [value[best.number - 1]]}, "epoch", ""))
    return charts.stacked(made)
