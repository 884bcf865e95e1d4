"""The typed events of a turn: what the assistant tells whoever shows the conversation.

The page, the terminal and the HTTP API all receive these and only these, in this order:
``session`` once, ``need``, ``cards`` (first, then final), ``comparison`` (where items are set against each other),
``text`` (a checked sentence each), ``done``; or ``error``.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True)


class Tag(_Event):
    """One removable part of the need, as the shopper sees it."""

    id: str  # names the constraint inside the need; given back to Assistant.remove_tag
    label: str  # e.g. "under $150", "not leather"
    want: str = ""  # of several things asked for together, the one that it belongs to


class Card(_Event):
    """One real item as shown; every value is the catalogue record's."""

    item_id: str
    position: int  # from 1
    title: str
    brand: str
    price: Decimal | None
    price_text: str  # e.g. "$149.00"; "" where the merchant gives no price
    picture_url: str  # "" where there is none: whoever shows it draws a placeholder
    page_url: str
    category: tuple[str, ...]
    facts: tuple[str, ...]  # at most two, those that matter for the need
    reason: str  # why it is here, e.g. "like the trail shoes you bought"
    mark: str = ""  # what a rule of the merchant wants said: "sponsored" where someone paid for its place
    variants: str = ""  # in what else the product comes, e.g. "also in red, blue"
    want: str = ""  # heading of its group, where the turn answers several wants; cards of one want follow one another
    outside: tuple[str, ...] = ()  # constraints that it breaks, in words, e.g. "over your $150"
    rating: float | None = None
    rating_count: int | None = None


class ComparedItem(_Event):
    """The head of one column of a comparison."""

    item_id: str
    title: str


class ComparedFact(_Event):
    """One row of a comparison: a fact in which the items differ, each value as the record has it."""

    key: str  # "price", "rating", "brand", "category", "stock", or "attribute:" and the merchant's name for it
    name: str  # what to call it, e.g. "Capacity"
    values: tuple[str | None, ...]  # one for each item, in their order; null: the shop doesn't say
    matters: bool = False  # the shopper spoke of it


class Comparison(_Event):
    """Two to four items side by side; no row where the records tell no difference."""

    items: tuple[ComparedItem, ...]
    rows: tuple[ComparedFact, ...]  # what matters for the need first


class SessionEvent(_Event):
    type: Literal["session"] = "session"
    session_id: str
    turn_id: str
    shopper_id: str | None
    personalised: bool  # whether the history may be used in this turn


class NeedEvent(_Event):
    type: Literal["need"] = "need"
    tags: tuple[Tag, ...]


class CardsEvent(_Event):
    type: Literal["cards"] = "cards"
    stage: Literal["first", "final"]
    cards: tuple[Card, ...]


class ComparisonEvent(_Event):
    type: Literal["comparison"] = "comparison"
    comparison: Comparison


class TextEvent(_Event):
    """One sentence, already checked against the records of the cards."""

    type: Literal["text"] = "text"
    text: str
    by: Literal["llm", "template"]


class DoneEvent(_Event):
    type: Literal["done"] = "done"
    question: str = ""  # at most one; it is also the last text
    chips: tuple[str, ...] = ()  # suggested answers or next messages
    llm_reached: bool = True  # False: the turn was answered without the LLM, and should be marked so
    timings_ms: dict[str, float] = Field(default_factory=dict)  # first_cards, understand, final_cards, first_text, …


class ErrorEvent(_Event):
    type: Literal["error"] = "error"
    message: str  # plain words for the shopper
    error_id: str  # finds the cause in the log


TurnEvent = Annotated[
    SessionEvent | NeedEvent | CardsEvent | ComparisonEvent | TextEvent | DoneEvent | ErrorEvent,
    Field(discriminator="type"),
]
