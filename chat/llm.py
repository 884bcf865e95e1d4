"""The client of an OpenAI-compatible LLM server: structured answers and streams, each with its own timeouts.

Knows addresses, timeouts and tokens, and stops asking a server that fails again and again. Knows nothing of prompts,
shops or shoppers, and keeps no conversation.
"""

import asyncio
import copy
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import openai

from chat.breaker import Breaker, State
from chat.errors import LLMError, LLMPaused, LLMTimeout, LLMUnreachable

CHARACTERS_A_TOKEN = 4  # of English text, roughly: for what was stopped before the server said what it cost
HUNG_SHARE = 0.5  # of the wait for a first token: whoever leaves after it was left waiting by the server
FAULTY, TOO_BUSY = 500, 429  # statuses from the first on, and the second, say that the server is not well
# An idle connection is let go well before a server does it (vLLM after 5 s): a request that is sent just as the server
# closes comes back as "disconnected", and the shopper is told that the model can't be reached.
KEPT_S = 2.0
TRIAL = {"role": "user", "content": "Say yes."}

log = logging.getLogger(__name__)

LIKELIEST = 5  # words whose likelihoods are asked for: no more are given by every server

Message = dict[str, str]  # {"role": "system" | "user" | "assistant", "content": …}


@dataclass(frozen=True)
class Timeouts:
    """Seconds; each wait has its own bound, so that a slow answer is told from a dead server."""

    connect: float = 2.0
    first_token: float = 20.0
    between_tokens: float = 10.0


PATIENT = Timeouts(connect=5.0, first_token=120.0, between_tokens=60.0)  # an able model reads and thinks for longer


@dataclass(frozen=True)
class Usage:
    """What one call cost, in tokens."""

    input_tokens: int
    output_tokens: int


def taught_name(prompt: str, llm: "LLM") -> str:
    """The name of the prompt that this model answers to."""
    return f"{prompt}_taught" if llm.taught else prompt


class LLM:
    """Asks one served model. Errors are those of ``chat.errors`` from LLMError on, never the library's own.

    After ``breaker``'s number of failures in a row every call is refused at once (LLMPaused), until a trial of one
    token, made beside the calls so that no shopper waits for it, is answered again.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        api_key: str = "none",
        timeouts: Timeouts | None = None,
        breaker: Breaker | None = None,
        taught: bool = False,
        own_words: bool = False,
    ) -> None:
        self.url = url
        self.model = model
        self.taught = taught  # by `shoptalk teach`: it answers to prompts of its own
        self.own_words = own_words  # it was taught a larger model's answers, too
        self.timeouts = timeouts or Timeouts()
        self._breaker = breaker or Breaker()
        self._trials: set[asyncio.Task[None]] = set()  # at most one; held so that it is not collected
        self._usage: list[Usage] = []
        self._client = openai.AsyncOpenAI(
            base_url=url,
            api_key=api_key,
            max_retries=0,  # a turn has one deadline; a retry belongs to whoever owns it
            timeout=openai.Timeout(
                connect=self.timeouts.connect, read=None, write=self.timeouts.connect, pool=self.timeouts.connect
            ),
            http_client=openai.DefaultAsyncHttpxClient(
                limits=httpx2.Limits(
                    max_connections=openai.DEFAULT_CONNECTION_LIMITS.max_connections,
                    max_keepalive_connections=openai.DEFAULT_CONNECTION_LIMITS.max_keepalive_connections,
                    keepalive_expiry=KEPT_S,
                )
            ),
        )

    @property
    def breaker(self) -> State:
        """Whether calls go through: "closed" where they do."""
        return self._breaker.state

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
        self._admit()
        extra: dict[str, Any] = {}
        if stop:
            extra["stop"] = list(stop)
        if response_format:
            extra["response_format"] = response_format
        body = {"model": self.model, "messages": list(messages), "max_tokens": max_tokens, "temperature": temperature}
        begun, heard = time.monotonic(), False
        pieces = self._pieces(body | extra)
        try:
            async for piece in pieces:
                if not heard:
                    heard = True
                    self._breaker.succeeded()
                yield piece
            self._breaker.succeeded()
        except LLMError as error:
            if error.is_fault:
                self._note_failure(error)
            raise
        except (GeneratorExit, asyncio.CancelledError):
            # Shoppers who leave a server that hangs, or turns that end at their deadline, must not hide that it hangs.
            if not heard and time.monotonic() - begun > HUNG_SHARE * self.timeouts.first_token:
                self._note_failure(LLMTimeout("whoever asked left before the first token"))
            raise
        finally:
            await pieces.aclose()

    async def _pieces(self, body: dict[str, Any]) -> AsyncGenerator[str]:
        """The answer to one request, with what it cost noted."""
        opened: openai.AsyncStream[object] | None = None
        known, written = False, 0
        try:
            async with asyncio.timeout(self.timeouts.connect + self.timeouts.first_token):
                opened = await self._client.post(
                    "/chat/completions",
                    body=body | {"stream": True, "stream_options": {"include_usage": True}},
                    # As it was sent: a model object for every token would be the most costly part of a turn.
                    cast_to=object,
                    stream=True,
                    stream_cls=openai.AsyncStream[object],
                )
            wait = self.timeouts.first_token
            chunks = aiter(opened)
            while True:
                try:
                    async with asyncio.timeout(wait):
                        chunk = await anext(chunks)
                except StopAsyncIteration:
                    break
                piece, usage = _read(chunk)
                if usage is not None:
                    known = True
                    self._usage.append(usage)
                if piece:
                    wait = self.timeouts.between_tokens
                    written += 1
                    yield piece
        except (LookupError, TypeError, AttributeError) as error:
            raise LLMError(f"The language model at {self.url} sent what is no part of an answer.") from error
        except TimeoutError as error:
            raise LLMTimeout(f"The language model at {self.url} did not answer in time.") from error
        except openai.APIConnectionError as error:
            raise LLMUnreachable(f"No language model answers at {self.url}.") from error
        except openai.APIStatusError as error:
            refused = LLMError(f"The language model at {self.url} refused: {error.status_code} {error.message}")
            refused.is_fault = error.status_code >= FAULTY or error.status_code == TOO_BUSY
            raise refused from error
        except openai.APIError as error:
            raise LLMUnreachable(f"The language model at {self.url} broke off: {error}") from error
        finally:
            if written and not known:
                # Closed before the server told: a piece is a token, and the prompt is estimated by its length.
                read = sum(len(message["content"]) for message in body["messages"]) // CHARACTERS_A_TOKEN
                self._usage.append(Usage(read, written))
            if opened is not None:
                await opened.close()

    async def first_words(self, prompts: Sequence[str]) -> list[dict[str, float]]:
        """Of each prompt the likeliest words that would come next, with their log-likelihoods; one call for all."""
        self._admit()
        try:
            async with asyncio.timeout(self.timeouts.connect + self.timeouts.first_token):
                answer = await self._client.completions.create(
                    model=self.model, prompt=list(prompts), max_tokens=1, temperature=0.0, logprobs=LIKELIEST
                )
        except TimeoutError as error:
            late = LLMTimeout(f"The language model at {self.url} did not answer in time.")
            self._note_failure(late)
            raise late from error
        except openai.APIConnectionError as error:
            gone = LLMUnreachable(f"No language model answers at {self.url}.")
            self._note_failure(gone)
            raise gone from error
        except openai.APIError as error:
            raise LLMError(f"The language model at {self.url} gives no likelihoods: {error}") from error
        self._breaker.succeeded()
        if answer.usage is not None:
            self._usage.append(Usage(answer.usage.prompt_tokens, answer.usage.completion_tokens))
        found: list[dict[str, float]] = [{} for _ in prompts]
        for choice in answer.choices:
            if choice.logprobs is not None and choice.logprobs.top_logprobs and choice.index < len(found):
                found[choice.index] = choice.logprobs.top_logprobs[0]
        return found

    def _admit(self) -> None:
        """LLMPaused where the server is left alone."""
        if not self._breaker.allows():
            self.try_again()
            raise LLMPaused(f"The language model at {self.url} failed repeatedly; it is asked again in a moment.")

    def _note_failure(self, error: LLMError) -> None:
        if self._breaker.failed():
            log.warning("the language model is not asked for a while, after repeated failures: %s", error)

    def try_again(self) -> None:
        """Begin the trial, where one is due."""
        if self._breaker.begin_trial():
            task = asyncio.create_task(self._try())
            self._trials.add(task)
            task.add_done_callback(self._trials.discard)

    async def _try(self) -> None:
        well = False
        body = {"model": self.model, "messages": [TRIAL], "max_tokens": 1, "temperature": 0.0}
        try:
            async for _ in self.counting([])._pieces(body):
                pass
            well = True
            log.info("the language model answers again")
        except LLMError as error:
            log.info("the language model does not answer yet: %s", error)
        finally:
            self._breaker.end_trial(well)

    async def reachable(self) -> bool:
        """Whether the server answers now, within the time of a connection, and calls go through."""
        if not self._breaker.allows():
            self.try_again()
            return False
        try:
            async with asyncio.timeout(self.timeouts.connect):
                await self._client.models.list()
        except (TimeoutError, openai.APIError):
            return False
        return True

    async def close(self) -> None:
        """Close the connections; the object is not used afterwards."""
        await self._client.close()


def _read(chunk: Any) -> tuple[str, Usage | None]:
    """The words in one part of an answer, and what the answer cost where the part says it."""
    choices, usage = chunk.get("choices"), chunk.get("usage")
    piece = choices[0]["delta"].get("content") if choices else ""
    return piece or "", Usage(int(usage["prompt_tokens"]), int(usage["completion_tokens"])) if usage else None
