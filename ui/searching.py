"""Finding items without a conversation: a query, or nothing but limits, for whoever asks over HTTP or as a program.

Finds and ranks with the conversation's own finder, under the merchant's rules. Knows nothing of who asks, nor of the
form in which it is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chat.cards import make_cards
from chat.events import Card
from chat.finding import Finder
from chat.found import Found
from chat.need import Need, read_message
from chat.reading import Reading
from chat.want import Want
from ranking.history import Event
from retrieval.catalog import Catalog
from retrieval.items import Item
from ui.api_forms import FilterBody


@dataclass(frozen=True)
class Searching:
    """What there is to search, and what searches it."""

    catalog: Catalog
    finder: Finder

    @property
    def currency(self) -> str:
        """The shop's; "" where no price says one."""
        return self.catalog.vocabulary().currency

    def search(self, query: str, limits: FilterBody, past: Sequence[Event], cards: int) -> tuple[Found, Reading]:
        """Items for a query, whose words are read as in a conversation ("under $50" is a limit); ``limits`` go over it.

        ``past``: the shopper's history. ``cards``: how many; of several wants there may be more.
        """
        reading = read_message(query, Need(), self.catalog.vocabulary(), ())
        wants = reading.wants if reading.needs_search else (Want(words=query),)
        wants = tuple(want.model_copy(update={"filter": limits.onto(want.filter)}) for want in wants)
        return self.finder.find(wants, past, cards=cards), reading

    def recommend(self, like: Item | None, limits: FilterBody, past: Sequence[Event], cards: int) -> Found:
        """Items without words: like the one, or by what the shopper did, or what is liked most."""
        want = Want()
        if like is not None:
            described = f"{like.title}. {' > '.join(like.category)}"
            want = Want(similar_to=(like.id,), descriptions=(described,))
        want = want.model_copy(update={"filter": limits.onto(want.filter)})
        return self.finder.find([want], past, cards=cards)

    def cards(self, found: Found) -> tuple[Card, ...]:
        """What was found as cards, in its order."""
        return make_cards(found.groups, [group.want for group in found.groups], self.currency)

    def items(self, ids: Sequence[str]) -> dict[str, Item]:
        """The items of these ids; those that the catalogue lacks, or a rule of the merchant excludes, are left out."""
        return {item.id: item for item in self.finder.pointed_at(list(dict.fromkeys(ids))).shown}
