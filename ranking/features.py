"""Features of a shopper and an item: what the reranker's network sees.

Knows the item table and the relations; turns tracks and places into numbers. Knows nothing of networks. Every feature
is plain arithmetic over the history, so that a like of a second ago counts in the very next ranking.
"""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ranking.behaviour import Places, Track
from ranking.profile import EVEN, FRESH, LAST, TASTE, profiles
from ranking.relations import Relations, normalised, pairs
from ranking.requests import Need
from ranking.table import ItemTable, one_hot

Floats = NDArray[np.float32]

NAMES = (
    "transition",  # what followed the history's items, the latest weighing most
    "transition_last",  # the same for the last item alone
    "transition_near",  # what followed items that are near the history's by text
    "near_transition",  # near by text to what followed the history's items
    "leaf_share",  # share of the history in the item's category
    "parent_share",  # the same one level up
    "maker_share",  # share of the history of the item's brand
    "leaf_transition",  # how much more often the item's category follows the history's than any
    "text_mean",  # cosine to the history's mean
    "text_max",  # cosine to the nearest of the latest items
    "text_last",  # cosine to the last item
    "leaf_last",  # 1 in the category of the last item
    "leaf_fresh",  # share of the latest history in the item's category
    "traits",  # the item's attribute values among the history's
    "popularity",
    "popularity_in_leaf",  # the same against the mean of the item's category
    "rating",
    "ratings",
    "price",  # log price against the shopper's usual one, in their own spread
    "price_distance",  # the same without its sign
    "history_length",
    "relevance",  # how well the item answers the request by meaning: 0..1 against the best; 0 without a request
    "named",  # how much of the request stands in the item's words; 0 without a request
    "requested",  # 1 with a request
)
# What is left out together, to see what it adds.
GROUPS = {
    "transitions": ("transition", "transition_last", "leaf_transition"),
    "spread": ("transition_near", "near_transition"),
    "text": ("text_mean", "text_max", "text_last"),
    "category": ("leaf_share", "parent_share", "leaf_last", "leaf_fresh"),
    "brand": ("maker_share",),
    "popularity": ("popularity", "popularity_in_leaf"),
    "record": ("traits", "rating", "ratings", "price", "price_distance"),
    "length": ("history_length",),
}
LATEST = 15  # items of the history that are compared one by one
FLOOR = 1e-3  # added before a logarithm: about a tenth of a typical transition
LEAF_PRIOR = 20.0  # a category's transitions count as if it had this many average ones more
PRICE_SPREAD = 0.3  # least spread of a shopper's log prices, about a third of the price
PRICE_FAR = 3.0  # spreads beyond which prices are all the same


class Features:
    """Computes the features of shoppers and items over one table and its relations."""

    def __init__(self, table: ItemTable, relations: Relations) -> None:
        self.table = table
        self.relations = relations
        self.scale = (1 / np.sqrt(relations.popularity + 10.0)).astype(np.float32)
        self.transitions = normalised(relations.follows, relations.popularity)
        self._leaf, self._parent, self._maker = one_hot(table.leaf), one_hot(table.parent), one_hot(table.maker)
        follows = np.asarray((self._leaf.T @ relations.follows @ self._leaf).todense(), dtype=np.float32)
        share = follows.sum(axis=0) / max(float(follows.sum()), 1.0)
        smooth = (follows + LEAF_PRIOR * share) / (follows.sum(axis=1, keepdims=True) + LEAF_PRIOR)
        self._leaf_next, self._leaf_share = smooth.astype(np.float32), share.astype(np.float32)
        self._log_popularity = np.log1p(relations.popularity)
        counts = np.maximum(np.asarray(self._leaf.sum(axis=0)).ravel(), 1)
        self._leaf_popularity = ((self._leaf.T @ self._log_popularity) / counts).astype(np.float32)
        self._traits_transposed = table.traits.T.tocsr()
        self._near_transposed = relations.near.T.tocsr()

    def compute(
        self,
        tracks: Sequence[Track],
        places: Places | None = None,
        need: Need | None = None,
        whole: Sequence[Track] | None = None,
    ) -> Floats:
        """Features [F, b, m] of each of the b shoppers and m items.

        ``places`` [b, m] names the items; None: every item of the table, in its order. ``need`` [b, m];
        None: without a request. ``whole``: the tracks that the relations were counted on, one a shopper; what these
        shoppers themselves put into the relations is then taken out again, so that a model learns from what others did.
        """
        b, n = len(tracks), len(self.table)
        m = n if places is None else places.shape[1]
        fresh, taste, last = (profiles(tracks, n, decay) for decay in (FRESH, TASTE, LAST))
        taken_fresh = taken_last = taken_near = None
        near = fresh @ self.relations.near
        if whole is not None:
            taken_fresh, taken_last, taken_near = self._own([fresh, last, near], whole)
        following = fresh @ self.transitions
        following = following if taken_fresh is None else following - taken_fresh
        out = np.zeros((len(NAMES), b, m), dtype=np.float32)
        feature = dict(zip(NAMES, out, strict=True))
        items = np.broadcast_to(np.arange(n), (b, n)) if places is None else places
        leaf_of = self.table.leaf[items]

        def pick(matrix: sp.csr_matrix) -> Floats:
            dense: Floats = matrix.toarray()
            return dense if places is None else np.take_along_axis(dense, places, axis=1)

        def log(matrix: sp.csr_matrix) -> Floats:
            return np.log(np.maximum(pick(matrix), 0) + FLOOR)

        single, spread = last @ self.transitions, near @ self.transitions
        feature["transition"][:] = log(following)
        feature["transition_last"][:] = log(single if taken_last is None else single - taken_last)
        feature["transition_near"][:] = log(spread if taken_near is None else spread - taken_near)
        feature["near_transition"][:] = log(following @ self._near_transposed)
        total, total_fresh, total_last = _totals(taste), _totals(fresh), _totals(last)
        feature["leaf_share"][:] = _group(taste @ self._leaf, total, leaf_of)
        feature["parent_share"][:] = _group(taste @ self._parent, total, self.table.parent[items])
        feature["maker_share"][:] = _group(taste @ self._maker, total, self.table.maker[items])
        leaves = (fresh @ self._leaf).toarray() / total_fresh
        following_leaves = np.log((leaves @ self._leaf_next + 1e-4) / (self._leaf_share + 1e-4))
        following_leaves *= leaves.sum(axis=1, keepdims=True) > 0
        feature["leaf_transition"][:] = np.take_along_axis(following_leaves, leaf_of, 1)
        feature["leaf_last"][:] = _group(last @ self._leaf, total_last, leaf_of)
        feature["leaf_fresh"][:] = np.take_along_axis(leaves, leaf_of, 1)
        feature["traits"][:] = pick((taste @ self.table.traits) @ self._traits_transposed) / total
        feature["text_mean"][:] = self._dot((taste @ self.table.vectors) / total, self.table.vectors, places)
        feature["text_max"][:], feature["text_last"][:] = self._nearest(tracks, places)
        if whole is None:
            popularity = self._log_popularity[items]
        else:
            popularity = np.log1p(np.maximum(self.relations.popularity[items] - pick(profiles(whole, n, EVEN)), 0))
        feature["popularity"][:] = popularity
        feature["popularity_in_leaf"][:] = popularity - self._leaf_popularity[leaf_of]
        feature["rating"][:] = self.table.rating[items]
        feature["ratings"][:] = self.table.ratings[items]
        feature["price"][:] = self._price(taste, items)
        feature["price_distance"][:] = np.abs(feature["price"])
        feature["history_length"][:] = np.log1p([float((track.weights > 0).sum()) for track in tracks])[:, None]
        if need is not None:
            feature["relevance"][:], feature["named"][:], feature["requested"][:] = need.relevance, need.named, 1.0
        return out

    def following(self, tracks: Sequence[Track]) -> Floats:
        """[b, n]: the plain sum of transitions from the history, the latest weighing most."""
        dense: Floats = (profiles(tracks, len(self.table), FRESH) @ self.transitions).toarray()
        return dense

    def likeness(self, tracks: Sequence[Track]) -> Floats:
        """[b, n]: the cosine to the nearest of each history's latest items."""
        return self._nearest(tracks, None)[0]

    def _dot(self, left: Floats, right: Floats, places: Places | None) -> Floats:
        if places is None:
            return np.asarray(left @ right.T, dtype=np.float32)
        return np.stack([right[own] @ vector for own, vector in zip(places, np.asarray(left), strict=True)])

    def _nearest(self, tracks: Sequence[Track], places: Places | None) -> tuple[Floats, Floats]:
        """Highest cosine to the latest liked items, and the cosine to the last one: [b, m] each."""
        latest = [track.places[track.weights > 0][-LATEST:] for track in tracks]
        m = len(self.table) if places is None else places.shape[1]
        highest, last = np.zeros((len(tracks), m), np.float32), np.zeros((len(tracks), m), np.float32)
        vectors = self.table.vectors
        every = vectors[np.concatenate(latest)] @ vectors.T if places is None and latest else None
        start = 0
        for number, held in enumerate(latest):
            if not len(held):
                continue
            if every is not None:
                cosines = every[start : start + len(held)]
                start += len(held)
            else:
                assert places is not None
                cosines = vectors[held] @ vectors[places[number]].T
            highest[number], last[number] = cosines.max(axis=0), cosines[-1]
        return highest, last

    def _price(self, taste: sp.csr_matrix, items: Places) -> Floats:
        """(log price - the shopper's mean) / their spread, [b, m]; 0 where either has no price."""
        known = ~np.isnan(self.table.log_price)
        prices = np.where(known, self.table.log_price, 0).astype(np.float32)
        counted = np.asarray(taste @ known.astype(np.float32))
        held = np.maximum(counted, 1e-6)
        mean = np.asarray(taste @ prices) / held
        variance = np.maximum(np.asarray(taste @ prices**2) / held - mean**2, 0)
        usable = known[items] & (counted > 0)[:, None]
        away = (prices[items] - mean[:, None]) / np.maximum(np.sqrt(variance), PRICE_SPREAD)[:, None]
        return np.where(usable, np.clip(away, -PRICE_FAR, PRICE_FAR), 0).astype(np.float32)

    def _own(self, weights: Sequence[sp.csr_matrix], whole: Sequence[Track]) -> list[sp.csr_matrix]:
        """What each shopper's own track put into ``weights @ transitions``, for each of the weightings."""
        owners, rows, columns, values = [], [], [], []
        for number, track in enumerate(whole):
            left, right, value = pairs([track])
            value = value * self.scale[left] * self.scale[right]
            rows += [left, right]
            columns += [right, left]
            values += [value, value * np.float32(0.5)]
            owners.append(np.full(2 * len(left), number))
        owner, row = np.concatenate(owners), np.concatenate(rows)
        column, all_values = np.concatenate(columns), np.concatenate(values)
        return [
            sp.csr_matrix(
                (np.asarray(weighting[owner, row]).ravel() * all_values, (owner, column)), shape=weighting.shape
            )
            if len(owner)
            else sp.csr_matrix(weighting.shape, dtype=np.float32)
            for weighting in weights
        ]


def _totals(weights: sp.csr_matrix) -> Floats:
    return np.maximum(np.asarray(weights.sum(axis=1), dtype=np.float32), 1e-6)


def _group(shares: sp.csr_matrix, total: Floats, groups: Places) -> Floats:
    return np.take_along_axis(shares.toarray() / total, groups, axis=1)
