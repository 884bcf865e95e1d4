"""Items whose record changed after they were found: what is shown satisfies the constraints as the record is now."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from shops import item, open_small_shop

from chat.finding import Finder
from chat.want import Want
from ranking.reranker import Untrained
from retrieval.encoder import MiniLMEncoder
from retrieval.filters import Filter
from retrieval.ground import Ask, Grounder, Grounding
from retrieval.shop import Shop
from retrieval.synonyms import SynonymStore

MUGS = ("Kitchen", "Mugs")
ITEMS = [
    item(f"mug-{n}", f"Stoneware mug number {n}", f"{n}.00", MUGS, group_id=f"group-{n // 2}",
         attributes={"colour": (("red", "blue")[n % 2],)})
    for n in range(10, 20)
]  # fmt: skip


class Interrupted(Grounder):
    """A grounder after which, before anything else is read, the catalogue changes."""

    then: Callable[[], object]

    def ground_many(self, asks: Sequence[Ask]) -> list[Grounding]:
        found = super().ground_many(asks)
        self.then()
        return found


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[Shop]:
    shop = open_small_shop(Path(tmp_path_factory.mktemp("stale")), ITEMS, with_encoder=minilm)
    yield shop
    shop.close()


@pytest.fixture
def shop(opened: Shop) -> Shop:
    opened.catalog.upsert(ITEMS)
    return opened


def finder(shop: Shop, change: Callable[[], object]) -> Finder:
    grounder = Interrupted(shop.catalog, shop.index, shop.encoder, SynonymStore(shop.connections))
    grounder.then = change
    return Finder(shop.catalog, grounder, Untrained(shop.catalog, shop.index.vectors), cards=5)


def changed(shop: Shop, numbers: Sequence[int], **fields: Any) -> Callable[[], object]:
    return lambda: shop.catalog.upsert(
        one.model_copy(update=fields) for one in ITEMS if int(one.id.removeprefix("mug-")) in numbers
    )


@pytest.mark.parametrize("order", ["", "dearest", "cheapest", "best_rated"])
@pytest.mark.parametrize(
    "fields",
    [{"price": Decimal(25)}, {"price": None}, {"stock": 0}, {"attributes": {"colour": ("green",)}}, {"brand": "Other"}],
)
def test_what_no_longer_fits_when_its_record_is_read_is_not_shown(
    shop: Shop, order: Any, fields: dict[str, Any]
) -> None:
    limits = Filter(price_max=Decimal(19), brands=("Fernhill",), attributes={"colour": ("red", "blue")})
    want = Want(words="stoneware mug", filter=limits, order=order)
    (group,) = finder(shop, changed(shop, range(12, 20), **fields)).find([want], []).groups
    assert {one.item_id for one in group.ranked} <= {"mug-10", "mug-11"}
    assert group.ranked
    assert {one.id for one in group.leading} == {"mug-10", "mug-11"}
