"""What the catalogue tools take and answer, in the forms of the Universal Commerce Protocol.

The limits stand here, so that the tools' schemas tell them. Knows nothing of how anything is answered.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ui.api_forms import MOST_ITEMS, MOST_VALUES, Name
from ui.ucp import Envelope, Message, Page, Product, SelectedOption

MOST_IDS = 50  # of one look-up
Amount = Annotated[int, Field(ge=0, le=10**12)]


class _Form(BaseModel):
    # The protocol has more fields, and will have others: what is not used here is passed over.
    model_config = ConfigDict(extra="ignore")


class PriceFilter(_Form):
    min: Amount | None = Field(None, description="In the smallest unit of the shop's currency.")
    max: Amount | None = Field(None, description="In the smallest unit of the shop's currency.")


class Filters(_Form):
    categories: Annotated[tuple[Name, ...], Field(max_length=MOST_VALUES)] = Field(
        (), description="Any of these, as products' categories name them, or a part of one: Outdoor > Tents, Tents."
    )
    price: PriceFilter = PriceFilter()
    brand: Annotated[tuple[Name, ...], Field(max_length=MOST_VALUES)] = Field((), description="Any of these.")
    availability: Annotated[tuple[Name, ...], Field(max_length=MOST_VALUES)] = Field(
        (), description="in_stock, out_of_stock; empty: only what is in stock."
    )


class Pagination(_Form):
    cursor: Annotated[str, Field(max_length=100)] | None = Field(None, description="From the previous page.")
    limit: Annotated[int, Field(ge=1)] = Field(10, description=f"At most {MOST_ITEMS}; more is taken as that.")


class Search(_Form):
    query: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="What is wanted, in the shopper's own words; limits in it count: a tent under $160, not red."
    )
    purpose: Literal["search", "recommendation", "swap"] = Field(
        "search", description="recommendation, swap: products like those of reference_ids."
    )
    reference_ids: Annotated[tuple[Name, ...], Field(max_length=1)] = Field((), description="A product or variant.")
    filters: Filters | None = None
    pagination: Pagination = Pagination()


class LookUp(_Form):
    ids: tuple[Name, ...] = Field(
        description="Of products or variants.", min_length=1, json_schema_extra={"maxItems": MOST_IDS}
    )


class GetProduct(_Form):
    id: Name = Field(description="Of a product or variant.")
    selected: Annotated[tuple[SelectedOption, ...], Field(max_length=MOST_VALUES)] = Field(
        (), description="Options that the shopper has chosen, of a product."
    )
    preferences: Annotated[tuple[Name, ...], Field(max_length=MOST_VALUES)] = Field(
        (), description="Names of options; where not all choices can be met, the last of these is given up first."
    )


class SearchResult(BaseModel):
    ucp: Envelope
    products: list[Product]
    pagination: Page
    messages: list[Message] | None = None


class LookUpResult(BaseModel):
    ucp: Envelope
    products: list[Product]
    messages: list[Message] | None = None


class ProductResult(BaseModel):
    """``product`` is missing where there is no such thing; then a message says so."""

    ucp: Envelope
    product: Product | None = None
    messages: list[Message] | None = None
