"""The blend's small network: over the models' scores and the features, learned from held-out likings.

Knows lists of features and normalised scores, the liked item first. Knows nothing of models, nor of how a blend is
chosen.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ranking.blend import ASKED_FOR, LEAST_SPREAD, Mixture
from ranking.descent import descend, device_of
from ranking.examples import Progress
from ranking.features import NAMES
from ranking.metrics import ndcg
from ranking.models.network import Network
from ranking.settings import TrainingSettings

NORMALISED_BY = 4_000  # lists whose inputs give the statistics that normalise: a handful of numbers is settled by then


def stacked(
    mixture: Mixture,
    computed: NDArray[np.float16],
    scores: Tensor,
    corrections: Tensor,
    settings: TrainingSettings,
    progress: Progress,
) -> Network:
    """A small network over features and scores that begins as the mixture and learns what that cannot know."""
    torch.manual_seed(settings.seed)
    inputs = torch.cat([torch.from_numpy(computed), scores.half()], dim=-1)
    features, members = computed.shape[-1], scores.shape[-1]
    stacker = Network(features + members, settings.blend.hidden, settings.blend.dropout)
    flat = inputs[:NORMALISED_BY].reshape(-1, features + members).float()
    stacker.mean.copy_(flat.mean(dim=0))
    spread = flat.std(dim=0)
    stacker.spread.copy_(spread.clamp(min=1e-3))
    stacker.kept.copy_((spread > LEAST_SPREAD).float())  # what never varied taught nothing
    with torch.no_grad():
        stacker.linear.weight.zero_()
        stacker.linear.weight[0, features:] = mixture.plain * stacker.spread[features:]
        for name, weight in zip(ASKED_FOR, mixture.need, strict=True):
            stacker.linear.weight[0, NAMES.index(name)] = weight * stacker.spread[NAMES.index(name)]
        last = stacker.net[-1]
        assert isinstance(last, nn.Linear)
        last.weight.mul_(0.1)
        last.bias.zero_()
    held = max(1, len(inputs) // 10)
    lesson = Stacking(inputs[held:], corrections[held:], inputs[:held], corrections[:held])
    descend(stacker, lesson, settings.blend, on=settings, progress=progress, what="learning the blend")
    return stacker


@dataclass(frozen=True)
class Stacking:
    """The blend's lesson: the first item of each list is the one that was liked."""

    inputs: Tensor  # [lists, m, F + M] float16
    corrections: Tensor  # [lists, m]
    held: Tensor
    held_corrections: Tensor

    @property
    def examples(self) -> int:
        return len(self.inputs)

    def loss(self, module: Network, rows: Tensor) -> Tensor:
        device = device_of(module)
        logits = module(self.inputs[rows].to(device).float()) + self.corrections[rows].to(device)
        return nn.functional.cross_entropy(logits, torch.zeros(len(rows), dtype=torch.long, device=device))

    def validate(self, module: Network) -> float:
        """NDCG@10 as the held lists let expect it: an item that stands for many stands above the liked one with all."""
        device = device_of(module)
        found = []
        for inputs, corrections in zip(
            torch.split(self.held, 256), torch.split(self.held_corrections, 256), strict=True
        ):
            logits = module(inputs.to(device).float()).cpu()
            above = (logits[:, 1:] > logits[:, :1]) * corrections[:, 1:].exp()
            found.append(above.sum(dim=1).numpy())
        return ndcg(np.concatenate(found), 10)
