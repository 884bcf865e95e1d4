"""The routes of the catalogue without a conversation: one item, a search, a recommendation.

Finds and ranks with the conversation's own finder, under the merchant's rules. Knows nothing of language models.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from chat.cards import make_cards
from chat.events import Card
from chat.finding import Finder
from chat.found import Found
from chat.money import price_text
from chat.need import Need, read_message
from chat.store import Session
from chat.want import Want
from ranking.history import Event, Events
from retrieval.catalog import Catalog
from retrieval.items import Item
from ui.api_errors import Problem, documented
from ui.api_forms import ItemAnswer, RecommendAnswer, RecommendBody, SearchAnswer, SearchBody
from ui.api_gate import Access
from ui.sessions import Owner, Sessions


def items_router(access: Access, catalog: Catalog, finder: Finder, events: Events, sessions: Sessions) -> APIRouter:
    """The routes, over everything that they need."""
    router = APIRouter(tags=["items"])
    Asker = Annotated[Owner, Depends(access.owner)]  # noqa: N806 - a type

    def history(body: SearchBody | RecommendBody, owner: Owner) -> Sequence[Event]:
        if body.session_id is not None:
            sessions.check(body.session_id, owner)
        if not body.personalise or not (owner.shopper_id or body.session_id):
            return ()
        return events.of(Session(body.session_id or "", owner.shopper_id).history_id)

    def shown(item_id: str) -> Item:
        found = finder.pointed_at([item_id]).shown
        if not found:
            raise Problem(404, "unknown_item", "The catalogue has no such item.")
        return found[0]

    def cards(found: Found) -> tuple[Card, ...]:
        return make_cards(found.groups, [group.want for group in found.groups], catalog.vocabulary().currency)

    @router.get("/items/{item_id:path}", responses=documented(404))
    def read_item(item_id: Annotated[str, Path(min_length=1, max_length=200)], owner: Asker) -> ItemAnswer:
        """One item; what a rule of the merchant excludes is not there."""
        item, currency = shown(item_id), catalog.vocabulary().currency
        return ItemAnswer(
            item_id=item.id,
            title=item.title,
            description=item.description,
            category=item.category,
            brand=item.brand,
            price=item.price,
            currency=item.currency or currency,
            price_text=price_text(item.price, item.currency or currency) if item.price is not None else "",
            attributes=item.attributes,
            picture_url=item.image_url,
            page_url=item.page_url,
            in_stock=item.in_stock,
            rating=item.rating,
            rating_count=item.rating_count,
        )

    @router.post("/search", responses=documented(404))
    def search(body: SearchBody, owner: Asker) -> SearchAnswer:
        """Items for a query; its words are read as in a conversation, so that "under $50" is a limit."""
        past = history(body, owner)
        reading = read_message(body.query, Need(), catalog.vocabulary(), ())
        wants = reading.wants if reading.needs_search else (Want(words=body.query),)
        wants = tuple(want.model_copy(update={"filter": body.filter.onto(want.filter)}) for want in wants)
        found = finder.find(wants, past, cards=body.limit)
        return SearchAnswer(
            cards=cards(found)[: body.limit],
            tags=reading.need.tags(several=reading.several),
            corrected=", ".join(group.corrected for group in found.groups if group.corrected),
            carried=any(group.carried for group in found.groups),
        )

    @router.post("/recommend", responses=documented(404))
    def recommend(body: RecommendBody, owner: Asker) -> RecommendAnswer:
        """Items for this shopper by what they did, or items like one; for nobody in particular, what is liked most."""
        past = history(body, owner)
        want = Want()
        if body.item_id is not None:
            item = shown(body.item_id)
            described = f"{item.title}. {' > '.join(item.category)}"
            want = Want(similar_to=(item.id,), descriptions=(described,))
        want = want.model_copy(update={"filter": body.filter.onto(want.filter)})
        return RecommendAnswer(cards=cards(finder.find([want], past, cards=body.limit)))

    return router
