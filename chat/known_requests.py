"""What those wanted who asked alike: requests that a merchant wrote down when the LLM was taught, and their kinds.

Knows vectors and names of kinds; keeps no text of a request and nothing of any shopper. A small model chooses among
things better than it thinks of them, and who says "cold under canvas" shares no word with a sleeping bag.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrieval.encoder import Vectors

FILE = "requests.npz"
TOLD = 5  # kinds that the LLM is told
VOTERS = 20  # nearest requests that speak for their kinds
LEAST_COSINE = 0.35  # half of a request by use and of the nearest others lies above 0.57; less has nothing in common
SHARPNESS = 3  # power of the cosine with which a request speaks
# The votes go before a model of 135 million parameters where the nearest request is so alike, and where so large a
# share of them is for one kind, or the model describes none of the kinds: chosen on 110 requests that are in no file
# and on 160 in items' own words (python -m bench.teaching --part trust).
ALIKE, CLEAR = 0.6, 0.2


Encode = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True)
class Voted:
    """What those wanted who asked alike: the kinds, the likeliest first, the share of all votes of the first, and the
    cosine of the nearest request.
    """

    kinds: tuple[str, ...] = ()
    share: float = 0.0
    alike: float = 0.0

    @property
    def close(self) -> bool:
        """Whether somebody asked so much alike that what they wanted is likely what is wanted now."""
        return bool(self.kinds) and self.alike >= ALIKE

    @property
    def clear(self) -> bool:
        """Whether so many of them wanted the first kind that no model needs to be asked."""
        return self.close and self.share >= CLEAR

    def without(self, refused: Callable[[str], bool]) -> "Voted":
        """The same less the kinds that are refused; the votes for those speak for no other."""
        kinds = tuple(kind for kind in self.kinds if not refused(kind))
        return Voted(kinds, self.share if kinds[:1] == self.kinds[:1] else 0.0, self.alike)

    def settled(self, descriptions: Sequence[str]) -> tuple[str, ...]:
        """What to search for of a model's ``descriptions`` and the kinds: the first kind where it is clear, and where
        the model describes none of them; else what the model describes, which decides between them.
        """
        told = any(kind in text or text in kind for kind in self.kinds for text in descriptions)
        return self.kinds[:1] if self.close and (self.clear or not told) else tuple(descriptions)


class KnownRequests:
    """Requests as unit rows [n, d], and the kinds of things that each of them wants, best first."""

    def __init__(self, vectors: Vectors, kinds: Sequence[Sequence[str]], encode: Encode) -> None:
        self._vectors, self._encode = vectors.astype(np.float32), encode
        self._kinds = [tuple(held) for held in kinds]

    def wanted(self, request: str) -> Voted:
        """What those wanted who asked like this; nothing where nobody did."""
        return self.wanted_by(self._encode([request])[0]) if self._kinds and request.strip() else Voted()

    def wanted_by(self, request: np.ndarray, without: str = "") -> Voted:
        """The same for a unit vector [d]; ``without``: requests for this kind are not heard."""
        if not self._kinds:
            return Voted()
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
        if not heard:
            return Voted()
        kinds = sorted(votes, key=lambda kind: -votes[kind])
        # Of a few requests the nearest always leads, however far it is.
        share = votes[kinds[0]] / sum(votes.values()) if 2 * heard >= VOTERS else 0.0
        return Voted(tuple(kinds[:TOLD]), share, float(scores.max(initial=0.0)))

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
