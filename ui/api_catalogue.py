"""The operator's routes of the catalogue: items put in place, changed in part and removed, one or many at a time.

Knows forms and statuses. What is asked here is done by the catalogue's one writer, through the journal, so that it goes
through a feed's checks and the next search sees it; an answer waits for that, as long as a client may be asked to.
"""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response

from retrieval.catalog import Catalog
from retrieval.cleaning import plain
from retrieval.database import Connections
from retrieval.journal import CatalogueJournal, Entry
from ui.api_errors import Problem, documented
from ui.api_forms import BulkBody, ChangesAnswer, ItemBody, ItemPatch
from ui.api_gate import Access
from ui.changes import KIND, written_down
from ui.home import Home
from ui.identity import AdminKey

WAITS_S = 20.0  # for the writer, which may be busy with a merchant's whole file
LOOKS_EVERY_S = 0.05

ItemId = Annotated[str, Path(min_length=1, max_length=200)]
_ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"model": ChangesAnswer, "description": "Not done yet: the writer is busy. GET /changes/{number} tells."}
}


def catalogue_router(
    access: Access, catalog: Catalog, connections: Connections, home: Home, currency: str = ""
) -> APIRouter:
    """The routes, over everything that they need; ``currency``: of prices that name none."""
    router = APIRouter(tags=["catalogue"])
    journal = CatalogueJournal(connections)
    Operator = Annotated[AdminKey, Depends(access.admin)]  # noqa: N806 - a type

    async def done(response: Response, admin: AdminKey, **lists: Any) -> ChangesAnswer:
        """Ask the writer and wait for it; what is not done in time is answered as such."""

        def ask() -> int:
            change = written_down(home, admin.id, **lists, currency=currency)
            return journal.ask(change.model_dump(mode="json"))

        number, until = await asyncio.to_thread(ask), time.monotonic() + WAITS_S
        while True:
            answer = _answer(await asyncio.to_thread(journal.entry, number), number)
            if answer.state == "done" or time.monotonic() > until:
                response.status_code = 200 if answer.state == "done" else 202
                return answer
            await asyncio.sleep(LOOKS_EVERY_S)

    def of_one(answer: ChangesAnswer) -> ChangesAnswer:
        """The answer about a single item, which is an error where its row was not taken."""
        if answer.unknown:
            raise Problem(404, "unknown_item", "The catalogue has no such item.")
        if answer.dropped:
            raise Problem(422, "invalid", f"{answer.first_dropped[0].reason}.")
        return answer

    @router.put("/items/{item_id:path}", responses=documented() | _ANSWERS)
    async def put_item(item_id: ItemId, body: ItemBody, admin: Operator, response: Response) -> ChangesAnswer:
        """Put the item in place: a new one, or this instead of all that was known of it."""
        return of_one(await done(response, admin, put=[_row(item_id, body)]))

    @router.patch("/items/{item_id:path}", responses=documented(404) | _ANSWERS)
    async def patch_item(item_id: ItemId, body: ItemPatch, admin: Operator, response: Response) -> ChangesAnswer:
        """Change what is stated, and nothing else; an empty text or list states nothing."""
        if not await asyncio.to_thread(catalog.numbers, [item_id]):
            raise Problem(404, "unknown_item", "The catalogue has no such item.")
        return of_one(await done(response, admin, patch=[_row(item_id, body)]))

    @router.delete("/items/{item_id:path}", responses=documented(404) | _ANSWERS)
    async def delete_item(item_id: ItemId, admin: Operator, response: Response) -> ChangesAnswer:
        """Remove the item; what shoppers did with it stays in their histories."""
        return of_one(await done(response, admin, remove=[item_id]))

    @router.post("/items/bulk", responses=documented() | _ANSWERS)
    async def change_items(body: BulkBody, admin: Operator, response: Response) -> ChangesAnswer:
        """Put, change and remove many items, in this order; a bad row is counted, told and kept aside."""
        rows = {name: [_spelt(row) for row in getattr(body, name)] for name in ("put", "patch")}
        return await done(response, admin, **rows, remove=body.delete)

    @router.get("/changes/{number}", responses=documented(404))
    def read_change(number: Annotated[int, Path(ge=1, le=2**53)], admin: Operator) -> ChangesAnswer:
        """What became of a change that was answered with 202; remembered as long as the next 200 are."""
        entry = journal.entry(number)
        if entry is None or entry.request.get("kind") != KIND:
            raise Problem(404, "unknown_change", "No such change is remembered.")
        return _answer(entry, number)

    return router


def _answer(entry: Entry | None, number: int) -> ChangesAnswer:
    """The state of a change; Problem where it failed as a whole."""
    if entry is None:
        raise Problem(404, "unknown_change", "No such change is remembered.")
    if entry.state == "failed":
        raise Problem(422, "invalid", str(entry.outcome["error"]))
    if entry.state == "done":
        return ChangesAnswer(number=number, state="done", **entry.outcome["changed"])
    return ChangesAnswer(number=number, state=entry.state)


def _row(item_id: str, body: ItemBody | ItemPatch) -> dict[str, Any]:
    if plain(item_id) != item_id:
        raise Problem(422, "invalid", "item_id: has spaces at its ends, or characters that are not for reading.")
    return {"id": item_id, **_spelt(body.model_dump(mode="json", exclude_unset=True))}


def _spelt(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the names that a feed has for what the API names otherwise."""
    names = {"picture_url": "image_url", "item_id": "id"}
    spelt = {names.get(name, name): value for name, value in row.items()}
    if isinstance(in_stock := spelt.pop("in_stock", None), bool) and "stock" not in spelt:
        spelt["stock"] = in_stock
    return spelt
