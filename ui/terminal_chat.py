"""The conversation in a terminal: turns the assistant's events into lines.

Knows how events look in a terminal. Knows nothing of how they come about.
"""

import asyncio
from contextlib import aclosing

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chat.assistant import Assistant
from chat.comparison import UNSAID
from chat.events import (
    Card,
    CardsEvent,
    Comparison,
    ComparisonEvent,
    DoneEvent,
    ErrorEvent,
    NeedEvent,
    SessionEvent,
    TextEvent,
)
from chat.keeping import FeedbackKind

GREETING = (
    "An AI answers here, and shows only items of this shop. "
    "Type what you look for; [bold]like 2[/] or [bold]not 2[/] tells what you think of an item; an empty line leaves."
)


async def converse(
    assistant: Assistant, console: Console, *, shopper_id: str | None = None, personalise: bool = True
) -> None:
    """Read messages and print answers until an empty line or the end of input."""
    console.print(GREETING)
    session_id: str | None = None
    turn_id, cards = "", tuple[Card, ...]()
    while True:
        try:
            message = (await asyncio.to_thread(console.input, "\n[bold cyan]you[/] ")).strip()
        except EOFError:
            return
        if not message:
            return
        opinion = _opinion(message, cards)
        if opinion is not None and session_id is not None:
            card, kind = opinion
            await asyncio.to_thread(assistant.feedback, session_id, turn_id, card.item_id, kind)
            console.print(f"[dim]Noted: {kind} {escape(card.title)}. The next answer takes it into account.[/]")
            continue
        stream = assistant.turn(message, session_id, shopper_id=shopper_id, personalise=personalise)
        async with aclosing(stream) as events:
            async for event in events:
                match event:
                    case SessionEvent():
                        session_id, turn_id = event.session_id, event.turn_id
                    case NeedEvent(tags=tags) if tags:
                        console.print("[dim]" + escape("  ".join(f"[{tag.label}]" for tag in tags)) + "[/]")
                    case CardsEvent(stage="final"):
                        cards = event.cards
                        console.print(table(cards))
                    case ComparisonEvent() if event.comparison.rows:
                        console.print(side_by_side(event.comparison))
                    case TextEvent():
                        console.print(escape(event.text))
                    case DoneEvent():
                        if not event.llm_reached:
                            console.print("[yellow]Answered without the language model.[/]")
                        if event.chips:
                            console.print("[dim]" + escape(" · ".join(event.chips)) + "[/]")
                    case ErrorEvent():
                        console.print(f"[red]{escape(event.message)}[/] [dim]({event.error_id})[/]")


def table(cards: tuple[Card, ...]) -> Table:
    """The cards as a table with their numbers."""
    grid = Table(show_header=False, box=None, pad_edge=False)
    want = ""
    for card in cards:
        if card.want != want:
            want = card.want
            grid.add_row("", f"[bold underline]{escape(want)}[/]", "")
        outside = f" [yellow]({escape(', '.join(card.outside))})[/]" if card.outside else ""
        said = (card.mark, *card.facts, card.variants, card.reason)
        facts = escape(" · ".join(part for part in said if part))
        grid.add_row(f"[bold]{card.position}[/]", f"[bold]{escape(card.title)}[/]", escape(card.price_text) + outside)
        grid.add_row("", f"[dim]{facts}[/]", "")
    return grid


def side_by_side(comparison: Comparison) -> Table:
    """The comparison as a table, an item a column."""
    grid = Table(pad_edge=False)
    grid.add_column("")
    for item in comparison.items:
        grid.add_column(escape(item.title))
    for row in comparison.rows:
        name = f"[bold]{escape(row.name)}[/]" if row.matters else escape(row.name)
        grid.add_row(name, *(f"[dim]{UNSAID}[/]" if value is None else escape(value) for value in row.values))
    return grid


def _opinion(message: str, cards: tuple[Card, ...]) -> tuple[Card, FeedbackKind] | None:
    word, _, number = message.partition(" ")
    kinds: dict[str, FeedbackKind] = {"like": "like", "not": "dislike"}
    kind = kinds.get(word.lower())
    if kind is None or not number.strip().isdigit():
        return None
    position = int(number)
    return next(((card, kind) for card in cards if card.position == position), None)
