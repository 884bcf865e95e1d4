"""The demo store: pages of an invented shop that embed the widget, as a merchant's own shop would.

Knows how to show items of the catalogue and a basket; knows the assistant only as the address of its script and a site
key. Made for ``shoptalk demo``, and served from an origin of its own in tests.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chat.money import price_text
from retrieval.catalog import Catalog
from retrieval.filters import Filter
from retrieval.items import Item
from ui.cards import safe_picture
from ui.identity import Keys, SiteKey

KEY_NAME = "demo store"
SHOWN = 8  # items of a page
DEPARTMENTS = 8  # in the store's navigation
LOOKED_AT = 60  # best-rated items of a department, of which those with a picture of their own are shown
FOLDER = Path(__file__).parent / "demo_store_page"


def demo_store_key(keys: Keys, origins: Sequence[str]) -> SiteKey:
    """The demo store's site key: the one of before where it opens the shop to these origins, else a new one."""
    for key in keys.sites():
        if key.name == KEY_NAME and key.revoked is None:
            if set(key.origins) == set(origins):
                return key
            keys.revoke(key.id)  # the shop was served elsewhere then
    return keys.make_site(KEY_NAME, origins)[0]


def store_policy(assistant: str) -> str:
    """The Content-Security-Policy of the store's pages: the one that docs/widget.md tells a merchant to take."""
    shoptalk = f" {assistant}" if assistant else ""
    return (
        f"default-src 'none'; script-src 'self'{shoptalk}; connect-src 'self'{shoptalk}; "
        f"img-src 'self' https:{shoptalk}; style-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    )


def demo_store_router(
    catalog: Catalog, site_key: str, *, shop_name: str, questions: Sequence[str] = (), assistant: str = ""
) -> APIRouter:
    """The pages and what they load. ``assistant``: origin of Shoptalk, where it is another one than the store's."""
    router = APIRouter()
    pages = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    headers = {"Content-Security-Policy": store_policy(assistant), "Cache-Control": "no-cache"}

    def view(item: Item) -> dict[str, Any]:
        picture = safe_picture(item.image_url)
        return {
            "item": item,
            "address": f"/demo-store?item={quote(item.id, safe='')}",
            "picture": assistant + picture if picture.startswith("/") else picture,
            "price": price_text(item.price, item.currency) if item.price is not None else "",
        }

    @router.get("/demo-store", response_class=HTMLResponse, include_in_schema=False)
    def store(item: str = "", department: str = "") -> HTMLResponse:
        departments = _departments(catalog)
        shown = catalog.get(item) if item else None
        if department in departments:
            listed = _best_of(catalog, department, SHOWN)
        elif shown is not None:
            listed = [one for one in _best_of(catalog, shown.category[0], SHOWN) if one.id != item][: SHOWN // 2]
        else:
            listed = [one for name in departments for one in _best_of(catalog, name, 1)]
        page = pages.get_template("store.html").render(
            shop=shop_name,
            shown=view(shown) if shown else None,
            missing=bool(item and not shown),
            listed=[view(one) for one in listed],
            department=department if department in departments else "",
            departments=[(name, f"/demo-store?department={quote(name)}") for name in departments],
            currency=catalog.vocabulary().currency or "USD",
            site_key=site_key,
            script=f"{assistant}/widget.js",
            questions="|".join(questions),
        )
        return HTMLResponse(page, 404 if item and not shown else 200, headers)

    @router.get("/demo-store/{name}", include_in_schema=False)
    def part(name: Literal["store.css", "store.js", "icon.svg"]) -> Response:
        kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
        return Response((FOLDER / name).read_bytes(), headers=headers, media_type=kinds[name.rpartition(".")[2]])

    return router


def _departments(catalog: Catalog) -> list[str]:
    """The first names of the categories' paths, those with the most items first."""
    return list(dict.fromkeys(path[0] for path in catalog.vocabulary().categories if path))[:DEPARTMENTS]


def _best_of(catalog: Catalog, department: str, count: int) -> list[Item]:
    """Well-rated items of the department, each of another kind and with another picture while there are such."""
    best = catalog.popular(Filter(categories=((department,),)), LOOKED_AT)
    items = list(catalog.many(best).values())
    kinds = {item.category: item for item in reversed(items)}  # of each kind the best one
    pictures = {item.image_url: item for item in reversed(items)}
    ordered = [*reversed(kinds.values()), *reversed(pictures.values()), *items]
    return list({item.id: item for item in ordered}.values())[:count]
