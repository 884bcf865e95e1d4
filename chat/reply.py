"""The answer in words: the LLM's sentences as they come, each checked before it is handed on; or plain ones of ours.

Knows how sentences are parted and when to stop. Which sentence is true, ``chat.grounding_check`` decides; which words
the templates use, ``chat.template`` knows.
"""

import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import cast

from chat.grounding_check import check, needs_antecedent, with_name
from chat.llm import LLM
from chat.money import price_text
from chat.naming import find_namings
from chat.need import Need, Reading
from chat.record import stem
from chat.template import Sentence, template_reply
from chat.words import FILLERS, plain
from prompts.library import Prompt
from ranking.reranker import Ranked
from retrieval.items import Item

__all__ = ["Sentence", "reply", "template_reply"]

MOST_SENTENCES = 3
FACTS_TOLD = 2
MOST_VALUES = 3  # of an attribute with more, e.g. the sizes in stock, no single value is a fact of the item
SAMPLE = Decimal(45)  # the price in the prompt's examples
LONGEST_ABOUT = 120  # characters
LONGEST_FACT = 40  # characters
LONGEST_NAME = 8  # words
LONGEST_TITLE = 120  # characters, where a title cannot be shortened
LONGEST_WANTED = 80

_YES, _NO = frozenset({"yes", "true"}), frozenset({"no", "false", "none"})
_ADJECTIVE = re.compile(
    r"^\S*(?:proof|free|resistant|friendly|weight|greasy|neutral|safe|native|edible|vegan|less|-\w+ing|[a-z]ed|[a-z]y)$"
    r"|able$|ible$| tested$|^(?:easy|quick|good|safe) (?:to|for) "
)

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
) -> AsyncGenerator[Sentence]:
    """The LLM's sentences that the records carry, at most three; nothing where none survives. LLMError passes.

    Closing the iterator closes the LLM's stream.
    """
    first = told(shown[0], shown, need)
    sample = price_text(SAMPLE, shown[0].currency or need.currency) if first["price"] else ""
    messages = prompt.render(wanted=need.current.words[:LONGEST_WANTED], item=first, sample_price=sample)
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
        splitter, writer = Splitter(item.title for item in shown), Writer(shown, need)
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

    def __init__(self, shown: Sequence[Item], need: Need) -> None:
        self._shown = shown
        self._need = need
        self._said: list[str] = []
        self._about: tuple[str, ...] = ()  # what the sentence before named
        self._named = False  # whether the shopper has seen that name

    @property
    def full(self) -> bool:
        """True if enough was said."""
        return len(self._said) >= MOST_SENTENCES

    def take(self, text: str) -> Sentence | None:
        """The sentence as it may be shown, or None."""
        checked = check(text, self._shown, self._need, self._about)
        if needs_antecedent(checked) and not self._named:
            checked = with_name(checked, self._shown)
        self._about = checked.item_ids or self._about
        if not checked.text or self.full or _repeats(checked.text, self._said):
            self._named = self._named and not checked.item_ids
            return None
        self._named = True
        self._said.append(checked.text)
        return Sentence(checked.text, "llm", checked.verdict)


def told(item: Item, shown: Sequence[Item], need: Need) -> dict[str, str]:
    """What the prompt says of an item: a name, the price, and facts that can be taken over word for word."""
    facts = predicates(item, need)
    return {
        "name": short_name(item, shown),
        "price": price_text(item.price, item.currency or need.currency) if item.price is not None else "",
        "facts": "; ".join(facts),
        "about": first_sentence(item.description) or f"{item.title}, {' and '.join(item.category[-1:])}".strip(", "),
    }


def first_sentence(description: str) -> str:
    """The description's first sentence, or its first words where that is long."""
    sentence = re.split(r"(?<=[.!?])\s", plain(description), maxsplit=1)[0]
    return sentence if len(sentence) <= LONGEST_ABOUT else sentence[:LONGEST_ABOUT].rsplit(" ", 1)[0]


def short_name(item: Item, shown: Sequence[Item]) -> str:
    """The title as it would be said: without what follows a comma, a dash or a bracket, where that still names it.

    Every word of a name is written at 20 tokens a second, and a long one is copied wrongly.
    """
    short = re.split(r",\s| - | – |\s\(| with | in (?=\w+$)", item.title)[0].strip()
    words = short.split()[:LONGEST_NAME]
    while len(words) > 2 and (words[-1].lower() in FILLERS or not words[-1][-1].isalnum()):
        words.pop()
    short = " ".join(words)
    namings = find_namings(f"The {short} is here.", shown)
    fits = len(namings) == 1 and shown[namings[0].index].id == item.id and namings[0].exact
    return short if fits and len(words) > 1 else item.title[:LONGEST_TITLE]


def predicates(item: Item, need: Need) -> list[str]:
    """The facts that matter most, each as what can be said of the item: "comes in olive", "its capacity is 1 L".

    What the title says already is left out.
    """
    found = []
    for name, values in attributes_by_need(item, need):
        lowered, value = name.lower(), " and ".join(values[:2])
        if value.lower() in _NO or len(value) > LONGEST_FACT or len(values) > MOST_VALUES:
            continue
        if values[0].lower() in item.title.lower():
            continue
        if value.lower() in _YES:
            found.append(f"is {name}")
        elif lowered in ("colour", "color"):
            found.append(f"comes in {values[0]}")
        elif lowered in ("material", "fabric"):
            found.append(f"is made of {value}")
        elif lowered in ("for", "gender", "age", "skin", "hair", "players"):
            found.append("is unisex" if value.lower() == "unisex" else f"is for {value.lower()}")
        elif lowered in ("features", "feature"):
            found.append(f"is {value}" if all(_ADJECTIVE.search(text) for text in values[:2]) else f"has {value}")
        elif stem(lowered) in map(stem, value.lower().split()):
            found.append(f"is {value}")
        else:
            found.append(f"its {lowered} is {value}")
    return found[:FACTS_TOLD]


def attributes_by_need(item: Item, need: Need) -> list[tuple[str, tuple[str, ...]]]:
    """The item's attributes, those that the need speaks of first; of several values those that were asked for."""
    asked = {
        name.lower(): {value.lower() for value in values} for name, values in need.current.filter.attributes.items()
    }
    wanted = {stem(word) for word in need.current.words.split()}

    def rank(entry: tuple[str, tuple[str, ...]]) -> int:
        name, values = entry
        if name.lower() in asked:
            return 0
        return 1 if wanted & {stem(word) for value in (name, *values) for word in value.lower().split()} else 2

    found = []
    for name, values in sorted(item.attributes.items(), key=rank):
        hits = tuple(value for value in values if value.lower() in asked.get(name.lower(), ()))
        found.append((name, hits or values))
    return found


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
