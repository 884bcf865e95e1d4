"""A stand-in for the assistant: the same calls, typed events with pauses, nothing behind them.

It remembers what it was asked, so that a test can compare whole calls.
"""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Literal

from chat.events import (
    Card,
    CardsEvent,
    ComparedFact,
    ComparedItem,
    Comparison,
    ComparisonEvent,
    DoneEvent,
    NeedEvent,
    SessionEvent,
    Tag,
    TextEvent,
    TurnEvent,
)
from ui.limits import NOBODY, Asker, TooMuch

BUDGET, DRY = Tag(id="price_max", label="under $150"), Tag(id="attributes:waterproof", label="waterproof")


def a_card(number: int, title: str, **changed: object) -> Card:
    """A plain card; ``changed`` replaces its fields."""
    fields: dict[str, object] = {
        "item_id": f"item-{number}",
        "position": number,
        "title": title,
        "brand": "Marlow Ridge",
        "price": Decimal("149.00"),
        "price_text": "$149.00",
        "picture_url": "",
        "page_url": "",
        "category": ("Outdoor", "Jackets"),
        "facts": ("waterproof: 10,000 mm", "weight: 310 g"),
        "reason": "matches waterproof",
        "rating": 4.5,
        "rating_count": 1287,
    }
    return Card.model_validate(fields | changed)


FIRST = (
    a_card(1, "Stormline rain jacket"),
    a_card(2, "Fell Runner shell", brand="Aldous & Finch", price_text="$89.50", category=("Outdoor", "Shells")),
    a_card(3, "Harbour parka", price_text="$132.00", category=("Outdoor", "Parkas"), rating=None, rating_count=None),
)
FINAL = (
    a_card(2, "Fell Runner shell", position=1, brand="Aldous & Finch", price_text="$89.50",
           category=("Outdoor", "Shells"), reason="like the trail shoes you bought in May"),
    a_card(1, "Stormline rain jacket", position=2, page_url="/items/item-1"),
    a_card(4, "Cloudbreak 3-layer alpine jacket with storm hood", position=3, price_text="$178.00",
           outside=("over your $150",), picture_url="/pictures/jacket.svg", page_url="https://shop.example/items/4"),
    a_card(3, "Harbour parka", position=4, price_text="$132.00", category=("Outdoor", "Parkas"), rating=3.9,
           rating_count=41),
    a_card(5, "Packable poncho", position=5, price_text="$24.99", category=("Outdoor", "Ponchos"),
           facts=("waterproof: 5,000 mm", "packs to: 12 cm"), reason="popular with hikers", rating=4.1,
           rating_count=208),
)  # fmt: skip
SENTENCES = (
    "The Fell Runner shell is the lightest of these at 310 g.",
    "The Stormline rain jacket keeps out heavier rain and costs $149.00.",
    "Will you wear it mostly in town or on the hill?",
)
SIDE_BY_SIDE = Comparison(
    items=(
        ComparedItem(item_id="item-2", title="Fell Runner shell"),
        ComparedItem(item_id="item-3", title="<b>Parka</b>"),
    ),
    rows=(
        ComparedFact(key="attribute:waterproof", name="<i>Waterproof</i>", values=("10,000 mm", None), matters=True),
        ComparedFact(key="price", name="Price", values=("$89.50", "$132.00"), matters=False),
        ComparedFact(key="brand", name="Brand", values=("Aldous & Finch", "<u>Marlow</u>"), matters=False),
    ),
)
TWO_WANTS = (
    Tag(id="0/words", label="tent", want="tent"),
    Tag(id="0/price_max", label="tent: under $160", want="tent"),
    Tag(id="1/words", label="lantern", want="lantern"),
)
HOSTILE = (
    a_card(
        1,
        '<img src=x onerror="window.hurt=1"><script>window.hurt=2</script>',
        brand="<b>bold</b>",
        price_text="<i>1</i>",
        page_url="javascript:window.hurt=3",
        picture_url="javascript:window.hurt=4",
        category=('"><svg onload=window.hurt=5>',),
        facts=("<u>fact</u>", "${window.hurt=6}{{value}}"),
        reason='" onmouseover="window.hurt=7',
        outside=("<s>over</s>",),
        item_id='"><img src=x onerror=window.hurt=8>',
    ),
)


class ScriptedAssistant:
    """Answers every message with the same cards; some words change how: "break", "offline", "hostile",
    "too often", "compare", "two things".

    A turn waits before each step that is named in ``held`` ("final", "text 1", "text 2", "text 3") until a test takes
    the name out, so that no test races against a clock.
    """

    def __init__(self, pause_s: float = 0.05) -> None:
        self.pause_s = pause_s
        self.held: set[str] = set()
        self.turns: list[tuple[str, str | None, str | None, bool]] = []  # message, session, shopper, personalise
        self.removed: list[tuple[str, str, bool]] = []
        self.feedbacks: list[tuple[str, str, str, str]] = []
        self.closed: list[str] = []  # messages whose turn ran its ``finally``
        self.finished: list[str] = []  # messages whose turn came to its end
        self.running = 0
        self.most_running = 0

    async def turn(
        self,
        message: str,
        session_id: str | None = None,
        *,
        shopper_id: str | None = None,
        personalise: bool = True,
        asker: Asker = NOBODY,
    ) -> AsyncIterator[TurnEvent]:
        self.turns.append((message, session_id, shopper_id, personalise))
        if "too often" in message and asker.address:
            raise TooMuch("address", "requests", 15)
        turn_id = f"turn-{len(self.turns)}"
        session = session_id or f"session-{len(self.turns)}"
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            # A timeout that spans the events, as a real turn has one.
            async with asyncio.timeout(60):
                yield SessionEvent(
                    session_id=session, turn_id=turn_id, shopper_id=shopper_id,
                    personalised=personalise and shopper_id is not None,
                )  # fmt: skip
                yield NeedEvent(tags=(BUDGET, DRY))
                if "hostile" in message:
                    yield NeedEvent(tags=(Tag(id='"><b>', label="<img src=x onerror=window.hurt=9>"),))
                    yield CardsEvent(stage="final", cards=HOSTILE)
                    yield TextEvent(text="<img src=x onerror=window.hurt=10> ${1+1} {{value}}", by="llm")
                    yield DoneEvent(chips=("<img src=x onerror=window.hurt=11>",))
                    return
                if "two things" in message:
                    yield NeedEvent(tags=TWO_WANTS)
                yield CardsEvent(stage="first", cards=FIRST)
                await self._before("final")
                if "break" in message:
                    raise RuntimeError("secret cause in line 12")
                yield CardsEvent(stage="final", cards=FINAL)
                if "ompare" in message:
                    yield ComparisonEvent(comparison=SIDE_BY_SIDE)
                for number, sentence in enumerate(SENTENCES, start=1):
                    await self._before(f"text {number}")
                    yield TextEvent(text=sentence, by="llm")
                yield DoneEvent(
                    question=SENTENCES[-1], chips=("In town", "On the hill"), llm_reached="offline" not in message
                )
                self.finished.append(message)
        finally:
            self.running -= 1
            self.closed.append(message)

    async def _before(self, step: str) -> None:
        await asyncio.sleep(self.pause_s)
        while step in self.held:
            await asyncio.sleep(0.01)

    async def remove_tag(
        self, session_id: str, tag_id: str, *, personalise: bool = True, asker: Asker = NOBODY
    ) -> AsyncIterator[TurnEvent]:
        self.removed.append((session_id, tag_id, personalise))
        yield SessionEvent(session_id=session_id, turn_id="turn-untag", shopper_id=None, personalised=False)
        yield NeedEvent(tags=tuple(tag for tag in (BUDGET, DRY) if tag.id != tag_id))
        yield CardsEvent(stage="final", cards=FIRST)
        yield TextEvent(text="Without that limit, these come first.", by="template")
        yield DoneEvent()

    def feedback(self, session_id: str, turn_id: str, item_id: str, kind: Literal["like", "dislike", "click"]) -> None:
        self.feedbacks.append((session_id, turn_id, item_id, kind))
