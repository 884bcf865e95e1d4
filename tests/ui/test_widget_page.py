"""The widget and the page around it: what it may do there, how it looks there, how large it is, the demo store."""

from collections.abc import Iterator

import httpx
import pytest
from api_server import Api, until
from fastapi import FastAPI
from playwright.sync_api import expect
from scripted_llm import free_port, serving
from shops import item
from widget_page import Store, Tabs, answered, say, settled, titles, told, violations

from ranking.history import Events
from ui.demo_store import KEY_NAME, demo_store_key, demo_store_router, store_policy

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

MOST_BYTES = 20_000  # gzipped


def test_the_script_is_small_and_browsers_keep_it(api: Api) -> None:
    with httpx.Client(base_url=api.address) as client:
        plain = client.get("/widget.js", headers={"Accept-Encoding": "identity"})
        packed = client.get("/widget.js", headers={"Accept-Encoding": "gzip"})
        size = int(packed.headers["content-length"])
        print(f"\nwidget.js: {len(plain.content):,} bytes, {size:,} gzipped (at most {MOST_BYTES:,})")
        assert size <= MOST_BYTES
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == plain.content
        assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
        assert plain.headers["cache-control"] == "public, max-age=600, stale-while-revalidate=86400"
        assert plain.headers["access-control-allow-origin"] == "*"
        assert plain.headers["cross-origin-resource-policy"] == "cross-origin"
        known = client.get("/widget.js", headers={"If-None-Match": plain.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        assert client.get("/widget.js", headers={"If-None-Match": '"another"'}).status_code == 200
        assert client.head("/widget.js").status_code == 200
    # Text is never markup, and a strict policy has nothing to refuse.
    for never in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert never not in plain.text


def test_it_leaves_one_global_and_the_second_tag_does_nothing(tabs: Tabs) -> None:
    tabs.store.tags = 2
    page = tabs.open()
    assert page.locator("shoptalk-widget").count() == 1
    assert [kind for kind, _ in page.evaluate("told")] == ["ready"]
    before = tabs.context.new_page()
    before.goto(f"{tabs.store.shoptalk}/healthz")
    names = "Object.getOwnPropertyNames(window)"
    added = set(page.evaluate(names)) - set(before.evaluate(names)) - {"told"}
    assert added == {"shoptalk"}
    assert page.evaluate("Object.keys(shoptalk)") == ["open", "close", "send", "track", "identify", "session", "isOpen"]
    page.evaluate("shoptalk.open(); shoptalk.open()")
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.evaluate("shoptalk.close(); shoptalk.close()")
    assert [kind for kind, _ in page.evaluate("told")] == ["ready", "open", "close"]


def test_a_tag_without_a_key_says_what_is_missing(tabs: Tabs) -> None:
    tabs.store.site_key = ""
    page = tabs.browser.new_context().new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text))
    page.goto(tabs.store.origin)
    page.wait_for_load_state()
    assert len(said) == 1
    assert "shoptalk keys make site" in said[0]
    assert page.locator("shoptalk-widget").count() == 0


HOSTILE = [
    item("bad-1", "<img src=x onerror=alert(1)> hammock", "20.00", ("Outdoor", "Hammocks"),
         page_url="javascript:alert(1)", image_url="http://elsewhere.example/x.png", brand="<b>Evil</b>"),
    item("bad-2", "Plain hammock", "21.00", ("Outdoor", "Hammocks"), page_url="http://elsewhere.example/p"),
    item("bad-3", "Safe hammock", "22.00", ("Outdoor", "Hammocks"), page_url="https://shop.example/p/3"),
]  # fmt: skip


@pytest.fixture
def hostile(api: Api) -> Iterator[None]:
    api.shop.catalog.upsert(HOSTILE)
    api.shop.index.refresh()
    yield
    api.shop.catalog.remove([one.id for one in HOSTILE])
    api.shop.index.refresh()


@pytest.mark.usefixtures("hostile")
def test_what_merchants_write_is_text_and_only_https_is_followed(tabs: Tabs) -> None:
    del tabs.store.attributes["product-url"]
    page = tabs.open()
    page.evaluate("shoptalk.send('a hammock')")
    answered(page, 1)
    assert set(titles(page)) == {one.title for one in HOSTILE}
    assert [link.get_attribute("href") for link in page.locator(".card a").all()] == ["https://shop.example/p/3"]
    expect(page.locator(".brand").filter(has_text="<b>Evil</b>")).to_have_count(1)
    expect(page.locator(".card img, .card b")).to_have_count(0)  # Tabs complains of a request to elsewhere.example


@pytest.mark.parametrize(
    ("attributes", "lang", "words"),
    [
        ({}, "en-GB", ["Ask our assistant", "Shopping assistant", "Your message"]),
        ({}, "de", ["Beratung öffnen", "Einkaufsberatung", "Ihre Nachricht"]),
        ({"locale": "fr-CA"}, "de", ["Demander conseil", "Conseiller d’achat", "Votre message"]),
        ({"locale": "zh-Hans"}, "en", ["咨询助手", "购物助手", "您的消息"]),
        ({"locale": "xx"}, "pt", ["Ask our assistant", "Shopping assistant", "Your message"]),
    ],
)
def test_it_speaks_the_pages_language(tabs: Tabs, attributes: dict[str, str], lang: str, words: list[str]) -> None:
    tabs.store.lang, tabs.store.attributes = lang, attributes
    page = tabs.open(locale="en-US")
    expect(page.locator(".launcher")).to_have_text(words[0])
    page.click(".launcher")
    expect(page.locator(".name")).to_have_text(words[1])
    expect(page.get_by_label(words[2])).to_be_focused()


def test_the_page_sets_its_place_colours_and_type(tabs: Tabs) -> None:
    tabs.store.attributes |= {"position": "left", "z-index": "7", "label": "Help me choose", "greeting": "Hello there"}
    tabs.store.style = (
        "* { color: red; text-transform: uppercase; letter-spacing: 4px } button { display: none !important }"
        ":root { --shoptalk-accent: rgb(120, 0, 120); --shoptalk-font: monospace; --shoptalk-width: 500px;"
        " --shoptalk-offset: 40px; --shoptalk-offset-bottom: 90px; --shoptalk-radius: 0px }"
    )
    page = tabs.open()
    launcher = page.locator(".launcher")
    expect(launcher).to_have_text("Help me choose")
    expect(launcher).to_have_css("background-color", "rgb(120, 0, 120)")
    expect(launcher).to_have_css("z-index", "7")
    expect(launcher).to_have_css("font-family", "monospace")
    expect(launcher).to_have_css("text-transform", "none")  # the page's own rules stay outside
    expect(launcher).to_have_css("letter-spacing", "normal")
    box = launcher.bounding_box()
    assert box is not None
    assert (round(box["x"]), round(900 - box["y"] - box["height"])) == (40, 90)
    launcher.click()
    expect(page.locator(".welcome h3")).to_have_text("Hello there")
    settled(page)
    panel = page.locator(".panel")
    expect(panel).to_have_css("border-radius", "0px")
    box = panel.bounding_box()
    assert box is not None
    assert (round(box["x"]), round(box["width"])) == (40, 500)


@pytest.mark.parametrize(
    ("theme", "style", "scheme", "dark"),
    [
        ("", "", "dark", False),  # a page that says nothing is a light one, whatever the system likes
        ("", ":root { color-scheme: dark }", "light", True),
        ("", ":root { color-scheme: light dark }", "dark", True),
        ("system", "", "dark", True),
        ("dark", "", "light", True),
        ("light", ":root { color-scheme: dark }", "dark", False),
    ],
)
def test_it_is_dark_where_the_page_is(tabs: Tabs, theme: str, style: str, scheme: str, dark: bool) -> None:
    tabs.store.attributes |= {"theme": theme} if theme else {}
    tabs.store.style = style
    page = tabs.open(color_scheme=scheme)
    page.evaluate("shoptalk.open()")
    expect(page.locator(".head")).to_have_css("background-color", "rgb(30, 35, 32)" if dark else "rgb(255, 255, 255)")


def test_a_shopper_of_the_shops_own_has_a_conversation_of_their_own(tabs: Tabs, api: Api) -> None:
    secret = api.keys.rotate(tabs.store.site_key)
    signed = api.token("lin", secret)
    page = tabs.open()
    page.evaluate("shoptalk.send('a lantern')")
    answered(page, 1)
    anonymous = page.evaluate("shoptalk.session")
    page.evaluate("token => shoptalk.identify(token)", signed)
    expect(page.locator(".welcome")).to_be_visible()
    say(page, "a 2-person tent")
    answered(page, 1)
    assert page.evaluate("shoptalk.session") != anonymous
    page.click(".like >> nth=0")
    until(lambda: len(Events(api.shop.connections).of("lin")) == 1)
    page.evaluate("shoptalk.identify()")
    answered(page, 1)
    expect(page.locator(".said")).to_have_text("You: a lantern")
    assert page.evaluate("shoptalk.session") == anonymous


def test_a_signed_shopper_deletes_all_that_is_kept_of_them(tabs: Tabs, api: Api) -> None:
    tabs.store.attributes["shopper-token"] = api.token("bo / ü", api.keys.rotate(tabs.store.site_key))
    page = tabs.open()
    page.evaluate("shoptalk.send('a 2-person tent')")
    answered(page, 1)
    page.click(".like >> nth=0")
    until(lambda: len(Events(api.shop.connections).of("bo / ü")) == 1)
    page.get_by_role("button", name="Options").click()
    page.get_by_role("button", name="Delete my data").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete my data").click()
    expect(page.locator(".log > .note")).to_have_text("Your data was deleted.")
    assert Events(api.shop.connections).of("bo / ü") == []


def test_purchases_of_the_page_are_events_of_the_turn_that_showed_the_item(tabs: Tabs, api: Api) -> None:
    page = tabs.open()
    assert page.evaluate("shoptalk.track('purchase', 'tent-1')") is False  # nobody's yet
    page.evaluate("shoptalk.send('a 2-person tent under $160')")
    answered(page, 1)
    assert page.evaluate("shoptalk.track('purchase', 'tent-1')") is True
    assert page.evaluate("shoptalk.track('view', 'lamp-1')") is True
    assert page.evaluate("shoptalk.track('view', 'no-such-item')") is False
    tabs.complaints.clear()  # the browser tells of the 404
    kept = Events(api.shop.connections).of(f"session:{page.evaluate('shoptalk.session')}")
    turn = told(page, "message")[1]["turn_id"]
    assert [(one.kind, one.item_id, one.turn_id) for one in kept] == [
        ("purchase", "tent-1", turn),
        ("view", "lamp-1", ""),
    ]


@pytest.fixture
def demo_store(api: Api) -> Iterator[Store]:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    key = demo_store_key(api.keys, [origin])
    router = demo_store_router(
        api.shop.catalog, key.id, shop_name="Harbour & Pine", questions=("a 2-person tent",), assistant=api.address
    )
    shop = FastAPI()
    shop.include_router(router)
    with serving(shop, port):
        yield Store(api.address, origin, key.id)


def test_the_demo_store_on_another_origin_sells_what_the_assistant_shows(
    tabs: Tabs, api: Api, demo_store: Store
) -> None:
    tabs.store = demo_store
    answer = httpx.get(f"{demo_store.origin}/demo-store")
    assert answer.headers["content-security-policy"] == store_policy(api.address)
    assert "unsafe" not in answer.headers["content-security-policy"]
    page = tabs.open(path="/demo-store")
    expect(page.locator(".grid li")).to_have_count(3)  # the best of Outdoor, of Beauty and of Kitchen
    assert violations(page) == []
    page.click("main >> text=Ask our assistant")
    page.click(".firsts button")
    answered(page, 1)
    title = titles(page)[0]
    page.click(".cart >> nth=0")
    expect(page.locator("#basket-count")).to_have_text("1")
    page.locator(".card-title a").first.click()
    page.wait_for_url("**/demo-store?item=*")
    expect(page.locator("h1")).to_have_text(title)
    expect(page.get_by_role("dialog", name="Harbour & Pine")).to_be_visible()  # it goes on on the next page
    answered(page, 1)
    assert titles(page)[0] == title
    page.click(".buy[data-add]")
    expect(page.locator("#basket-count")).to_have_text("2")
    assert violations(page) == []
    page.click("#basket-button")
    expect(page.locator("#basket-lines")).to_contain_text(f"2 × {title}")
    page.click("#basket-buy")
    expect(page.locator("#basket-count")).to_have_text("0")
    history = f"session:{page.evaluate('shoptalk.session')}"
    until(lambda: len(Events(api.shop.connections).of(history)) == 3)
    kinds = sorted(event.kind for event in Events(api.shop.connections).of(history))
    assert kinds == ["cart", "click", "purchase"]  # of one turn and item an event of a kind counts once
    missing = httpx.get(f"{demo_store.origin}/demo-store?item=<script>")
    assert missing.status_code == 404
    assert "Not on our shelves" in missing.text
    assert "<script>" not in missing.text
    assert httpx.get(f"{demo_store.origin}/demo-store?department=Beauty").text.count("<li>") == 4


def test_the_demo_stores_key_stays_until_the_store_moves(api: Api) -> None:
    one = demo_store_key(api.keys, ["http://127.0.0.1:1"])
    assert demo_store_key(api.keys, ["http://127.0.0.1:1"]).id == one.id
    other = demo_store_key(api.keys, ["http://127.0.0.1:2"])
    assert other.id != one.id
    in_use = [key.id for key in api.keys.sites() if key.name == KEY_NAME and key.revoked is None]
    assert in_use == [other.id]
