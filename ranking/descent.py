"""Gradient descent: the one training loop, for any torch module.

Mini-batches, warm-up and decay, L1 and L2, clipping, early stopping, checkpoints. Knows modules, losses and a value to
be raised; knows nothing of items, shoppers or of what the numbers mean.
"""

import hashlib
import logging
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from ranking.checkpoints import Checkpoint
from ranking.errors import Diverged, SettingError
from ranking.settings import Descent, Hardware

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much
M = TypeVar("M", bound=nn.Module, contravariant=True)
VALIDATION = "validation NDCG@10"  # what every lesson of the reranker validates by


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


Kept = dict[str, Any]  # all that a restart needs, as tensors and plain values


@dataclass(frozen=True)
class Job:
    """A descent as each of its processes gets it; ``held`` is where it goes on from, if it was cut off."""

    module: nn.Module
    lesson: Lesson[Any]
    settings: Descent
    on: Hardware
    what: str
    held: Kept | None
    by: str = VALIDATION


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
    by: str = VALIDATION,
) -> Outcome:
    """Train the module, leave it on the CPU with the weights that were best on validation, and return the curve.

    Ctrl-C ends it and keeps the best so far; KeyboardInterrupt passes where there is none yet. With a ``checkpoint``,
    a descent that was cut off goes on after its last whole epoch, to the very same end. ``watch`` is called after each
    epoch; what it raises passes. ``by`` names what the lesson validates by. Raises Diverged if the loss is no number,
    and SettingError for hardware that is not there. With several processes, module and lesson are pickled.
    """
    on = on or Hardware()
    start = _start(module, settings)
    last = checkpoint.read(start) if checkpoint else None
    if last:
        log.info("%s goes on after epoch %d", what, len(last["curve"]))

    def after(kept: Kept) -> None:
        nonlocal last
        last = kept
        if checkpoint:
            checkpoint.write(start, kept)
        watch(Epoch(**kept["curve"][-1]))

    job = Job(module, lesson, settings, on, what, last, by)
    interrupted = False
    try:
        if on.ray or on.processes > 1:
            from ranking import processes  # which knows this module

            (processes.on_ray if on.ray else processes.here)(job, progress, after)
        else:
            work(job, device_for(on), progress, after)
    except KeyboardInterrupt:
        if last is None:
            raise
        interrupted = True
    assert last is not None  # there is at least one epoch
    module.cpu().load_state_dict(last["best"])
    module.eval()
    return Outcome(tuple(Epoch(**epoch) for epoch in last["curve"]), interrupted)


def work(
    job: Job, device: torch.device, progress: Progress, after: Callable[[Kept], None], rank: int = 0, world: int = 1
) -> None:
    """The part of one process, number ``rank`` of ``world``; the first one validates, tells and keeps.

    Where there are several, they are a process group of torch's already.
    """
    settings = job.settings
    job.module.to(device).train()
    run = _Run(job, device, rank, world)
    best, since, curve = run.restored(job.held) if job.held else ({}, 0, [])
    number = len(curve)
    while run.agreed(number < settings.epochs and since < settings.patience):
        number += 1
        loss = run.epoch(number, progress, f"{job.what}{_said(curve, job.by)}")
        if not math.isfinite(loss):
            raise Diverged(
                f"The loss is no longer a number in epoch {number} of the {job.what}: the steps are too long. Try a "
                f"smaller learning_rate than {settings.learning_rate:g}, or a smaller clip than {settings.clip:g}"
            )
        if rank:
            continue  # the first process says when it is over
        value = run.validated()
        log.info("%s, epoch %d: loss %.4f, %s %.4f", job.what, number, loss, job.by, value)
        if not curve or value > max(epoch.validation for epoch in curve):
            since = 0
            best = {name: tensor.detach().cpu().clone() for name, tensor in job.module.state_dict().items()}
        else:
            since += 1
        curve.append(Epoch(number, loss, value))
        after(run.kept(best, since, curve))


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


class _Learner(nn.Module):
    """Module and lesson as one: what torch wraps to average the gradients, whatever a lesson calls of its module."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.module, self.lesson = job.module, job.lesson

    def forward(self, rows: Tensor) -> Tensor:
        return self.lesson.loss(self.module, rows)


class _Run:
    """Module, optimiser and scaler on their way, in one of the processes."""

    def __init__(self, job: Job, device: torch.device, rank: int, world: int) -> None:
        self.module, self.lesson, self.settings, self.device = job.module, job.lesson, job.settings, device
        self.rank, self.world = rank, world
        self.learner: nn.Module = _Learner(job)
        if world > 1:
            self.learner = nn.parallel.DistributedDataParallel(self.learner)
        self.batches = math.ceil(job.lesson.examples / job.settings.batch)
        self.steps = job.settings.epochs * self.batches
        self.optimiser = _optimiser(job.module, job.settings)
        self.dtype = {"32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[job.on.precision]
        # Small gradients of half precision would become 0: they are scaled up for the way back.
        self.scaler = torch.amp.GradScaler(device.type, enabled=job.on.precision == "fp16")

    def agreed(self, going: bool) -> bool:
        """What the first process says, in all of them."""
        return bool(self._together(torch.tensor(float(going and not self.rank))))

    def epoch(self, number: int, progress: Progress, what: str) -> float:
        """Mean loss of one pass over all examples, which takes as many steps as there are batches."""
        # Each epoch has its own seed, so that one that is run after a restart draws what it would have drawn before.
        torch.manual_seed(_seed(self.settings.seed, number))
        order = torch.randperm(self.lesson.examples)
        if self.rank:
            torch.manual_seed(_seed(self.settings.seed, number, self.rank))
        total = torch.zeros(())
        for batch, rows in enumerate(torch.split(order, self.settings.batch)):
            step = (number - 1) * self.batches + batch
            total += self._step(rows, step)
            progress(what, step + 1, self.steps)
        return float(self._together(total)) / self.lesson.examples

    def _together(self, value: Tensor) -> Tensor:
        """The sum over the processes."""
        if self.world > 1:
            value = value.to(self.device)
            torch.distributed.all_reduce(value)
        return value

    def _step(self, rows: Tensor, step: int) -> float:
        """Learn from this process's share of the rows; the sum of the losses of its examples."""
        own = rows[self.rank :: self.world]
        # The processes' gradients are averaged: weighed so, that is the mean over all rows, however these are shared.
        share = len(own) * self.world / len(rows)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * rate(step, self.steps, self.settings.warm_up)
        self.optimiser.zero_grad()
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            loss = self.learner(own if len(own) else rows[:1])  # without a share of the last batch: weighed by 0
        whole = loss * share
        if self.settings.l1:
            weights = [tensor.abs().sum() for tensor in self.module.parameters() if tensor.dim() > 1]
            whole = whole + self.settings.l1 * torch.stack(weights).sum()
        self.scaler.scale(whole).backward()
        if self.settings.clip:
            self.scaler.unscale_(self.optimiser)
            nn.utils.clip_grad_norm_(self.module.parameters(), self.settings.clip)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        return float(loss.detach()) * len(own)

    def validated(self) -> float:
        """The lesson's value of the module as it is, in whole precision."""
        self.module.eval()
        with torch.inference_mode():
            value = self.lesson.validate(self.module)
        self.module.train()
        return value

    def kept(self, best: dict[str, Tensor], since: int, curve: list[Epoch]) -> Kept:
        """Where this process stands; ``since`` counts the epochs since the best."""
        return {
            "module": self.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "best": best,
            "since": since,
            "curve": [asdict(epoch) for epoch in curve],
        }

    def restored(self, held: Kept) -> tuple[dict[str, Tensor], int, list[Epoch]]:
        """Put module, optimiser and scaler back to where ``kept`` found them, and return what it was given."""
        self.module.load_state_dict(held["module"])
        self.optimiser.load_state_dict(held["optimiser"])
        self.scaler.load_state_dict(held["scaler"])
        return held["best"], held["since"], [Epoch(**epoch) for epoch in held["curve"]]


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


def _seed(*numbers: int) -> int:
    """One seed of several numbers, far from those of their neighbours."""
    return int.from_bytes(hashlib.sha256(repr(numbers).encode()).digest()[:6])


def _start(module: nn.Module, settings: Descent) -> str:
    """Names what a descent begins with: the settings, where it runs apart, and the first weights."""
    digest = hashlib.sha256(settings.model_dump_json(exclude=set(Hardware.model_fields)).encode())
    for name, tensor in module.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _said(curve: list[Epoch], by: str) -> str:
    return f": loss {curve[-1].loss:.3f}, {by} {curve[-1].validation:.4f}" if curve else ""
