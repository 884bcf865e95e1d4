"""What a teaching is made of: a shop's records, the examples that are made from them, and how these are kept.

Knows no prompt and no rule by which an example is made.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

from chat.teaching.requests import Request
from ranking.history import Event
from retrieval.encoder import Vectors
from retrieval.items import Item

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

Skill = Literal["describe", "understand", "answer", "answer: a larger model's"]
Encode = Callable[[Sequence[str]], Vectors]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Example:
    """What the model is asked, and what it is to answer. ``request``: of a description, what it should find."""

    skill: Skill
    messages: tuple[tuple[str, str], ...]  # role, content
    answer: str
    request: Request | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Source:
    """A shop's records, as far as teaching needs them. ``vectors``: unit rows of the items, in their order."""

    items: Sequence[Item]
    vectors: Vectors
    vocabulary: "Vocabulary"
    encode: Encode
    events: Sequence[Event] = ()
    given: Sequence[Request] = ()

    @property
    def by_id(self) -> dict[str, Item]:
        return {item.id: item for item in self.items}


@dataclass(frozen=True)
class Made:
    """All examples: those that are learned from, and those that say how well it goes; no request is in both."""

    learned: tuple[Example, ...]
    held: tuple[Example, ...]


def line_of(one: Example) -> str:
    """An example as a line of JSON; ``of_line`` reads it back."""
    return json.dumps(asdict(one), ensure_ascii=False)


def of_line(text: str) -> Example:
    """The example that ``line`` wrote."""
    held = json.loads(text)
    request = held["request"] and Request(
        held["request"]["text"], tuple(held["request"]["right"]), held["request"]["sort"], tuple(held["request"]["had"])
    )
    return Example(held["skill"], tuple((role, said) for role, said in held["messages"]), held["answer"], request)
