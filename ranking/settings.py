"""What a training depends on beside its data.

Knows numbers and their meaning; knows nothing of what is done with them.
"""

from pydantic import BaseModel, ConfigDict


class TrainingSettings(BaseModel):
    """What a training depends on beside its data; saved with the model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    examples: int = 20_000  # histories with their next item, the latest of each shopper first
    hard: int = 80  # other items of a list that transitions or the text put near the top
    asked: int = 50  # other items of a list that answer the request best
    random: int = 100  # other items of a list drawn from all
    requested: float = 0.5  # share of the examples that come with a request
    loosely: float = 0.4  # share of these whose words are those of an item that is only near to the liked one
    without: tuple[str, ...] = ()  # names of features that are left out
    hidden: int = 32
    dropout: float = 0.1
    learning_rate: float = 4e-3
    weight_decay: float = 1e-2
    warm_up: float = 0.1  # share of the steps in which the learning rate rises; then it falls as a cosine
    clip: float = 1.0  # longest gradient
    batch: int = 128
    epochs: int = 12
    patience: int = 4  # epochs without a better validation before it stops
    measured: int = 4_000  # shoppers over whom the saved figures are taken
    seed: int = 0
