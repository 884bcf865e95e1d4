"""A real, if simple, encoder for tests that are not about meaning."""

import zlib

import numpy as np

from retrieval.encoder import Vectors

DIMENSION = 16


class Hashing:
    """A real, if simple, encoder: each word adds its own random direction."""

    name, dimension = "hashing", DIMENSION

    def __init__(self) -> None:
        self.texts = 0

    def encode(self, texts: list[str]) -> Vectors:
        self.texts += len(texts)
        rows = [sum((self._direction(word) for word in text.split()), np.zeros(DIMENSION)) + 1e-6 for text in texts]
        vectors = np.array(rows, dtype=np.float32).reshape(len(texts), DIMENSION)
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    @staticmethod
    def _direction(word: str) -> np.ndarray:
        return np.random.default_rng(zlib.crc32(word.encode())).normal(size=DIMENSION)
