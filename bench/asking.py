"""A language model served as the shop serves it, and many questions to it at once.

Knows vLLM's server, prompts and seeds. Knows nothing of what is asked or of what the answers are held against.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
from rich.console import Console

from chat.builtin_llm import ensure_converted
from chat.llm_server import LLMServer
from chat.settings import Settings
from chat.taught_llm import joined
from prompts.library import Library
from prompts.prompt import Prompt

AT_ONCE = 16
TEMPERATURE = 0.5  # of the seeds; what ships takes the likeliest words
SEEDS = (1, 2, 3)
T_95 = 4.303  # Student's t of two degrees of freedom: the mean of three seeds lies within it, times the standard error

console = Console(highlight=False)


@dataclass(frozen=True)
class Model:
    """A served model, and by which prompts it is asked."""

    url: str
    name: str
    adapter: Path | None  # what it was taught; None: it is as it comes

    @property
    def taught(self) -> bool:
        """Whether it answers to the taught model's prompts."""
        return self.adapter is not None

    def prompt(self, name: str) -> Prompt:
        """The newest file of the prompt that it answers to."""
        return Library().get(f"{name}_taught" if self.taught else name)

    def ask(
        self, prompt: Prompt, given: Sequence[Mapping[str, object]], *, temperature: float = 0.0, seed: int = 0
    ) -> list[str]:
        """The answer to each filling of the prompt, in their order; constrained by its schema, where it has one."""
        return asyncio.run(self._ask(prompt, given, temperature, seed))

    async def _ask(
        self, prompt: Prompt, given: Sequence[Mapping[str, object]], temperature: float, seed: int
    ) -> list[str]:
        room = asyncio.Semaphore(AT_ONCE)
        form: dict[str, Any] = {}
        if prompt.output is not None:
            schema = {"name": prompt.name, "schema": prompt.output}
            form = {"response_format": {"type": "json_schema", "json_schema": schema}}
        done = 0

        async def one(variables: Mapping[str, object]) -> str:
            nonlocal done
            async with room:
                messages: Any = prompt.render(**variables)
                answer = await client.chat.completions.create(
                    model=self.name, messages=messages, max_tokens=prompt.settings.max_tokens, temperature=temperature,
                    seed=seed, **form,
                )  # fmt: skip
                done += 1
                if done % 50 == 0:
                    console.print(f"{prompt.name}: {done:,} of {len(given):,}", end="\r")
                return answer.choices[0].message.content or ""

        async with openai.AsyncOpenAI(base_url=self.url, api_key="none", timeout=300) as client:
            return list(await asyncio.gather(*map(one, given)))


@contextmanager
def served(settings: Settings, adapter: Path | None, log: Path) -> Iterator[Model]:
    """The LLM of the settings' folder, or the built-in one, with this adapter or as it comes; stopped at the end."""
    folder = Path(settings.llm_model) if settings.llm_model else ensure_converted(settings.models)
    name = folder.name
    if adapter is not None:
        folder = joined(folder, adapter, settings.models)
    server = LLMServer(folder, name, settings.llm_port, log, dtype=settings.llm_dtype, arguments=settings.llm_arguments)
    try:
        server.start()
        server.wait_ready(lambda seconds: console.print(f"{folder.name}: starting, {seconds:.0f} s", end="\r"))
        yield Model(server.url, name, adapter)
    finally:
        server.stop()


def over_seeds(name: str, values: Sequence[float]) -> dict[str, float]:
    """The mean over the seeds, and half the width of its 95% interval."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return {name: mean}
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return {name: mean, f"{name}_spread": T_95 * (variance / len(values)) ** 0.5}
