"""How often simulated shoppers find what they want within five turns, with versions of the prompts of one's choice.

Each is held beside the shop, as cases are, as somebody new with the history of a shopper whose last purchase was held
out. The shop's reranker has learned from that purchase, unlike that of ``bench.simulate``, so that the level is
flattered; of two versions, which have the same reranker, the difference is not.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from chat.assistant import Assistant
from chat.evaluation import Evaluation, Stage, Trial, conversations, program
from chat.events import DoneEvent
from chat.held_out import SEED, Wanting
from chat.simulator import Surroundings, converse, shopper
from prompts.results import Key, Result, versions_key
from prompts.serving import Pinned
from ranking.history import Event

WITHIN = 5  # turns, as the figure ``success5`` of ``prompts.scores`` says
AT_ONCE = 8  # shoppers who talk at the same time, as a language model serves them best


@dataclass
class Simulation:
    """Simulated shoppers by versions, in one shop, with the language model and the results of an evaluation."""

    evaluation: Evaluation
    stage: Stage
    _around: Surroundings = field(init=False)

    def __post_init__(self) -> None:
        self._around = Surroundings.of(self.stage.records.items.values())

    async def run(
        self, shoppers: Sequence[Wanting], trials: Sequence[Trial], *, anew: bool = False
    ) -> AsyncGenerator[tuple[Result, bool]]:
        """Each shopper with each version, in the order in which they end; and whether it was known from before.

        Closing the iterator stops the language model; what is done is kept. A conversation in which the language model
        was not reached is not kept.
        """
        results = self.evaluation.results
        places = asyncio.Semaphore(AT_ONCE)
        pending: set[asyncio.Task[tuple[Key, Result]]] = set()
        try:
            for one in shoppers:
                for trial in trials:
                    key = self.key(one, trial)
                    held = None if anew else results.get(key)
                    if held is None:
                        pending.add(asyncio.create_task(self._played(key, one, trial, places)))
                    else:
                        yield held.model_copy(update={"version": trial.title}), True
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                ended = [task.result() for task in done]
                for key, result in ended:
                    if not result.unreached:
                        results.put(key, result)
                for _, result in ended:
                    yield result, False
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    def key(self, one: Wanting, trial: Trial) -> Key:
        """What a result of the shopper with these versions is kept under."""
        return Key(versions_key(trial.pins), one.hash, self.evaluation.llm.model, f"{self.stage.mark}:{program()}")

    async def _played(self, key: Key, one: Wanting, trial: Trial, places: asyncio.Semaphore) -> tuple[Key, Result]:
        async with places:
            with TemporaryDirectory(prefix="shoptalk-case-") as folder, conversations(Path(folder)) as (events, store):
                name = f"simulated-{one.hash[:12]}"
                events.add(_renamed(event, name) for event in one.history)
                assistant = Assistant(
                    self.stage.shop.catalog,
                    self.stage.finder,
                    events,
                    store,
                    Pinned(self.evaluation.prompts, trial.pins),
                    self.evaluation.llm,
                    self.evaluation.turn_timeout_s,
                )
                who = shopper(one.target, one.style, SEED, self._around)
                heard = await converse(assistant, who, name, WITHIN)
        done = [event for turn in heard for event in turn.events if isinstance(event, DoneEvent)]
        found = any(card.item_id == one.target.id for turn in heard for card in turn.cards)
        result = Result(
            case=f"simulated/{one.hash[:12]}",
            version=trial.title,
            checks=0,
            passed=0,
            figures={"success5": float(found)},
            unreached=len(heard) - sum(event.llm_reached for event in done),
            simulated=True,
        )
        return key, result


def _renamed(event: Event, shopper_id: str) -> Event:
    return Event.model_validate(event.model_dump() | {"id": "", "shopper_id": shopper_id, "turn_id": ""})
