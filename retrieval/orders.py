"""Items in the order of their price or rating: the first few of very many, found without sorting them all.

Pure functions over ``retrieval.columns``; knows nothing of SQL, of records, or of why an order is asked for.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from decimal import Decimal
from heapq import nsmallest
from typing import Literal

import numpy as np

from retrieval.columns import Columns

Order = Literal["cheapest", "dearest", "best_rated", "nearest"]


def first(columns: Columns, rows: np.ndarray, order: Order, k: int, near: Decimal = Decimal(0)) -> np.ndarray:
    """The first k of these rows in that order: int64 [at most k]; of equal ones, by id. The more k, the same first.

    "best_rated" is by rating, then by the number of ratings, where none is zero; the others leave out what has no
    price. "nearest" is by the distance from the price ``near``.
    """
    if order == "best_rated":
        ratings, counts = np.nan_to_num(columns.ratings[rows], nan=0.0), np.maximum(columns.rating_counts[rows], 0)
        return _least(columns, rows, (-ratings, -counts), k)
    rows = rows[columns.prices[rows] >= 0]
    places = columns.prices[rows]
    if order != "nearest":
        return _least(columns, rows, (places if order == "cheapest" else -places,), k)
    # Below the price and above it the nearest are known by their places; only these few are compared exactly.
    above = places >= bisect_left(columns.price_list, near)
    found = np.concatenate(
        [
            _least(columns, rows[~above], (-places[~above],), k),
            _least(columns, rows[above], (places[above],), k),
        ]
    )
    return _sorted(columns, found, lambda at: (abs(columns.price_list[columns.prices[found[at]]] - near),))[:k]


def _least(columns: Columns, rows: np.ndarray, keys: Sequence[np.ndarray], k: int) -> np.ndarray:
    """The k rows with the least keys, by id where all are equal."""
    left = np.arange(len(rows))
    chosen: list[np.ndarray] = []
    for key in keys:
        if k >= len(left):
            break
        values = key[left]
        bound = np.partition(values, k - 1)[k - 1]
        chosen.append(left[values < bound])
        k -= len(chosen[-1])
        left = left[values == bound]
    if k < len(left):
        ids = columns.ids[rows[left]].tolist()
        left = left[nsmallest(k, range(len(ids)), key=ids.__getitem__)]
    at = np.concatenate([*chosen, left])
    return _sorted(columns, rows[at], lambda n: tuple(key[at[n]] for key in keys))


def _sorted(columns: Columns, rows: np.ndarray, key: Callable[[int], tuple[object, ...]]) -> np.ndarray:
    ids = columns.ids[rows].tolist()
    ordered: np.ndarray = rows[sorted(range(len(ids)), key=lambda at: (*key(at), ids[at]))]
    return ordered
