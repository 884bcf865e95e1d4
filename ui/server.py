"""The web server: one FastAPI application with the API, the page, the pictures and the health checks.

Knows what is mounted where, and what stands before the page. Knows nothing of conversations.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.routing import Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from chat.conversations import Conversations
from chat.demand import DemandFigures
from chat.holdout import Holdout
from chat.outcomes import Outcomes
from chat.settings import Settings
from prompts.library import Library
from prompts.serving import released
from ranking.history import Events
from ui.accounts import Accounts
from ui.api import build_api
from ui.api_gate import Access, Gate, PageGate, Readable
from ui.audit import Audit
from ui.audit_page import AUDIT, AuditPage
from ui.bounds import Bounded
from ui.demo_store import demo_store_router
from ui.health import health_router
from ui.home import Home
from ui.identity import Keys, origin_of
from ui.lab import Lab
from ui.lab_cases import CaseFiles
from ui.lab_page import build_lab, mount_lab
from ui.lab_reading import Reading
from ui.lab_scoring import Scoring
from ui.lab_shop import Shop
from ui.lab_sites import Sites
from ui.lab_trial import Trials
from ui.load import Load
from ui.mcp_server import McpEndpoint, build_mcp_server
from ui.mcp_tools import Tools
from ui.metrics import Counting, metrics_router
from ui.opening import Serving, second_llm, yes_judge
from ui.searching import Searching
from ui.security_headers import SecurityHeaders
from ui.shop_page import DemoShopper, build_page, mount_page
from ui.sign_in import Door, sign_in_router
from ui.widget_routes import widget_router

HEARTBEATS_MISSED = 3  # of a stream, after which the widget takes it for lost
LEAST_SILENCE_S = 10.0  # however often hearts beat: a busy machine is late with several
COUNTED = ("/v1", "/mcp", "/pictures", "/gradio_api")  # folders that requests are counted under


def create_app(
    serving: Serving,
    settings: Settings,
    *,
    pictures: Path,
    shoppers: Sequence[DemoShopper] = (),
    first_questions: Sequence[str] = (),
    demo_store_key: str = "",
) -> FastAPI:
    """The application over an open shop; ``pictures`` is a folder served under /pictures, if it is there.

    ``demo_store_key``: the site key of the demo store, which is there only with one. Raises IdentityError where the
    settings name a frame's origin that is none, SetupError for a limit that is none or a language without words.
    """
    load, keys = Load.of(serving, settings), Keys(serving.shop.connections)
    access = Access(keys, load.limits)
    tools = Tools(Searching(serving.shop.catalog, serving.finder), Events(serving.shop.connections))
    mcp = McpEndpoint(build_mcp_server(tools, settings.shop_name), access)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with mcp.manager.run():
            yield
        scoring.stop()
        trials.close()
        if second is not None:
            await second.close()

    app = FastAPI(title="Shoptalk", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.add_middleware(Readable, folders=("/v1/", "/mcp"))
    app.add_middleware(PageGate, limits=load.limits, api="/v1")
    app.add_middleware(Counting, metrics=load.metrics, folders=COUNTED)
    if trusted := [part.strip() for part in settings.trusted_proxies.split(",") if part.strip()]:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=trusted)
    app.add_middleware(SecurityHeaders, framed_by=[origin_of(one) for one in settings.frame_ancestors.split()])
    accounts = Accounts(serving.shop.connections)
    app.router.routes.append(Route("/mcp", Gate(mcp, access, load.limits)))
    app.include_router(sign_in_router(accounts, settings.shop_name))
    audit_page = AuditPage(Audit(serving.shop.connections), settings.shop_name)
    app.router.routes.append(Route(AUDIT, Door(audit_page, accounts, roles=("admin",)), methods=["GET"]))
    app.include_router(health_router(serving.shop.catalog, serving.shop.index, serving.llm))
    app.include_router(metrics_router(load.metrics, keys, settings.metrics))
    api = build_api(serving, load, heartbeat_s=settings.api_heartbeat_s, currency=settings.currency)
    app.mount("/v1", api, name="api")
    if pictures.is_dir():
        app.mount("/pictures", StaticFiles(directory=pictures), name="pictures")
    silence_s = max(LEAST_SILENCE_S, HEARTBEATS_MISSED * settings.api_heartbeat_s)
    app.include_router(widget_router(settings.language, silence_s))
    if demo_store_key:
        app.include_router(
            demo_store_router(
                serving.shop.catalog, demo_store_key, shop_name=settings.shop_name, questions=first_questions
            )
        )
    connections = serving.shop.connections
    versions, prompts = released(connections)
    second = second_llm(settings)
    trials = Trials(serving, prompts, yes_judge(settings, Library()), second)
    catalog, events, sites = serving.shop.catalog, Events(connections), Sites(keys)
    figures = DemandFigures(connections, events, catalog), Holdout(connections, events, catalog)
    scoring = Scoring(serving, versions, prompts, settings.home, settings.models, settings.cards)
    lab = Lab(versions, Outcomes(connections, events), trials, accounts, sites)
    reading, shop = Reading(Conversations(connections), catalog, sites), Shop(*figures, sites, settings.currency)
    files = CaseFiles(connections, catalog, Home(settings.home))
    behind = mount_lab(app, build_lab(lab, reading, files, shop, scoring, settings.shop_name))
    behind.app = Door(Bounded(behind.app), accounts, roles=("writer", "releaser", "admin"))
    page = build_page(
        load.assistant,
        shop_name=settings.shop_name,
        shoppers=shoppers,
        first_questions=first_questions,
        language=settings.language,
    )
    mounted = mount_page(app, page, settings.shop_name, settings.language)
    # Before the whole of it, whatever routes Gradio has.
    mounted.app = Bounded(mounted.app)
    if settings.page_login:
        mounted.app = Door(mounted.app, accounts)
    return app
