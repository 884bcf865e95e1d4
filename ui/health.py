"""Whether the shop can serve: the true states of its database, its index and its language model.

Knows what each part must answer. The answers of a moment ago are given again, so that asking often costs nothing.
"""

import asyncio
import logging
import time
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from chat.llm import LLM
from retrieval.catalog import Catalog
from retrieval.index import Index

FRESH_S = 2.0
PAUSED = "not asked for a moment, after repeated failures"  # the circuit breaker is open

log = logging.getLogger(__name__)


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """ready: all of it. degraded: shoppers are served without a language model. unready: they are not."""

    status: Literal["ready", "degraded", "unready"]
    database: str  # "ok", or what is wrong
    index: str
    llm: str


def health_router(catalog: Catalog, index: Index, llm: LLM) -> APIRouter:
    """The two routes."""
    router = APIRouter(tags=["operation"])
    held: tuple[float, Readiness] | None = None
    asking = asyncio.Lock()

    @router.get("/healthz")
    async def healthz() -> Health:
        """The process answers."""
        return Health()

    @router.get("/readyz", responses={503: {"model": Readiness, "description": "No shopper can be served."}})
    async def readyz(response: Response) -> Readiness:
        """What each part is doing."""
        nonlocal held
        async with asking:
            if held is None or time.monotonic() - held[0] > FRESH_S:
                held = (time.monotonic(), await _ask(catalog, index, llm))
        if held[1].status == "unready":
            response.status_code = 503
        return held[1]

    return router


async def _ask(catalog: Catalog, index: Index, llm: LLM) -> Readiness:
    database, indexed = await asyncio.to_thread(_stored, catalog, index)
    tried = llm.breaker == "closed"
    reached = await llm.reachable()
    served = database == indexed == "ok"
    return Readiness(
        status="unready" if not served else "ready" if reached else "degraded",
        database=database,
        index=indexed,
        llm="ok" if reached else f"{'not reachable' if tried else PAUSED}: answers are plain sentences",
    )


def _stored(catalog: Catalog, index: Index) -> tuple[str, str]:
    try:
        size = catalog.size()
    except Exception:
        log.exception("the database cannot be read")
        return "cannot be read", "not asked"
    try:
        indexed = len(index)
    except Exception:
        log.exception("the index cannot be read")
        return "ok", "cannot be read"
    if size and not indexed:
        return "ok", "empty: it is being built, or could not be"
    return "ok", "ok"
