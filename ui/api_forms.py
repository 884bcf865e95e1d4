"""The forms of the API: what its bodies may hold, and what its answers do.

The limits stand here and nowhere else, so that the OpenAPI tells them. Knows nothing of how anything is answered.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

from chat.assistant import MESSAGE_LIMIT
from chat.events import Card, Comparison, Tag
from chat.keeping import FeedbackKind
from retrieval.filters import Filter

MOST_EVENTS = 100  # in one call
MOST_ITEMS = 50  # of one search
MOST_ROWS = 1_000  # of one list of a bulk change
MOST_VALUES = 20  # of one part of a filter

Text = Annotated[str, Field(min_length=1, max_length=MESSAGE_LIMIT)]
Name = Annotated[str, Field(min_length=1, max_length=200)]  # of an item, a brand, an attribute …
Names = Annotated[tuple[Name, ...], Field(max_length=MOST_VALUES)]
Values = Annotated[tuple[Annotated[str, Field(max_length=2_000)], ...], Field(max_length=100)]
Price = Annotated[Decimal, Field(ge=0, le=10**9, decimal_places=4, allow_inf_nan=False)]
Reached = Annotated[
    bool,
    Field(
        description="false: the language model was needed and did not answer in time, so that the answer is plainer. "
        "true also where none was needed."
    ),
]
Limit = Annotated[StrictInt, Field(ge=1, le=MOST_ITEMS)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChatBody(_Body):
    """One turn: what the shopper says, or the tag that they take away."""

    message: Text | None = None
    remove_tag: Name | None = Field(None, description="The id of a tag of this session, instead of a message.")
    session_id: Name | None = Field(None, description="Of the session event; none begins a conversation.")
    personalise: StrictBool = Field(True, description="Whether the shopper's history may be used.")
    stream: StrictBool = Field(True, description="false: one JSON object at the end, and no events.")

    @model_validator(mode="after")
    def _one_of(self) -> "ChatBody":
        if (self.message is None) == (self.remove_tag is None):
            raise ValueError("send either message or remove_tag")
        if self.remove_tag is not None and self.session_id is None:
            raise ValueError("remove_tag needs the session_id whose tag it is")
        return self


class ChatAnswer(BaseModel):
    """A turn that was not streamed."""

    session_id: str
    turn_id: str
    shopper_id: str | None
    personalised: bool
    tags: tuple[Tag, ...]
    cards: tuple[Card, ...]
    comparison: Comparison | None = None  # of the cards, where the shopper asked for one
    text: str
    question: str
    chips: tuple[str, ...]
    llm_reached: Reached
    timings_ms: dict[str, float]


class TurnAnswer(BaseModel):
    """One turn of a session, as it was answered."""

    turn_id: str
    time: float  # unix seconds
    message: str  # "" where a tag was taken away
    text: str
    cards: tuple[Card, ...]
    comparison: Comparison | None = None  # of the cards, as the catalogue has them now
    finished: bool  # False: it was stopped
    llm_reached: Reached
    thumb: Literal["up", "down"] | None


class SessionAnswer(BaseModel):
    """A conversation so far; its latest turns, oldest first."""

    session_id: str
    shopper_id: str | None
    tags: tuple[Tag, ...]
    turns: tuple[TurnAnswer, ...]


class DeletedAnswer(BaseModel):
    """What was deleted."""

    turns: int
    events: int  # of an anonymous shopper, which end with the session


class ErasedAnswer(BaseModel):
    """How much of what was erased; it is gone to the byte."""

    sessions: int
    turns: int
    answers: int  # kept for repeated requests
    events: int
    kept_aside: int  # dropped rows of event files
    checkpoints: int  # of a training that was cut off
    cases: int  # for scoring prompts, that were made from the conversations


class ExportAnswer(BaseModel):
    """Everything that is held of a shopper."""

    shopper_id: str
    exported: float  # unix seconds, as all times here
    sessions: list[dict[str, Any]]  # each with its turns, and what these showed
    events: list[dict[str, Any]]
    kept_aside: list[dict[str, Any]]  # rows of event files that name the shopper and were dropped, with the reason
    cases: list[str]  # texts of the files of cases that were made from the conversations


class EventBody(_Body):
    """One thing that the shopper did with an item."""

    kind: FeedbackKind
    item_id: Name
    turn_id: Name | None = Field(None, description="The turn that showed the item; needs session_id.")
    id: Name | None = Field(None, description="Your name for it: a repeat is not counted again.")


class EventsBody(_Body):
    """What a shopper did; all of it is taken, or none."""

    events: Annotated[tuple[EventBody, ...], Field(min_length=1, max_length=MOST_EVENTS)]
    session_id: Name | None = Field(None, description="Needed where there is no shopper token.")


class EventsAnswer(BaseModel):
    """How many of the events are stored, and how many of them were not before."""

    accepted: int
    new: int


class FeedbackBody(_Body):
    """What the shopper thinks of an answer."""

    session_id: Name
    turn_id: Name
    thumb: Literal["up", "down"] | None = Field(description="null takes it back.")


class FeedbackAnswer(BaseModel):
    """What holds now."""

    thumb: Literal["up", "down"] | None


class FilterBody(_Body):
    """Limits that every result keeps; text is compared without regard to case."""

    price_min: Price | None = None
    price_max: Price | None = None
    brands: Names = ()
    excluded_brands: Names = ()
    categories: Annotated[tuple[Names, ...], Field(max_length=MOST_VALUES)] = Field(
        (), description='Any of these paths from the department down, e.g. [["Outdoor", "Tents"]].'
    )
    attributes: Annotated[dict[Name, Names], Field(max_length=MOST_VALUES)] = Field(
        default_factory=dict, description='For each name any of the values, e.g. {"colour": ["red", "blue"]}.'
    )
    rating_min: Annotated[float, Field(ge=0, le=5, allow_inf_nan=False)] | None = None
    in_stock_only: StrictBool = True

    def onto(self, limits: Filter) -> Filter:
        """The limits with those that are stated here in the place of their like."""
        return limits.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


class SearchBody(_Body):
    """A query, read as a message of a conversation would be."""

    query: Annotated[str, Field(min_length=1, max_length=500)]
    filter: FilterBody = FilterBody()
    limit: Limit = 10
    session_id: Name | None = Field(None, description="Whose likes and dislikes count, where there is no token.")
    personalise: StrictBool = True


class SearchAnswer(BaseModel):
    """What was found, best first."""

    cards: tuple[Card, ...]
    tags: tuple[Tag, ...]  # what the query was read as
    corrected: str  # the query's words where their spelling was mended, else ""
    carried: bool  # False: the shop seems to have no such thing, and these come nearest


class RecommendBody(_Body):
    """Asks for items without words."""

    item_id: Name | None = Field(None, description="Items like this one.")
    filter: FilterBody = FilterBody()
    limit: Limit = 10
    session_id: Name | None = Field(None, description="Whose likes and dislikes count, where there is no token.")
    personalise: StrictBool = True


class RecommendAnswer(BaseModel):
    """The items, best first."""

    cards: tuple[Card, ...]


class ItemPatch(_Body):
    """What to change of an item; the fields are read as those of a feed are."""

    title: Annotated[str, Field(max_length=2_000)] = ""
    description: Annotated[str, Field(max_length=50_000)] = ""
    category: Names | Annotated[str, Field(max_length=2_000)] = Field(
        (), description='The path from the department down: ["Outdoor", "Tents"], or "Outdoor > Tents".'
    )
    brand: Annotated[str, Field(max_length=2_000)] = ""
    price: Price | Annotated[str, Field(max_length=50)] | None = Field(None, description='149.5, or "149.50 EUR".')
    currency: Annotated[str, Field(max_length=3)] = Field("", description="ISO 4217, of the price.")
    attributes: dict[Name, Annotated[str, Field(max_length=2_000)] | Values] = Field(
        default_factory=dict, description='For each name one or several values, e.g. {"colour": ["red", "blue"]}.'
    )
    picture_url: Annotated[str, Field(max_length=2_000)] = ""
    page_url: Annotated[str, Field(max_length=2_000)] = ""
    stock: Annotated[StrictInt, Field(ge=0, le=10**9)] | None = None
    in_stock: StrictBool | None = Field(None, description="In the place of stock, where the number is not known.")
    rating: Annotated[float, Field(ge=0, le=5, allow_inf_nan=False)] | None = None
    rating_count: Annotated[StrictInt, Field(ge=0, le=10**9)] | None = None
    group_id: Annotated[str, Field(max_length=200)] = Field("", description="The same for variants of one product.")


class ItemBody(ItemPatch):
    """An item, whole."""

    title: Annotated[str, Field(min_length=1, max_length=2_000)]


class BulkBody(_Body):
    """Many changes at once. A row has ``id`` and the fields of an item; one that is wrong stops no other."""

    put: Annotated[tuple[dict[str, Any], ...], Field(max_length=MOST_ROWS)] = ()
    patch: Annotated[tuple[dict[str, Any], ...], Field(max_length=MOST_ROWS)] = ()
    delete: Annotated[tuple[Name, ...], Field(max_length=MOST_ROWS)] = ()

    @model_validator(mode="after")
    def _something(self) -> "BulkBody":
        if not (self.put or self.patch or self.delete):
            raise ValueError("name at least one row in put or patch, or one id in delete")
        return self


class DroppedRow(BaseModel):
    """A row that could not be taken."""

    list: Literal["put", "patch"]
    row: int  # from 1
    reason: str


class ChangesAnswer(BaseModel):
    """What became of a change of the catalogue; once it is done, the next search sees it."""

    number: int
    state: Literal["waiting", "running", "done"]
    new: int = 0
    changed: int = 0
    same: int = 0  # as the catalogue had them already
    removed: int = 0
    unknown: int = 0  # ids to remove that no item has
    dropped: int = 0
    first_dropped: tuple[DroppedRow, ...] = ()
    notes: dict[str, int] = {}  # what was left out of items, and how often


class ItemAnswer(BaseModel):
    """One item as the catalogue has it; "" or null where the merchant does not say."""

    item_id: str
    title: str
    description: str
    category: tuple[str, ...]
    brand: str
    price: Decimal | None
    currency: str
    price_text: str
    attributes: dict[str, tuple[str, ...]]
    picture_url: str
    page_url: str
    in_stock: bool
    rating: float | None
    rating_count: int | None
