"""Vectors for more items than there is time to encode: mixed from those that were, of items of the same kind.

A made-up item's vectors lie between those of two really encoded items of its category, turned away by noise; the
variants of one product lie around the product's. How strong the noise is, is set so that neighbours are as near to one
another as among really encoded items (``neighbours``). They go into the cache of embeddings under the item's own
texts, so that everything after the encoder is the product's own. Figures that rest on such vectors say so.
"""

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np

from bench.synthetic import SEED
from retrieval.embeddings import EmbeddingCache, Progress
from retrieval.encoder import Encoder, Vectors
from retrieval.index import item_vectors
from retrieval.items import Item

WINDOW = 5000  # items mixed and kept together
COMPARED = 4000  # products whose nearest neighbours are compared; of each one item, since variants are near anyway
NOISES = tuple(step / 20 for step in range(21))  # lengths of the noise beside a unit vector, of which one is chosen


class Mixer:
    """Makes vectors in the likeness of encoded items."""

    def __init__(self, items: Sequence[Item], cache: EmbeddingCache, encoder: Encoder) -> None:
        """``items``: the really encoded ones, all of them in the cache already."""
        self._cache, self._encoder = cache, encoder
        self._titles = cache.encode([item.title for item in items], encoder)
        self._texts = cache.encode([item.encoder_text() for item in items], encoder)
        self._kinds: dict[tuple[str, ...], list[int]] = {}
        for row, item in enumerate(items):
            self._kinds.setdefault(item.category, []).append(row)
        self._apart = self._between_variants(items)
        self.noise = 0.0
        compared = list({item.group_id or item.id: item for item in items}.values())[-COMPARED:]
        self.real = neighbours(item_vectors(compared, lambda texts: cache.encode(texts, encoder)))
        self.mixed, self.noise = min(
            ((self._tried(compared, noise), noise) for noise in NOISES),
            key=lambda tried: abs(np.median(tried[0]) - np.median(self.real)),
        )

    @property
    def facts(self) -> dict[str, float]:
        """How near products are to one another, among encoded and among mixed ones, and the noise that was chosen."""
        parts = {"real": self.real, "mixed": self.mixed}
        cosines = {
            f"nearest_cosine.{name}_p{percent}": float(np.percentile(held, percent))
            for name, held in parts.items()
            for percent in (10, 50, 90)
        }
        return {**cosines, "mixing_noise": self.noise}

    def fill(self, items: Iterator[Item], count: int, progress: Progress) -> None:
        """Keep vectors for those of ``count`` items whose texts have none yet."""
        done = 0
        while window := list(islice(items, WINDOW)):
            asked = [item.title for item in window] + [item.encoder_text() for item in window]
            lacking = set(self._cache.missing(asked, self._encoder.name))
            poor = [item for item in window if item.title in lacking or item.encoder_text() in lacking]
            if poor:
                titles, texts = self.vectors(poor)
                kept = [item.title for item in poor] + [item.encoder_text() for item in poor]
                self._cache.keep(kept, np.vstack([titles, texts]), self._encoder.name)
            done += len(window)
            progress("mixing vectors", done, count)

    def vectors(self, items: Sequence[Item]) -> tuple[Vectors, Vectors]:
        """Of the titles and of the whole texts: float32 [n, d] each, unit rows."""
        size = self._titles.shape[1]
        titles, texts = np.empty((2, len(items), size), dtype=np.float32)
        for place, item in enumerate(items):
            number = int(item.id.rpartition("-")[2])
            product = int(item.group_id.rpartition("-")[2]) if item.group_id else number
            stream = np.random.default_rng([SEED, product])
            rows = self._kinds.get(item.category) or list(range(len(self._titles)))
            one, other = stream.choice(rows, 2)
            share = stream.uniform(0.5, 1)
            noise = self.noise * _unit(stream.standard_normal(size))
            if item.group_id:
                own = np.random.default_rng([SEED, product, number])
                noise = noise + self._apart * _unit(own.standard_normal(size))
            titles[place] = _unit(share * self._titles[one] + (1 - share) * self._titles[other] + noise)
            texts[place] = _unit(share * self._texts[one] + (1 - share) * self._texts[other] + noise)
        return titles, texts

    def _tried(self, items: Sequence[Item], noise: float) -> np.ndarray:
        self.noise = noise
        titles, texts = self.vectors(items)
        return neighbours(np.array([_unit(row) for row in titles + texts]))

    def _between_variants(self, items: Sequence[Item]) -> float:
        """Length of the noise that sets the variants of a product as far apart as encoded ones are."""
        pairs = [
            (row, row + 1)
            for row, (item, after) in enumerate(pairwise(items))
            if item.group_id and item.group_id == after.group_id and item.title != after.title
        ]
        if not pairs:
            return 0.0
        first, second = map(list, zip(*pairs, strict=True))
        whole = np.array([_unit(row) for row in self._titles + self._texts])
        cosine = float(np.median((whole[first] * whole[second]).sum(axis=1)))
        return float(np.sqrt(max(0.0, 1 / cosine - 1)))


def neighbours(vectors: Vectors) -> np.ndarray:
    """Of each unit row [n, d], the cosine to its nearest other row: [n]."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    nearest: np.ndarray = cosines.max(axis=1)
    return nearest


def _unit(vector: Any) -> Any:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
