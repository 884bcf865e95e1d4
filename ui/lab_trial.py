"""One conversation tried on chosen versions of the prompts: what the LLM was sent, what came of it, how long it took.

Runs the same assistant over the same shop, with a store of its own that goes with the process, so that nothing that is
tried counts as a conversation of a shopper. Knows nothing of how it is shown.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from chat.assistant import Assistant
from chat.events import Card, CardsEvent, DoneEvent, ErrorEvent, NeedEvent, SessionEvent, TextEvent
from chat.policies import Policies
from chat.policy_desk import PolicyDesk
from chat.store import Store, Turn
from chat.traced import Call, Traced
from chat.yes_judge import YesJudge
from prompts.serving import Pinned, Prompts
from ranking.history import Events
from retrieval.database import Connections
from ui.opening import Serving

TIMEOUT_S = 120.0  # of one turn: a writer waits longer than a shopper


@dataclass
class Trial:
    """The last turn of one tried conversation, as far as it has come."""

    message: str = ""
    calls: list[Call] = field(default_factory=list)  # of the last turn
    tags: list[str] = field(default_factory=list)
    cards: tuple[Card, ...] = ()
    sentences: list[tuple[str, str]] = field(default_factory=list)  # text, by whom
    verdicts: list[str] = field(default_factory=list)  # of each sentence that the LLM wrote: kept, repaired, cut
    chips: tuple[str, ...] = ()
    tokens: tuple[int, int] = (0, 0)  # read and written
    first_text_s: float | None = None
    whole_s: float | None = None
    llm_reached: bool = True
    trouble: str = ""
    ended: bool = False


class Trials:
    """Tries conversations. One object serves every writer at once."""

    def __init__(self, serving: Serving, prompts: Prompts, judge: YesJudge | None = None) -> None:
        self._serving = serving
        self._prompts = prompts
        self._judge = judge
        self._folder = TemporaryDirectory(prefix="shoptalk-lab-")
        self.path = Path(self._folder.name) / "trials.db"  # what is being tried
        self._connections = Connections(self.path)

    def close(self) -> None:
        """Throw away what was tried."""
        self._connections.close()
        self._folder.cleanup()

    async def run(self, pins: Mapping[str, str], messages: Sequence[str]) -> AsyncGenerator[Trial]:
        """Hold the conversation with these versions (prompt to hash), and yield its last turn as it comes."""
        trial = Trial()
        calls: list[Call] = []
        store = Store(self._connections)
        assistant = Assistant(
            self._serving.shop.catalog,
            self._serving.finder,
            Events(self._connections),
            store,
            Pinned(self._prompts, pins),
            Traced(self._serving.llm, calls),
            TIMEOUT_S,
            self._judge,
            PolicyDesk(Policies(self._serving.shop.connections).all, self._serving.shop.encoder),
        )
        turns: list[Turn] = []
        assistant.watchers.append(turns.append)
        session: str | None = None
        try:
            for message in messages:
                calls.clear()
                trial = Trial(message, calls)
                begun = time.monotonic()
                async with aclosing(assistant.turn(message, session)) as events:
                    async for event in events:
                        match event:
                            case SessionEvent():
                                session = event.session_id
                            case NeedEvent():
                                trial.tags = [tag.label for tag in event.tags]
                            case CardsEvent():
                                trial.cards = event.cards
                            case TextEvent():
                                trial.first_text_s = trial.first_text_s or time.monotonic() - begun
                                trial.sentences.append((event.text, event.by))
                            case DoneEvent():
                                trial.chips, trial.llm_reached = event.chips, event.llm_reached
                            case ErrorEvent():
                                trial.trouble = event.message
                        yield trial
                trial.whole_s = time.monotonic() - begun
                if turns:
                    trial.verdicts = list(turns[-1].verdicts)
                    trial.tokens = (
                        sum(read for read, _ in turns[-1].usage),
                        sum(wrote for _, wrote in turns[-1].usage),
                    )
                yield trial
        finally:
            # However it ended: it may be the conversation of a shopper, tried again.
            if session is not None:
                store.delete(session)
        trial.ended = True
        yield trial


async def side_by_side(streams: list[AsyncGenerator[Trial]]) -> AsyncGenerator[tuple[int, Trial]]:
    """What each stream gives, with its number, as it comes; all are stopped when this is closed."""
    arrived: asyncio.Queue[tuple[int, Trial | None]] = asyncio.Queue()

    async def read(number: int, stream: AsyncGenerator[Trial]) -> None:
        try:
            async with aclosing(stream) as trials:
                async for trial in trials:
                    await arrived.put((number, trial))
        finally:
            await arrived.put((number, None))

    tasks = [asyncio.create_task(read(number, stream)) for number, stream in enumerate(streams)]
    try:
        running = len(tasks)
        while running:
            number, trial = await arrived.get()
            if trial is None:
                running -= 1
            else:
                yield number, trial
        for task in tasks:
            task.result()  # raises what a stream raised
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
