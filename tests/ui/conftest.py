"""Shared by the tests of the pages: Chromium, the API with a site key for each test, and a page over a script."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from api_server import PAGE, Api, api_server, respond
from page_server import served_page
from playwright.sync_api import Browser, sync_playwright
from scripted_assistant import ScriptedAssistant
from shop_tabs import ShopTabs
from widget_page import ARGUMENTS, Store, Tabs, merchants_page

from retrieval.encoder import MiniLMEncoder


@pytest.fixture(scope="session")
def running_api(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[Api]:
    with api_server(tmp_path_factory.mktemp("api"), minilm) as api:
        yield api


@pytest.fixture
def api(running_api: Api) -> Iterator[Api]:
    site, secret = running_api.keys.make_site("test", [PAGE])
    llm = running_api.llm
    llm.requests.clear()
    llm.closed_early = llm.finished = 0
    yield replace(running_api, site=site, secret=secret)
    llm.answers.clear()
    llm.respond = respond


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def store(api: Api) -> Iterator[Store]:
    with merchants_page(api.address) as store:
        store.site_key = api.keys.make_site("merchant", [store.origin])[0].id
        store.attributes = {"name": "Harbour &amp; Pine", "cart": "", "product-url": "/p/{id}"}
        yield store


@pytest.fixture
def tabs(browser: Browser, store: Store) -> Iterator[Tabs]:
    tabs = Tabs(browser, store)
    yield tabs
    for context in browser.contexts:
        context.close()
    assert tabs.complaints == []


@pytest.fixture(scope="module")
def _served() -> Iterator[tuple[ScriptedAssistant, str]]:
    assistant = ScriptedAssistant()
    with served_page(assistant) as address:
        yield assistant, address


@pytest.fixture
def assistant(_served: tuple[ScriptedAssistant, str]) -> ScriptedAssistant:
    _served[0].__init__()  # type: ignore[misc]  # one server for all tests, a fresh memory for each
    return _served[0]


@pytest.fixture
def shop_tabs(
    browser: Browser, _served: tuple[ScriptedAssistant, str], assistant: ScriptedAssistant
) -> Iterator[ShopTabs]:
    tabs = ShopTabs(browser, _served[1])
    yield tabs
    for context in browser.contexts:
        context.close()
    assert tabs.complaints == []
