"""How a serving shop holds up: 200 open conversations over HTTP, 10 minutes, against a ``shoptalk serve`` of its own.

``python -m bench.load [--rate N] [--minutes M] [--quick] [--llm [URL]] [--json PATH]``. The demo shop is built in a
home of the bench's own, or in SHOPTALK_HOME where that is set. The language model is ``bench.stand_in``, a process that
streams 30 tokens a second, and server, stand-in and shoppers share this machine's processors. Messages come at an even
rate, whether or not the shop keeps up; who sends one is whoever of the 200 waits longest. Before it, the canary: 1,000
conversations at once take turns, each with a price of its own, and none may ever see another's.

    turns_per_s               turns that ended, over the time in which they were asked for
    first_cards_ms_*          from the message to the first cards, as the client saw them
    errors                    turns with a status, an error event or an end that were not as they should be, 503s too
    llm_not_reached           turns that were answered without the language model
    memory_slope_mib_per_min  of the server's own memory, least squares after the warm-up, a third of the time
    canary_sessions, leaks    conversations of the canary, and how many saw something of another
    shoppers_at_5s_first_sentence   with --llm only, and then nothing else: how many shoppers may talk at once, each
                              sending a message 10 s after the last answer, with the 95th percentile of the model's
                              first sentence under 5 s; looked for by doubling and halving, to an eighth
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from rich.console import Console

from bench.capacity import MOST, QUICK_MOST, QUICK_STEP_S, STEP_S, capacity
from bench.home import demo_home
from bench.report import parser, report
from bench.shoppers import Answered, Shopper
from bench.turns import conversations
from retrieval.database import Connections
from ui.home import Home
from ui.identity import Keys

CONVERSATIONS = 200
CANARIES, QUICK_CANARIES = 1_000, 100
RATE = 10.0  # turns a second
MINUTES, QUICK_MINUTES = 10.0, 0.7
WARM_UP = 1 / 3  # of the time; memory is looked at after it
BOOT_S = 600.0  # with --llm, vLLM boots meanwhile
console = Console(highlight=False)


@dataclass(frozen=True)
class Shop:
    """A serving process, and a key to it."""

    port: int
    site_key: str
    process: int

    def shopper(self, number: int, messages: Sequence[str]) -> Shopper:
        """One who sits at an address of their own."""
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return Shopper("127.0.0.1", self.port, self.site_key, address, messages)


@dataclass
class Run:
    """What was seen of the load."""

    seconds: float = 0.0
    answers: list[Answered] = field(default_factory=list)
    late: int = 0  # messages that nobody could send, since all were waiting for answers
    memory: list[tuple[float, float]] = field(default_factory=list)  # seconds since the begin, MiB


async def load(shop: Shop, scripts: Sequence[Sequence[str]], rate: float, seconds: float) -> Run:
    """Messages at this rate for so long, and the memory meanwhile."""
    run, tasks = Run(), set[asyncio.Task[None]]()
    waiting = [shop.shopper(number, scripts[number % len(scripts)]) for number in range(CONVERSATIONS)]
    shoppers = list(waiting)

    async def turn(shopper: Shopper) -> None:
        answered = await shopper.say_next()
        answered.raw = ""
        run.answers.append(answered)
        waiting.append(shopper)

    begun = time.monotonic()
    due, told = begun, begun
    while (now := time.monotonic()) < begun + seconds:
        if now >= due:
            due += 1 / rate
            if waiting:
                task = asyncio.create_task(turn(waiting.pop(0)))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            else:
                run.late += 1
        if now - told >= 1:
            told = now
            run.memory.append((now - begun, memory_mib(shop.process)))
        await asyncio.sleep(max(0.0, min(due, told + 1) - time.monotonic()))
    await asyncio.gather(*tasks)
    run.seconds = time.monotonic() - begun
    for shopper in shoppers:
        shopper.close()
    return run


async def canary(shop: Shop, sessions: int, at_once: int = 32) -> int:
    """How many of so many conversations, that take turns, saw another's price; each names its own and then asks on."""
    # No price of the demo shop is so odd, and none contains another.
    prices = [f"{100 + number % 900}.{1 + number // 900:02d}" for number in range(sessions)]
    shoppers = [shop.shopper(number, ()) for number in range(sessions)]
    seen = [""] * sessions
    room = asyncio.Semaphore(at_once)

    async def say(number: int, message: str) -> None:
        async with room:
            answered = await shoppers[number].say(message)
            if answered.error:
                raise RuntimeError(f"the canary got no answer: {answered.error}")
            seen[number] += answered.raw
            shoppers[number].close()

    async def read(number: int) -> None:
        async with room:
            seen[number] += await shoppers[number].session()
            shoppers[number].close()

    await asyncio.gather(*(say(number, f"a lamp under ${price}") for number, price in enumerate(prices)))
    await asyncio.gather(*(say(number, "for my desk please") for number in reversed(range(sessions))))
    await asyncio.gather(*(read(number) for number in range(sessions)))
    return leaks(prices, seen)


def leaks(prices: Sequence[str], seen: Sequence[str]) -> int:
    """How many saw another's, or lost their own."""
    named = [f"under ${price}" for price in prices]
    found = 0
    for own, text in zip(named, seen, strict=True):
        every = Counter(name for name in named if name in text)
        found += set(every) != {own}
    return found


def figures_of(run: Run) -> dict[str, float]:
    """The figures of bench.md's ``load``."""
    first = [one.first_cards_ms for one in run.answers if one.first_cards_ms is not None]
    settled = [(at / 60, mib) for at, mib in run.memory if at > WARM_UP * run.memory[-1][0]]
    minutes, mib = zip(*settled, strict=True) if settled else ((), ())
    slope = float(np.polyfit(minutes, mib, 1)[0]) if len(settled) > 2 else float("nan")
    for error, count in Counter(one.error for one in run.answers if one.error).items():
        console.print(f"{count} × {error}")
    return {
        "turns": len(run.answers),
        "turns_per_s": len(run.answers) / run.seconds,
        "first_cards_ms_p50": float(np.percentile(first, 50)),
        "first_cards_ms_p95": float(np.percentile(first, 95)),
        "first_cards_ms_p99": float(np.percentile(first, 99)),
        "turn_ms_p95": float(np.percentile([one.whole_ms for one in run.answers], 95)),
        "errors": sum(bool(one.error) for one in run.answers),
        "llm_not_reached": sum(not one.llm_reached for one in run.answers),
        "messages_not_sent": run.late,
        "memory_mib": run.memory[-1][1],
        "memory_slope_mib_per_min": slope,
    }


def memory_mib(process: int) -> float:
    """The process's own memory: what it would give back if it ended; files that it only maps are not counted."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this kernel does not tell a process's own memory")


@contextlib.contextmanager
def serving(folder: Path, llm: str | None) -> Iterator[Shop]:
    """``shoptalk serve`` over the shop in this folder with the stand-in, or a real model ("" starts vLLM)."""
    home = Home(folder)
    connections = Connections(home.database)
    site, _ = Keys(connections).make_site(f"bench {secrets.token_hex(3)}", [])
    connections.close()
    port, llm_port = free_port(), free_port()
    environment = os.environ | {
        "SHOPTALK_HOME": str(home.folder),
        "SHOPTALK_PORT": str(port),
        "SHOPTALK_LLM_PORT": str(llm_port),
        "SHOPTALK_LLM_URL": f"http://127.0.0.1:{llm_port}/v1" if llm is None else llm,
        "SHOPTALK_TRUSTED_PROXIES": "127.0.0.1",  # the bench stands for the proxy of shoppers at many addresses
    }
    processes = []
    try:
        if llm is None:
            processes.append(start([sys.executable, "-m", "bench.stand_in", str(llm_port)], environment))
        processes.append(start([sys.executable, "-m", "ui.cli", "serve"], environment))
        until_open(port, processes[-1])
        yield Shop(port, site.id, processes[-1].pid)
    finally:
        for process in reversed(processes):
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A process of the bench; what it says goes where the bench's own errors go."""
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 - our own commands


def until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once the shop answers."""
    deadline = time.monotonic() + BOOT_S
    while True:
        with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the shop does not open; its log says why: logs/shoptalk.log in SHOPTALK_HOME")
        time.sleep(0.2)


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def measure(shop: Shop, *, rate: float, minutes: float, canaries: int) -> dict[str, float]:
    """The canary, then the load."""
    scripts = [[turn.say for turn in one.turns] for one in conversations()]
    leaked = await canary(shop, canaries)
    run = await load(shop, scripts, rate, minutes * 60)
    return figures_of(run) | {"rate": rate, "canary_sessions": canaries, "leaks": leaked}


def main() -> None:
    """The command."""
    arguments = parser(__doc__)
    arguments.add_argument("--rate", type=float, default=RATE, help="messages a second")
    arguments.add_argument("--minutes", type=float, default=None, help="how long")
    arguments.add_argument(
        "--llm", nargs="?", const="", default=None, metavar="URL", help="a real language model; without URL: start vLLM"
    )
    options = arguments.parse_args()
    with demo_home(console) as settings, serving(settings.home, options.llm) as shop:
        if options.llm is None:
            minutes = options.minutes or (QUICK_MINUTES if options.quick else MINUTES)
            canaries = QUICK_CANARIES if options.quick else CANARIES
            figures = asyncio.run(measure(shop, rate=options.rate, minutes=minutes, canaries=canaries))
        else:
            scripts = [[turn.say for turn in one.turns] for one in conversations()]
            figures = asyncio.run(
                capacity(
                    lambda number: shop.shopper(number, scripts[number % len(scripts)]),
                    step_s=QUICK_STEP_S if options.quick else STEP_S,
                    most=QUICK_MOST if options.quick else MOST,
                )
            )
    report("load", figures, json_path=options.json, quick=options.quick)


if __name__ == "__main__":
    main()
