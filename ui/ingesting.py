"""A request to take a file into the catalogue, and the taking in: by this process, or by the server that owns the home.

Knows how a request travels. Reading, cleaning and storing live in ``retrieval``, the terminal in ``ui.cli_catalogue``.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from chat.errors import SetupError
from retrieval.catalog import Catalog
from retrieval.cluster import encode_on
from retrieval.database import Connections
from retrieval.embeddings import EmbeddingCache
from retrieval.encoder import MiniLMEncoder, ensure_encoder
from retrieval.errors import RetrievalError
from retrieval.feeds import Feed
from retrieval.index import item_texts
from retrieval.ingest import Ingest, Report
from retrieval.journal import CatalogueJournal, Entry
from retrieval.rows import Format
from ui.home import Home
from ui.progress import Tell

LOOKS_EVERY_S = 0.2
BUSY_AFTER_S = 3.0  # a request that waits so long waits for something else


class Request(BaseModel):
    """What was asked; every path in it is absolute, so that any process can do it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path
    options: tuple[str, ...] = ()
    replace: bool = False
    update: bool = False
    currency: str = ""
    format: Format | None = None
    ray: str = ""  # address of the Ray cluster that encodes

    @staticmethod
    def of(
        path: Path,
        options: Sequence[str] = (),
        *,
        replace: bool = False,
        update: bool = False,
        currency: str = "",
        format: Format | None = None,
        ray: str = "",
    ) -> "Request":
        """As given on the command line, relative to the present folder. (An address is left for the feed to refuse.)"""
        whole = tuple(str(Path(one).resolve()) if Path(one).is_file() else one for one in options)
        return Request(
            path=path if ":/" in str(path) else path.resolve(),
            options=whole,
            replace=replace,
            update=update,
            currency=currency,
            format=format,
            ray=ray,
        )

    def feed(self) -> Feed:
        """The file, recognised. Raises FeedError."""
        return Feed.open(self.path, self.options, format=self.format, currency=self.currency, update=self.update)


def take_in(connections: Connections, catalog: Catalog, home: Home, request: Request, tell: Tell) -> Report:
    """Take the file into the catalogue; the index is not touched. Raises RetrievalError."""
    feed = request.feed()
    what = f"reading {request.path.name}"
    run = Ingest(catalog, connections, feed, home.folder / "rejected", [request.currency])
    report = run.run(
        replace=request.replace,
        told=lambda done: tell(what, done, feed.source.size),
        written=lambda done, of: tell("writing", done, of),
    )
    return report


def encoded_by_ray(home: Home, address: str, catalog: Catalog, models: Path, tell: Tell) -> int:
    """Encode on a Ray cluster what the catalogue's items lack of vectors, for the index to find; how many texts.

    Raises EncoderError.
    """
    encoder = MiniLMEncoder(ensure_encoder(models))
    cache = EmbeddingCache(home.embeddings)
    try:
        texts = (text for item in catalog.all() for text in item_texts(item))
        return encode_on(address, texts, cache, encoder, tell, total=2 * catalog.size())
    finally:
        cache.close()


class Refused(RetrievalError):
    """The server could not do what was asked; the message says why."""


def handed_over(home: Home, request: Request, tell: Tell, waiting: Callable[[], None]) -> tuple[Report, int]:
    """Have the server that owns the home do it: its report, and how many items are indexed.

    ``waiting``: called once, where the server is busy with something else. Raises Refused with the server's reason, and
    SetupError if the server ends meanwhile: the request stays, and goes on at its next start.
    """
    connections = Connections(home.database)
    try:
        journal = CatalogueJournal(connections)
        number, asked, told_of_wait = journal.ask(request.model_dump(mode="json")), time.monotonic(), False
        while True:
            entry = journal.entry(number)
            if entry is None or entry.state == "failed":
                raise Refused(entry.outcome["error"] if entry else "The request is no longer in the journal.")
            if entry.state == "done":
                return Report(**entry.outcome["report"]), int(entry.outcome["indexed"])
            if entry.progress:
                tell(*entry.progress)
            elif entry.state == "waiting" and not told_of_wait and time.monotonic() - asked > BUSY_AFTER_S:
                waiting()
                told_of_wait = True
            if not home.served() and not _ended(journal, number):
                raise SetupError(
                    f"The server of {home.folder} has ended. The request is kept, and goes on when the server starts "
                    "again; or run the same command now, and it is done without a server."
                )
            time.sleep(LOOKS_EVERY_S)
    finally:
        connections.close()


def _ended(journal: CatalogueJournal, number: int) -> bool:
    """Whether the request ended just before its server did."""
    entry: Entry | None = journal.entry(number)
    return entry is None or entry.state in ("done", "failed")
