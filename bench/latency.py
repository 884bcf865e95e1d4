"""How fast and how true a conversation is: the scripted turns of bench/turns.yaml over the demo shop, one shopper.

Runs the whole assistant with the LLM of the settings (by default the built-in one, served by a vLLM that this bench
starts) and judges each turn from the catalogue's records alone, with bench.judge: neither the need's rules nor the
grounding check has a say. The demo shop is built in SHOPTALK_HOME where it is missing.

    first_cards_ms_*       from the message to the first cards
    first_sentence_ms_p95  from the message to the first checked sentence of the LLM, over the turns that have one
    not_in_catalogue, outside_unmarked, text_differs   violations, counted over all turns; must be 0
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from bench.judge import Violation, final_items, judge
from bench.report import parser, report
from bench.turns import Conversation, conversations
from chat.assistant import Assistant
from chat.events import CardsEvent, DoneEvent, SessionEvent, TextEvent, TurnEvent
from chat.settings import Settings
from retrieval.items import Item
from retrieval.shop import Shop
from ui.demo_shop import build_demo, taught_for_demo
from ui.home import Home
from ui.opening import language_model, opened_assistant

QUICK_CONVERSATIONS = 6
console = Console(highlight=False)


@dataclass
class Seen:
    """One turn as it was seen from outside; milliseconds since the message was sent."""

    conversation: str
    message: str
    first_cards_ms: float | None = None
    first_llm_sentence_ms: float | None = None
    turn_ms: float = 0.0
    rank_ms: float | None = None
    llm_reached: bool = True
    events: list[TurnEvent] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    meant: list[bool] = field(default_factory=list)  # for each final card, whether it is of a kind that was meant


async def see(assistant: Assistant, conversation: Conversation, message: str, session_id: str | None) -> Seen:
    """Send one message and note when each thing arrived."""
    seen, begun = Seen(conversation.id, message), time.perf_counter()
    async for event in assistant.turn(message, session_id, shopper_id=conversation.persona):
        elapsed = (time.perf_counter() - begun) * 1000
        seen.events.append(event)
        match event:
            case CardsEvent(stage="first"):
                seen.first_cards_ms = elapsed
            case TextEvent(by="llm") if seen.first_llm_sentence_ms is None:
                seen.first_llm_sentence_ms = elapsed
            case DoneEvent():
                seen.llm_reached = event.llm_reached
                seen.rank_ms = event.timings_ms.get("rank")
            case _:
                pass
    seen.turn_ms = (time.perf_counter() - begun) * 1000
    return seen


async def hold(assistant: Assistant, conversation: Conversation, records: Mapping[str, Item]) -> list[Seen]:
    """The whole conversation, each turn judged against what was written beside it."""
    session_id: str | None = None
    shown: list[list[Item]] = []
    turns: list[Seen] = []
    for number, turn in enumerate(conversation.turns):
        seen = await see(assistant, conversation, turn.say, session_id)
        session_id = next(event.session_id for event in seen.events if isinstance(event, SessionEvent))
        seen.violations = judge(records, seen.events, turn, shown, conversation.amounts(number))
        items = final_items(records, seen.events)
        seen.meant = [met for item in items if (met := turn.should.met_by(item)) is not None]
        shown.append(items)
        turns.append(seen)
    return turns


async def measure(assistant: Assistant, shop: Shop, script: Sequence[Conversation]) -> list[Seen]:
    """Every conversation of the script, after one turn that warms up."""
    records = {item.id: item for item in shop.catalog.all()}
    await see(assistant, script[0], "hello, a lamp please", None)
    turns: list[Seen] = []
    for conversation in track(script, "conversations", console=console):
        turns += await hold(assistant, conversation, records)
    return turns


def figures(turns: Sequence[Seen], shop: Shop, usage: Sequence[Sequence[tuple[int, int]]]) -> dict[str, float]:
    """The figures of bench.md's ``latency``, and the violations."""
    first = [seen.first_cards_ms for seen in turns if seen.first_cards_ms is not None]
    written = [seen.first_llm_sentence_ms for seen in turns if seen.first_llm_sentence_ms is not None]
    found = Counter(violation.kind for seen in turns for violation in seen.violations)
    meant = [met for seen in turns for met in seen.meant]
    return {
        "turns": len(turns),
        "turns_with_cards": len(first),
        "first_cards_ms_p50": _percentile(first, 50),
        "first_cards_ms_p95": _percentile(first, 95),
        "first_sentence_ms_p50": _percentile(written, 50),
        "first_sentence_ms_p95": _percentile(written, 95),
        "turn_ms_p95": _percentile([seen.turn_ms for seen in turns], 95),
        "rank_ms_p95": _percentile([seen.rank_ms for seen in turns if seen.rank_ms is not None], 95),
        "llm_sentences_kept": len(written) / len(turns),
        "llm_not_reached": sum(not seen.llm_reached for seen in turns),
        "chroma_share": shop.index.chroma_share,
        "input_tokens_max": max((sum(call[0] for call in calls) for calls in usage), default=0),
        "output_tokens_understand_max": max((calls[0][1] for calls in usage if len(calls) == 2), default=0),
        "llm_calls_max": max((len(calls) for calls in usage), default=0),
        "cards_of_a_kind_that_was_meant": float(np.mean(meant)) if meant else float("nan"),
        "not_in_catalogue": found["not_in_catalogue"],
        "outside_unmarked": found["outside_unmarked"],
        "text_differs": found["text_differs"],
    }


def transcript(turns: Sequence[Seen]) -> str:
    """What was said and shown, as text for reading."""
    lines: list[str] = []
    for seen in turns:
        lines.append(f"\n[{seen.conversation}] shopper: {seen.message}")
        for event in seen.events:
            if isinstance(event, CardsEvent) and event.stage == "final":
                lines += [
                    f"    {card.position}. {card.title} · {card.price_text} · {card.reason}"
                    + (f" · OUTSIDE: {', '.join(card.outside)}" if card.outside else "")
                    for card in event.cards
                ]
            elif isinstance(event, TextEvent):
                lines.append(f"    {event.by}: {event.text}")
        lines += [f"    VIOLATION {violation.kind}: {violation.detail}" for violation in seen.violations]
    return "\n".join(lines) + "\n"


def _percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(values, share)) if values else float("nan")


def main() -> None:
    """The command."""
    arguments = parser(__doc__)
    arguments.add_argument("--transcript", type=Path, metavar="PATH", help="write what was said here")
    options = arguments.parse_args()
    settings = Settings()
    home = Home(settings.home)
    settings = taught_for_demo(settings, home)
    script = list(islice(conversations(), QUICK_CONVERSATIONS if options.quick else None))
    with home.owned(), language_model(settings, home) as model:
        build_demo(home, settings, console)
        with opened_assistant(settings, home, model.llm, console) as (assistant, shop):
            if model.server is not None:
                model.server.wait_ready()
            turns = asyncio.run(measure(assistant, shop, script))
            rows = shop.connections.current.execute(
                "SELECT usage FROM turns ORDER BY rowid DESC LIMIT ?", [len(turns)]
            ).fetchall()
            measured = figures(turns, shop, [json.loads(row[0]) for row in rows])
    for seen in turns:
        for violation in seen.violations:
            console.print(f"[{seen.conversation}] {seen.message!r}: {violation.kind}: {violation.detail}", markup=False)
    if options.transcript:
        options.transcript.write_text(transcript(turns), encoding="utf-8")
    report("latency", measured, json_path=options.json, quick=options.quick)


if __name__ == "__main__":
    main()
