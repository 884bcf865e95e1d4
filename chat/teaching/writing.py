"""Answers that a larger language model writes over given items, for a smaller one to learn from.

Knows the prompt, the server and where what was written is kept, so that a teaching that was cut off asks for nothing
twice. Whether an answer is true, ``chat.teaching.answers`` says.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from chat.errors import LLMError, LLMPaused, SetupError
from chat.llm import LLM
from chat.rendering import rendered
from prompts.prompt import Prompt

AT_ONCE = 8  # answers under way: what is served one by one must have begun the last within the wait for a first word
TRIES, LONGEST_PAUSE_S = 6, 30.0
MEND = "It was to write answers to be taught: mend SHOPTALK_WRITER_URL, or leave it empty, and run the command again."


class AnswerWriter:
    """Asks one served model.

    ``model``: its name; ``connect``: its client, made for each call, as it belongs to that call's event loop. ``shop``:
    the name that it writes for; ``kept``: a file that holds what was written. ``pause_s``: the first wait, at most,
    before a server that was busy is asked again.
    """

    def __init__(
        self, connect: Callable[[], LLM], model: str, prompt: Prompt, shop: str, kept: Path, pause_s: float = 2.0
    ) -> None:
        self._connect, self._prompt, self._shop, self._kept, self._pause_s = connect, prompt, shop, kept, pause_s
        self.name = f"{model}/{prompt.version}"  # who writes, and asked how

    def check(self) -> None:
        """SetupError where the server does not answer, or not to this key."""

        async def reachable() -> None:
            llm = self._connect()
            try:
                if not await llm.reachable():
                    raise SetupError(
                        f"No language model answers at {llm.url}, or not to SHOPTALK_WRITER_API_KEY. {MEND}"
                    )
            finally:
                await llm.close()

        asyncio.run(reachable())

    def written(self, asked: Sequence[Mapping[str, object]], progress: Callable[[int], None]) -> list[str]:
        """A text for each of what the prompt is filled with, "" where the model refuses it. SetupError where the server
        goes on failing, or refuses all; what it wrote before is kept.
        """
        return asyncio.run(self._all(asked, progress))

    async def _all(self, asked: Sequence[Mapping[str, object]], progress: Callable[[int], None]) -> list[str]:
        held, llm = self._read(), self._connect()
        names = [self._named(one) for one in asked]
        open_ones = {name: given for name, given in zip(names, asked, strict=True) if name not in held}
        room, refused, done = asyncio.Semaphore(AT_ONCE), list[LLMError](), len(names) - len(open_ones)

        async def ask(name: str, given: Mapping[str, object]) -> None:
            nonlocal done
            try:
                async with room:
                    text = await self._answer(llm, given)
            except LLMError as error:
                if _may_pass(error):
                    raise
                refused.append(error)
                text = ""
            if text:  # a model that said nothing is asked again the next time
                held[name] = text
                self._keep(name, text)
            done += 1
            progress(done)

        try:
            async with asyncio.TaskGroup() as tasks:
                for name, given in open_ones.items():
                    tasks.create_task(ask(name, given))
        except* LLMError as errors:
            raise SetupError(f"{errors.exceptions[0]} {MEND} What was written is kept.") from errors
        finally:
            await llm.close()
        if refused and not held:
            raise SetupError(f"{refused[0]} {MEND}") from refused[0]
        return [held.get(name, "") for name in names]

    async def _answer(self, llm: LLM, given: Mapping[str, object]) -> str:
        settings = self._prompt.settings
        messages = rendered(self._prompt, shop=self._shop, **given)
        again = AsyncRetrying(
            retry=retry_if_exception(_may_pass),
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=self._pause_s, max=LONGEST_PAUSE_S),
            reraise=True,
        )
        async for attempt in again:
            with attempt:
                stream = llm.stream(
                    messages, max_tokens=settings.max_tokens, temperature=settings.temperature, stop=settings.stop
                )
                return "".join([piece async for piece in stream]).strip()
        raise AssertionError("tenacity raises the last error")

    def _named(self, given: Mapping[str, object]) -> str:
        asked = json.dumps([self.name, self._shop, given], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(asked.encode()).hexdigest()[:20]

    def _keep(self, name: str, text: str) -> None:
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        with self._kept.open("a", encoding="utf-8") as file:
            # A line begins anew: the last one may have been cut off.
            file.write(f"\n{json.dumps({'name': name, 'text': text}, ensure_ascii=False)}")

    def _read(self) -> dict[str, str]:
        """What was written before; what was cut off is asked for again."""
        held: dict[str, str] = {}
        if self._kept.exists():
            for line in self._kept.read_text(encoding="utf-8", errors="replace").split("\n"):
                try:
                    one = json.loads(line)
                except ValueError:
                    continue
                held[one["name"]] = one["text"]
        return held


def _may_pass(error: BaseException) -> bool:
    """Whether it is of the server's state and not of what it was asked."""
    return isinstance(error, LLMError) and (error.is_fault or isinstance(error, LLMPaused))
