"""The item: one thing that the shop sells, as its merchant describes it.

Knows nothing of files, databases or vectors.
"""

import hashlib
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

UNCHANGED = "(unchanged)"  # the title of an update that states none: see ``Item.updated``


class Item(BaseModel):
    """One catalogue item. An empty string or None means that the merchant did not say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=200)]
    title: Annotated[str, Field(min_length=1, max_length=1000)]
    description: str = ""
    category: tuple[str, ...] = ()  # the path from the department down, e.g. ("Outdoor", "Tents")
    brand: str = ""
    price: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)] | None = None
    currency: str = ""  # ISO 4217, e.g. "USD"
    attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # e.g. {"colour": ("red", "blue")}
    image_url: str = ""
    page_url: str = ""
    stock: Annotated[int, Field(ge=0)] | None = None  # pieces; None: unknown, sold as if in stock
    rating: Annotated[float, Field(ge=0, le=5)] | None = None
    rating_count: Annotated[int, Field(ge=0)] | None = None
    group_id: str = ""  # the same for the variants (colours, sizes) of one product, where the merchant says so

    @property
    def in_stock(self) -> bool:
        """False only where the merchant says that none is left."""
        return self.stock is None or self.stock > 0

    def encoder_text(self) -> str:
        """What the encoder reads: title, brand, category, attributes, then the description's beginning."""
        facts = "; ".join(f"{name}: {', '.join(values)}" for name, values in self.attributes.items())
        parts = (self.title, self.brand, " > ".join(self.category), facts, self.description[:400])
        return ". ".join(part for part in parts if part)

    def content_hash(self) -> str:
        """Hex digest of every field: two items with the same hash need no update."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def updated(self, update: "Item") -> "Item":
        """This item with all that the update states; what the update leaves empty stays as it was."""
        stated = {name: held for name in type(self).model_fields if (held := getattr(update, name)) not in _NOTHING}
        if stated["title"] == UNCHANGED:
            del stated["title"]
        if "attributes" in stated:
            named = {name.lower() for name in update.attributes}
            kept = {name: values for name, values in self.attributes.items() if name.lower() not in named}
            stated["attributes"] = kept | update.attributes
        return self.model_copy(update=stated)


_NOTHING: tuple[object, ...] = ("", None, (), {})
