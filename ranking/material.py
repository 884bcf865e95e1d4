"""What a training or an evaluation works on: the catalogue as a table, and the shoppers' cleaned tracks over it.

Knows where these come from. The index is not opened: vectors come from the cache of embeddings, so that a shop may be
trained while it is being served.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.behaviour import Row, Track, tracks
from ranking.cleaning import clean
from ranking.errors import TooFewEvents
from ranking.history import Events
from ranking.positions import PositionBias, Shown
from ranking.table import ItemTable
from retrieval.catalog import Catalog
from retrieval.embeddings import EmbeddingCache
from retrieval.encoder import Encoder
from retrieval.index import item_vectors
from retrieval.items import Item

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Material:
    """Items with their table (same order), every shopper's track, and the encoder of requests."""

    items: list[Item]
    table: ItemTable
    tracks: dict[str, Track]
    ratings: dict[tuple[str, int], float]  # the latest stars that a shopper gave to a place
    encode: Callable[[Sequence[str]], NDArray[np.float32]]

    @classmethod
    def gather(
        cls,
        catalog: Catalog,
        events: Events,
        encoder: Encoder,
        cache: EmbeddingCache,
        progress: Progress = lambda what, done, total: None,
        shown: Iterable[Shown] = (),
    ) -> "Material":
        """Read everything; TooFewEvents if there are no items or no events.

        ``shown``: what conversations showed, from which the bias of their clicks towards the top is estimated.
        """

        def encode(texts: Sequence[str]) -> NDArray[np.float32]:
            return cache.encode(texts, encoder, progress)

        items = list(catalog.all())
        if not items:
            raise TooFewEvents("The catalogue is empty. Run: shoptalk ingest FILE")
        table = ItemTable.of(items, item_vectors(items, encode))
        cleaning = clean(events.rows, table.place)
        ratings: dict[tuple[str, int], float] = {}

        def noted() -> Iterator[Row]:
            for row in cleaning.rows():
                shopper_id, _, item_id, stars, *_ = row
                if stars is not None and item_id in table.place:
                    ratings[shopper_id, table.place[item_id]] = stars
                yield row

        made = tracks(noted(), table.place, PositionBias.estimated(shown, set(events.of_turns("click"))))
        if not made:
            raise TooFewEvents("There are no events yet. Run: shoptalk events FILE")
        return cls(items, table, made, ratings, encode)
