"""Text to unit vectors.

Knows onnxruntime and the built-in encoder's folder (made by ``retrieval.minilm``). Knows nothing of items or files of
vectors. Any object with a name, a dimension and ``encode`` can take its place.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from retrieval.errors import EncoderError
from retrieval.minilm import ensure_encoder

__all__ = ["Encoder", "MiniLMEncoder", "Onnx", "Vectors", "ensure_encoder"]

BATCH = 32  # texts at once; more is no faster on a CPU
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
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or min(4, os.cpu_count() or 1)
        # Else its threads spin for a while after each text, and take the cores from the LLM.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.enable_padding()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text: float32 [len(texts), d], in their order. Lone surrogates are read as "?"."""
        cut = [text[:MOST_CHARACTERS].encode("utf-8", "replace").decode() for text in texts]
        order = sorted(range(len(cut)), key=lambda at: len(cut[at]))  # like lengths together: little padding
        parts = []
        for start in range(0, len(order), BATCH):
            encoded = self._tokenizer.encode_batch([cut[at] for at in order[start : start + BATCH]])
            feed = {
                "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
                "attention_mask": np.array([one.attention_mask for one in encoded], dtype=np.int64),
            }
            parts.append(self._session.run(None, feed)[0])
        if not parts:
            return np.zeros((0, self._session.get_outputs()[0].shape[-1]), dtype=np.float32)
        vectors: Vectors = np.empty((len(order), parts[0].shape[1]), dtype=np.float32)
        vectors[order] = np.vstack(parts)
        return vectors


class MiniLMEncoder:
    """The built-in encoder, from a folder that ``ensure_encoder`` made."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Load it (about 0.2 s). ``threads``: 0 for one a core, at most 4. Raises EncoderError."""
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

        The last digits of a vector depend on the texts beside it in a batch of 32 (int8 scales are a batch's own).
        """
        vectors = self._model.encode(texts)
        return vectors.reshape(len(texts), self.dimension)
