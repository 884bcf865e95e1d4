"""Examples as tokens, several of them in one row, each seeing itself alone.

Knows the tokenizer's chat template. A row of a fixed length wastes little, and the loss counts answers alone. Packing
without cross-contamination: Krell et al., "Efficient Sequence Packing without Cross-contamination", 2021.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

END = "<|im_end|>"


@dataclass(frozen=True)
class Tokens:
    """One example: the ids of its prompt and of its answer, with the mark that ends it."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.answer)


def tokenised(tokenizer: Any, messages: Sequence[tuple[str, str]], answer: str) -> Tokens:
    """The example as the server's chat template writes it."""
    said = [{"role": role, "content": content} for role, content in messages]
    text = tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
    prompt = tokenizer(text, add_special_tokens=False).input_ids
    ending = tokenizer.eos_token if tokenizer.chat_template is None else _ending(tokenizer)
    return Tokens(tuple(prompt), tuple(tokenizer(answer + ending, add_special_tokens=False).input_ids))


def _ending(tokenizer: Any) -> str:
    """What the template writes behind an answer, up to the mark that stops the server."""
    whole = tokenizer.apply_chat_template(
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], tokenize=False
    )
    behind = whole.rpartition("b")[2]
    return str(behind.split("\n")[0] or tokenizer.eos_token)


@dataclass(frozen=True)
class Rows:
    """Packed examples: all int64 [n, length]; ``part`` numbers the examples of a row from 1, 0 is padding."""

    ids: Tensor
    part: Tensor
    place: Tensor  # within its example
    counts: Tensor  # bool: the token is of an answer

    def __len__(self) -> int:
        return len(self.ids)

    def masks(self, dtype: torch.dtype) -> Tensor:
        """Additive attention masks [n, 1, length, length]: each token sees those before it of its own example."""
        length = self.ids.shape[1]
        sees = (self.part[:, :, None] == self.part[:, None, :]) & torch.ones(length, length).tril().bool()
        return torch.zeros(sees.shape, dtype=dtype).masked_fill_(~sees, torch.finfo(dtype).min)[:, None]

    def take(self, rows: Tensor) -> "Rows":
        """Some of them."""
        return Rows(self.ids[rows], self.part[rows], self.place[rows], self.counts[rows])


def packed(examples: Sequence[Tokens], length: int) -> Rows:
    """The examples in as few rows as first fit finds, in their order; what is longer than a row is cut at its start."""
    rows: list[list[Tokens]] = []
    room: list[int] = []
    oldest = 0
    for example in examples:
        if len(example) > length:
            example = Tokens(example.prompt[max(0, len(example) - length) :], example.answer[:length])
        found = next((at for at in range(oldest, len(rows)) if room[at] >= len(example)), len(rows))
        if found == len(rows):
            rows.append([])
            room.append(length)
        rows[found].append(example)
        room[found] -= len(example)
        oldest = max(oldest, len(rows) - 64)  # of those that are older hardly one has room
    shape = (len(rows), length)
    ids, part, place = (torch.zeros(shape, dtype=torch.int64) for _ in range(3))
    made = Rows(ids, part, place, torch.zeros(shape, dtype=torch.bool))
    for number, held in enumerate(rows):
        at = 0
        for count, one in enumerate(held, 1):
            end = at + len(one)
            made.ids[number, at:end] = torch.tensor(one.prompt + one.answer)
            made.part[number, at:end] = count
            made.place[number, at:end] = torch.arange(len(one))
            made.counts[number, at + len(one.prompt) : end] = True
            at = end
    return made
