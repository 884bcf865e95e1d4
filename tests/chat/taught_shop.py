"""The assistant over a small shop, with a language model that may have been taught, for tests of its turns."""

from chat.assistant import Assistant
from chat.events import TurnEvent
from chat.finding import Finder
from chat.known_requests import KnownRequests
from chat.llm import LLM
from chat.store import Store
from prompts.library import Library
from ranking.history import Events
from ranking.reranker import Untrained
from retrieval.shop import Shop


def assistant(shop: Shop, llm: LLM, known: KnownRequests | None = None) -> Assistant:
    """``known``: what those wanted who asked alike, of whom a taught model is told."""
    return Assistant(
        shop.catalog,
        Finder(shop.catalog, shop.grounder, Untrained(shop.catalog, shop.index.vectors), cards=3, known=known),
        Events(shop.connections),
        Store(shop.connections),
        Library(),
        llm,
    )


async def turn(
    shop: Shop, llm: LLM, message: str, shopper: str | None = None, known: KnownRequests | None = None
) -> list[TurnEvent]:
    """The events of the first message of a conversation."""
    events = [event async for event in assistant(shop, llm, known).turn(message, shopper_id=shopper)]
    await llm.close()
    return events
