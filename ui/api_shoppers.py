"""The routes of what is held of a shopper: all of it read, all of it erased.

Knows who may ask: an admin key for any shopper, and shoppers for themselves by their token. What is held where is
``ui.erasure``'s.
"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from ui.api_errors import documented
from ui.api_forms import ErasedAnswer, ExportAnswer
from ui.api_gate import Access
from ui.erasure import Erasure
from ui.identity import LONGEST_SHOPPER
from ui.turns import Turns

ShopperId = Annotated[str, Path(min_length=1, max_length=LONGEST_SHOPPER)]


def shoppers_router(access: Access, erasure: Erasure, turns: Turns) -> APIRouter:
    """The routes, over everything that they need."""
    router = APIRouter(tags=["shoppers"])
    Asker = Annotated[str, Depends(access.asker_about)]  # noqa: N806 - a type

    @router.get("/shoppers/{shopper_id:path}", responses=documented())
    def export_shopper(shopper_id: ShopperId, who: Asker) -> ExportAnswer:
        """Everything that is held of the shopper; of one who is not known, empty lists."""
        return ExportAnswer.model_validate(erasure.export(shopper_id, who))

    @router.delete("/shoppers/{shopper_id:path}", responses=documented())
    async def erase_shopper(shopper_id: ShopperId, who: Asker) -> ErasedAnswer:
        """Erase everything that is held of the shopper, rows and bytes, and stop what is being answered to them."""
        for session_id in await asyncio.to_thread(erasure.sessions_of, shopper_id):
            await turns.stop(session_id)
        erased = await asyncio.to_thread(erasure.shopper, shopper_id, who)
        return ErasedAnswer.model_validate(erased, from_attributes=True)

    return router
