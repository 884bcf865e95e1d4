"""What one turn found, as plain data: for each want the few items that are shown, and where they came from.

Pure. Knows wants, items and their ranking; how they are found, ``chat.finding`` knows.
"""

from dataclasses import dataclass, field

from chat.want import Want
from ranking.reranker import Ranked
from retrieval.ground import Candidate
from retrieval.items import Item


@dataclass
class Group:
    """What was found for one want: the ranked few, their records, and where they came from."""

    want: Want = field(default_factory=Want)
    ranked: list[Ranked] = field(default_factory=list)
    items: dict[str, Item] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    carried: bool = True  # False where the shop seems to have no such thing at all
    named: bool = True  # whether its words name what the shop has, so that no description is needed
    near: bool = False  # what is shown may be no such thing; unlike ``carried``, no claim about the shop
    gave_up: tuple[str, ...] = ()  # constraints that were relaxed, as ``chat.relax`` names them
    corrected: str = ""  # the want's words as they were searched, where their spelling was changed
    leading: list[Item] = field(default_factory=list)  # more of the best, to choose a question from
    variants: dict[str, list[Item]] = field(default_factory=dict)  # shown id → the others of its product, in stock
    first: list[str] = field(default_factory=list)  # ids of what was ranked first, from which the cards were taken

    @property
    def name(self) -> str:
        """What to call the thing, spelt as it was searched."""
        return self.corrected or self.want.name

    @property
    def shown(self) -> list[Item]:
        """The records in the order shown."""
        return [self.items[one.item_id] for one in self.ranked]


@dataclass
class Found:
    """What one turn found, by want, in the order shown."""

    groups: list[Group] = field(default_factory=list)
    rank_ms: float = 0.0  # how long ordering them took

    @property
    def shown(self) -> list[Item]:
        """The records of all cards, in the order shown."""
        return [item for group in self.groups for item in group.shown]

    @property
    def candidates(self) -> list[Candidate]:
        """What the cards were chosen from."""
        return [candidate for group in self.groups for candidate in group.candidates]
