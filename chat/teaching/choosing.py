"""Which descriptions find what is wanted: tried on the catalogue itself, beside the shopper's words.

Knows vectors and the fusion that ships; asks no index, as the whole catalogue is compared. Rejection sampling keeps
what is best of several descriptions, and pairs of a better and a worse one teach the preference.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from retrieval.encoder import Vectors
from retrieval.fusion import arm_weights

DEEP = 10  # ranks that count
ALONE = 0.5  # how much it counts what the descriptions find without the words
LEAST_GAIN = 0.05  # of a second description, which costs a shopper a third of a second
ABOUT_AS_GOOD = 0.8  # of the best's value: what a longer one says for the rest is chance, and cannot be learned
SAME_KIND = 0.5


class Chooser:
    """Values descriptions by what they bring up.

    ``vectors``: unit rows [n, d] of the items, in the order of ``ids``; ``kinds``: what kind of thing each is.
    """

    def __init__(self, ids: Sequence[str], vectors: Vectors, kinds: Sequence[str]) -> None:
        self._rows = {item_id: row for row, item_id in enumerate(ids)}
        self._vectors = vectors
        numbers = {kind: number for number, kind in enumerate(dict.fromkeys(kinds))}
        self._kinds = np.array([numbers[kind] for kind in kinds])

    def values(
        self,
        words: np.ndarray | None,
        descriptions: Vectors,
        chosen: Vectors | None,
        right: Sequence[str],
        *,
        named: bool = False,
    ) -> list[float]:
        """For each of the descriptions, beside those that are ``chosen`` already: nDCG@10 of what is right, found by
        words and descriptions, and half as much by descriptions alone. Of the same kind as what is right is half right.

        ``words``: a unit vector [d], None where the shopper named nothing; ``descriptions``: unit rows [t, d].
        ``named``: the words name what is right, so that the descriptions are not what the search goes by.
        """
        gains = self._gains(right)
        before = [*([] if words is None else [words]), *([] if chosen is None else chosen)]
        texts = np.vstack([*before, *descriptions])
        cosines = np.maximum(self._vectors @ texts.T, 0)
        shares = cosines / np.maximum(cosines.max(axis=0, keepdims=True), 1e-9)
        found = []
        for place in range(len(before), len(texts)):
            held = [*range(len(before)), place]
            first = 0 if words is None else 1
            alone = self._ndcg(shares[:, held[first:]].mean(axis=1), gains)
            if words is None:
                found.append((1 + ALONE) * alone)
                continue
            both = shares[:, held] @ arm_weights(texts[held], True, trusted=not named).astype(np.float32)
            found.append(self._ndcg(both, gains) + ALONE * alone)
        return found

    def value(self, words: np.ndarray | None, descriptions: Vectors, right: Sequence[str]) -> float:
        """The same of all these descriptions together."""
        before = descriptions[:-1] if len(descriptions) > 1 else None
        return self.values(words, descriptions[-1:], before, right)[0]

    def best(
        self,
        words: np.ndarray | None,
        vectors: Mapping[str, np.ndarray],
        right: Sequence[str],
        *,
        named: bool = False,
    ) -> list[str]:
        """The description that finds the right items best, and a second one where that finds clearly more."""
        chosen: list[str] = []
        reached = 0.0
        for least in (0.0, LEAST_GAIN):
            texts = [text for text in vectors if text not in chosen]
            if not texts:
                break
            held = np.stack([vectors[one] for one in chosen]) if chosen else None
            values = dict(
                zip(
                    texts,
                    self.values(words, np.stack([vectors[t] for t in texts]), held, right, named=named),
                    strict=True,
                )
            )
            most = max(values.values())
            if chosen and most < reached + least:
                break
            top = min((text for text in texts if values[text] >= most * ABOUT_AS_GOOD), key=len)
            chosen.append(top)
            reached = most
        return chosen

    def _gains(self, right: Sequence[str]) -> np.ndarray:
        rows = [self._rows[item_id] for item_id in right if item_id in self._rows]
        gains = np.where(np.isin(self._kinds, self._kinds[rows]), SAME_KIND, 0.0)
        gains[rows] = 1.0
        return gains

    @staticmethod
    def _ndcg(scores: np.ndarray, gains: np.ndarray) -> float:
        deep = min(DEEP, len(scores))
        top = np.argpartition(-scores, deep - 1)[:deep]
        top = top[np.argsort(-scores[top], kind="stable")]
        discounts = 1 / np.log2(np.arange(deep) + 2)
        ideal = np.sort(np.partition(gains, len(gains) - deep)[-deep:])[::-1] @ discounts
        return float(gains[top] @ discounts / ideal) if ideal else 0.0
