"""What a training depends on beside its data.

Knows numbers and their meaning; knows nothing of what is done with them.
"""

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ranking.errors import SettingError

Share = Annotated[float, Field(ge=0, le=1)]
Dropout = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _device(name: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise ValueError("should be auto, cpu, cuda or cuda:NUMBER")
    return name


LISTED = BeforeValidator(lambda value: [one for one in value.split(",") if one] if isinstance(value, str) else value)
Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]
S = TypeVar("S", bound=BaseModel)
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

    device: Annotated[str, AfterValidator(_device)] = "auto"  # auto: the GPU where there is one
    # Of the products in the network; weights and sums stay at 32 bits.
    precision: Annotated[Literal["32", "bf16", "fp16"], BeforeValidator(str)] = "32"
    processes: Count = 1  # that share each batch: one a GPU, or one of several of a CPU
    ray: str = ""  # HOST:PORT of the Ray cluster that these run on, or local; empty: on this machine, without Ray


class SequenceSettings(Descent):
    """The sequential transformer, and how it is learned."""

    width: Annotated[int, Field(ge=2)] = 64  # numbers of an item's vector; a multiple of the heads
    layers: Count = 2
    heads: Count = 2
    dropout: Dropout = 0.5
    longest: Count = 50  # latest steps of a history that are read
    axes: Count = 128  # main directions of the texts' vectors that are learned from
    drawn: Count = 3_000  # items of the softmax beside the right one; a smaller catalogue takes part as a whole
    learning_rate: Positive = 2e-3
    epochs: CountOrNone = 12  # 0: none is learned
    patience: Count = 3


class BlendSettings(Descent):
    """The blend of the models, and how its small network is learned."""

    examples: Count = 13_000  # held-out likings that it is fitted on
    compared: Count = 4_000  # and others on which blends and single models are compared
    hidden: Count = 32
    dropout: Dropout = 0.1
    learning_rate: Positive = 2e-3
    epochs: Count = 8
    patience: Count = 2


class LastSettings(Descent):
    """The last step: a text cross-encoder that orders anew what stands first, and how it is learned."""

    cross_encoder: bool = False  # whether one is learned at all; it serves only where it is better beyond noise
    first: Annotated[int, Field(ge=2, le=100)] = 20  # items that are ordered anew
    history: Count = 5  # latest liked items whose titles it reads
    layers: Annotated[int, Field(ge=1, le=6)] = 6  # of the built-in encoder's six, the lowest
    frozen: CountOrNone = 3  # of these, the lowest, which stay as they are; the word vectors always do
    lists: Count = 3_000  # held-out likings that it learns from
    among: Annotated[int, Field(ge=2)] = 50  # a liking outside of so many best is none that it could bring up
    others: Count = 5  # hard negatives in a list: other items among these best
    batch: Count = 16  # lists a step
    learning_rate: Positive = 1e-4
    epochs: Count = 2
    patience: Count = 1
    # bf16 takes a third of the time on a processor that computes in it, and many times as long on others.
    precision: Annotated[Literal["32", "bf16", "fp16"], BeforeValidator(str)] = "32"


class TrainingSettings(Descent, Hardware):
    """What a training depends on beside its data; saved with the model."""

    examples: Count = 20_000  # histories with their next item, the latest of each shopper first
    hard: CountOrNone = 80  # other items of a list that transitions or the text put near the top
    asked: CountOrNone = 50  # other items of a list that answer the request best
    random: Count = 100  # other items of a list drawn from all
    requested: Share = 0.5  # share of the examples that come with a request
    loosely: Share = 0.4  # share of these whose words are those of an item that is only near to the liked one
    augment: Annotated[tuple[Way, ...], LISTED] = ()  # ways of changing histories, for more to learn from
    augmented: Share = 0.5  # share of the examples whose history is changed in one of these ways
    without: Annotated[tuple[str, ...], LISTED] = ()  # names of features that are left out
    hidden: Count = 32
    dropout: Dropout = 0.1
    learning_rate: Positive = 4e-3
    measured: Count = 4_000  # shoppers over whom the saved figures are taken
    sequence: SequenceSettings = SequenceSettings()
    blend: BlendSettings = BlendSettings()
    last: LastSettings = LastSettings()


def changed(settings: S, changes: Sequence[str]) -> S:
    """The settings with some given otherwise, as NAME=VALUE or as @FILE of such names (YAML or JSON); later ones win.

    A part's setting has both names: PART.NAME=VALUE. Raises SettingError, which names the setting and what it may be.
    """
    given = settings.model_dump()
    for change in changes:
        name, equals, value = change.partition("=")
        if change.startswith("@"):
            for key, held in _read(Path(change[1:])).items():
                _put(given, key, held)
        elif equals:
            _put(given, name.strip(), value.strip())
        else:
            raise SettingError(f"--set wants NAME=VALUE or @FILE, not {change!r}.")
    try:
        return type(settings).model_validate(given)
    except ValidationError as error:
        raise SettingError("\n".join(_said(one) for one in error.errors())) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingError(f"--set @{path}: it cannot be read ({error}).") from error
    if not isinstance(held, dict):
        raise SettingError(f"--set @{path}: it holds no names with values.")
    return held


def _put(given: dict[str, Any], name: str, value: Any) -> None:
    """Set one value, of a part too; SettingError for a name that is none, before pydantic says it in its words."""
    part, dot, rest = str(name).partition(".")
    if part not in given or (dot and not isinstance(given[part], dict)):
        near = difflib.get_close_matches(part, given, 1)
        meant = f": did you mean {near[0]}?" if near else "."
        raise SettingError(f"There is no setting {name!r}{meant} There are: {', '.join(given)}.")
    if dot:
        _put(given[part], rest, value)
    elif isinstance(given[part], dict):
        if not isinstance(value, dict):
            raise SettingError(f"{part} has settings of its own. Give one of them: {part}.NAME=VALUE, where NAME is "
                               f"one of {', '.join(given[part])}.")  # fmt: skip
        for key, held in value.items():
            _put(given[part], key, held)
    else:
        given[part] = value


def _said(error: Any) -> str:
    """One of pydantic's errors for whoever gave the setting, e.g. "batch=0: it should be greater than 0."."""
    name = ".".join(str(part) for part in error["loc"])
    words = error["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return f"{name}={error['input']}: it {words}."
