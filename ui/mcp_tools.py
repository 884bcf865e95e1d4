"""The catalogue tools that other assistants call: search, look-up, one product.

Knows the shop's items and what the tools answer. Knows nothing of how they are called: that is ``ui.mcp_server``. What
a product looks like in the protocol is ``ui.ucp``'s; how items are found is ``ui.searching``'s.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

from chat.found import Found
from ranking.history import Event, Events
from retrieval.filters import Filter
from retrieval.items import Item
from retrieval.variants import MOST_VARIANTS
from ui import ucp
from ui.api_forms import MOST_ITEMS, MOST_VALUES, FilterBody
from ui.searching import Searching
from ui.sessions import Owner
from ui.ucp_forms import MOST_IDS, Filters, GetProduct, LookUp, LookUpResult, ProductResult, Search, SearchResult

DEEPEST = 150  # results that paging reaches: of the 200 candidates, less what is a variant of another
MOST_SHOWN_VARIANTS = 30  # of one product


class Tools:
    """The tools over one shop."""

    def __init__(self, searching: Searching, events: Events) -> None:
        self._searching = searching
        self._events = events

    def search(self, asked: Search, owner: Owner, base_url: str) -> SearchResult:
        """A page of what fits."""
        if not (asked.query and asked.query.strip()) and asked.filters is None and not asked.reference_ids:
            raise MCPError(INVALID_PARAMS, "Send a query, filters or reference_ids.")
        if asked.purpose != "search" and not asked.reference_ids:
            raise MCPError(INVALID_PARAMS, f"reference_ids: needed for the purpose {asked.purpose}.")
        start, limit = _place(asked.pagination.cursor), min(asked.pagination.limit, MOST_ITEMS)
        searching, filters = self._searching, asked.filters or Filters()
        limits, unknown = self._limits(filters)
        past, deep = self._past(owner), min(start + limit + 1, DEEPEST)
        if asked.reference_ids and asked.purpose != "search":
            like = searching.items(asked.reference_ids).get(asked.reference_ids[0])
            found = searching.recommend(like, limits, past, deep) if like else Found()
        elif asked.query and asked.query.strip():
            found, _ = searching.search(asked.query, limits, past, deep)
        else:
            found = searching.recommend(None, limits, past, deep)
        # The finder relaxes what nothing satisfies, and says so; a filter of the protocol is never relaxed.
        exact = limits.onto(Filter())
        sold_out_only = set(filters.availability) == {"out_of_stock"}
        shown = [
            (number, item)
            for number, item in enumerate(found.shown)
            if exact.matches(item) and ucp.is_priced(item) and not (sold_out_only and item.in_stock)
        ]
        page = shown[start : start + limit] if not unknown else []
        more = bool(page) and len(shown) > start + limit
        products, messages = self._told(found, page, base_url)
        return SearchResult(
            ucp=ucp.envelope(ucp.SEARCH),
            products=products,
            pagination=ucp.Page(cursor=_cursor(start + limit) if more else None, has_next_page=more),
            messages=[*unknown, *messages] or None,
        )

    def look_up(self, asked: LookUp, base_url: str) -> LookUpResult:
        """The products of the ids, each once."""
        ids = list(dict.fromkeys(asked.ids))
        if len(ids) > MOST_IDS:
            raise MCPError(INVALID_PARAMS, f"catalog.ids: at most {MOST_IDS} at once.")
        items = self._searching.items(ids)
        groups: dict[str, list[Item]] = {}
        siblings: dict[str, list[Item]] = {}
        for item in filter(ucp.is_priced, items.values()):
            others = self._siblings(item)
            groups.setdefault(key := ucp.product_id(item, others), []).append(item)
            siblings.setdefault(key, others)
        products = []
        for key, asked_for in groups.items():
            first, *more = asked_for
            inputs = {one.id: [ucp.Correlation(id=one.id, match="exact")] for one in asked_for}
            made = ucp.product(first, siblings[key], self._searching.currency, base_url, variants=more, inputs=inputs)
            products.append(made)
        missing = [one for one in ids if one not in items or not ucp.is_priced(items[one])]
        return LookUpResult(
            ucp=ucp.envelope(ucp.LOOKUP),
            products=products,
            messages=[ucp.Message(type="info", code="not_found", content=one) for one in missing] or None,
        )

    def get_product(self, asked: GetProduct, base_url: str) -> ProductResult:
        """All of one product, its variants narrowed to what is selected."""
        item = self._searching.items([asked.id]).get(asked.id)
        if item is None or not ucp.is_priced(item):
            content = f"Product not found: {asked.id}"
            missing = ucp.Message(type="error", code="not_found", content=content, severity="unrecoverable")
            return ProductResult(ucp=ucp.envelope(ucp.LOOKUP, failed=True), messages=[missing])
        siblings = self._siblings(item)
        selected = ucp.options_of(item)
        if asked.selected and ucp.product_id(item, siblings) == item.id:
            wished = {one.name: one.label for one in asked.selected}
            selected = ucp.chosen([item, *siblings], wished, asked.preferences)
        fitting = [one for one in (item, *siblings) if ucp.meets(one, selected)]
        featured, *others = fitting
        made = ucp.product(
            featured,
            [one for one in (item, *siblings) if one.id != featured.id],
            self._searching.currency,
            base_url,
            variants=others[: MOST_SHOWN_VARIANTS - 1],
            selected=selected,
        )
        return ProductResult(ucp=ucp.envelope(ucp.LOOKUP), product=made)

    def _past(self, owner: Owner) -> Sequence[Event]:
        return self._events.of(owner.shopper_id) if owner.shopper_id else ()

    def _siblings(self, item: Item) -> list[Item]:
        """The other variants of the product that may be shown and have a price."""
        held = self._searching.catalog.siblings([item.id], MOST_VARIANTS).get(item.id, ())
        return [one for one in self._searching.items(held).values() if ucp.is_priced(one)] if held else []

    def _limits(self, filters: Filters) -> tuple[FilterBody, list[ucp.Message]]:
        """The protocol's filters as ours, and what of them the shop has not."""
        stated: dict[str, Any] = {}
        currency = self._searching.currency
        for name, amount in (("price_min", filters.price.min), ("price_max", filters.price.max)):
            if amount is not None:
                stated[name] = ucp.from_smallest_units(amount, currency)
        if filters.brand:
            stated["brands"] = filters.brand
        if filters.availability:
            stated["in_stock_only"] = set(filters.availability) == {"in_stock"}
        messages = []
        if filters.categories:
            paths = self._searching.catalog.vocabulary().categories
            meant = dict.fromkeys(path for name in filters.categories for path in _meant(name, paths))
            stated["categories"] = tuple(meant)[:MOST_VALUES]
            if not meant:
                content = "The shop has no such category."
                messages.append(ucp.Message(type="info", code="unknown_category", content=content))
        return FilterBody(**stated), messages

    def _told(
        self, found: Found, page: Sequence[tuple[int, Item]], base_url: str
    ) -> tuple[list[ucp.Product], list[ucp.Message]]:
        """The products of a page, and what must be said of them."""
        cards = self._searching.cards(found)
        products: list[ucp.Product] = []
        messages: list[ucp.Message] = []
        for number, item in page:
            card, place = cards[number], f"$.products[{len(products)}]"
            notes = {"reason": card.reason, "mark": card.mark}
            products.append(ucp.product(item, self._siblings(item), self._searching.currency, base_url, notes=notes))
            if card.outside:
                said = ", ".join(card.outside)
                messages.append(ucp.Message(type="warning", code="outside_query", content=said, path=place))
            if card.mark:
                messages.append(
                    ucp.Message(type="warning", code="marked", content=card.mark, path=place, presentation="disclosure")
                )
        return products, messages


def _meant(name: str, paths: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The paths that a category's name means: the path itself, or those with a part of that name, up to that part."""
    asked = tuple(part.strip().casefold() for part in name.split(">"))
    length, found = len(asked), []
    for path in paths:
        folded = tuple(part.casefold() for part in path)
        ends = [end for end in range(length, len(path) + 1) if folded[end - length : end] == asked]
        found += [path[:end] for end in ends[:1]]
    return list(dict.fromkeys(found))


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"from:{place}".encode()).decode()


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii").removeprefix("from:")
        place = int(text) if text.isdigit() else -1
    except (binascii.Error, ValueError):
        place = -1
    if not 0 <= place <= DEEPEST:
        raise MCPError(INVALID_PARAMS, "catalog.pagination.cursor: it is not one of this shop's.")
    return place
