"""What a shopper does in the widget, and on the page around it, changes their very next ranking: a trained reranker."""

from collections.abc import Iterator

import pytest
from api_server import Api, api_server, until
from playwright.sync_api import Browser, Page
from small_shop_data import SETTINGS, events, items
from widget_page import Tabs, answered, merchants_page, say, titles

from ranking.behaviour import tracks
from ranking.folder import save
from ranking.history import Events
from ranking.reranker import Reranker
from ranking.table import ItemTable
from ranking.training import train
from retrieval.encoder import MiniLMEncoder
from retrieval.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def trained_api(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[Api]:
    home = tmp_path_factory.mktemp("trained")

    def trained(shop: Shop) -> Reranker:
        Events(shop.connections).add(events())
        held = list(shop.catalog.all())
        table = ItemTable.of(held, shop.index.vectors([item.id for item in held]))
        made = tracks(Events(shop.connections).rows(), table.place)
        training = train(table, held, made, minilm.encode, SETTINGS, measure=False)
        return Reranker.load(save(home / "rerankers", training, table.ids), shop.catalog, shop.index.vectors)

    with api_server(home, minilm, items(), trained) as api:
        yield api


@pytest.fixture
def tabs(browser: Browser, trained_api: Api) -> Iterator[Tabs]:
    with merchants_page(trained_api.address) as store:
        store.site_key = trained_api.keys.make_site("merchant", [store.origin])[0].id
        store.attributes = {"cart": ""}
        tabs = Tabs(browser, store)
        yield tabs
        for context in browser.contexts:
            context.close()
        assert tabs.complaints == []


def makers(page: Page) -> list[str]:
    """Who made the items of the latest answer."""
    return [title.split()[0] for title in titles(page)]


@pytest.mark.parametrize("kind", ["cart", "purchase"])
def test_an_event_changes_the_next_ranking(tabs: Tabs, trained_api: Api, kind: str) -> None:
    page = tabs.open()
    page.evaluate("shoptalk.send('a kettle')")
    answered(page, 1)
    before = makers(page)
    say(page, "an Elka tent")
    answered(page, 2)
    assert set(makers(page)) == {"Elka"}
    if kind == "cart":
        page.locator(".exchange").last.locator(".cart").first.click()
    else:
        page.evaluate("shoptalk.track('purchase', 'tent-elka-black')")
    history = f"session:{page.evaluate('shoptalk.session')}"
    until(lambda: [one.kind for one in Events(trained_api.shop.connections).of(history)] == [kind])
    say(page, "a kettle, whoever made it")
    answered(page, 3)
    after = makers(page)
    assert after.count("Elka") > before.count("Elka")
