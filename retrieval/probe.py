"""Tries one folder of the index in a process of its own, since a broken Chroma segment can end the process.

Run as ``python -m retrieval.probe FOLDER``: prints "sound" and exits 0, or says what is wrong and exits 1.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

TIMEOUT_S = 120.0  # opening 100,000 vectors takes seconds; longer than this it hangs


def fault(folder: Path) -> str:
    """What is wrong with the folder, as found by a process of its own; "" if it is sound."""
    root = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    try:
        ran = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "retrieval.probe", str(folder)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {TIMEOUT_S:.0f} s"
    if ran.returncode == 0:
        return ""
    said = (ran.stdout.strip() or ran.stderr.strip() or "nothing said").splitlines()[-1]
    return f"{said} (exit {ran.returncode})"


def _try(folder: Path) -> str:
    import numpy as np

    from retrieval.vectors import COLLECTION, IDS, MATRIX, client_of

    ids = json.loads((folder / IDS).read_text(encoding="utf-8"))
    matrix = np.load(folder / MATRIX, mmap_mode="r")
    if len(ids) != len(matrix):
        return f"{len(ids)} ids beside {len(matrix)} vectors"
    collection = client_of(folder).get_collection(COLLECTION, embedding_function=None)
    if collection.count() != len(ids):
        return f"{collection.count()} vectors in Chroma, {len(ids)} expected"
    for row in sorted({0, len(ids) // 2, len(ids) - 1} if ids else set()):
        found = collection.query(query_embeddings=[matrix[row].tolist()], n_results=1, include=["distances"])
        distance = found["distances"][0][0] if found["distances"] and found["distances"][0] else 1.0
        if distance > 0.01:
            return f"the vector of item {ids[row]!r} is not found"
    return ""


if __name__ == "__main__":
    wrong = _try(Path(sys.argv[1]))
    print(wrong or "sound")
    sys.exit(1 if wrong else 0)
