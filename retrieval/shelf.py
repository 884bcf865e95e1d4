"""One finished folder of the index, open: its matrix, its Chroma collection and its lexical index.

Checks such a folder, opens it, closes it, and removes it when nobody uses it any more. Knows nothing of the catalogue,
of texts, or of when a folder is due for replacement: that is ``retrieval.index``.
"""

import json
import logging
import os
import shutil
import weakref
from pathlib import Path

import numpy as np

from retrieval.chroma import EMBEDDED, Collection, EmbeddedCollection
from retrieval.chroma_server import ServedCollection
from retrieval.errors import IndexBuildError
from retrieval.lexical import LexicalIndex
from retrieval.matrix import Matrix
from retrieval.probe import Probe

LEXICAL = "lexical"  # inside the folder
SEAL = "sealed.json"  # in a folder that was closed in good order: what its files were like then
PROBED_ROWS = 5

log = logging.getLogger(__name__)


class BrokenShelf(Exception):
    """The folder cannot be used; the message says why."""


class Shelf:
    """An open folder. Whoever is asking it holds it: a folder that was replaced goes when the last one lets go."""

    def __init__(self, folder: Path, matrix: Matrix, collection: Collection, lexical: LexicalIndex) -> None:
        self.folder, self.matrix, self.collection, self.lexical = folder, matrix, collection, lexical

    @staticmethod
    def open(folder: Path, dimension: int, served: ServedCollection | None = None) -> "Shelf":
        """Open it. An embedded Chroma is tried in another process first, unless it was closed in good order.

        Raises BrokenShelf.
        """
        sealed = _unseal(folder)
        try:
            matrix = Matrix(folder, dimension)
        except (OSError, ValueError) as error:
            raise BrokenShelf(f"its matrix cannot be read: {error}") from error
        probe = None
        if not served and not sealed:
            rows = np.unique(np.linspace(0, len(matrix) - 1, PROBED_ROWS).astype(int)).tolist() if len(matrix) else []
            probe = Probe(folder, dimension, rows)  # runs beside what follows
        try:
            lexical = LexicalIndex(folder / LEXICAL)
        except IndexBuildError as error:
            if probe:
                probe.stop()
            raise BrokenShelf(str(error)) from error
        if probe and (fault := probe.fault()):
            raise BrokenShelf(fault)
        try:
            return Shelf(folder, matrix, served or EmbeddedCollection(folder), lexical)
        except Exception as error:
            # Chroma raises many types; whichever it is, the folder is made anew.
            raise BrokenShelf(f"Chroma cannot open it: {error}") from error

    def is_there(self) -> bool:
        """Whether its parts are still on the disk: nobody but its owner should remove them, and then somebody does."""
        embedded = not isinstance(self.collection, EmbeddedCollection) or (self.folder / EMBEDDED).is_dir()
        return embedded and (self.folder / LEXICAL).is_dir()

    def close(self) -> None:
        """Release the files, and note that this was done in good order."""
        _release(self.matrix, self.collection, self.lexical)
        _seal(self.folder)

    def retire(self) -> None:
        """The folder was replaced: release and remove it as soon as nobody holds this object any more."""
        weakref.finalize(self, _discard, self.folder, self.matrix, self.collection, self.lexical)


def _release(matrix: Matrix, collection: Collection, lexical: LexicalIndex) -> None:
    collection.close()
    matrix.close()
    lexical.close()


def _discard(folder: Path, matrix: Matrix, collection: Collection, lexical: LexicalIndex) -> None:
    _release(matrix, collection, lexical)
    shutil.rmtree(folder, ignore_errors=True)


def _files(folder: Path) -> dict[str, list[int]]:
    """Size and time of change of every file of the folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != SEAL:
            stat = path.stat()
            found[str(path.relative_to(folder))] = [stat.st_size, stat.st_mtime_ns]
    return found


def _seal(folder: Path) -> None:
    try:
        (folder / SEAL).write_text(json.dumps(_files(folder)), encoding="utf-8")
    except OSError as error:
        log.warning("the index could not be sealed, and is checked when it is opened next: %s", error)


def _unseal(folder: Path) -> bool:
    """Whether the folder is as it was when it was closed in good order; the note of that is taken away."""
    seal = folder / SEAL
    try:
        noted = json.loads(seal.read_text(encoding="utf-8"))
        seal.unlink()
    except (OSError, ValueError):
        seal.unlink(missing_ok=True)
        return False
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)  # else a power cut could bring the note back
    finally:
        os.close(handle)
    return bool(noted == _files(folder))
