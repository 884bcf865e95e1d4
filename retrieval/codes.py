"""Texts as small numbers: what a column of brands, paths or attribute values is made of.

Knows nothing of items. Codes only ever grow in number, so that columns of different age can share them.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")


class Codes(dict[str, int], Generic[T]):
    """Distinct texts, numbered from 0 in the order in which they are first asked for.

    >>> brands = Codes(read=str, keys=lambda brand: [brand.lower()])
    >>> [brands[name] for name in ("Acme", "ACME", "Bolt", "Acme")]
    [0, 1, 2, 0]
    >>> brands.holding(["acme"]).tolist()
    [True, True, False]

    One thread at a time may add; any thread may ask ``holding``.
    """

    def __init__(self, read: Callable[[str], T], keys: Callable[[T], Iterable[Hashable]]) -> None:
        """``read``: a text's value. ``keys``: by what the value is found again."""
        super().__init__()
        self.values_read: list[T] = []  # by code
        self._read, self._keys = read, keys
        self._holders: dict[Hashable, list[int]] = {}

    def __missing__(self, text: str) -> int:
        value = self._read(text)
        code = len(self.values_read)
        self.values_read.append(value)
        for key in set(self._keys(value)):
            self._holders.setdefault(key, []).append(code)
        self[text] = code
        return code

    def coded(self, texts: Iterable[str]) -> np.ndarray:
        """The codes of these texts: int32."""
        return np.fromiter(map(self.__getitem__, texts), dtype=np.int32)

    def holding(self, keys: Iterable[Hashable]) -> np.ndarray:
        """For each code, whether its value is found by one of the keys: bool [codes so far]."""
        table = np.zeros(len(self.values_read), dtype=bool)
        for key in keys:
            # Another thread may be adding: codes beyond the table are of values that no row of the asker has.
            table[[code for code in tuple(self._holders.get(key, ())) if code < len(table)]] = True
        return table
