"""One shop's catalogue and everything that finds items in it, opened together.

>>> with Shop.opened(home, models) as shop:                                              # doctest: +SKIP
...     shop.grounder.ground([], "a warm jacket", Filter(price_max=Decimal(150)), k=5)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.embeddings import Progress
from retrieval.encoder import Encoder, MiniLMEncoder, ensure_encoder
from retrieval.followed import FollowedIndex
from retrieval.ground import Grounder
from retrieval.index import Index
from retrieval.synonyms import SynonymStore

DATABASE, INDEX = "shoptalk.sqlite3", "index"  # inside the shop's home folder


@dataclass(frozen=True)
class Shop:
    """What ``open_shop`` opened."""

    connections: Connections  # of the one SQLite file; other packages keep their tables there too
    catalog: Catalog
    encoder: Encoder
    index: Index
    grounder: Grounder

    @staticmethod
    @contextmanager
    def opened(home: Path, models: Path, say: Callable[[str], None] | None = None) -> Iterator["Shop"]:
        """The shop, closed at the end; ``say`` is told in words what is waited for."""
        shop = open_shop(home, models, (lambda what, done, of: say(f"{what} {done:,} of {of:,}")) if say else None)
        try:
            yield shop
        finally:
            shop.close()

    def close(self) -> None:
        """Release every file."""
        self.catalog.close()
        self.index.close()
        self.connections.close()


@contextmanager
def open_catalogue(home: Path) -> Iterator[tuple[Connections, Catalog]]:
    """The catalogue alone, for writing to it; closed at the end."""
    connections = Connections(home / DATABASE)
    try:
        yield connections, Catalog(connections)
    finally:
        connections.close()


def open_shop(
    home: Path,
    models: Path,
    progress: Progress | None = None,
    *,
    connections: Connections | None = None,
    encoder: Encoder | None = None,
    chroma_url: str = "",
    follow: bool = False,
) -> Shop:
    """Open the shop at ``home``, converting the encoder and rebuilding the index where that is needed.

    ``connections`` and ``encoder``: those already open, if any. ``chroma_url``: a Chroma server that keeps the vectors,
    instead of the home folder. ``follow``: another process owns the index, and this one reads it. Raises
    RetrievalError.
    """
    connections = connections or Connections(home / DATABASE)
    catalog = Catalog(connections)
    catalog.read_columns_soon()  # beside the encoder and the index, which take longer
    if encoder is None:
        encoder = MiniLMEncoder(ensure_encoder(models))
    try:
        if follow:
            index: Index = FollowedIndex.follow(home / INDEX, catalog, connections, encoder, chroma_url)
        else:
            index = Index.open(home / INDEX, catalog, connections, encoder, progress, chroma_url=chroma_url)
    except BaseException:
        catalog.close()
        raise
    grounder = Grounder(catalog, index, encoder, SynonymStore(connections))
    catalog.columns()  # what is left of reading them, so that no shopper waits for it
    return Shop(connections, catalog, encoder, index, grounder)
