"""Several servers of one language model as one: each call goes to the one with the fewest answers under way.

Knows which server is busy, which one failed, and who is asked instead. What one call to one server is, ``chat.llm``
knows. All of them serve the same model under the same name.
"""

import asyncio
import copy
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, cast

from chat.breaker import State
from chat.errors import LLMError, LLMPaused
from chat.llm import LLM, Message, Usage


class Several(LLM):
    """Asks the least busy server that is well; one that fails before its first token is stood in for by the next.

    What was begun is never begun anew elsewhere: the shopper has read it.
    """

    def __init__(self, servers: Sequence[LLM]) -> None:
        # Nothing of its own: every call is one of theirs.
        self._servers = list(servers)
        self._under_way = [0] * len(self._servers)  # of every copy of this object together
        self.url = ", ".join(server.url for server in self._servers)
        self.model = self._servers[0].model
        self.taught, self.own_words = self._servers[0].taught, self._servers[0].own_words
        self.timeouts = self._servers[0].timeouts

    @property
    def breaker(self) -> State:
        """ "closed" where any server is asked."""
        states = [server.breaker for server in self._servers]
        return "closed" if "closed" in states else states[0]

    def counting(self, usage: list[Usage]) -> "Several":
        """As ``LLM`` says."""
        counted = copy.copy(self)
        counted._servers = [server.counting(usage) for server in self._servers]
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
        """As ``LLM`` says; the error is the last server's."""
        failure: LLMError = LLMPaused(f"No language model answers at {self.url}.")
        for number in self._least_busy_first():
            begun = False
            self._under_way[number] += 1
            pieces = self._servers[number].stream(
                messages, max_tokens=max_tokens, temperature=temperature, stop=stop, response_format=response_format
            )
            try:
                # An async generator, which its type does not say; closed with this one, so that the server stops.
                async with aclosing(cast(AsyncGenerator[str], pieces)) as open_pieces:
                    async for piece in open_pieces:
                        begun = True
                        yield piece
                return
            except LLMError as error:
                if begun or not (error.is_fault or isinstance(error, LLMPaused)):
                    raise
                failure = error
            finally:
                self._under_way[number] -= 1
        raise failure

    def _least_busy_first(self) -> list[int]:
        """The servers' numbers; those that are left alone come last, after being tried beside the calls."""
        paused = [server.breaker != "closed" for server in self._servers]
        for server, left_alone in zip(self._servers, paused, strict=True):
            if left_alone:
                server.try_again()
        return sorted(range(len(self._servers)), key=lambda number: (paused[number], self._under_way[number]))

    async def reachable(self) -> bool:
        """Whether any of them answers now."""
        return any(await asyncio.gather(*(server.reachable() for server in self._servers)))

    async def close(self) -> None:
        """Close the connections of all."""
        await asyncio.gather(*(server.close() for server in self._servers))
