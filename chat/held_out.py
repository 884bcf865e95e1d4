"""Shoppers whose last purchase is held out: what they did before it, and the item that a simulated shopper then wants.

Pure over rows of events, and over the table of them; knows nothing of conversations.
"""

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from chat.simulated_words import STYLES, Style
from ranking.history import Event, Events
from retrieval.items import Item

SEED = "1"  # of what simulated shoppers know and how they say it

Row = dict[str, Any]  # an event: at least shopper_id, item_id and kind


@dataclass(frozen=True)
class Wanting:
    """A simulated shopper: what somebody did before their last purchase, the item that it was, and how they talk."""

    target: Item
    style: Style
    history: tuple[Event, ...]

    @property
    def hash(self) -> str:
        """Another one, another simulated shopper. Nobody's id is in it."""
        digest = hashlib.sha256(f"{SEED} {self.style} {self.target.content_hash()}".encode())
        for event in self.history:
            digest.update(event.model_dump_json(exclude={"id", "shopper_id", "turn_id"}).encode())
        return digest.hexdigest()


def parted(events: Sequence[Row], sold: Set[str] | None = None) -> tuple[list[Row], dict[str, str]]:
    """What is learned from, and the item that each shopper bought last (of ``sold``, where that is given).

    ``events``: of each shopper the oldest first. What a shopper did after that purchase, or with that item before it,
    would tell of it, and is left out too.
    """
    histories: dict[str, list[Row]] = {}
    for event in events:
        histories.setdefault(str(event["shopper_id"]), []).append(event)
    kept: list[Row] = []
    targets: dict[str, str] = {}
    for shopper, own in histories.items():
        bought = [at for at, event in enumerate(own)
                  if event["kind"] == "purchase" and (sold is None or event["item_id"] in sold)]  # fmt: skip
        if bought:
            targets[shopper] = str(own[bought[-1]]["item_id"])
            own = [event for event in own[: bought[-1]] if event["item_id"] != targets[shopper]]
        kept += own
    return kept, targets


def wanting(events: Events, items: Mapping[str, Item], most: int) -> list[Wanting]:
    """At most so many of the shop's shoppers with a purchase of something that is still sold, the styles in turn.

    Drawn by the hash of their ids: the same each time, and more of them hold the fewer.
    """
    sold = {item.id for item in items.values() if item.in_stock}
    made: list[Wanting] = []
    for shopper in sorted(events.shoppers(), key=lambda who: hashlib.sha256(f"{SEED} {who}".encode()).digest()):
        if len(made) == most:
            break
        kept, targets = parted([event.model_dump() for event in events.of(shopper)], sold)
        if targets:
            history = tuple(Event.model_construct(**row) for row in kept)
            made.append(Wanting(items[targets[shopper]], STYLES[len(made) % len(STYLES)], history))
    return made
