"""What a training depends on beside its data.

Knows numbers and their meaning; knows nothing of what is done with them.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Dropout = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]
Way = Literal["crop", "mask", "reorder", "text", "liking"]  # in which ranking.augmentation changes a history


class Descent(BaseModel):
    """How the weights of one module are learned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    optimiser: Literal["adamw", "adam", "sgd"] = "adamw"
    momentum: Dropout = 0.9  # of sgd alone
    learning_rate: Positive = 1e-3
    warm_up: Share = 0.1  # share of the steps in which the learning rate rises; then it falls as a cosine
    weight_decay: NotNegative = 1e-2  # L2; of adamw, apart from the gradient
    l1: NotNegative = 0.0  # times the sum of the weights' sizes, added to the loss; offsets are spared
    clip: NotNegative = 1.0  # longest gradient; 0: as long as it is
    batch: Count = 128  # examples a step, all processes together
    epochs: Count = 12
    patience: Count = 4  # epochs without a better validation before it stops
    seed: int = 0


class Hardware(BaseModel):
    """Where a training runs. The same training comes out elsewhere, but for rounding."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"  # auto: the GPU where there is one
    # Of the products in the network; weights and sums stay at 32 bits.
    precision: Annotated[Literal["32", "bf16", "fp16"], BeforeValidator(str)] = "32"


class TrainingSettings(Descent, Hardware):
    """What a training depends on beside its data; saved with the model."""

    examples: Count = 20_000  # histories with their next item, the latest of each shopper first
    hard: CountOrNone = 80  # other items of a list that transitions or the text put near the top
    asked: CountOrNone = 50  # other items of a list that answer the request best
    random: Count = 100  # other items of a list drawn from all
    requested: Share = 0.5  # share of the examples that come with a request
    loosely: Share = 0.4  # share of these whose words are those of an item that is only near to the liked one
    augment: tuple[Way, ...] = ()  # ways in which histories are changed, to learn from more than there are
    augmented: Share = 0.5  # share of the examples whose history is changed in one of these ways
    without: tuple[str, ...] = ()  # names of features that are left out
    hidden: Count = 32
    dropout: Dropout = 0.1
    learning_rate: Positive = 4e-3
    measured: Count = 4_000  # shoppers over whom the saved figures are taken
