"""A language model whose answers are noted as it gives them, shown or not.

Knows clients; changes nothing of what they answer.
"""

import copy
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, cast

from chat.breaker import State
from chat.llm import LLM, Message, Usage


class Overheard(LLM):
    """Asks another client; ``written`` has each answer in words (not JSON), as far as it was read."""

    def __init__(self, inner: LLM) -> None:
        # Nothing of its own: every call is the other's.
        self._inner = inner
        self.url, self.model, self.timeouts = inner.url, inner.model, inner.timeouts
        self.written: list[str] = []

    @property
    def breaker(self) -> State:
        """As ``LLM`` says."""
        return self._inner.breaker

    def counting(self, usage: list[Usage]) -> "Overheard":
        """As ``LLM`` says; what is written is noted in the same list."""
        counted = copy.copy(self)
        counted._inner = self._inner.counting(usage)
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
        heard: list[str] = []
        pieces = self._inner.stream(
            messages, max_tokens=max_tokens, temperature=temperature, stop=stop, response_format=response_format
        )
        try:
            async with aclosing(cast(AsyncGenerator[str], pieces)) as open_pieces:
                async for piece in open_pieces:
                    heard.append(piece)
                    yield piece
        finally:
            if response_format is None:
                self.written.append("".join(heard))

    async def first_words(self, prompts: Sequence[str]) -> list[dict[str, float]]:
        """As ``LLM`` says."""
        return await self._inner.first_words(prompts)

    async def reachable(self) -> bool:
        """As ``LLM`` says."""
        return await self._inner.reachable()

    async def close(self) -> None:
        """As ``LLM`` says."""
        await self._inner.close()
