"""One shop's home folder: where everything lies, who owns it, and how it is opened.

Knows paths, the lock and the order of opening. The Chroma folder has one owner: two processes on it are not safe
(chroma#3792), so whoever opens a home holds its lock.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chat.errors import SetupError


class Home:
    """The paths inside one home folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def database(self) -> Path:
        return self.folder / "shoptalk.sqlite3"

    @property
    def embeddings(self) -> Path:
        return self.folder / "embeddings.sqlite3"

    @property
    def rerankers(self) -> Path:
        return self.folder / "reranker"

    @property
    def rejected(self) -> Path:
        return self.folder / "rejected"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def pictures(self) -> Path:
        return self.folder / "pictures"

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Hold the home's lock; SetupError, naming the process, if another holds it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "owner.lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                owner = file.read().strip() or "unknown"
                raise SetupError(
                    f"The shop in {self.folder} is open in another process (number {owner}). "
                    "Stop that one first, or set SHOPTALK_HOME to another folder."
                ) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield
