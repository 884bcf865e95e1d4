"""What one browser tab shows of its conversation, as plain data.

Folds the typed events of ``chat.events`` into exchanges. Knows nothing of HTML, of Gradio or of the shop: what was
understood, found and said comes in the events.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from chat.events import (
    Card,
    CardsEvent,
    Comparison,
    ComparisonEvent,
    DoneEvent,
    ErrorEvent,
    NeedEvent,
    SessionEvent,
    Tag,
    TextEvent,
    TurnEvent,
)

Kind = Literal["like", "dislike", "click"]
MOST_COMPARED = 4  # items side by side; beyond that nobody reads the table


@dataclass(frozen=True)
class DemoShopper:
    """A shopper whom the visitor may try out, with what they did before, in words."""

    shopper_id: str
    name: str
    description: str = ""
    history: Sequence[str] = ()  # e.g. "bought Marlow Ridge tent · May", newest first


@dataclass
class Exchange:
    """One turn as shown: what was asked, the cards, the sentences, and how it ended."""

    said: str = ""  # the shopper's words; empty where a tag was removed
    note: str = ""  # what happened instead of words, e.g. "No longer: under $150"
    session_id: str = ""
    turn_id: str = ""
    personalised: bool = False
    shopper_id: str | None = None
    cards: tuple[Card, ...] = ()
    stage: Literal["", "first", "final"] = ""
    comparison: Comparison | None = None
    sentences: list[str] = field(default_factory=list)
    chips: tuple[str, ...] = ()
    llm_reached: bool = True
    error: ErrorEvent | None = None
    state: Literal["running", "done", "stopped"] = "running"
    pressed: dict[str, Kind] = field(default_factory=dict)  # by item id

    def apply(self, event: TurnEvent) -> None:
        """Fold one event in. Final cards replace the first ones; sentences follow one another."""
        match event:
            case SessionEvent():
                self.session_id, self.turn_id = event.session_id, event.turn_id
                self.personalised, self.shopper_id = event.personalised, event.shopper_id
            case CardsEvent():
                self.cards, self.stage = event.cards, event.stage
            case ComparisonEvent():
                self.comparison = event.comparison
            case TextEvent():
                self.sentences.append(event.text)
            case DoneEvent():
                self.chips, self.llm_reached, self.state = event.chips, event.llm_reached, "done"
            case ErrorEvent():
                self.error, self.state = event, "done"
            case NeedEvent():
                pass  # the conversation holds the tags


@dataclass
class Conversation:
    """One tab's conversation. Lives on the server, one for each tab; ``turn`` is the running turn, if any."""

    session_id: str | None = None
    shopper_id: str | None = None
    personalise: bool = True
    tags: tuple[Tag, ...] = ()
    exchanges: list[Exchange] = field(default_factory=list)
    compared: dict[str, str] = field(default_factory=dict)  # titles of what was chosen to be compared, by item
    is_tray_full: bool = False  # whether one more was chosen than can be compared
    turn: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """True while a turn runs."""
        return self.turn is not None

    def apply(self, event: TurnEvent, exchange: Exchange) -> None:
        """Fold one event of the exchange's turn in."""
        exchange.apply(event)
        if isinstance(event, SessionEvent):
            self.session_id = event.session_id
        elif isinstance(event, NeedEvent):
            self.tags = event.tags

    def tag(self, tag_id: str) -> Tag | None:
        """The shown tag of this id, if it is still shown."""
        return next((tag for tag in self.tags if tag.id == tag_id), None)

    def shown(self, turn_id: str, item_id: str) -> Exchange | None:
        """The exchange whose turn showed this item, if one did."""
        for exchange in self.exchanges:
            if exchange.turn_id == turn_id and any(card.item_id == item_id for card in exchange.cards):
                return exchange
        return None

    def compare(self, turn_id: str, item_id: str) -> None:
        """Choose a shown item to be compared, or leave it."""
        exchange = self.shown(turn_id, item_id)
        self.is_tray_full = False
        if item_id in self.compared:
            del self.compared[item_id]
        elif len(self.compared) >= MOST_COMPARED:
            self.is_tray_full = True
        elif exchange is not None:
            self.compared[item_id] = next(card.title for card in exchange.cards if card.item_id == item_id)

    def compare_none(self) -> None:
        """Leave all that was chosen to be compared."""
        self.compared, self.is_tray_full = {}, False

    def pressed(self) -> list[tuple[Kind, str]]:
        """What the present shopper liked or refused here, oldest first: the kind and the item's title."""
        theirs = [exchange for exchange in self.exchanges if self._is_theirs(exchange)]
        titles = {card.item_id: card.title for exchange in theirs for card in exchange.cards}
        last = {item_id: kind for exchange in theirs for item_id, kind in exchange.pressed.items()}
        return [(kind, titles[item_id]) for item_id, kind in last.items() if item_id in titles]

    def _is_theirs(self, exchange: Exchange) -> bool:
        # A new shopper is known by the session alone; a named one keeps what they liked in an earlier session.
        if self.shopper_id is None:
            return exchange.shopper_id is None and exchange.session_id == self.session_id
        return exchange.shopper_id == self.shopper_id

    def stop(self) -> None:
        """End the running turn; what is shown of it stays. Closing the turn closes everything behind it."""
        if self.turn is not None:
            self.turn.cancel()

    def choose(self, shopper_id: str | None, note: str) -> None:
        """Go on as another shopper, in a session of their own; what was said stays in view above the note."""
        if shopper_id == self.shopper_id:
            return
        self._leave_session()
        self.shopper_id = shopper_id
        if self.exchanges and not self.exchanges[-1].said and not self.exchanges[-1].turn_id:
            self.exchanges.pop()  # chosen twice without a word in between: one note is enough
        if self.exchanges:
            self.exchanges.append(Exchange(note=note, state="done"))

    def restart(self) -> None:
        """A new chat with the same shopper and the same choice about personalisation."""
        self._leave_session()
        self.exchanges = []

    def _leave_session(self) -> None:
        self.stop()
        self.compare_none()
        self.session_id, self.tags, self.turn = None, (), None
