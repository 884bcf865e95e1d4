"""What those wanted who asked alike: requests that a merchant wrote down when the LLM was taught, and their kinds.

Knows vectors and names of kinds; keeps no text of a request and nothing of any shopper. A small model chooses among
things better than it thinks of them, and who says "cold under canvas" shares no word with a sleeping bag.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from retrieval.encoder import Vectors

FILE = "requests.npz"
TOLD = 5  # kinds that the LLM is told
VOTERS = 20  # nearest requests that speak for their kinds
LEAST_COSINE = 0.35  # half of a request by use and of the nearest others lies above 0.57; less has nothing in common
SHARPNESS = 3  # power of the cosine with which a request speaks


Encode = Callable[[Sequence[str]], Vectors]


class KnownRequests:
    """Requests as unit rows [n, d], and the kinds of things that each of them wants, best first."""

    def __init__(self, vectors: Vectors, kinds: Sequence[Sequence[str]], encode: Encode) -> None:
        self._vectors, self._encode = vectors.astype(np.float32), encode
        self._kinds = [tuple(held) for held in kinds]

    def wanted(self, request: str) -> list[str]:
        """What those wanted who asked like this, the likeliest first; nothing where nobody did."""
        return self.wanted_by(self._encode([request])[0]) if self._kinds and request.strip() else []

    def wanted_by(self, request: np.ndarray, without: str = "") -> list[str]:
        """The same for a unit vector [d]; ``without``: requests for this kind are not heard."""
        if not self._kinds:
            return []
        scores = self._vectors @ request
        votes: dict[str, float] = {}
        heard = 0
        for row in np.argsort(-scores, kind="stable"):
            if heard == VOTERS or scores[row] < LEAST_COSINE:
                break
            if without in self._kinds[row]:
                continue
            heard += 1
            for kind in self._kinds[row]:
                votes[kind] = votes.get(kind, 0.0) + float(scores[row]) ** SHARPNESS / len(self._kinds[row])
        return sorted(votes, key=lambda kind: -votes[kind])[:TOLD]

    def save(self, folder: Path) -> None:
        """Write them beside the adapter: half floats, since no order hangs on more."""
        with (folder / FILE).open("wb") as file:
            np.savez(file, vectors=self._vectors.astype(np.float16), kinds=np.array(json.dumps(self._kinds)))

    @classmethod
    def load(cls, folder: Path, encode: Encode) -> "KnownRequests":
        """Those of the folder; none where it holds none."""
        if not (folder / FILE).exists():
            return cls(np.zeros((0, 1), np.float32), (), encode)
        with np.load(folder / FILE, allow_pickle=False) as held:
            return cls(held["vectors"], json.loads(str(held["kinds"])), encode)
