"""What a message was read as, and what the LLM's descriptions add to it.

Pure. Knows wants and intents; how a message is read, ``chat.need`` and ``chat.acts`` know.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chat.inquiry import Inquiry
from chat.intents import Intent
from chat.want import Need, Want
from chat.words import singular, tokens
from retrieval.filters import Filter

if TYPE_CHECKING:
    from chat.understand import Understanding

MOST_TOGETHER = 3  # things of one message that are shown at once


@dataclass(frozen=True)
class Reading:
    """What a message was read as."""

    need: Need
    intent: Intent = "refine"
    references: tuple[str, ...] = ()  # ids of shown items that it points at, in the order of the message
    notes: tuple[str, ...] = ()  # said plainly to the shopper
    new_want: bool = False  # the message opened another want; its filter started empty
    dropped: tuple[str, ...] = ()  # names of constraints that the message lifted
    chips: tuple[str, ...] = ()  # suggested next messages, where the message is only answered
    several: bool = False  # all that was asked for together is to be shown, and not only the current want
    passages: tuple[str, ...] = ()  # of the shop's policies, which the notes quote
    inquiry: Inquiry | None = None  # what the message asks of the catalogue itself, about the current want
    began: Filter = field(default_factory=Filter)  # what the want was held to before the message
    implied: bool = False  # the kind of thing is not named: nothing else has what is asked for
    ideas: bool = False  # it names nothing, and asks for what the shop would suggest
    held: Need | None = None  # what the shopper still looks for, where the message only asked about the shop

    @property
    def wants(self) -> tuple[Want, ...]:
        """What to look for in this turn."""
        return self.need.together[-MOST_TOGETHER:] if self.several else (self.need.current,)

    @property
    def needs_search(self) -> bool:
        """True if items are to be looked for; False where the message is only answered."""
        asked = self.inquiry is not None or not self.need.current.is_empty
        return asked and self.intent in ("search", "refine", "more", "start_over")

    @property
    def worth_describing(self) -> bool:
        """True if the LLM has something to describe that the shopper's words do not already name."""
        plain = self.intent == "search" and not self.several and self.inquiry is None
        return self.needs_search and plain and bool(self.need.current.words)


def merge_understanding(reading: Reading, understanding: "Understanding") -> Need:
    """The need with the LLM's descriptions. Nothing of the LLM's reaches a filter: rules own every constraint."""
    want = reading.need.current
    kept = [text for text in understanding.descriptions if not is_refused(text, want)]
    if not kept or want.similar_to:
        return reading.need
    want = want.described(tuple(kept), taught=understanding.taught, asked_alike=understanding.asked_alike)
    return reading.need.with_current(want)


def is_refused(text: str, want: Want) -> bool:
    """Whether the text holds a word that the shopper does not want."""
    refused = {word for term in want.filter.excluded_terms for word in term.lower().split()}
    return bool(refused & ({singular(token.text) for token in tokens(text)} | set(text.lower().split())))
