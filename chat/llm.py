"""The client of an OpenAI-compatible LLM server: structured answers and streams, each with its own timeouts.

Knows addresses, timeouts and tokens. Knows nothing of prompts, shops or shoppers, and keeps no conversation.
"""

import asyncio
import copy
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import openai
from openai.types.chat import ChatCompletionChunk

from chat.errors import LLMError, LLMTimeout, LLMUnreachable

LIKELIEST = 5  # words whose likelihoods are asked for: no more are given by every server

Message = dict[str, str]  # {"role": "system" | "user" | "assistant", "content": …}


@dataclass(frozen=True)
class Timeouts:
    """Seconds; each wait has its own bound, so that a slow answer is told from a dead server."""

    connect: float = 2.0
    first_token: float = 20.0
    between_tokens: float = 10.0


@dataclass(frozen=True)
class Usage:
    """What one call cost, in tokens."""

    input_tokens: int
    output_tokens: int


class LLM:
    """Asks one served model. Errors are LLMUnreachable, LLMTimeout or LLMError, never the library's own."""

    def __init__(self, url: str, model: str, *, api_key: str = "none", timeouts: Timeouts | None = None) -> None:
        self.url = url
        self.model = model
        self.timeouts = timeouts or Timeouts()
        self._usage: list[Usage] = []
        self._client = openai.AsyncOpenAI(
            base_url=url,
            api_key=api_key,
            max_retries=0,  # a turn has one deadline; a retry belongs to whoever owns it
            timeout=openai.Timeout(
                connect=self.timeouts.connect, read=None, write=self.timeouts.connect, pool=self.timeouts.connect
            ),
        )

    def counting(self, usage: list[Usage]) -> "LLM":
        """The same client, whose calls are noted in ``usage``: one list a turn."""
        counted = copy.copy(self)
        counted._usage = usage
        return counted

    async def structured(
        self, messages: Sequence[Message], schema: dict[str, Any], *, max_tokens: int, temperature: float = 0.0
    ) -> str:
        """The model's answer as JSON text that follows the schema, as far as max_tokens let it be finished."""
        parts = [
            part
            async for part in self.stream(
                messages,
                max_tokens=max_tokens,
                temperature=temperature,
                response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}},
            )
        ]
        return "".join(parts)

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        response_format: dict[str, Any] | None = None,
    ) -> AsyncIterator[str]:
        """Pieces of the answer as they come. Closing the iterator closes the request, and the server stops writing."""
        extra: dict[str, Any] = {}
        if stop:
            extra["stop"] = list(stop)
        if response_format:
            extra["response_format"] = response_format
        opened: openai.AsyncStream[ChatCompletionChunk] | None = None
        try:
            async with asyncio.timeout(self.timeouts.connect + self.timeouts.first_token):
                opened = await self._client.post(
                    "/chat/completions",
                    body={
                        "model": self.model,
                        "messages": list(messages),
                        "max_tokens": max_tokens,
                        "temperature": temperature,
                        "stream": True,
                        "stream_options": {"include_usage": True},
                    }
                    | extra,
                    cast_to=ChatCompletionChunk,
                    stream=True,
                    stream_cls=openai.AsyncStream[ChatCompletionChunk],
                )
            wait = self.timeouts.first_token
            chunks = aiter(opened)
            while True:
                try:
                    async with asyncio.timeout(wait):
                        chunk = await anext(chunks)
                except StopAsyncIteration:
                    break
                if chunk.usage is not None:
                    self._usage.append(Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens))
                if chunk.choices and (piece := chunk.choices[0].delta.content):
                    wait = self.timeouts.between_tokens
                    yield piece
        except TimeoutError as error:
            raise LLMTimeout(f"The language model at {self.url} did not answer in time.") from error
        except openai.APIConnectionError as error:
            raise LLMUnreachable(f"No language model answers at {self.url}.") from error
        except openai.APIStatusError as error:
            raise LLMError(f"The language model at {self.url} refused: {error.status_code} {error.message}") from error
        except openai.APIError as error:
            raise LLMUnreachable(f"The language model at {self.url} broke off: {error}") from error
        finally:
            if opened is not None:
                await opened.close()

    async def first_words(self, prompts: Sequence[str]) -> list[dict[str, float]]:
        """Of each prompt the likeliest words that would come next, with their log-likelihoods; one call for all."""
        try:
            async with asyncio.timeout(self.timeouts.connect + self.timeouts.first_token):
                answer = await self._client.completions.create(
                    model=self.model, prompt=list(prompts), max_tokens=1, temperature=0.0, logprobs=LIKELIEST
                )
        except TimeoutError as error:
            raise LLMTimeout(f"The language model at {self.url} did not answer in time.") from error
        except openai.APIConnectionError as error:
            raise LLMUnreachable(f"No language model answers at {self.url}.") from error
        except openai.APIError as error:
            raise LLMError(f"The language model at {self.url} gives no likelihoods: {error}") from error
        if answer.usage is not None:
            self._usage.append(Usage(answer.usage.prompt_tokens, answer.usage.completion_tokens))
        found: list[dict[str, float]] = [{} for _ in prompts]
        for choice in answer.choices:
            if choice.logprobs is not None and choice.logprobs.top_logprobs and choice.index < len(found):
                found[choice.index] = choice.logprobs.top_logprobs[0]
        return found

    async def reachable(self) -> bool:
        """Whether the server answers now, within the time of a connection."""
        try:
            async with asyncio.timeout(self.timeouts.connect):
                await self._client.models.list()
        except (TimeoutError, openai.APIError):
            return False
        return True

    async def close(self) -> None:
        """Close the connections; the object is not used afterwards."""
        await self._client.close()
