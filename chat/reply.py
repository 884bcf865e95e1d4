"""The answer in words: the LLM's sentences as they come, each checked before it is handed on; or plain ones of ours.

Knows how sentences are parted and when to stop. Which sentence is true, ``chat.grounding_check`` decides; which words
the templates use, ``chat.template`` knows.
"""

import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import cast

from chat.cards import facts
from chat.grounding_check import check
from chat.llm import LLM
from chat.money import price_text
from chat.need import Need, Reading
from chat.template import Sentence, template_reply
from prompts.library import Prompt
from ranking.reranker import Ranked
from retrieval.items import Item

__all__ = ["Sentence", "reply", "template_reply"]

MOST_SENTENCES = 3
ITEMS_TOLD = 1  # items that the prompt gives; a small LLM mixes the facts of several
LONGEST_FACT = 60  # characters
LONGEST_WANTED = 80

# A full stop ends a sentence where a space and no lower-case letter follows: not in "4.5", "approx. 3" or "$45.00".
_END = re.compile(r"[.!?]+[\"')\]]*(?=\s+[^a-z\s]|\s*\n)|\n+")


async def reply(
    llm: LLM,
    prompt: Prompt,
    message: str,
    need: Need,
    shown: Sequence[Item],
    ranked: Sequence[Ranked],
    reading: Reading,
) -> AsyncGenerator[Sentence]:
    """The LLM's sentences that the records carry, at most three; nothing where none survives. LLMError passes.

    Closing the iterator closes the LLM's stream.
    """
    messages = prompt.render(wanted=need.current.words[:LONGEST_WANTED], items=told(shown, need))
    said: list[str] = []
    about: tuple[str, ...] = ()
    stream = cast(
        AsyncGenerator[str],
        llm.stream(
            messages,
            max_tokens=prompt.settings.max_tokens,
            temperature=prompt.settings.temperature,
            stop=prompt.settings.stop,
        ),
    )
    async with aclosing(stream) as pieces:
        splitter = Splitter()
        async for piece in pieces:
            for text in splitter.feed(piece):
                checked = check(text, shown, need, about)
                if not checked.text or _repeats(checked.text, said):
                    continue
                about = checked.item_ids or about
                said.append(checked.text)
                yield Sentence(checked.text, "llm", checked.verdict)
                if len(said) >= MOST_SENTENCES:
                    return
        for text in splitter.finish():
            checked = check(text, shown, need, about)
            if checked.text and not _repeats(checked.text, said):
                said.append(checked.text)
                yield Sentence(checked.text, "llm", checked.verdict)


def told(shown: Sequence[Item], need: Need) -> list[dict[str, str]]:
    """What the prompt says of the first items: title, price, the facts that matter."""
    return [
        {
            "title": item.title[:120],
            "price": price_text(item.price, item.currency or need.currency) if item.price is not None else "",
            "facts": ", ".join(_fact(text) for text in facts(item, need.current.filter, need.current.words)),
        }
        for item in shown[:ITEMS_TOLD]
    ]


def _fact(text: str) -> str:
    """A fact as the prompt says it: "waterproof: yes" is "waterproof"."""
    name, _, value = text.partition(": ")
    if value.lower() in ("yes", "true"):
        return name
    return text[:LONGEST_FACT]


class Splitter:
    """Parts a stream of pieces into sentences; the last one is only given when the stream has ended."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> Iterator[str]:
        """The sentences that this piece finishes."""
        self._held += piece
        while match := _END.search(self._held):
            sentence, self._held = self._held[: match.end()].strip(), self._held[match.end() :].lstrip()
            if sentence:
                yield sentence

    def finish(self) -> Iterator[str]:
        """What is left; the check cuts it where it is no whole sentence."""
        sentence, self._held = self._held.strip(), ""
        if sentence:
            yield sentence


def _repeats(text: str, said: Sequence[str]) -> bool:
    bare = re.sub(r"\W+", " ", text.lower()).strip()
    return any(bare == re.sub(r"\W+", " ", earlier.lower()).strip() for earlier in said)
