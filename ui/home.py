"""One shop's home folder: where everything lies, who owns it, and how it is opened.

Knows paths, the lock and the order of opening. The Chroma folder has one owner: two processes on it are not safe
(chroma#3792), so whoever opens a home holds its lock.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from chat.errors import SetupError
from chat.settings import Settings
from retrieval.database import Connections

LOCK = "owner.lock"
SERVING = " serving"  # after the owner's number, in the lock
STATEMENT = 32  # characters of the lock's text, spaces to its end
TRIES_FOR_S = 0.5  # others hold the lock for a moment, to see whether somebody owns the home
TRIES_EVERY_S = 0.02


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
    def partial(self) -> Path:
        """Of a training that was cut off: where it stood after its last whole epoch."""
        return self.rerankers / "partial"

    @property
    def adapter(self) -> Path:
        """What the language model was last taught on this shop."""
        return self.folder / "adapter"

    @property
    def teaching(self) -> Path:
        """Of a teaching that was cut off: what it had reached."""
        return self.folder / "teaching"

    @property
    def tuning(self) -> Path:
        """What settings of the training were tried, and what came of them."""
        return self.folder / "tuning.sqlite3"

    @property
    def tuned(self) -> Path:
        """The settings that every training begins from, where others than the usual ones were found to be better."""
        return self.folder / "training.json"

    @property
    def importances(self) -> Path:
        """What each feature was found to add, when they were last weighed."""
        return self.folder / "importances.json"

    @property
    def rejected(self) -> Path:
        return self.folder / "rejected"

    @property
    def incoming(self) -> Path:
        """Rows that were asked for over the API, until the writer has taken them."""
        return self.folder / "incoming"

    @property
    def cases(self) -> Path:
        """The shop's own cases, for scoring prompts: written by people, or saved from conversations."""
        return self.folder / "cases"

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
            return (self.folder / LOCK).read_text().rstrip().endswith(SERVING)
        except OSError:
            return False
        return False

    @contextmanager
    def owned(self, *, serving: bool = False) -> Iterator[None]:
        """Hold the home's lock; SetupError, naming the process, if another holds it.

        ``serving``: a server does, which will take requests through its journal.
        """
        self._keep_private()
        with os.fdopen(os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
            if not _locked(file):
                owner = file.read().strip().removesuffix(SERVING) or "unknown"
                raise SetupError(
                    f"The shop in {self.folder} is open in another process (number {owner}). "
                    "Stop that one first, or set SHOPTALK_HOME to another folder."
                )
            # One write that covers what stood there: whoever looks meanwhile finds a whole statement.
            file.write(f"{os.getpid()}{SERVING if serving else ''}".ljust(STATEMENT))
            file.flush()
            yield

    def _keep_private(self) -> None:
        """Make the home if it is new. What shoppers say is for nobody else on the machine, whatever the umask."""
        for folder in (self.folder, self.logs, self.rejected):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for database in (self.database, self.embeddings):
            for path in (database, Path(f"{database}-wal"), Path(f"{database}-shm")):
                if path.exists() and path.stat().st_uid == os.getuid():
                    path.chmod(0o600)


def _locked(file: IO[str]) -> bool:
    """Lock it for this process alone; False if another holds it for longer than a look takes."""
    end = time.monotonic() + TRIES_FOR_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(TRIES_EVERY_S)
        else:
            return True


@contextmanager
def opened_database() -> Iterator[tuple[Connections, Home]]:
    """The database of the home in the settings, for a command that needs no more; SetupError where there is no shop."""
    home = Home(Settings().home)
    if not home.database.exists():
        raise SetupError(f"There is no shop in {home.folder}.")
    connections = Connections(home.database)
    try:
        yield connections, home
    finally:
        connections.close()
