"""The routes of the catalogue without a conversation: one item, a search, a recommendation.

What finds them is ``ui.searching``'s. Knows nothing of language models.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from chat.finding import Finder
from chat.money import price_text
from chat.store import Session
from ranking.history import Event, Events
from retrieval.catalog import Catalog
from retrieval.items import Item
from ui.api_errors import Problem, documented
from ui.api_forms import ItemAnswer, RecommendAnswer, RecommendBody, SearchAnswer, SearchBody
from ui.api_gate import Access, asker_of
from ui.limits import Limits
from ui.searching import Searching
from ui.sessions import Owner, Sessions


def items_router(
    access: Access, limits: Limits, catalog: Catalog, finder: Finder, events: Events, sessions: Sessions
) -> APIRouter:
    """The routes, over everything that they need."""
    router = APIRouter(tags=["items"])
    Asker = Annotated[Owner, Depends(access.owner)]  # noqa: N806 - a type

    def history(body: SearchBody | RecommendBody, owner: Owner) -> Sequence[Event]:
        if body.session_id is not None:
            sessions.check(body.session_id, owner)
        if not body.personalise or not (owner.shopper_id or body.session_id):
            return ()
        return events.of(Session(body.session_id or "", owner.shopper_id).history_id)

    searching = Searching(catalog, finder)

    def shown(item_id: str) -> Item:
        found = searching.items([item_id])
        if not found:
            raise Problem(404, "unknown_item", "The catalogue has no such item.")
        return found[item_id]

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
    def search(request: Request, body: SearchBody, owner: Asker) -> SearchAnswer:
        """Items for a query; its words are read as in a conversation, so that "under $50" is a limit."""
        limits.take(asker_of(request, owner), "characters", len(body.query))
        found, reading = searching.search(body.query, body.filter, history(body, owner), body.limit)
        return SearchAnswer(
            cards=searching.cards(found)[: body.limit],
            tags=reading.need.tags(several=reading.several),
            corrected=", ".join(group.corrected for group in found.groups if group.corrected),
            carried=any(group.carried for group in found.groups),
        )

    @router.post("/recommend", responses=documented(404))
    def recommend(body: RecommendBody, owner: Asker) -> RecommendAnswer:
        """Items for this shopper by what they did, or items like one; for nobody in particular, what is liked most."""
        past = history(body, owner)
        like = shown(body.item_id) if body.item_id is not None else None
        return RecommendAnswer(cards=searching.cards(searching.recommend(like, body.filter, past, body.limit)))

    return router
