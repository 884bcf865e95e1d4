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
from chat.llm import LLM
from chat.policies import Policies
from chat.policy_desk import PolicyDesk
from chat.reply import Splitter
from chat.store import Store, Turn
from chat.traced import Call, Traced
from chat.yes_judge import YesJudge
from prompts.serving import Pinned, Prompts
from ranking.history import Events
from retrieval.database import Connections
from ui.opening import Serving

TIMEOUT_S = 120.0  # of one turn: a writer waits longer than a shopper
MOST_CANDIDATES = 10  # that are named


@dataclass
class Trial:
    """The last turn of one tried conversation, as far as it has come, and what was said before it."""

    message: str = ""
    before: list[tuple[str, str]] = field(default_factory=list)  # message and answer of each earlier turn
    calls: list[Call] = field(default_factory=list)  # of the last turn
    tags: list[str] = field(default_factory=list)
    cards: tuple[Card, ...] = ()
    sentences: list[tuple[str, str]] = field(default_factory=list)  # text, by whom
    checks: list[tuple[str, str]] = field(default_factory=list)  # of each of the LLM's: kept, repaired or cut; its text
    candidates: list[str] = field(default_factory=list)  # titles of what was found first, before the ranking
    found: int = 0  # how many candidates there were
    need: str = ""  # what was understood, as JSON
    chips: tuple[str, ...] = ()
    usage: list[tuple[int, int]] = field(default_factory=list)  # tokens read and written, of each call
    timings_ms: dict[str, float] = field(default_factory=dict)  # when each step was done
    first_text_s: float | None = None
    whole_s: float | None = None
    llm_reached: bool = True
    trouble: str = ""
    ended: bool = False


class Trials:
    """Tries conversations. One object serves every writer at once.

    ``second``: another language model than the shop's, which a conversation may be tried with.
    """

    def __init__(
        self, serving: Serving, prompts: Prompts, judge: YesJudge | None = None, second: LLM | None = None
    ) -> None:
        self._serving = serving
        self._prompts = prompts
        self._judge = judge
        self.models = {f"{serving.llm.model} (the shop's)": serving.llm}  # by how they are listed
        if second is not None:
            self.models[f"{second.model} (the second)"] = second
        self._folder = TemporaryDirectory(prefix="shoptalk-lab-")
        self.path = Path(self._folder.name) / "trials.db"  # what is being tried
        self._connections = Connections(self.path)

    def close(self) -> None:
        """Throw away what was tried."""
        self._connections.close()
        self._folder.cleanup()

    async def run(self, pins: Mapping[str, str], messages: Sequence[str], model: str = "") -> AsyncGenerator[Trial]:
        """Hold the conversation with these versions (prompt to hash), and yield its last turn as it comes.

        ``model``: one of ``models``; any other word is the shop's.
        """
        trial = Trial()
        before: list[tuple[str, str]] = []
        calls: list[Call] = []
        store = Store(self._connections)
        assistant = Assistant(
            self._serving.shop.catalog,
            self._serving.finder,
            Events(self._connections),
            store,
            Pinned(self._prompts, pins),
            Traced(self.models.get(model, self._serving.llm), calls),
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
                trial = Trial(message, list(before), calls)
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
                    await asyncio.to_thread(self._complete, trial, turns[-1])
                before.append((message, " ".join(text for text, _ in trial.sentences)))
                yield trial
        finally:
            # However it ended: it may be the conversation of a shopper, tried again.
            if session is not None:
                store.delete(session)
        trial.ended = True
        yield trial

    def _complete(self, trial: Trial, turn: Turn) -> None:
        """Add what is known of a turn once it has ended."""
        trial.usage, trial.timings_ms, trial.need = list(turn.usage), dict(turn.timings_ms), turn.need
        first = [item for item, _ in turn.candidates[:MOST_CANDIDATES]]
        records = self._serving.shop.catalog.many(first)
        trial.found = len(turn.candidates)
        trial.candidates = [records[item].title for item in first if item in records]
        written = [call.answer for call in trial.calls if not call.structured]
        if turn.verdicts and written:
            splitter = Splitter(card.title for card in trial.cards)  # as the answer was parted when it was checked
            trial.checks = list(zip(turn.verdicts, [*splitter.feed(written[-1]), *splitter.finish()], strict=False))


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
