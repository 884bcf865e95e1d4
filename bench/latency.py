"""How fast and how true a conversation is: the scripted turns of bench/turns.yaml over the demo shop, one shopper.

Runs the whole assistant with the LLM of the settings (by default the built-in one, served by a vLLM that this bench
starts) and judges each turn from the catalogue's records alone, with bench.judge; neither the need's rules nor the
grounding check has a say. Wants the demo shop in SHOPTALK_HOME (`make demo` builds it; else it is built here).
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from bench.judge import Conversation, Violation, judge, load_script
from bench.report import parser, report
from chat.assistant import Assistant
from chat.events import CardsEvent, DoneEvent, ErrorEvent, SessionEvent, TextEvent, TurnEvent
from chat.settings import Settings
from ui.demo_shop import build_demo
from ui.home import Home
from ui.opening import language_model, opened_assistant

QUICK_TURNS = 12
console = Console()


@dataclass
class Measured:
    """One turn as it was seen from outside: milliseconds since the message was sent, and everything shown."""

    message: str
    first_cards_ms: float = 0.0
    first_llm_sentence_ms: float | None = None
    turn_ms: float = 0.0
    llm_reached: bool = True
    events: list[TurnEvent] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(event.text for event in self.events if isinstance(event, TextEvent))


async def measure_turn(assistant: Assistant, message: str, session_id: str | None, shopper_id: str | None) -> Measured:
    """Send one message and note when each thing arrived."""
    seen, begun = Measured(message), time.perf_counter()
    async for event in assistant.turn(message, session_id, shopper_id=shopper_id):
        elapsed = (time.perf_counter() - begun) * 1000
        seen.events.append(event)
        match event:
            case CardsEvent(stage="first"):
                seen.first_cards_ms = elapsed
            case TextEvent(by="llm") if seen.first_llm_sentence_ms is None:
                seen.first_llm_sentence_ms = elapsed
            case DoneEvent():
                seen.llm_reached = event.llm_reached
    seen.turn_ms = (time.perf_counter() - begun) * 1000
    return seen


async def run(assistant: Assistant, script: Sequence[Conversation], turns: int) -> list[Measured]:
    """Every turn of the script up to ``turns``, conversation by conversation, each judged as it comes."""
    measured: list[Measured] = []
    for conversation in track(script, description="conversations", console=console):
        session_id: str | None = None
        for scripted in conversation.turns:
            if len(measured) >= turns:
                return measured
            seen = await measure_turn(assistant, scripted.message, session_id, conversation.shopper_id)
            session_id = next(event.session_id for event in seen.events if isinstance(event, SessionEvent))
            measured.append(seen)
    return measured


def percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(values, share)) if values else float("nan")
