"""The network: what the reranker learns, from features to p(like).

Knows features as numbers. Knows nothing of where they come from, but for ``Trained``, which computes them.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ranking.behaviour import Places, Track
from ranking.features import Features
from ranking.models.model import Floats, Model
from ranking.requests import Need
from ranking.slices import gelu, product

FEW = 2_000  # items up to which logits are computed without torch
MANY = 8_192  # items whose numbers fit into a processor's cache


class Network(nn.Module):
    """Features to a logit: a linear part, and a small net that finds what depends on what.

    The last axis of the input holds the features; normalisation is part of the module, so that weights and statistics
    cannot part ways.
    """

    mean: Tensor
    spread: Tensor
    kept: Tensor

    def __init__(self, features: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("spread", torch.ones(features))
        self.register_buffer("kept", torch.ones(features))  # 0 for a feature that is left out
        # Calibration: p(like) = sigmoid(slope * logit + offset).
        self.register_buffer("slope", torch.ones(()))
        self.register_buffer("offset", torch.zeros(()))
        self.linear = nn.Linear(features, 1)
        self.net = nn.Sequential(
            nn.Linear(features, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [...] of inputs [..., F]."""
        scaled = (inputs - self.mean) / self.spread * self.kept
        total: Tensor = self.linear(scaled) + self.net(scaled)
        return total[..., 0]

    def probability(self, logits: Floats) -> Floats:
        """p(like) in 0..1 of logits."""
        slope, offset = float(self.get_buffer("slope")), float(self.get_buffer("offset"))
        return (1 / (1 + np.exp(-np.clip(slope * logits + offset, -50, 50)))).astype(np.float32)

    def logits(self, computed: Floats) -> Floats:
        """Logits [b, m] of features [F, b, m], without gradients."""
        if computed[0].size <= FEW:
            return self._few(computed.reshape(len(computed), -1).T).reshape(computed.shape[1:])
        with torch.inference_mode():
            flat = torch.from_numpy(computed.reshape(len(computed), -1))
            return (
                torch.cat([self._many(part) for part in torch.split(flat, MANY, dim=1)])
                .numpy()
                .reshape(computed.shape[1:])
            )

    def _many(self, inputs: Tensor) -> Tensor:
        """As ``forward`` of inputs [F, m], so many at once as stay near the processor; without dropout."""
        first, second, third = (part for part in self.net if isinstance(part, nn.Linear))
        scaled = (inputs - self.mean[:, None]).mul_((self.kept / self.spread)[:, None])
        inner = nn.functional.gelu(torch.addmm(first.bias[:, None], first.weight, scaled))
        inner = nn.functional.gelu(torch.addmm(second.bias[:, None], second.weight, inner))
        total = torch.addmm(third.bias[:, None], third.weight, inner)
        return torch.addmm(total + self.linear.bias[:, None], self.linear.weight, scaled)[0]

    def _few(self, inputs: Floats) -> Floats:
        """As ``forward`` on [m, F], without torch, which takes longer to prepare so little than to compute it."""
        parts = [part for part in self.net if isinstance(part, nn.Linear)]
        first, second, third, linear = (
            (part.weight.detach().numpy(), part.bias.detach().numpy()) for part in (*parts, self.linear)
        )
        mean, spread, kept = (one.numpy() for one in (self.mean, self.spread, self.kept))
        scaled = (inputs - mean) / spread * kept
        inner = gelu(product(scaled, first[0]) + first[1])
        inner = gelu(product(inner, second[0]) + second[1])
        total = product(inner, third[0]) + third[1] + product(scaled, linear[0]) + linear[1]
        logits: Floats = total[:, 0]
        return logits


class Trained(Model):
    """The network over the features."""

    def __init__(self, network: Network, features: Features) -> None:
        self._network = network.eval()
        self._features = features

    def scores(self, tracks: Sequence[Track], places: Places | None = None) -> Floats:
        return self._network.logits(self._features.compute(tracks, places))

    def score(self, history: Track, candidates: Places, need: Need | None = None) -> Floats:
        """As ``Model.score``; the need is one of the features, and the network carries its own calibration."""
        asked = None if need is None else need.for_all(1)
        return self._network.probability(
            self._network.logits(self._features.compute([history], candidates[None], asked))[0]
        )


def slope_and_offset(liked: Floats, other: Floats) -> tuple[float, float]:
    """So that sigmoid(slope * logit + offset) is p(like) in an even mix of likings and others, of these logits [c]."""
    values = torch.from_numpy(np.concatenate([liked, other]))
    labels = torch.cat([torch.ones(len(liked)), torch.zeros(len(other))])
    centre = float(values.mean())
    fitted = torch.tensor([1.0, 0.0], requires_grad=True)
    optimiser = torch.optim.LBFGS([fitted], max_iter=100)

    def closure() -> Tensor:
        optimiser.zero_grad()
        # A little pull towards a slope of 1 keeps a perfectly separable sample from growing without end.
        loss = nn.functional.binary_cross_entropy_with_logits(fitted[0] * (values - centre) + fitted[1], labels)
        loss = loss + 1e-3 * (fitted[0] - 1) ** 2
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    slope, offset = (float(value) for value in fitted.detach())
    slope = max(slope, 1e-3)  # a better logit is never a lower p(like)
    return slope, offset - slope * centre
