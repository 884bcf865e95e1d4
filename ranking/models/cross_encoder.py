"""A text cross-encoder: how well an item follows what a shopper liked last, both read together as one text.

Sequence classification (transformers) over "history [SEP] item", fine-tuned from the built-in encoder; served by
onnxruntime. Too slow for a catalogue: it is meant for the few items that others have put first. Knows titles, tracks
and lists; knows nothing of where the lists come from, nor of files but those that it is read from and written to.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from ranking.behaviour import Places, Track
from ranking.checkpoints import Checkpoint
from ranking.descent import Outcome, Progress, descend, device_of
from ranking.metrics import ndcg, ranks_of
from ranking.models.model import Floats, Model
from ranking.settings import Hardware, LastSettings
from retrieval.encoder import Onnx
from retrieval.items import Item
from retrieval.minilm import export, quantise, verified_package

LONGEST_TITLE = 48  # characters that are read of a title: some 12 tokens; time grows with each
MAX_TOKENS = (
    512  # what the built-in encoder can read: never cut, since five titles and an item are shorter in any script
)
PADDED = 4  # groups of like length in a batch, each padded by itself
SCORED = 64  # pairs that are read at once without gradients
FAITHFUL = 0.995  # correlation of the int8 form's logits with those of fp32, below which it is not used


def title_of(item: Item) -> str:
    """The title as it is read; without brackets, in which the tokenizer's own marks are written ("[SEP]")."""
    return " ".join(item.title.replace("[", "(").replace("]", ")").split())[:LONGEST_TITLE]


def history_of(track: Track, titles: Sequence[str], count: int) -> str:
    """The titles of the latest ``count`` liked items, the latest first; empty if nothing was liked."""
    return "; ".join(titles[place] for place in track.places[track.weights > 0][-count:][::-1])


def pair(history: str, title: str) -> str:
    """What is read.

    >>> pair("shampoo; comb", "hair mask")
    'shampoo; comb [SEP] hair mask'
    """
    return f"{history} [SEP] {title}"


class CrossEncoder(Model):
    """The served form, over a catalogue: raw scores are logits, which say no more than which item is the better."""

    def __init__(self, encoder: Onnx, titles: Sequence[str], history: int) -> None:
        """``titles`` of the table's items, in its order; ``history``: titles of a track that are read."""
        self._encoder = encoder
        self._titles = titles
        self._history = history

    def scores(self, tracks: Sequence[Track], places: Places | None = None) -> Floats:
        places = np.tile(np.arange(len(self._titles)), (len(tracks), 1)) if places is None else places
        histories = [history_of(track, self._titles, self._history) for track in tracks]
        pairs = [
            pair(history, self._titles[place]) for history, own in zip(histories, places, strict=True) for place in own
        ]
        return self._encoder.encode(pairs).reshape(places.shape)


@dataclass(frozen=True)
class Lists:
    """Held-out likings among the items that others put first, the liked one first in each list."""

    histories: list[str]
    places: Places  # [lists, m]
    first: Floats  # [lists, m] logits of what put them there

    def __len__(self) -> int:
        return len(self.histories)

    def __getitem__(self, rows: Sequence[int] | slice) -> "Lists":
        numbers = np.arange(len(self))[rows]
        return Lists([self.histories[number] for number in numbers], self.places[numbers], self.first[numbers])


class PairNet(nn.Module):
    """The built-in encoder's lowest layers and a head, from token ids to a logit."""

    def __init__(self, layers: int, frozen: int) -> None:
        """The word vectors and the lowest ``frozen`` of the ``layers`` stay as they are."""
        # Imported here: transformers takes seconds to load, and only a training needs it.
        from transformers import AutoModelForSequenceClassification
        from transformers.utils import logging as transformers_logging

        super().__init__()
        # It would report the head, which is new, as missing, and draw a bar of its own.
        transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        # eager: the only form of attention that can be exported for texts of any length.
        self.net: Any = AutoModelForSequenceClassification.from_pretrained(
            verified_package(), num_labels=1, num_hidden_layers=layers, attn_implementation="eager"
        )
        for part in (self.net.bert.embeddings, *self.net.bert.encoder.layer[:frozen]):
            part.requires_grad_(False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits [b] of token ids [b, t]; ``attention_mask`` [b, t] is 1 but for padding."""
        kept = attention_mask.to(torch.float32)
        made: Tensor = self.net(input_ids=input_ids, attention_mask=(1.0 - kept[:, None, None, :]) * -1e9).logits
        return made[:, 0]


@dataclass(frozen=True)
class LastFew:
    """The cross-encoder's lesson: to say of each list what was liked, beyond what the first logits say."""

    lists: Lists
    held: Lists
    titles: Sequence[str]
    tokenizer: Tokenizer
    others: int  # of a list that are read in a step, drawn anew each time

    @property
    def examples(self) -> int:
        return len(self.lists)

    def loss(self, module: PairNet, rows: Tensor) -> Tensor:
        b, m = len(rows), self.lists.places.shape[1] - 1
        few = min(self.others, m)
        drawn = torch.rand(b, m).argsort(dim=1)[:, :few] + 1
        columns = torch.cat([torch.zeros(b, 1, dtype=torch.long), drawn], dim=1).numpy()
        chosen = self.lists[rows.tolist()]
        places = np.take_along_axis(chosen.places, columns, axis=1)
        first = np.take_along_axis(chosen.first, columns, axis=1)
        first[:, 1:] += np.log(m / few)  # each stands for as many as there are for one of them
        logits = self._read(module, chosen.histories, places) + torch.from_numpy(first).to(device_of(module))
        return nn.functional.cross_entropy(logits, torch.zeros(b, dtype=torch.long, device=logits.device))

    def validate(self, module: PairNet) -> float:
        """NDCG@10 of the held lists, ordered by the sum of both logits: far above one among all items."""
        step = max(1, SCORED // self.held.places.shape[1])
        made = [
            self._read(module, part.histories, part.places).float().cpu().numpy() + part.first
            for part in (self.held[start : start + step] for start in range(0, len(self.held), step))
        ]
        return ndcg(ranks_of(np.concatenate(made), np.zeros(len(self.held), np.int64)), 10)

    def _read(self, module: PairNet, histories: Sequence[str], places: Places) -> Tensor:
        """Logits [b, m] of the places [b, m]."""
        pairs = [pair(history, self.titles[at]) for history, own in zip(histories, places, strict=True) for at in own]
        device = device_of(module)
        rows, logits = [], []
        for numbers, ids, mask in _padded(self.tokenizer, pairs):
            rows.append(numbers)
            logits.append(module(ids.to(device), mask.to(device)))
        order = torch.from_numpy(np.argsort(np.concatenate(rows))).to(device)
        return torch.cat(logits)[order].reshape(places.shape)


def _padded(tokenizer: Tokenizer, pairs: Sequence[str]) -> Iterator[tuple[Places, Tensor, Tensor]]:
    """Numbers [p] of some of the pairs, of like length, with their token ids and masks [p, t]; all in their turn."""
    tokens = [one.ids for one in tokenizer.encode_batch_fast(list(pairs))]
    order = np.argsort([len(ids) for ids in tokens], kind="stable")
    for numbers in np.array_split(order, min(PADDED, len(order))):
        longest = len(tokens[numbers[-1]])
        ids = torch.zeros(len(numbers), longest, dtype=torch.long)  # 0 is the padding's id
        mask = torch.zeros_like(ids)
        for row, number in enumerate(numbers):
            ids[row, : len(tokens[number])] = torch.tensor(tokens[number])
            mask[row, : len(tokens[number])] = 1
        yield numbers, ids, mask


def tokenizer() -> Tokenizer:
    """The built-in encoder's."""
    made = Tokenizer.from_file(str(verified_package() / "tokenizer.json"))
    made.enable_truncation(MAX_TOKENS)
    made.no_padding()
    return made


def learn(
    lists: Lists,
    held: Lists,
    titles: Sequence[str],
    settings: LastSettings,
    *,
    on: Hardware | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Progress = lambda what, done, total: None,
) -> tuple[PairNet, Outcome]:
    """The net that orders the ``held`` lists best, and how its descent went. Arguments as of ``descend``."""
    torch.manual_seed(settings.seed)
    net = PairNet(settings.layers, min(settings.frozen, settings.layers))
    on = (on or Hardware()).model_copy(update={"precision": settings.precision})
    lesson = LastFew(lists, held, titles, tokenizer(), settings.others)
    outcome = descend(
        net, lesson, settings, on=on, checkpoint=checkpoint, progress=progress, what="learning the cross-encoder"
    )
    return net, outcome


def exported(net: PairNet, checked: Sequence[str]) -> bytes:
    """The net as an ONNX model: int8 unless the logits of the ``checked`` pairs suffer by it."""
    with tempfile.TemporaryDirectory() as name:
        full, small = Path(name) / "full.onnx", Path(name) / "small.onnx"
        export(_Column(net.eval()), full)
        quantise(full, small)
        tokens = verified_package() / "tokenizer.json"
        logits = [Onnx(path, tokens, MAX_TOKENS, threads=1).encode(checked)[:, 0] for path in (full, small)]
        faithful = float(np.corrcoef(logits)[0, 1]) >= FAITHFUL
        return (small if faithful else full).read_bytes()


class _Column(nn.Module):
    """The net with one logit a row as a column, the form that ``Onnx`` reads."""

    def __init__(self, net: PairNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        made: Tensor = self.net(input_ids, attention_mask)[:, None]
        return made
