"""Causes: what of a history is why an item is shown, and what it has to do with that item.

Knows pulls, the item table and the relations; picks what pulls most. The words are ``ranking.reasons``'.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ranking.behaviour import Places, Step, Track
from ranking.moments import SEARCHES
from ranking.pulls import Pulls
from ranking.reasons import Reason, Ties, of_history, of_searches
from ranking.relations import Relations
from ranking.slices import block
from ranking.table import ItemTable
from retrieval.items import Item


@dataclass(frozen=True)
class Cause:
    """A step of the history with its ties to the item shown; or, without a step, the latest searches."""

    step: Step | None
    ties: Ties
    searches: tuple[str, ...]  # oldest first

    def reason(self, item: Item, items: Mapping[str, Item]) -> Reason | None:
        """In words for this ``item``; None where nothing can be said. ``items`` by id hold the step's item."""
        if self.step is None:
            return of_searches(item, self.searches)
        other = items.get(self.step.item_id)
        return None if other is None else of_history(self.step, other.title, self.ties)


def causes(
    pulls: Pulls, track: Track, behaviour: Sequence[Step], places: Places, table: ItemTable, relations: Relations
) -> list[Cause | None]:
    """What pulls most on each of the items shown at ``places`` [m]; None where nothing raises it.

    ``behaviour`` are the steps that the track was made of.
    """
    steps = {table.place[step.item_id]: step for step in behaviour if step.item_id in table.place}
    searches = tuple(search.words for search in track.searches[-SEARCHES:])
    own = track.places[pulls.positions]
    followed, preceded = block(relations.follows, own, places), block(relations.follows, places, own).T
    made: list[Cause | None] = []
    for number, place in enumerate(places):
        each = pulls.items[:, number]
        most = int(each.argmax()) if len(each) else -1
        highest = float(each[most]) if len(each) else 0.0
        if max(highest, float(pulls.searches[number])) <= 0:
            made.append(None)
        elif pulls.searches[number] > highest:
            made.append(Cause(None, Ties(), searches))
        else:
            at = int(own[most])
            ties = Ties(
                same=at == int(place),
                cosine=float(np.dot(table.vectors[at], table.vectors[place])),
                followed=float(followed[most, number]),
                preceded=float(preceded[most, number]),
                leaf=bool(table.leaf[at] == table.leaf[place]),
                maker=bool(table.maker[at] == table.maker[place]),
            )
            made.append(Cause(steps[at], ties, searches))
    return made
