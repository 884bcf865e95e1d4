"""How many shoppers may talk at once while a real language model's first sentence comes in time.

Knows how to look for that number, and shoppers. Knows nothing of how the shop is served, nor of which model answers.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import numpy as np
from rich.console import Console

from bench.shoppers import Answered, Shopper

THINK_S = 10.0  # between an answer and the shopper's next message
STEP_S, QUICK_STEP_S = 45.0, 15.0  # so that the longest search, nine steps of which four are too much, ends in 11 min
FIRST, MOST, QUICK_MOST = 4, 128, 8  # shoppers
EIGHTH = 8  # it is enough to know the number to an eighth
FIRST_SENTENCE_MS = 5_000.0
console = Console(highlight=False)


async def most_in_time(in_time: Callable[[int], Awaitable[bool]], most: int = MOST) -> int:
    """The largest number that is in time, to an eighth of it; at most ``most``.

    Doubled from four on until it is too much; then the half between what was in time and what was too much is tried.
    """
    well, bad, count = 0, most + 1, min(FIRST, most)
    while bad - well > max(1, well // EIGHTH):
        if await in_time(count):
            well = count
        else:
            bad = count
        console.print(f"  in time with {well}" + (f", too much with {bad}" if bad <= most else ""))
        count = min(2 * well, most) if bad > most else (well + bad) // 2
        if well == most:
            break
    return well


async def capacity(
    shopper: Callable[[int], Shopper],
    *,
    step_s: float,
    most: int = MOST,
    think_s: float = THINK_S,
    within_ms: float = FIRST_SENTENCE_MS,
) -> dict[str, float]:
    """The figures; ``shopper`` makes the one of that number."""
    figures = dict[str, float]()

    async def in_time(count: int) -> bool:
        answers = await talk([shopper(number) for number in range(count)], step_s, think_s)
        first = [one.first_llm_ms for one in answers if one.first_llm_ms is not None]
        p95 = float(np.percentile(first, 95)) if first else float("inf")
        failed = sum(bool(one.error) for one in answers)
        console.print(f"{count} shoppers: {len(answers)} turns, {failed} failed, first sentence p95 {p95:.0f} ms")
        figures[f"first_sentence_ms_p95@{count}"] = p95
        return p95 <= within_ms and not failed

    console.print(f"From {FIRST} shoppers to {most}, {step_s:.0f} s each …")
    return figures | {"shoppers_at_5s_first_sentence": await most_in_time(in_time, most)}


async def talk(shoppers: list[Shopper], seconds: float, think_s: float) -> list[Answered]:
    """What they were answered; each says the first word at another moment, and the next when they have thought."""
    answers: list[Answered] = []
    end = time.monotonic() + seconds

    async def one(shopper: Shopper, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        while time.monotonic() < end:
            answers.append(await shopper.say_next())
            await asyncio.sleep(think_s)
        shopper.close()

    await asyncio.gather(*(one(each, think_s * number / len(shoppers)) for number, each in enumerate(shoppers)))
    return answers
