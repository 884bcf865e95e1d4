"""Features of a shopper and an item: what the reranker's network sees.

Knows the item table and the relations; turns tracks and places into numbers. Knows nothing of networks. Every feature
is plain arithmetic over the history, so that a like of a second ago counts in the very next ranking.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ranking.behaviour import Places, Track
from ranking.flows import Flows
from ranking.moments import leaf_freshness, searched, trend, visit
from ranking.profile import EVEN, FRESH, LAST, TASTE, Likings, profiles
from ranking.relations import Relations
from ranking.requests import Need
from ranking.slices import entries, product
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
    "trend",  # how much more the item was liked of late than usually
    "leaf_freshness",  # how lately the shopper liked something of the item's category
    "visit_text",  # cosine to the nearest of what was looked at in the latest visit
    "visit_leaf",  # share of that in the item's category
    "searched",  # how much of the latest searches' words the item has
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
    "times": ("trend", "leaf_freshness"),
    "visit": ("visit_text", "visit_leaf"),
    "searches": ("searched",),
}
LATEST = 15  # items of the history that are compared one by one
FLOOR = 1e-3  # added before a logarithm: about a tenth of a typical transition
LEAF_PRIOR = 20.0  # a category's transitions count as if it had this many average ones more
LEAST_TOTAL = 1e-6  # divides what nothing is held of
PRICE_SPREAD = 0.3  # least spread of a shopper's log prices, about a third of the price
PRICE_FAR = 3.0  # spreads beyond which prices are all the same


class Features:
    """Computes the features of shoppers and items over one table and its relations."""

    def __init__(self, table: ItemTable, relations: Relations) -> None:
        self.table = table
        self.relations = relations
        self.flows = Flows(relations)
        leaf = one_hot(table.leaf)
        follows = np.asarray((leaf.T @ relations.follows @ leaf).todense(), dtype=np.float32)
        share = follows.sum(axis=0) / max(float(follows.sum()), 1.0)
        smooth = (follows + LEAF_PRIOR * share) / (follows.sum(axis=1, keepdims=True) + LEAF_PRIOR)
        self._leaf_next, self._leaf_share = smooth.astype(np.float32), share.astype(np.float32)
        self._log_popularity = np.log1p(relations.popularity)
        counts = np.maximum(np.bincount(table.leaf), 1)
        self._leaf_popularity = (np.bincount(table.leaf, self._log_popularity) / counts).astype(np.float32)
        self._groups = {name: (groups, int(groups.max(initial=-1)) + 1) for name, groups in
                        (("leaf", table.leaf), ("parent", table.parent), ("maker", table.maker))}  # fmt: skip

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
        out = np.zeros((len(NAMES), b, m), dtype=np.float32)
        feature = dict(zip(NAMES, out, strict=True))
        items = np.broadcast_to(np.arange(n), (b, n)) if places is None else places
        leaf_of = self.table.leaf[items]
        likings = Likings.of(tracks)
        fresh, taste, last = (likings.faded(decay) for decay in (FRESH, TASTE, LAST))
        total = np.maximum(likings.sums(taste), LEAST_TOTAL)
        sums = self.flows.sums(likings, places, whole)
        feature["transition"][:] = _log(sums.following)
        feature["transition_last"][:] = _log(sums.single)
        feature["transition_near"][:] = _log(sums.spread)
        feature["near_transition"][:] = _log(sums.near)
        for name in ("leaf", "parent", "maker"):
            groups, width = self._groups[name]
            shares = likings.sums(taste, groups[likings.places], width) / total
            feature[f"{name}_share"][:] = np.take_along_axis(shares, groups[items], 1)
        leaf, width = self.table.leaf[likings.places], len(self._leaf_share)
        leaves = likings.sums(fresh, leaf, width) / np.maximum(likings.sums(fresh), LEAST_TOTAL)
        feature["leaf_fresh"][:] = np.take_along_axis(leaves, leaf_of, 1)
        feature["leaf_transition"][:] = np.take_along_axis(self._leaf_transition(leaves), leaf_of, 1)
        latest = likings.sums(last, leaf, width) / np.maximum(likings.sums(last), LEAST_TOTAL)
        feature["leaf_last"][:] = np.take_along_axis(latest, leaf_of, 1)
        feature["traits"][:] = self._traits(likings, taste, places) / total
        feature["text_mean"][:] = self._text_mean(likings, taste, places) / total
        feature["text_max"][:], feature["text_last"][:] = self._nearest(tracks, places)
        popularity = self._log_popularity[items]
        if whole is not None:
            own = profiles(whole, n, EVEN).toarray()
            own = own if places is None else np.take_along_axis(own, places, axis=1)
            popularity = np.log1p(np.maximum(self.relations.popularity[items] - own, 0))
        feature["popularity"][:] = popularity
        feature["popularity_in_leaf"][:] = popularity - self._leaf_popularity[leaf_of]
        feature["rating"][:] = self.table.rating[items]
        feature["ratings"][:] = self.table.ratings[items]
        feature["price"][:] = self._price(likings, taste, items)
        feature["price_distance"][:] = np.abs(feature["price"])
        feature["history_length"][:] = np.log1p(np.bincount(likings.owner, minlength=b))[:, None]
        feature["trend"][:] = trend(self.relations, items, whole)
        for row, (track, own) in enumerate(zip(tracks, leaf_of, strict=True)):
            feature["leaf_freshness"][row] = leaf_freshness(track, self.table.leaf, width)[own]
            visited = visit(track)
            if len(visited):
                held = np.bincount(self.table.leaf[visited], minlength=width) / len(visited)
                feature["visit_leaf"][row] = held[own]
                feature["visit_text"][row] = self._cosines(visited, None if places is None else places[row]).max(axis=0)
        feature["searched"][:] = searched(tracks, self.table.words, places, n)
        if need is not None:
            feature["relevance"][:], feature["named"][:], feature["requested"][:] = need.relevance, need.named, 1.0
        return out

    def following(self, tracks: Sequence[Track]) -> Floats:
        """[b, n]: the plain sum of transitions to every item, the latest of the history weighing most."""
        return self.flows.following(Likings.of(tracks))

    def likeness(self, tracks: Sequence[Track]) -> Floats:
        """[b, n]: the cosine to the nearest of each history's latest items."""
        return self._nearest(tracks, None)[0]

    def _leaf_transition(self, leaves: Floats) -> Floats:
        """How much more often each category follows the history's ``leaves`` [b, leaves] than it comes anyway."""
        held = np.flatnonzero(leaves.any(axis=0))  # shops may have thousands of categories
        following = np.log((leaves[:, held] @ self._leaf_next[held] + 1e-4) / (self._leaf_share + 1e-4))
        return np.asarray(following * (leaves.sum(axis=1, keepdims=True) > 0), dtype=np.float32)

    def _traits(self, likings: Likings, taste: Floats, places: Places | None) -> Floats:
        """Attribute values of the items among the history's, summed: [b, m]."""
        traits = self.table.traits
        number, value, weight = entries(traits, likings.places)
        wanted = np.bincount(
            likings.owner[number] * traits.shape[1] + value, weight * taste[number], likings.count * traits.shape[1]
        )
        wanted = wanted.reshape(likings.count, -1).astype(np.float32)
        if places is None:
            return np.asarray(traits @ wanted.T, dtype=np.float32).T
        cell, value, weight = entries(traits, places.ravel())
        found = np.bincount(cell, weight * wanted[cell // places.shape[1], value], places.size)
        return found.reshape(places.shape).astype(np.float32)

    def _text_mean(self, likings: Likings, taste: Floats, places: Places | None) -> Floats:
        """Dot of the items' vectors and the sum of the history's: [b, m]."""
        vectors = self.table.vectors
        ends = np.searchsorted(likings.owner, np.arange(likings.count + 1))
        sums = np.stack([taste[start:end] @ vectors[likings.places[start:end]] for start, end in pairwise(ends)])
        if places is None:
            return np.asarray(sums @ vectors.T, dtype=np.float32)
        return np.stack([vectors[own] @ vector for own, vector in zip(places, sums, strict=True)])

    def _cosines(self, held: Places, places: Places | None) -> Floats:
        """[held, m] of the held items to the places' items, or to all."""
        vectors = self.table.vectors
        return vectors[held] @ vectors.T if places is None else product(vectors[held], vectors[places])

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
                cosines = self._cosines(held, places[number])
            highest[number], last[number] = cosines.max(axis=0), cosines[-1]
        return highest, last

    def _price(self, likings: Likings, taste: Floats, items: Places) -> Floats:
        """(log price - the shopper's mean) / their spread, [b, m]; 0 where either has no price."""
        prices = self.table.log_price[likings.places]
        known = taste * ~np.isnan(prices)
        prices = np.nan_to_num(prices)
        counted = likings.sums(known)
        held = np.maximum(counted, 1e-6)
        mean = likings.sums(known * prices) / held
        variance = np.maximum(likings.sums(known * prices**2) / held - mean**2, 0)
        own = self.table.log_price[items]
        away = (own - mean) / np.maximum(np.sqrt(variance), PRICE_SPREAD)
        usable = ~np.isnan(own) & (counted > 0)
        return np.where(usable, np.clip(away, -PRICE_FAR, PRICE_FAR), 0).astype(np.float32)


def _log(sums: Floats) -> Floats:
    return np.log(np.maximum(sums, 0) + np.float32(FLOOR))
