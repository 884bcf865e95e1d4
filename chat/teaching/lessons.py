"""What the adapter learns: answers word by word, then to prefer what finds more.

Knows tokens, losses and ``ranking.descent``'s lessons. The preference is DPO (Rafailov et al. 2023), with the preferred
answer's own likelihood as an anchor (Pang et al. 2024), or both answers would grow unlikely together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, logsigmoid

from chat.teaching.adapter import Adapter
from chat.teaching.packs import Rows, Tokens, packed

VALIDATED_AT_ONCE = 8


class Answers:
    """Next-word likelihood of the answers. An epoch is a lap: one of ``laps`` parts of a pass, drawn at random."""

    def __init__(self, training: Rows, validation: Rows, laps: int) -> None:
        self._training, self._validation = training, validation
        self._lap = -(-len(training) // laps)

    @property
    def examples(self) -> int:
        """Rows of one lap."""
        return self._lap

    def loss(self, module: Adapter, rows: Tensor) -> Tensor:
        """Mean over the answers' tokens of so many rows, drawn anew from all of them."""
        drawn = torch.randint(0, len(self._training), (len(rows),))
        return cross_entropy(*module.logits(self._training.take(drawn)))

    def validate(self, module: Adapter) -> float:
        """The mean log-likelihood of the held-out answers' tokens."""
        total, count = 0.0, 0
        for some in torch.split(torch.arange(len(self._validation)), VALIDATED_AT_ONCE):
            scores, right = module.logits(self._validation.take(some))
            total += float(cross_entropy(scores, right, reduction="sum"))
            count += len(right)
        return -total / max(count, 1)


@dataclass(frozen=True)
class Pair:
    """Two answers to one prompt, of which the first finds more."""

    better: Tokens
    worse: Tokens


class Preference:
    """The better of two answers is to become likelier against the worse, measured from where the adapter began."""

    def __init__(
        self, module: Adapter, training: Sequence[Pair], validation: Sequence[Pair], beta: float, anchor: float
    ) -> None:
        self._training, self._validation = list(training), list(validation)
        self._beta, self._anchor = beta, anchor
        with torch.inference_mode():
            self._begun = [self._likely(module, [pair]).clone() for pair in (*self._training, *self._validation)]

    @property
    def examples(self) -> int:
        """Number of the pairs."""
        return len(self._training)

    def loss(self, module: Adapter, rows: Tensor) -> Tensor:
        """DPO's loss and the anchor's, means over the pairs."""
        numbers = rows.tolist()
        pairs = [self._training[number] for number in numbers]
        found = self._likely(module, pairs)
        lengths = torch.tensor([len(pair.better.answer) for pair in pairs], device=found.device)
        begun = torch.cat([self._begun[number] for number in numbers]).to(found.device)
        return -logsigmoid(self._margin(found, begun)).mean() - self._anchor * (found[:, 0] / lengths).mean()

    def validate(self, module: Adapter) -> float:
        """Minus DPO's loss of the held-out pairs."""
        total = 0.0
        for number, pair in enumerate(self._validation):
            found = self._likely(module, [pair])
            begun = self._begun[len(self._training) + number].to(found.device)
            total += float(logsigmoid(self._margin(found, begun)).mean())
        return total / max(1, len(self._validation))

    def _margin(self, found: Tensor, begun: Tensor) -> Tensor:
        moved = found - begun
        return self._beta * (moved[:, 0] - moved[:, 1])

    @staticmethod
    def _likely(module: Adapter, pairs: Sequence[Pair]) -> Tensor:
        """Log-likelihood of both answers of each pair: [n, 2]."""
        every = [one for pair in pairs for one in (pair.better, pair.worse)]
        rows = [packed([one], max(map(len, every))) for one in every]
        batch = Rows(*(torch.cat([getattr(row, name) for row in rows]) for name in ("ids", "part", "place", "counts")))
        scores, right = module.logits(batch)
        each = -cross_entropy(scores, right, reduction="none")
        owner = torch.repeat_interleave(torch.arange(len(every)), batch.counts[:, 1:].sum(1)).to(each.device)
        return torch.zeros(len(every), device=each.device).index_add(0, owner, each).view(-1, 2)
