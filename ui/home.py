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

LOCK = "owner.lock"
SERVING = " serving"  # after the owner's number, in the lock


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

    def served(self) -> bool:
        """Whether a server owns this home, and takes requests through its journal."""
        try:
            with (self.folder / LOCK).open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return (self.folder / LOCK).read_text().endswith(SERVING)
        except OSError:
            return False
        return False

    @contextmanager
    def owned(self, *, serving: bool = False) -> Iterator[None]:
        """Hold the home's lock; SetupError, naming the process, if another holds it.

        ``serving``: a server does, which will take requests through its journal.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / LOCK).open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                owner = file.read().removesuffix(SERVING) or "unknown"
                raise SetupError(
                    f"The shop in {self.folder} is open in another process (number {owner}). "
                    "Stop that one first, or set SHOPTALK_HOME to another folder."
                ) from error
            file.truncate(0)
            file.write(f"{os.getpid()}{SERVING if serving else ''}")
            file.flush()
            yield
