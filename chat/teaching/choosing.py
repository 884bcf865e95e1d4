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
# Of the best's value: what a longer description says for the rest is chance, and cannot be learned; where the request
# names the thing, its own words say it, and can be taken over.
ABOUT_AS_GOOD, NAMED_AS_GOOD = 0.8, 0.97
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
        right: Sequence[str],
        *,
        named: bool = False,
    ) -> list[float]:
        """For each of the descriptions: nDCG@10 of what is right, found by it beside the words, and half as much by it
        alone. Of the same kind as what is right is half right.

        ``words``: a unit vector [d], None where the shopper named nothing; ``descriptions``: unit rows [t, d].
        ``named``: the words name what is right, so that the description is not what the search goes by. Without
        words another of the same kind is not right at all: a kind is no guess at what one will like next.
        """
        gains = self._gains(right, 0.0 if words is None else SAME_KIND)
        texts = descriptions if words is None else np.vstack([words, descriptions])
        shares = self._shares(texts)
        if words is None:
            return [(1 + ALONE) * self._ndcg(held, gains) for held in shares.T]
        found = []
        for place in range(1, len(texts)):
            held = [0, place]
            both = shares[:, held] @ arm_weights(texts[held], True, trusted=not named).astype(np.float32)
            found.append(self._ndcg(both, gains) + ALONE * self._ndcg(shares[:, place], gains))
        return found

    def best(
        self,
        words: np.ndarray | None,
        vectors: Mapping[str, np.ndarray],
        right: Sequence[str],
        *,
        named: bool = False,
    ) -> str:
        """The description that finds the right items best; of those about as good the shortest. Without words ""
        where none finds any.

        One alone: beside it a second one found nothing (0.320 and 0.321 of 110 requests by use), and costs a shopper a
        third of a second.
        """
        values = dict(
            zip(
                vectors,
                self.values(words, np.stack(list(vectors.values())), right, named=named),
                strict=True,
            )
        )
        if words is None and not any(values.values()):
            return ""
        least = max(values.values()) * (NAMED_AS_GOOD if named else ABOUT_AS_GOOD)
        return min((text for text, value in values.items() if value >= least), key=len)

    def recall(self, words: np.ndarray, description: np.ndarray | None, right: Sequence[str]) -> float:
        """The share of what is right, of ten at most, that stands among the ten that are found by the words, and by a
        description beside them where there is one.

        ``words``, ``description``: unit vectors [d].
        """
        texts = words[None] if description is None else np.stack([words, description])
        scores = self._shares(texts) @ arm_weights(texts, True, trusted=True).astype(np.float32)
        rows = {self._rows[item_id] for item_id in right if item_id in self._rows}
        return len(rows & set(_top(scores).tolist())) / max(1, min(DEEP, len(rows)))

    def _shares(self, texts: Vectors) -> np.ndarray:
        """Cosines of the items with each text [n, t], as shares of the best."""
        cosines = np.maximum(self._vectors @ texts.T, 0)
        shares: np.ndarray = cosines / np.maximum(cosines.max(axis=0, keepdims=True), 1e-9)
        return shares

    def _gains(self, right: Sequence[str], same_kind: float) -> np.ndarray:
        rows = [self._rows[item_id] for item_id in right if item_id in self._rows]
        gains = np.zeros(len(self._kinds))
        if same_kind:
            gains[np.isin(self._kinds, self._kinds[rows])] = same_kind
        gains[rows] = 1.0
        return gains

    @staticmethod
    def _ndcg(scores: np.ndarray, gains: np.ndarray) -> float:
        top = _top(scores)
        deep = len(top)
        discounts = 1 / np.log2(np.arange(deep) + 2)
        ideal = np.sort(np.partition(gains, len(gains) - deep)[-deep:])[::-1] @ discounts
        return float(gains[top] @ discounts / ideal) if ideal else 0.0


def _top(scores: np.ndarray) -> np.ndarray:
    """The rows of the ten best, the best first."""
    deep = min(DEEP, len(scores))
    top = np.argpartition(-scores, deep - 1)[:deep]
    ordered: np.ndarray = top[np.argsort(-scores[top], kind="stable")]
    return ordered
