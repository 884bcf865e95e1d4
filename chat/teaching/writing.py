"""Answers that a larger language model writes over given items, for a smaller one to learn from.

Knows the prompt, the server and where what was written is kept, so that a teaching that was cut off asks for nothing
twice. Whether an answer is true, ``chat.teaching.answers`` says.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from chat.errors import LLMError, SetupError
from chat.llm import LLM
from chat.rendering import rendered
from prompts.prompt import Prompt

AT_ONCE = 16  # answers under way


class AnswerWriter:
    """Asks one served model.

    ``model``: its name; ``connect``: its client, made for each call of ``written``, as it belongs to that call's event
    loop. ``shop``: the name that it writes for; ``kept``: a file that holds what was written.
    """

    def __init__(self, connect: Callable[[], LLM], model: str, prompt: Prompt, shop: str, kept: Path) -> None:
        self._connect, self._prompt, self._shop, self._kept = connect, prompt, shop, kept
        self.name = f"{model}/{prompt.version}"  # who writes, and asked how

    def written(self, asked: Sequence[Mapping[str, object]], progress: Callable[[int], None]) -> list[str]:
        """A text for each of what the prompt is filled with. SetupError where the model does not answer; what it wrote
        before is kept.
        """
        return asyncio.run(self._all(asked, progress))

    async def _all(self, asked: Sequence[Mapping[str, object]], progress: Callable[[int], None]) -> list[str]:
        held, llm = self._read(), self._connect()
        names = [self._named(one) for one in asked]
        room = asyncio.Semaphore(AT_ONCE)

        async def ask(name: str, given: Mapping[str, object]) -> None:
            async with room:
                text = await self._answer(llm, given)
            held[name] = text
            with self._kept.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps({'name': name, 'text': text}, ensure_ascii=False)}\n")
            progress(sum(one in held for one in names))

        self._kept.parent.mkdir(parents=True, exist_ok=True)
        open_ones = {name: given for name, given in zip(names, asked, strict=True) if name not in held}
        try:
            async with asyncio.TaskGroup() as tasks:
                for name, given in open_ones.items():
                    tasks.create_task(ask(name, given))
        except* LLMError as errors:
            raise SetupError(
                f"{errors.exceptions[0]} It was to write answers to be taught: mend SHOPTALK_WRITER_URL, or leave it "
                "empty, and run the same command again. What was written is kept."
            ) from errors
        finally:
            await llm.close()
        return [held[name] for name in names]

    async def _answer(self, llm: LLM, given: Mapping[str, object]) -> str:
        settings = self._prompt.settings
        messages = rendered(self._prompt, shop=self._shop, **given)
        pieces = [
            piece
            async for piece in llm.stream(
                messages, max_tokens=settings.max_tokens, temperature=settings.temperature, stop=settings.stop
            )
        ]
        return "".join(pieces).strip()

    def _named(self, given: Mapping[str, object]) -> str:
        asked = json.dumps([self.name, self._shop, given], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(asked.encode()).hexdigest()[:20]

    def _read(self) -> dict[str, str]:
        """What was written before; a last line that was cut off is asked for again."""
        held: dict[str, str] = {}
        if self._kept.exists():
            for line in self._kept.read_text(encoding="utf-8").split("\n"):
                try:
                    one = json.loads(line)
                except ValueError:
                    continue
                held[one["name"]] = one["text"]
        return held
