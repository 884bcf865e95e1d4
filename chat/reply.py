"""The answer in words: the LLM's sentences as they come, each checked before it is handed on; or plain ones of ours.

Knows how sentences are parted and when to stop. Which sentence is true, ``chat.grounding_check`` decides; which words
the templates use, ``chat.template`` knows.
"""

import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import cast

from chat import manners
from chat.grounding_check import CLAIMS_NOTHING, Checked, check, needs_antecedent, on_show, with_name
from chat.language import language_name, language_of
from chat.llm import LLM
from chat.money import price_text
from chat.need import Need
from chat.reading import Reading
from chat.rendering import rendered
from chat.telling import told
from chat.template import Sentence
from chat.words import clipped
from prompts.prompt import Prompt
from ranking.reranker import Ranked
from retrieval.items import Item

__all__ = ["Sentence", "reply"]

MOST_SENTENCES = 3
SAMPLE = Decimal(45)  # the price in the prompt's examples
LONGEST_WANTED = 80  # bytes
LONGEST_FIELD = 240  # bytes of each field of the item, so that no record makes a prompt long

# A full stop ends a sentence where a space and no lower-case letter follows: not in "4.5", "approx. 3" or "$45.00".
_END = re.compile(r"[.!?]+[\"')\]]*(?=\s+[^a-z\d\s]|\s*\n)|\n+")


async def reply(
    llm: LLM,
    prompt: Prompt,
    message: str,
    need: Need,
    shown: Sequence[Item],
    ranked: Sequence[Ranked],
    reading: Reading,
    verdicts: list[str] | None = None,
) -> AsyncGenerator[Sentence]:
    """The LLM's sentences that the records carry, at most three; nothing where none survives. LLMError passes.

    Closing the iterator closes the LLM's stream. ``verdicts`` takes what the check made of each: kept, repaired or cut.
    """
    first, *others = (
        {name: clipped(text, LONGEST_FIELD) for name, text in told(item, shown, need).items()} for item in shown[:2]
    )
    sample = price_text(SAMPLE, shown[0].currency or need.currency) if first["price"] else ""
    second = others[0] if others else None
    manner, both = manners.chosen(f"{message}\n{shown[0].id}", first, second, own_words=llm.own_words)
    messages = rendered(
        prompt,
        wanted=clipped(need.current.words, LONGEST_WANTED),
        item=first,
        second=second if both or not llm.taught else None,
        manner=manner,
        sample_price=sample,
        language=language_name(language_of(message)),
    )
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
        splitter, writer = (
            Splitter(item.title for item in shown),
            Writer(shown, need, verdicts, reading.passages, talks=False),
        )
        async for piece in pieces:
            for text in splitter.feed(piece):
                if sentence := writer.take(text):
                    yield sentence
            if writer.full:
                return
        for text in splitter.finish():
            if sentence := writer.take(text):
                yield sentence


class Writer:
    """Takes the LLM's sentences in their order and gives back those that can be shown."""

    def __init__(
        self,
        shown: Sequence[Item],
        need: Need,
        verdicts: list[str] | None = None,
        passages: Sequence[str] = (),  # of the shop's policies, which this turn quotes
        talks: bool = True,  # False: no courtesies and no questions; a turn asks its own, and one at most
    ) -> None:
        self._shown = shown
        self._on_show = on_show(shown)
        self._verdicts = [] if verdicts is None else verdicts
        self._need = need
        self._passages = passages
        self._talks = talks
        self._said: list[str] = []
        # What "it" is: the item that the prompt told of, until a sentence names another.
        self._about: tuple[str, ...] = tuple(item.id for item in shown[:1])
        self._named = False  # whether the shopper has seen that name

    @property
    def full(self) -> bool:
        """True if enough was said."""
        return len(self._said) >= MOST_SENTENCES

    def take(self, text: str) -> Sentence | None:
        """The sentence as it may be shown, or None."""
        checked = check(text, self._on_show, self._need, self._about, self._passages)
        if checked.why == CLAIMS_NOTHING and not self._talks:
            checked = Checked("", "cut", CLAIMS_NOTHING)
        self._verdicts.append(checked.verdict)
        if needs_antecedent(checked) and not self._named:
            checked = with_name(checked, self._shown)
        self._about = checked.item_ids or self._about
        if not checked.text or self.full or _repeats(checked.text, self._said):
            self._named = self._named and not checked.item_ids
            return None
        self._named = True
        self._said.append(checked.text)
        return Sentence(checked.text, "llm", checked.verdict)


class Splitter:
    """Parts a stream of pieces into sentences; the last one is only given when the stream has ended.

    A full stop inside a title ("U.S. Polo Assn.") ends no sentence.
    """

    def __init__(self, titles: Iterable[str] = ()) -> None:
        self._held = ""
        self._dotted = [title.lower()[: match.end()] for title in titles for match in re.finditer(r"[.!?]", title)]

    def feed(self, piece: str) -> Iterator[str]:
        """The sentences that this piece finishes."""
        self._held += piece
        start = 0
        while match := _END.search(self._held, start):
            if any(self._held[: match.end()].lower().endswith(dotted) for dotted in self._dotted):
                start = match.end()
                continue
            sentence, self._held = self._held[: match.end()].strip(), self._held[match.end() :].lstrip()
            start = 0
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
