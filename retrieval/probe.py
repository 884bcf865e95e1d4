"""Tries the Chroma of one index folder in a process of its own, since a broken segment can end the process.

Run as ``python -m retrieval.probe FOLDER DIMENSION ROW …``: prints "sound" and exits 0, or says what is wrong and exits
1. ``Probe`` runs it beside whatever the caller has to load meanwhile.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TIMEOUT_S = 120.0  # opening 1,000,000 vectors takes several seconds; longer than this it hangs


class Probe:
    """A trial under way."""

    def __init__(self, folder: Path, dimension: int, rows: Sequence[int]) -> None:
        """``rows``: of the matrix, whose vectors Chroma should find; it is enough if it finds one of them."""
        root = str(Path(__file__).resolve().parents[1])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "retrieval.probe", str(folder), str(dimension), *map(str, rows)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def fault(self) -> str:
        """What is wrong with the folder; "" if it is sound."""
        try:
            said, errors = self._process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.stop()
            return f"no answer within {TIMEOUT_S:.0f} s"
        if self._process.returncode == 0:
            return ""
        last = (said.strip() or errors.strip() or "nothing said").splitlines()[-1]
        return f"{last} (exit {self._process.returncode})"

    def stop(self) -> None:
        """End it; its outcome is not wanted."""
        self._process.kill()
        self._process.communicate()


def _try(folder: Path, dimension: int, rows: Sequence[int]) -> str:
    import numpy as np

    from retrieval.chroma import EmbeddedCollection
    from retrieval.matrix import Matrix

    matrix, collection = Matrix(folder, dimension), EmbeddedCollection(folder)
    if not rows:
        collection.count()
        return ""
    vectors = matrix.of_rows(np.array(rows, dtype=np.int64))
    found = collection.nearest(vectors, 1)
    if found is None:
        return "Chroma does not answer"
    near = any(len(numbers) and cosines[0] > 0.99 for numbers, cosines in found)
    return "" if near else f"none of the vectors of items {matrix.numbers[list(rows)].tolist()} is found"


if __name__ == "__main__":
    wrong = _try(Path(sys.argv[1]), int(sys.argv[2]), [int(row) for row in sys.argv[3:]])
    print(wrong or "sound")
    sys.exit(1 if wrong else 0)
