"""Small shops for tests: a handful of items of our own, opened with the real encoder, the real Chroma and SQLite."""

from decimal import Decimal
from pathlib import Path

from chat.settings import Settings
from retrieval.database import Connections
from retrieval.encoder import MiniLMEncoder, ensure_encoder
from retrieval.items import Item
from retrieval.shop import Shop, open_shop


def item(
    item_id: str, title: str, price: str, category: tuple[str, ...], brand: str = "Fernhill", **fields: object
) -> Item:
    """An item in dollars."""
    return Item(
        id=item_id,
        title=title,
        price=Decimal(price),
        currency="USD",
        category=category,
        brand=brand,
        **fields,  # type: ignore[arg-type]
    )


TENTS, LAMPS, RAZORS, LIPS = ("Outdoor", "Tents"), ("Outdoor", "Lamps"), ("Beauty", "Razors"), ("Beauty", "Lipsticks")
ITEMS = [
    item("tent-1", "Fernhill Ridge 2-person tent", "149.00", TENTS, attributes={"features": ("waterproof",)}),
    item("tent-2", "Fernhill Vale 2-person tent", "189.00", TENTS, attributes={"features": ("waterproof",)}),
    item("tent-3", "Osprey Lane Dune 4-person tent", "299.00", TENTS, brand="Osprey Lane"),
    item("lamp-1", "Fernhill Glow camping lantern", "39.00", LAMPS, rating=4.5, rating_count=20),
    item("lamp-2", "Osprey Lane Beam head torch", "25.50", LAMPS, brand="Osprey Lane", rating=4.1, rating_count=8),
    item("razor-1", "Osprey Lane safety razor, black", "29.00", RAZORS, brand="Osprey Lane"),
    item("razor-2", "Fernhill bamboo razor", "19.00", RAZORS),
    item("lip-1", "Fernhill matte lipstick, red", "14.00", LIPS, attributes={"colour": ("red",)}),
    item("lip-2", "Fernhill matte lipstick, plum", "14.00", LIPS, attributes={"colour": ("plum",)}),
    item("lip-3", "Osprey Lane satin lipstick, red", "24.00", LIPS, brand="Osprey Lane", stock=0),
]


def encoder() -> MiniLMEncoder:
    """The built-in encoder, converted on the first use on this machine."""
    return MiniLMEncoder(ensure_encoder(Settings().models))


def open_small_shop(home: Path, items: list[Item] | None = None, with_encoder: MiniLMEncoder | None = None) -> Shop:
    """A shop in the folder with these items, or the ones above."""
    shop_encoder = with_encoder or encoder()
    shop = open_shop(home, Settings().models, connections=Connections(home / "shoptalk.sqlite3"), encoder=shop_encoder)
    shop.catalog.upsert(items if items is not None else ITEMS)
    shop.index.refresh()
    return shop
