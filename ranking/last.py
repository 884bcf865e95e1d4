"""The last step of a ranking: the few items that stand first, ordered anew by a text cross-encoder.

The items trade places among themselves, and each place keeps its p(like): what was calibrated stays calibrated, and
nothing comes up from below. Knows logits and the model's files. Knows nothing of how it is learned
(``ranking.rereading``), nor of the ranker before it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.behaviour import Places, Track
from ranking.models.cross_encoder import MAX_TOKENS, CrossEncoder
from ranking.models.model import Floats
from retrieval.encoder import Onnx
from retrieval.minilm import verified_package

MODEL, TOKENIZER = "cross_encoder.onnx", "cross_encoder.tokenizer.json"  # in a model's folder
ALONE, ASKED = "alone", "asked"  # by history alone; with a request
KINDS = (ALONE, ASKED)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Last:
    """What the last step was trained to be."""

    encoder: Onnx
    count: int  # items that are ordered anew
    history: int  # titles of the history that are read
    weights: Mapping[str, float]  # of the cross-encoder's logit beside the first one, by KINDS; 0: no part

    @classmethod
    def load(cls, folder: Path, facts: Mapping[str, Any]) -> "Last | None":
        """What the folder holds by its ``facts``; None, with a line in the log, where it cannot be used."""
        try:
            encoder = Onnx(folder / MODEL, folder / TOKENIZER, MAX_TOKENS)
            weights = {kind: float(facts["weights"][kind]) for kind in KINDS}
            return cls(encoder, int(facts["count"]), int(facts["history"]), weights)
        except Exception as error:
            # onnxruntime and tokenizers raise types of their own; whichever it is, the first ranker serves alone.
            log.warning("The cross-encoder in %s cannot be used: items stay as ranked without it (%s)", folder, error)
            return None

    def facts(self) -> dict[str, Any]:
        """What ``load`` needs to know beside the files."""
        return {"weights": dict(self.weights), "count": self.count, "history": self.history}


def save(folder: Path, model: bytes) -> None:
    """Write the ``model`` in ONNX, and the tokenizer, which is the built-in encoder's."""
    (folder / MODEL).write_bytes(model)
    (folder / TOKENIZER).write_bytes((verified_package() / "tokenizer.json").read_bytes())


class Reordering:
    """The last step over a catalogue, whose items' ``titles`` stand in the table's order."""

    def __init__(self, last: Last, titles: Sequence[str]) -> None:
        self._last = last
        self._model = CrossEncoder(last.encoder, titles, last.history)

    def logits(self, first: Floats, track: Track, places: Places, free: NDArray[np.bool_], kind: str) -> Floats:
        """The logits ``first`` [m] of the places [m], those of the best ``free`` ones handed out anew among these."""
        weight = self._last.weights[kind]
        among = np.flatnonzero(free)
        among = among[np.argsort(-first[among], kind="stable")][: self._last.count]
        if not weight or len(among) < 2 or not (track.weights > 0).any():
            return first
        read = self._model.scores([track], places[among][None])[0]
        made = first.copy()
        made[among[order(first[among], read, weight)]] = first[among]
        return made


def order(first: Floats, read: Floats, weight: float) -> NDArray[np.int64]:
    """Places [..., m] of items, best first, by both logits [..., m]; ties stay as they are.

    >>> order(np.array([2.0, 1.5, 1.0]), np.array([0.0, 3.0, 1.0]), 0.5).tolist()
    [1, 0, 2]
    """
    return np.argsort(-(first + np.float32(weight) * read), axis=-1, kind="stable")
