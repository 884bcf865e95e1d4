"""Text to unit vectors.

Knows onnxruntime and the built-in encoder's folder (made by ``retrieval.minilm``). Knows nothing of items or files of
vectors. Any object with a name, a dimension and ``encode`` can take its place.
"""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from retrieval.errors import EncoderError
from retrieval.minilm import ensure_encoder

__all__ = ["Encoder", "MiniLMEncoder", "Onnx", "Vectors", "ensure_encoder"]

# Of a batch, padding counted: beyond it the activations leave a core's own cache. Shop titles on two AVX2 cores, quiet:
# 638 a second, against 592 with 32 texts a batch and both cores on one batch, 566 with 2,048 tokens a batch.
BATCH_TOKENS = 512
BATCH_TEXTS = 64
SORTED_AT_ONCE = 8192  # texts whose tokens are held at once
MOST_CHARACTERS = 4000  # well over 256 tokens: the tokenizer need not read a whole pasted page

Vectors = npt.NDArray[np.float32]


class Encoder(Protocol):
    """Turns texts into vectors whose dot product is their likeness."""

    @property
    def name(self) -> str:
        """Tells apart encoders whose vectors must not be mixed."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text: float32 [len(texts), dimension], in their order."""


class Onnx:
    """A text model in ONNX that gives one unit vector a text, and its tokenizer. Safe to call from any thread."""

    def __init__(self, model: Path, tokenizer: Path, max_tokens: int, threads: int = 0) -> None:
        """Load both. ``threads``: batches computed at the same time, a core each; 0: one a core, at most 8."""
        options = onnxruntime.SessionOptions()
        # A batch stays on one core, and the cores take a batch each: less waiting than with one batch on all of them.
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.no_padding()
        self._threads = threads or min(8, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(self._threads, "encoder")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text: float32 [len(texts), d], in their order. Lone surrogates are read as "?"."""
        vectors: Vectors = np.empty((len(texts), self._session.get_outputs()[0].shape[-1]), dtype=np.float32)
        for start in range(0, len(texts), SORTED_AT_ONCE):
            part = texts[start : start + SORTED_AT_ONCE]
            cut = [text[:MOST_CHARACTERS].encode("utf-8", "replace").decode() for text in part]
            tokens = [np.array(one.ids, dtype=np.int64) for one in self._tokenizer.encode_batch_fast(cut)]
            batches = _batches([len(one) for one in tokens], self._threads)
            run = map if len(batches) == 1 else self._pool.map
            outputs = run(self._run, [[tokens[row] for row in rows] for rows in batches])
            for rows, output in zip(batches, outputs, strict=True):
                vectors[[start + row for row in rows]] = output
        return vectors

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens of each text are read."""
        return [len(one.ids) for one in self._tokenizer.encode_batch_fast(list(texts))]

    def _run(self, tokens: Sequence[npt.NDArray[np.int64]]) -> Vectors:
        """Vectors of one batch: float32 [len(tokens), d]."""
        ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)  # 0 is the padding's id
        mask = np.zeros_like(ids)
        for row, one in enumerate(tokens):
            ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        vectors: Vectors = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return vectors


def _batches(lengths: Sequence[int], workers: int) -> list[list[int]]:
    """Places of texts by batch: like lengths together, no batch over its bounds, and work for each of the workers.

    >>> _batches([30, 8, 27], workers=2)
    [[1], [2], [0]]
    """
    budget = min(BATCH_TOKENS, -(-sum(lengths) // workers))
    batches: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        held = batches[-1] if batches else []
        if not held or len(held) == BATCH_TEXTS or (len(held) + 1) * lengths[place] > budget:
            batches.append(held := [])
        held.append(place)
    return batches


class MiniLMEncoder:
    """The built-in encoder, from a folder that ``ensure_encoder`` made."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Load it (about 0.2 s). ``threads``: 0 for one a core, at most 8. Raises EncoderError."""
        try:
            facts = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
            self.folder = folder
            self.name: str = facts["name"]
            self.dimension: int = facts["dimension"]
            self._model = Onnx(folder / "encoder.onnx", folder / "tokenizer.json", facts["max_tokens"], threads)
        except Exception as error:
            # onnxruntime and tokenizers raise types of their own; whichever it is, the folder is not usable.
            raise EncoderError(
                f"The converted encoder in {folder} cannot be read ({error}). Remove the folder: it is made again."
            ) from error

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text: float32 [len(texts), 384], in their order; what goes beyond 256 tokens is not read.

        The last digits of a vector depend on the texts beside it in a batch (int8 scales are a batch's own).
        """
        vectors = self._model.encode(texts)
        return vectors.reshape(len(texts), self.dimension)

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens of each text are read, 256 at most: what encoding it costs."""
        return self._model.tokens(texts)
