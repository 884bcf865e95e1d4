"""Gradient descent: the one training loop, for any torch module.

Mini-batches, warm-up and decay, L1 and L2, clipping, early stopping, checkpoints. Knows modules, losses and a value to
be raised; knows nothing of items, shoppers or of what the numbers mean.
"""

import hashlib
import logging
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from ranking.checkpoints import Checkpoint
from ranking.errors import Diverged, SettingError
from ranking.settings import Descent, Hardware

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much
M = TypeVar("M", bound=nn.Module, contravariant=True)
VALIDATION = "validation NDCG@10"  # what every lesson of ours validates by


class Lesson(Protocol[M]):
    """What a module is to learn: examples, numbered from 0, and held-out cases.

    Randomness comes from torch's global generator, which is seeded before every epoch. The data stay where they are:
    ``loss`` moves its rows of them to ``device_of(module)``.
    """

    @property
    def examples(self) -> int:
        """Number of the examples."""

    def loss(self, module: M, rows: Tensor) -> Tensor:
        """Mean loss, a scalar with its graph, over the examples ``rows`` (int64 [b], on the CPU)."""

    def validate(self, module: M) -> float:
        """How good the module is, higher is better; called in eval mode and without gradients."""


@dataclass(frozen=True)
class Epoch:
    """One point of the training curve."""

    number: int  # from 1
    loss: float  # mean over the epoch's examples, without the penalty of L1
    validation: float


@dataclass(frozen=True)
class Outcome:
    """How a descent went; the module itself holds the best weights."""

    curve: tuple[Epoch, ...]
    interrupted: bool

    @property
    def best(self) -> Epoch:
        """The epoch whose weights were kept."""
        return max(self.curve, key=lambda epoch: epoch.validation)


@dataclass
class _State:
    """Where a descent stands between two epochs, beside the module and the optimiser."""

    best: dict[str, Tensor] = field(default_factory=dict)
    since: int = 0  # epochs since the best
    curve: list[Epoch] = field(default_factory=list)


def descend(
    module: M,
    lesson: Lesson[M],
    settings: Descent,
    *,
    on: Hardware | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Progress = lambda what, done, total: None,
    watch: Callable[[Epoch], None] = lambda epoch: None,
    what: str = "training",
) -> Outcome:
    """Train the module, leave it on the CPU with the weights that were best on validation, and return the curve.

    Ctrl-C ends it and keeps the best so far; KeyboardInterrupt passes where there is none yet. With a ``checkpoint``,
    a descent that was cut off goes on after its last whole epoch, to the very same end. ``watch`` is called after each
    epoch; what it raises passes. Raises Diverged if the loss is no number.
    """
    on = on or Hardware()
    start = _start(module, settings)
    device = device_for(on)
    module.to(device).train()
    run = _Run(module, lesson, settings, on, device)
    state = _State()
    if checkpoint and (held := checkpoint.read(start)):
        state = run.restored(held)
        log.info("%s goes on after epoch %d", what, len(state.curve))
    interrupted = False
    try:
        while len(state.curve) < settings.epochs and state.since < settings.patience:
            number = len(state.curve) + 1
            loss = run.epoch(number, progress, f"{what}{_said(state.curve)}")
            value = run.validated()
            if not math.isfinite(loss):
                raise Diverged(
                    f"The loss is no longer a number in epoch {number} of the {what}: the steps are too long. Try a "
                    f"smaller learning_rate than {settings.learning_rate:g}, or a smaller clip than {settings.clip:g}"
                )
            log.info("%s, epoch %d: loss %.4f, %s %.4f", what, number, loss, VALIDATION, value)
            if not state.best or value > max(epoch.validation for epoch in state.curve):
                state.since = 0
                state.best = {name: tensor.detach().cpu().clone() for name, tensor in module.state_dict().items()}
            else:
                state.since += 1
            state.curve.append(Epoch(number, loss, value))
            if checkpoint:
                checkpoint.write(start, run.kept(state))
            watch(state.curve[-1])
    except KeyboardInterrupt:
        if not state.best:
            raise
        interrupted = True
    module.cpu().load_state_dict(state.best)
    module.eval()
    return Outcome(tuple(state.curve), interrupted)


def device_of(module: nn.Module) -> torch.device:
    """Where the module's weights are."""
    return next(module.parameters()).device


def device_for(on: Hardware) -> torch.device:
    """The device that is meant; SettingError for a GPU that is not there."""
    there = torch.cuda.device_count()
    if on.device == "auto":
        return torch.device("cuda" if there else "cpu")
    device = torch.device(on.device)
    if device.type == "cuda" and (device.index or 0) >= there:
        raise SettingError(f"device={on.device}: there are {there} GPUs that torch can use. Leave it at auto")
    return device


class _Run:
    """Module, optimiser and scaler on their way."""

    def __init__(self, module: M, lesson: Lesson[M], settings: Descent, on: Hardware, device: torch.device) -> None:
        self.module, self.lesson, self.settings, self.device = module, lesson, settings, device
        self.batches = math.ceil(lesson.examples / settings.batch)
        self.steps = settings.epochs * self.batches
        self.optimiser = _optimiser(module, settings)
        self.dtype = {"32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[on.precision]
        # Small gradients of half precision would become 0: they are scaled up for the way back.
        self.scaler = torch.amp.GradScaler(device.type, enabled=on.precision == "fp16")

    def epoch(self, number: int, progress: Progress, what: str) -> float:
        """Mean loss of one pass over all examples, which takes as many steps as there are batches."""
        # Each epoch has its own seed, so that one that is run after a restart draws what it would have drawn before.
        torch.manual_seed(_seed(self.settings.seed, number))
        order = torch.randperm(self.lesson.examples)
        total = 0.0
        for batch, rows in enumerate(torch.split(order, self.settings.batch)):
            step = (number - 1) * self.batches + batch
            total += self._step(rows, step) * len(rows)
            progress(what, step + 1, self.steps)
        return total / self.lesson.examples

    def _step(self, rows: Tensor, step: int) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * rate(step, self.steps, self.settings.warm_up)
        self.optimiser.zero_grad()
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            loss = self.lesson.loss(self.module, rows)
        whole = loss
        if self.settings.l1:
            weights = [tensor.abs().sum() for tensor in self.module.parameters() if tensor.dim() > 1]
            whole = loss + self.settings.l1 * torch.stack(weights).sum()
        self.scaler.scale(whole).backward()  # type: ignore[no-untyped-call]
        if self.settings.clip:
            self.scaler.unscale_(self.optimiser)
            nn.utils.clip_grad_norm_(self.module.parameters(), self.settings.clip)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        return float(loss.detach())

    def validated(self) -> float:
        """The lesson's value of the module as it is, in whole precision."""
        self.module.eval()
        with torch.inference_mode():
            value = self.lesson.validate(self.module)
        self.module.train()
        return value

    def kept(self, state: _State) -> dict[str, Any]:
        """All that a restart needs, as tensors and plain values."""
        return {
            "module": self.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "best": state.best,
            "since": state.since,
            "curve": [asdict(epoch) for epoch in state.curve],
        }

    def restored(self, held: dict[str, Any]) -> _State:
        """Put module, optimiser and scaler back to where ``kept`` found them."""
        self.module.load_state_dict(held["module"])
        self.optimiser.load_state_dict(held["optimiser"])
        self.scaler.load_state_dict(held["scaler"])
        return _State(held["best"], held["since"], [Epoch(**epoch) for epoch in held["curve"]])


def rate(step: int, steps: int, warm_up: float) -> float:
    """Share of the learning rate at a step (from 0): it rises in the first ``warm_up`` of them, then falls as a cosine.

    >>> [round(rate(step, 10, 0.2), 3) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.038]
    """
    rise = max(1, int(warm_up * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def _optimiser(module: nn.Module, settings: Descent) -> torch.optim.Optimizer:
    weights, decay = list(module.parameters()), settings.weight_decay
    if settings.optimiser == "sgd":
        return torch.optim.SGD(weights, settings.learning_rate, momentum=settings.momentum, weight_decay=decay)
    if settings.optimiser == "adam":
        return torch.optim.Adam(weights, settings.learning_rate, weight_decay=decay)
    return torch.optim.AdamW(weights, settings.learning_rate, weight_decay=decay)


def _seed(seed: int, epoch: int) -> int:
    """Seed of an epoch, far from those of its neighbours."""
    return int.from_bytes(hashlib.sha256(f"{seed} {epoch}".encode()).digest()[:6])


def _start(module: nn.Module, settings: Descent) -> str:
    """Names what a descent begins with: the settings, where it runs apart, and the first weights."""
    digest = hashlib.sha256(settings.model_dump_json(exclude=set(Hardware.model_fields)).encode())
    for name, tensor in module.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _said(curve: list[Epoch]) -> str:
    return f": loss {curve[-1].loss:.3f}, {VALIDATION} {curve[-1].validation:.4f}" if curve else ""
