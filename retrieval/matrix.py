"""The vectors of one index folder, exactly as encoded, in a form that a million of them can be searched in.

The vectors in float32 are read row by row from the disk's cache, so that they are no part of the process's memory; the
same in int8, with a scale a row, are memory-mapped and scanned. A scan's best rows are scored again from float32, so
what is returned are exact cosines. Beside them stand the items' numbers and a digest of each one's text. Knows nothing
of Chroma, of filters, or of how a text becomes a vector.
"""

import mmap
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from retrieval.encoder import Vectors
from retrieval.int8_product import product

Numbers = npt.NDArray[np.int64]
Digests = npt.NDArray[np.uint64]
Scores = npt.NDArray[np.float32]

NUMBERS, DIGESTS, EXACT, CODES, SCALES = "numbers.i64", "digests.u64", "vectors.f32", "vectors.i8", "scales.f32"

# Rows of one product. With 1,000,000 rows, three texts and two cores a whole scan takes 70 ms.
SCANNED_AT_ONCE = 65_536
GATHERED_BELOW = 3  # where fewer than one in so many rows is wanted, they are gathered first
# int8 on both sides puts a cosine off by 0.0008 (standard deviation): so many ranks beyond k are scored again exactly.
RESCORED = 100


class MatrixWriter:
    """Writes a folder's matrix piece by piece; complete, and on the disk, when the ``with`` block ends well."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._files: list[BinaryIO] = [(folder / name).open("wb") for name in (NUMBERS, DIGESTS, EXACT, CODES, SCALES)]

    def add(self, numbers: Numbers, digests: Digests, vectors: Vectors) -> None:
        """Append items, in any order; vectors float32 [n, d], unit rows. Of one number the last counts."""
        scales = np.maximum(np.abs(vectors).max(axis=1, initial=0.0), 1e-9).astype(np.float32) / 127
        codes = np.rint(vectors / scales[:, None]).astype(np.int8)
        for file, part in zip(self._files, (numbers, digests, vectors, codes, scales), strict=True):
            file.write(np.ascontiguousarray(part).tobytes())

    def __enter__(self) -> "MatrixWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            if kind is None:
                file.flush()
                os.fsync(file.fileno())
            file.close()


class Matrix:
    """An open matrix; read only, and safe to ask from any thread."""

    def __init__(self, folder: Path, dimension: int) -> None:
        """Raises OSError or ValueError if the files are missing or do not belong together."""
        self.numbers: Numbers = np.fromfile(folder / NUMBERS, dtype=np.int64)  # by row
        self._sorted, last = np.unique(self.numbers[::-1], return_index=True)
        self._row_of_sorted: Numbers = len(self.numbers) - 1 - last
        # Rows whose item was written again further down.
        self.superseded: Numbers = np.setdiff1d(np.arange(len(self.numbers)), self._row_of_sorted)
        self.digests: Digests = np.fromfile(folder / DIGESTS, dtype=np.uint64)
        self.dimension = dimension
        self._scales: Scores = np.fromfile(folder / SCALES, dtype=np.float32)
        rows, cells = len(self.numbers), len(self.numbers) * dimension
        for name, size in ((DIGESTS, rows * 8), (SCALES, rows * 4), (CODES, cells), (EXACT, cells * 4)):
            if (folder / name).stat().st_size != size:
                raise ValueError(f"{name} holds {(folder / name).stat().st_size} bytes instead of {size}")
        if rows:
            codes = np.memmap(folder / CODES, dtype=np.int8, mode="r", shape=(rows, dimension))
            codes._mmap.madvise(mmap.MADV_WILLNEED)  # type: ignore[attr-defined]
            self._codes: npt.NDArray[np.int8] = codes.view(np.ndarray)
        else:
            self._codes = np.zeros((0, dimension), dtype=np.int8)
        self._exact = (folder / EXACT).open("rb", buffering=0)

    def __len__(self) -> int:
        return len(self.numbers)

    def rows_of(self, numbers: Numbers) -> Numbers:
        """Rows of these items, -1 where absent."""
        if not len(self.numbers):
            return np.full(len(numbers), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self._sorted, numbers), len(self._sorted) - 1)
        return np.where(self._sorted[at] == numbers, self._row_of_sorted[at], -1)

    def of_rows(self, rows: Numbers) -> Vectors:
        """The exact vectors of these rows: float32 [n, d]."""
        found: Vectors = np.empty((len(rows), self.dimension), dtype=np.float32)
        width, file = self.dimension * 4, self._exact.fileno()
        for at, row in enumerate(rows.tolist()):
            os.preadv(file, [found[at]], row * width)
        return found

    def best(self, vectors: Vectors, k: int, rows: Numbers | None) -> list[tuple[Numbers, Scores]]:
        """For each of the unit vectors [t, d]: at most k of these rows (None: of all) and their cosines, best first.

        Rows are ascending. Equal cosines come in the order of rows.
        """
        estimates = self._scan(vectors, rows)
        found = []
        for column, vector in enumerate(vectors):
            near = estimates[column]
            at = (
                np.arange(len(near))
                if len(near) <= k + RESCORED
                else np.argpartition(-near, k + RESCORED)[: k + RESCORED]
            )
            chosen = np.sort(at if rows is None else rows[at])
            scores: Scores = self.of_rows(chosen) @ vector
            order = np.argsort(-scores, kind="stable")[:k]
            found.append((chosen[order], scores[order]))
        return found

    def _scan(self, vectors: Vectors, rows: Numbers | None) -> Scores:
        """Estimated cosines: float32 [t, rows]; ``rows`` ascending."""
        sizes = np.maximum(np.abs(vectors).max(axis=1), 1e-9) / 127
        coded = np.ascontiguousarray(np.rint(vectors / sizes[:, None]).astype(np.int8).T)
        count = len(self.numbers) if rows is None else len(rows)
        estimates: Scores = np.empty((len(vectors), count), dtype=np.float32)
        starts = np.arange(0, len(self.numbers), SCANNED_AT_ONCE)
        bounds = [*(starts if rows is None else np.searchsorted(rows, starts)).tolist(), count]
        for start, low, high in zip(starts.tolist(), bounds, bounds[1:], strict=False):
            if low == high:
                continue
            whole = self._codes[start : start + SCANNED_AT_ONCE]
            if rows is None:
                found, scales = product(whole, coded), self._scales[low:high]
            elif (high - low) * GATHERED_BELOW > len(whole):
                found, scales = product(whole, coded)[rows[low:high] - start], self._scales[rows[low:high]]
            else:
                found, scales = product(self._codes[rows[low:high]], coded), self._scales[rows[low:high]]
            estimates[:, low:high] = found.T * scales
        estimates *= sizes[:, None]
        return estimates

    def close(self) -> None:
        """Release the file; whoever still asks gets ValueError."""
        self._exact.close()
