"""Metrics of the lists themselves, whatever their shopper then liked: coverage, novelty, variety, popularity bias.

Pure. Knows lists of places [lists, k], best first, how often each item was liked, and the items' unit vectors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.bootstrap import Interval, interval, means

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

HEAD = 0.2  # the most liked fifth of the catalogue; what is liked is mostly among it


@dataclass(frozen=True)
class Catalogue:
    """What is known of the items apart from the lists."""

    popularity: NDArray[np.float32]  # [n] likings of the training part
    vectors: NDArray[np.float32]  # [n, d] unit rows
    shoppers: int  # how many the likings are of

    @property
    def head(self) -> NDArray[np.bool_]:
        """[n] whether an item is among the HEAD most liked; of equally liked ones the earlier."""
        count = max(1, round(HEAD * len(self.popularity)))
        made = np.zeros(len(self.popularity), dtype=bool)
        made[np.argsort(-self.popularity, kind="stable")[:count]] = True
        return made


def coverage(lists: Places, items: int) -> float:
    """Share of the ``items`` of the catalogue that stand in at least one of the lists."""
    return len(np.unique(lists)) / items if items else 0.0


def novelty(lists: Places, catalogue: Catalogue) -> Floats:
    """Mean self-information of each list's items, in bits: -log2 of the share of shoppers who liked the item.

    Counted as if one more shopper had liked each item, so that one that nobody liked has a number.
    """
    share = np.minimum((catalogue.popularity.astype(np.float64) + 1) / (catalogue.shoppers + 1), 1)
    return np.asarray(-np.log2(share)[lists].mean(axis=1), dtype=np.float64)


def variety(lists: Places, catalogue: Catalogue) -> Floats:
    """Mean of 1 - cosine over the pairs of each list (intra-list diversity); 0 for a list of one."""
    k = lists.shape[1]
    if k < 2:
        return np.zeros(len(lists))
    made = []
    for own in lists:
        vectors = catalogue.vectors[own]
        # The sum over all ordered pairs is the square of the vectors' sum, less each with itself.
        total, own_squares = vectors.sum(axis=0), float((vectors * vectors).sum())
        made.append(1 - (float(total @ total) - own_squares) / (k * (k - 1)))
    return np.array(made)


def bias(lists: Places, targets: Places, catalogue: Catalogue) -> Floats:
    """Mean popularity of each list's items, in multiples of the mean popularity of what was liked: 1 is no bias."""
    liked = float(catalogue.popularity[targets].mean()) if len(targets) else 0.0
    return np.asarray(catalogue.popularity[lists].mean(axis=1, dtype=np.float64) / max(liked, 1e-9))


def figures_of_lists(
    lists: Places, targets: Places, catalogue: Catalogue, owners: Sequence[str] | None = None
) -> dict[str, Interval]:
    """All of these, each with its interval over shoppers, named with the lists' length, e.g. "coverage@10"."""
    k, items, head = lists.shape[1], len(catalogue.popularity), catalogue.head
    columns = {
        "novelty": novelty(lists, catalogue),
        "diversity": variety(lists, catalogue),
        "popularity_bias": bias(lists, targets, catalogue),
        "head_share": head[lists].mean(axis=1),
    }
    made = {f"{name}@{k}": held for name, held in means(columns, owners).items()}
    made["head_share.liked"] = means({"": head[targets].astype(np.float64)}, owners)[""]
    made[f"coverage@{k}"] = interval(lambda rows: coverage(lists[rows], items), len(lists), owners)
    return made
