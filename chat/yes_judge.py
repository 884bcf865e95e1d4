"""The LLM as a judge: how likely it answers "yes" to each of the few items that stand first, in one call for all.

Off unless the settings want it. It takes the place of ``chat.understand`` in a turn, which so makes no more than two
calls. Knows the prompt's variables and what is made of the answers. It can do no more than let the items trade places:
what is found, filtered and shown is decided elsewhere, and nothing that the LLM writes here is read but that one word.
"""

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chat.errors import LLMError, LLMUnreachable
from chat.llm import LLM
from chat.words import plain
from prompts.prompt import Prompt
from ranking.reranker import Ranked
from retrieval.items import Item

log = logging.getLogger(__name__)

FIRST = 20  # items that are judged
LONGEST = 200  # characters of what is wanted, of the history and of an item, each
UNSURE = 0.5  # where neither yes nor no is among the likeliest words
LEAST = 1e-4  # no answer is surer than this leaves


@dataclass(frozen=True)
class YesJudge:
    """How the judge is asked, and how much it counts."""

    prompt: Prompt  # that of the files; a conversation puts the version in its place that it began with
    weight: float = 0.5  # of its log-odds beside those of p(like)
    timeout_s: float = 3.0  # longest wait for its answers; after it the items stay as they were

    async def ask(self, llm: LLM, wanted: str, history: str, items: Sequence[Item]) -> dict[str, float]:
        """Likelihood of "yes" for each of the items, by their ids; LLMError passes.

        ``history``: a few words on what the shopper bought or liked, or "".
        """
        held = {"wanted": _data(wanted), "history": _data(history)}
        prompts = [self._text(held | {"item": _data(_line(item))}) for item in items]
        answers = await llm.first_words(prompts) if prompts else []
        return {item.id: likelihood(answer) for item, answer in zip(items, answers, strict=True)}

    async def in_time(
        self, llm: LLM, wanted: str, history: str, items: Sequence[Item], deadline: float
    ) -> dict[str, float]:
        """As ``ask``, until its own timeout or the ``deadline`` on the loop's clock; empty where nothing usable comes.

        LLMUnreachable passes: that is the whole turn's affair.
        """
        try:
            async with asyncio.timeout_at(min(deadline, asyncio.get_running_loop().time() + self.timeout_s)):
                return await self.ask(llm, wanted, history, items)
        except LLMUnreachable:
            raise
        except (LLMError, TimeoutError) as error:
            log.info("the judge says nothing: %s", error or "too slow")
            return {}

    def _text(self, variables: Mapping[str, str]) -> str:
        return "\n\n".join(message["content"] for message in self.prompt.render(**variables))

    def arranged(self, ranked: Sequence[Ranked], likely: Mapping[str, float]) -> list[Ranked]:
        """The first few trade places by p(like) and by ``likely`` together; each place keeps its score."""
        first = list(ranked[:FIRST])
        # By their places, not by their own scores: variety and what is held back have had their say already.
        scores = sorted((one.score for one in first), reverse=True)
        odds = [
            log_odds(score) + self.weight * log_odds(likely.get(one.item_id, UNSURE))
            for score, one in zip(scores, first, strict=True)
        ]
        order = sorted(range(len(first)), key=lambda at: -odds[at])
        return [replace(first[at], score=score) for score, at in zip(scores, order, strict=True)] + list(ranked[FIRST:])


def likelihood(words: Mapping[str, float]) -> float:
    """Of "yes" against "no", from the log-likelihoods of the likeliest first words.

    >>> round(likelihood({" Yes": -0.2, " No": -1.6, " yes": -9.0}), 2)
    0.8
    """
    yes, no = (
        sum(math.exp(value) for word, value in words.items() if word.strip().lower() == which)
        for which in ("yes", "no")
    )
    return yes / (yes + no) if yes + no else UNSURE


def _line(item: Item) -> str:
    return ", ".join(part for part in (item.title, item.category[-1] if item.category else "") if part)


def _data(text: str) -> str:
    """The text on one line, unable to close or to open the marks that it stands between."""
    return " ".join(plain(text).replace("<", " ").replace(">", " ").split())[:LONGEST]


def log_odds(share: float) -> float:
    """Of a share in 0..1, kept from being surer than LEAST leaves."""
    held = min(max(share, LEAST), 1 - LEAST)
    return math.log(held / (1 - held))
