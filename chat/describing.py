"""What the LLM adds to a search: descriptions of items that would fit, or whether those that stand first do; and which
kind of message it takes one for that the rules could not read.

Knows what the LLM is told of a shopper's history and of what others wanted. Knows nothing of how items are found, nor
of the order of a turn's steps.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from chat.errors import LLMError, LLMUnreachable
from chat.finding import Arrange
from chat.found import Found
from chat.known_requests import Voted
from chat.llm import LLM, taught_name
from chat.reading import Reading, is_refused
from chat.store import Turn
from chat.understand import Understanding, understand
from chat.want import Need
from chat.yes_judge import FIRST, YesJudge
from prompts.prompt import Prompt
from ranking.history import Event
from retrieval.catalog import Catalog
from retrieval.items import Item

HISTORY_DIGEST_ITEMS = 3  # titles that the LLM is told of a shopper's history


class Describer:
    """Asks the LLM about one shop's wants; one object serves every shopper at once.

    ``prompt``: the version of a prompt that a turn goes by. ``asked_alike``: what those wanted who asked alike, and
    ``names``: whether words name what the shop has; both for a model that was taught.
    """

    def __init__(
        self,
        catalog: Catalog,
        prompt: Callable[[Turn, str], Prompt],
        asked_alike: Callable[[str], Voted],
        names: Callable[[str], bool],
        judge: YesJudge | None = None,
    ) -> None:
        self._catalog = catalog
        self._prompt = prompt
        self._judge = judge
        self._asked_alike = asked_alike
        self._names = names

    async def understood(
        self,
        llm: LLM,
        turn: Turn,
        before: Need,
        reading: Reading,
        unread: str,
        found: Found,
        history: Sequence[Event],
        deadline: float,
    ) -> Understanding:
        """What the LLM makes of the message; nothing where it does not answer as it should, or not in time.

        ``before``: the need before the message, of which the rules left words ``unread``, or none. ``found``: by the
        words alone.
        """
        try:
            if unread:
                made = await self._unread(llm, turn, before, unread, found, history, deadline)
            else:
                made = await self._described(llm, turn, reading.need, found, history, deadline)
        except (LLMError, TimeoutError):
            turn.llm_reached = False
            return Understanding()
        turn.understanding = made.model_dump_json()
        return made

    async def _described(
        self, llm: LLM, turn: Turn, need: Need, found: Found, history: Sequence[Event], deadline: float
    ) -> Understanding:
        """What the LLM describes for the need, told of what the words alone ``found`` and of what others wanted.

        A taught one is not asked where the words name what the shop has, nor where they name nothing and what others
        wanted is clear.
        """
        words = need.current.words or ("" if need.current.is_empty else turn.message)
        if llm.taught and words and found.groups[0].named:
            return Understanding()
        asked = await asyncio.to_thread(self._asked_alike, words) if llm.taught else Voted()
        asked = asked.without(lambda kind: is_refused(kind, need.current))
        if asked.clear:
            return Understanding(descriptions=asked.settled(()), taught=True, asked_alike=True)
        made = await self._asked(llm, turn, need, found.groups[0].leading if words else (), asked, history, deadline)
        return made.model_copy(update={"descriptions": asked.settled(made.descriptions), "asked_alike": asked.close})

    async def _asked(
        self,
        llm: LLM,
        turn: Turn,
        need: Need,
        leading: Sequence[Item],
        asked: Voted,
        history: Sequence[Event],
        deadline: float,
    ) -> Understanding:
        prompt = self._prompt(turn, taught_name("understand", llm))
        turn.llm = llm.model
        digest = await asyncio.to_thread(self.digest, history)
        async with asyncio.timeout_at(deadline):
            return await understand(llm, prompt, turn.message, need, digest, leading, asked.kinds)

    async def _unread(
        self, llm: LLM, turn: Turn, before: Need, unread: str, found: Found, history: Sequence[Event], deadline: float
    ) -> Understanding:
        """The kind of message that a taught LLM takes a refinement for, of which the rules left words ``unread``.

        It is not asked where these name what the shop has, nor where others who asked alike wanted a thing. What it
        describes is not heard: that cost more refinements than it found new wants (``bench.hearing``).
        """
        asked = await asyncio.to_thread(self._asked_alike, unread)
        if asked.close or await asyncio.to_thread(self._names, unread):
            return Understanding()
        made = await self._asked(llm, turn, before, found.groups[0].leading, asked, history, deadline)
        return made.model_copy(update={"descriptions": ()})

    @property
    def judges(self) -> bool:
        """Whether the LLM says of the first items whether they fit, in the place of describing what would."""
        return self._judge is not None

    async def arrangement(
        self, llm: LLM, turn: Turn, need: Need, found: Found, history: Sequence[Event], deadline: float
    ) -> Arrange | None:
        """The order of the first items by what the judge says of them; None where it does not answer in time."""
        assert self._judge is not None
        group = found.groups[0]
        items = [group.items[item_id] for item_id in group.first[:FIRST] if item_id in group.items]
        judge = replace(self._judge, prompt=self._prompt(turn, self._judge.prompt.name))
        turn.llm = llm.model
        digest = await asyncio.to_thread(self.digest, history)
        try:
            likely = await judge.in_time(llm, need.current.words, digest, items, deadline)
        except LLMUnreachable:
            turn.llm_reached = False
            return None
        if not likely:
            return None
        turn.understanding = json.dumps({"yes": likely})
        return partial(judge.arranged, likely=likely)

    def digest(self, history: Sequence[Event]) -> str:
        """The latest things that the shopper bought or liked, as the LLM is told of them."""
        liked = [event.item_id for event in history if event.kind in ("purchase", "cart", "like") and event.item_id]
        latest = list(dict.fromkeys(reversed(liked)))[:HISTORY_DIGEST_ITEMS]
        items = self._catalog.many(latest)
        return "; ".join(items[item_id].title for item_id in latest if item_id in items)
