"""The sequential transformer without torch, for the few histories of a conversation.

Torch takes longer to prepare so little than to compute it. Knows the weights of a net; the numbers are the same as the
net's own, but for rounding.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.slices import gelu, product

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
EPSILON = np.float32(1e-5)  # as torch's LayerNorm has it


@dataclass(frozen=True)
class _Linear:
    weight: Floats  # [out, in]
    bias: Floats

    def __call__(self, held: Floats) -> Floats:
        flat: Floats = product(held.reshape(-1, held.shape[-1]), self.weight) + self.bias
        return flat.reshape(*held.shape[:-1], -1)


@dataclass(frozen=True)
class _Norm:
    weight: Floats
    bias: Floats

    def __call__(self, held: Floats) -> Floats:
        centred = held - held.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + EPSILON)
        made: Floats = centred / spread * self.weight + self.bias
        return made


@dataclass(frozen=True)
class _Block:
    heads: int
    before: _Norm
    inward: _Linear
    outward: _Linear
    between: _Norm
    wide: _Linear
    narrow: _Linear
    nearness: Floats  # [heads, longest] by distance

    def __call__(self, held: Floats, ends: Ints | None) -> Floats:
        b, length, width = held.shape
        query, key, value = np.moveaxis(self.inward(self.before(held)).reshape(b, length, 3, self.heads, -1), 2, 0)
        steps = np.arange(length)
        rows = steps[None] if ends is None else ends[:, None]
        if ends is not None:
            each = np.arange(b)
            query, held = query[each, ends][:, None], held[each, ends][:, None]
        away = rows[..., None] - steps  # [1, l, l] or [b, 1, l]
        bias = np.where(away >= 0, self.nearness[:, np.maximum(away, 0)], np.float32(-np.inf))  # [heads, …]
        weights = np.matmul(query.transpose(0, 2, 1, 3), key.transpose(0, 2, 3, 1))
        weights = weights / np.float32(math.sqrt(query.shape[-1])) + np.moveaxis(bias, 0, 1)
        weights = np.exp(weights - weights.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        seen = np.matmul(weights, value.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3).reshape(b, -1, width)
        held = held + self.outward(seen)
        made: Floats = held + self.narrow(gelu(self.wide(self.between(held))))
        return made if ends is None else made[:, 0]


class Reader:
    """Reads histories as the net with these weights does."""

    def __init__(self, state: dict[str, Any], layers: int, heads: int) -> None:
        """``state``: arrays by the names of ``SequenceNet.state_dict``."""
        self._liking: Floats = state["liking"]
        self._norm = _Norm(state["norm.weight"], state["norm.bias"])
        self._blocks = []
        for number in range(layers):
            own = {name.removeprefix(f"blocks.{number}."): held for name, held in state.items()}
            before, between = (_Norm(own[f"{name}.weight"], own[f"{name}.bias"]) for name in ("before", "between"))
            inward, outward, wide, narrow = (
                _Linear(own[f"{name}.weight"], own[f"{name}.bias"]) for name in ("inward", "outward", "net.0", "net.3")
            )
            self._blocks.append(_Block(heads, before, inward, outward, between, wide, narrow, own["nearness"]))

    def last(self, items: Floats, places: Ints, weights: Floats, ends: Ints) -> Floats:
        """As ``SequenceNet.last``: [b, width] at the steps ``ends`` [b]."""
        held = items[places] * np.float32(math.sqrt(items.shape[1])) + weights[..., None] * self._liking
        for number, block in enumerate(self._blocks):
            held = block(held, ends if number == len(self._blocks) - 1 else None)
        return self._norm(held)
