"""A language model whose calls are noted: what it was sent, and what it wrote.

For whoever tries or scores a prompt. What shoppers say is never traced: nothing of a live conversation passes here.
"""

import copy
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from chat.breaker import State
from chat.llm import LLM, Message, Usage


@dataclass
class Call:
    """One call."""

    messages: list[Message]
    answer: str = ""  # as far as it was read
    structured: bool = False  # the answer is JSON by a schema
    first_s: float | None = None  # seconds until its first piece came
    whole_s: float | None = None  # and until it had ended, however it did


class Traced(LLM):
    """Asks another LLM, and notes each call in ``calls``, in their order."""

    def __init__(self, llm: LLM, calls: list[Call]) -> None:
        # Nothing of its own: every call is the other's.
        self._llm = llm
        self._calls = calls
        self.url, self.model, self.timeouts = llm.url, llm.model, llm.timeouts
        self.taught, self.own_words = llm.taught, llm.own_words

    @property
    def breaker(self) -> State:
        """As ``LLM`` says."""
        return self._llm.breaker

    def counting(self, usage: list[Usage]) -> "Traced":
        """As ``LLM`` says."""
        counted = copy.copy(self)
        counted._llm = self._llm.counting(usage)
        return counted

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        response_format: dict[str, Any] | None = None,
    ) -> AsyncIterator[str]:
        """As ``LLM`` says."""
        call = Call(list(messages), structured=response_format is not None)
        self._calls.append(call)
        begun = time.monotonic()
        pieces = self._llm.stream(
            messages, max_tokens=max_tokens, temperature=temperature, stop=stop, response_format=response_format
        )
        # An async generator, which its type does not say.
        try:
            async with aclosing(cast(AsyncGenerator[str], pieces)) as open_pieces:
                async for piece in open_pieces:
                    call.first_s = call.first_s or time.monotonic() - begun
                    call.answer += piece
                    yield piece
        finally:
            call.whole_s = time.monotonic() - begun

    async def first_words(self, prompts: Sequence[str]) -> list[dict[str, float]]:
        """As ``LLM`` says; only how many prompts there were is noted."""
        call = Call([], f"{len(prompts)} questions with yes or no")
        self._calls.append(call)
        begun = time.monotonic()
        try:
            return await self._llm.first_words(prompts)
        finally:
            call.whole_s = time.monotonic() - begun

    async def reachable(self) -> bool:
        """As ``LLM`` says."""
        return await self._llm.reachable()

    async def close(self) -> None:
        """As ``LLM`` says."""
        await self._llm.close()
