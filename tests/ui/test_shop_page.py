"""Drives the shopper's page in a real Chromium, over a scripted assistant."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from page_server import QUESTIONS, served_page
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright
from scripted_assistant import SENTENCES, ScriptedAssistant

pytestmark = [
    pytest.mark.browser,
    # Gradio's own count of its events uses options that pandas gives up.
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LONGEST_S = 15  # a loaded machine with two cores is slow; a test that passes never waits this long


@dataclass
class Tabs:
    """Opens tabs on one served page and keeps what each said on its console or asked of other hosts."""

    browser: Browser
    address: str
    complaints: list[str] = field(default_factory=list)

    def open(self, width: int = 1400, height: int = 900, query: str = "", **options: Any) -> Page:
        page = self.browser.new_page(viewport={"width": width, "height": height}, **options)
        page.set_default_timeout(LONGEST_S * 1000)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._request)
        page.goto(self.address + query)
        expect(page.locator("#st-message")).to_be_visible(timeout=LONGEST_S * 1000)
        return page

    def _console(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.complaints.append(said.text)

    def _request(self, asked: Request) -> None:
        if not asked.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"asked another host: {asked.url}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


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
def tabs(browser: Browser, _served: tuple[ScriptedAssistant, str], assistant: ScriptedAssistant) -> Iterator[Tabs]:
    tabs = Tabs(browser, _served[1])
    yield tabs
    for context in browser.contexts:
        context.close()
    assert tabs.complaints == []


def say(page: Page, words: str) -> None:
    page.fill("#st-message", words)
    page.press("#st-message", "Enter")


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + LONGEST_S
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def titles(page: Page, exchange: int = -1) -> list[str]:
    return page.locator(".st-exchange").nth(exchange).locator(".st-title").all_inner_texts()


def answered(page: Page, exchanges: int) -> None:
    """Wait until this many exchanges are shown and none runs."""
    expect(page.locator(f'.st-log[data-turns="{exchanges}"][data-busy="false"]')).to_be_attached()


def test_a_question_is_answered_with_cards_and_text_and_the_cards_can_be_pressed(
    tabs: Tabs, assistant: ScriptedAssistant
) -> None:
    assistant.held = {"final", "text 2"}
    page = tabs.open()
    assert page.title() == "Marlow & Finch · Shopping assistant"
    expect(page.locator(".st-ai")).to_have_text("You are talking with an AI. It shows only items of Marlow & Finch.")
    assert page.locator(".st-first").all_inner_texts() == list(QUESTIONS)
    assert "gradio" not in page.locator("body").inner_text().lower()

    page.click(".st-first >> nth=0")
    expect(page.locator('.st-cards[data-stage="first"] .st-card')).to_have_count(3)
    expect(page.locator(".st-stop")).to_be_visible()
    expect(page.locator(".st-send")).to_be_hidden()
    expect(page.locator('.st-log[aria-busy="true"]')).to_be_attached()
    assistant.held.discard("final")
    expect(page.locator('.st-cards[data-stage="final"] .st-card')).to_have_count(5)
    expect(page.locator(".st-text span")).to_have_count(1)  # a sentence is there before the rest
    expect(page.locator("#st-status")).to_have_text("")  # and is not announced by itself
    assistant.held.clear()
    answered(page, 1)
    expect(page.locator(".st-stop")).to_be_hidden()
    expect(page.locator("#st-status")).to_have_text(
        "5 picks · not personalised. The Fell Runner shell is the lightest of these at 310 g. "
        "The Stormline rain jacket keeps out heavier rain and costs $149.00. "
        "Will you wear it mostly in town or on the hill? "
    )
    expect(page.locator(".st-outside")).to_have_text("over your $150")

    page.click(".st-like >> nth=0")
    page.click(".st-dislike >> nth=4")
    expect(page.locator(".st-like").nth(0)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".st-card.st-refused .st-title")).to_have_text("Packable poncho")
    expect(page.locator(".st-history li")).to_have_text(
        ["refused Packable poncho · just now", "liked Fell Runner shell · just now"]
    )
    page.click(".st-like >> nth=0")  # again: nothing more to tell
    links = page.locator(".st-open")
    assert [(link.get_attribute("href"), link.get_attribute("rel")) for link in links.all()] == [
        ("/items/item-1", "noopener noreferrer"),
        ("https://shop.example/items/4", "noopener noreferrer"),
    ]
    page.click('.st-chip:has-text("On the hill")')
    answered(page, 2)
    assert assistant.turns == [(QUESTIONS[0], None, None, True), ("On the hill", "session-1", None, True)]
    assert assistant.feedbacks == [
        ("session-1", "turn-1", "item-2", "like"),
        ("session-1", "turn-1", "item-5", "dislike"),
    ]
    expect(page.locator(".st-chip").last).to_be_in_viewport()  # scrolled to the end


def test_a_tag_can_be_taken_away_and_a_new_chat_forgets(tabs: Tabs, assistant: ScriptedAssistant) -> None:
    page = tabs.open()
    say(page, "a jacket")
    answered(page, 1)
    expect(page.locator(".st-tag")).to_have_text(["under $150", "waterproof"])
    page.click(".st-tag >> nth=0")
    answered(page, 2)
    expect(page.locator(".st-tag")).to_have_text(["waterproof"])
    expect(page.locator(".st-note")).to_have_text("No longer: under $150")
    assert titles(page) == ["Stormline rain jacket", "Fell Runner shell", "Harbour parka"]
    assert assistant.removed == [("session-1", "price_max", True)]
    page.click('[data-event="renew"]')
    expect(page.locator(".st-first")).to_have_count(3)
    expect(page.locator(".st-tag")).to_have_count(0)
    say(page, "a parka")
    answered(page, 1)
    assert assistant.turns == [("a jacket", None, None, True), ("a parka", None, None, True)]


def test_stop_closes_the_turn_and_keeps_what_is_shown(tabs: Tabs, assistant: ScriptedAssistant) -> None:
    assistant.held = {"text 2"}
    page = tabs.open()
    say(page, "please")
    expect(page.locator(".st-text span")).to_have_count(1)
    page.fill("#st-message", "not yet")
    page.press("#st-message", "Enter")  # an answer runs: the words stay in the field
    page.click(".st-stop")
    answered(page, 1)
    expect(page.locator(".st-aside")).to_have_text("Stopped.")
    assert (assistant.closed, assistant.finished, assistant.running) == (["please"], [], 0)
    assert len(titles(page)) == 5
    expect(page.locator("#st-message")).to_have_value("not yet")
    assistant.held.clear()
    page.press("#st-message", "Enter")
    answered(page, 2)
    assert assistant.turns == [("please", None, None, True), ("not yet", "session-1", None, True)]


def test_a_closed_tab_and_a_new_chat_close_the_turn(tabs: Tabs, assistant: ScriptedAssistant) -> None:
    assistant.held = {"text 2"}
    page = tabs.open()
    say(page, "one")
    expect(page.locator(".st-text span")).to_have_count(1)
    page.click('[data-event="renew"]')
    expect(page.locator(".st-first")).to_have_count(3)
    assert eventually(lambda: assistant.closed == ["one"])
    say(page, "two")
    expect(page.locator(".st-text span")).to_have_count(1)
    page.close()
    assert eventually(lambda: assistant.closed == ["one", "two"])
    assert assistant.finished == []


def test_the_chosen_shopper_and_the_switch_hold_from_the_next_turn(tabs: Tabs, assistant: ScriptedAssistant) -> None:
    page = tabs.open()
    assert page.locator("#st-shopper option").all_inner_texts() == [
        "New shopper (no history)", "Maya Lindqvist", "Otto Brandt",
    ]  # fmt: skip
    page.select_option("#st-shopper", "maya")
    expect(page.locator(".st-history li")).to_have_count(5)
    expect(page.locator(".st-history li").nth(0)).to_have_text("bought Fell trail shoes · May")
    say(page, "a jacket")
    answered(page, 1)
    expect(page.locator(".st-meta")).to_have_text("5 picks · ordered for Maya Lindqvist")
    page.click(".st-switch")
    expect(page.locator(".st-switch")).to_have_attribute("aria-checked", "false")
    say(page, "another")
    answered(page, 2)
    expect(page.locator(".st-meta").nth(1)).to_have_text("5 picks · not personalised")
    page.select_option("#st-shopper", "otto")
    expect(page.locator(".st-note")).to_have_text("Now shopping as Otto Brandt")
    expect(page.locator(".st-history li")).to_have_text(["bought Cast-iron casserole · June"])
    page.click(".st-switch")
    expect(page.locator(".st-switch")).to_have_attribute("aria-checked", "true")
    say(page, "a pot")
    answered(page, 4)
    assert assistant.turns == [
        ("a jacket", None, "maya", True),
        ("another", "session-1", "maya", False),
        ("a pot", None, "otto", True),
    ]


def test_two_tabs_talk_at_once_each_in_its_own_session(tabs: Tabs, assistant: ScriptedAssistant) -> None:
    assistant.held = {"final"}
    one, two = tabs.open(), tabs.open()
    say(one, "first shopper")
    say(two, "second shopper")
    expect(one.locator('.st-cards[data-stage="first"]')).to_be_attached()
    expect(two.locator('.st-cards[data-stage="first"]')).to_be_attached()
    assistant.held.clear()
    answered(one, 1)
    answered(two, 1)
    assert assistant.most_running == 2
    assert [page.locator(".st-said").text_content() for page in (one, two)] == [
        "You: first shopper",
        "You: second shopper",
    ]


def test_words_of_records_and_of_the_llm_stay_words(tabs: Tabs, assistant: ScriptedAssistant) -> None:
    page = tabs.open()
    say(page, "hostile <b>bold</b> ${1+1} {{value}}")
    answered(page, 1)
    expect(page.locator(".st-said")).to_have_text("You: hostile <b>bold</b> ${1+1} {{value}}")
    expect(page.locator(".st-title")).to_have_text(
        '<img src=x onerror="window.hurt=1"><script>window.hurt=2</script>', use_inner_text=True
    )
    expect(page.locator(".st-text")).to_have_text("<img src=x onerror=window.hurt=10> ${1+1} {{value}} ")
    expect(page.locator(".st-tag")).to_have_text("<img src=x onerror=window.hurt=9>")
    expect(page.locator(".st-chip")).to_have_text("<img src=x onerror=window.hurt=11>")
    assert page.locator(".st-open, #st img, .st-log script, .st-card b").count() == 0
    page.hover(".st-reason")
    page.click(".st-like")
    expect(page.locator(".st-like")).to_have_attribute("aria-pressed", "true")
    assert assistant.feedbacks == [("session-1", "turn-1", '"><img src=x onerror=window.hurt=8>', "like")]
    assert page.evaluate("window.hurt") is None


def test_an_error_shows_plain_words_and_the_next_turn_works(
    tabs: Tabs, assistant: ScriptedAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    page = tabs.open()
    say(page, "break it")
    answered(page, 1)
    shown = page.locator(".st-error").text_content() or ""
    reference = shown.rsplit(maxsplit=1)[-1]
    assert shown == f"Something went wrong on our side. Please try again. Reference {reference}"
    assert f"(error {reference})" in caplog.text
    assert "secret cause" not in page.content()
    say(page, "offline now")
    answered(page, 2)
    expect(page.locator(".st-aside")).to_have_text("Answered without the language model: real items, fixed wording.")


def test_who_asks_too_often_reads_when_to_come_back(tabs: Tabs) -> None:
    page = tabs.open()
    say(page, "too often")
    answered(page, 1)
    expect(page.locator(".st-error")).to_contain_text("Too many messages in a short time. Try again in 15 s.")
    say(page, "once more")
    answered(page, 2)


def test_at_390_px_the_panel_opens_over_the_chat_and_the_field_stays_in_reach(
    tabs: Tabs, assistant: ScriptedAssistant
) -> None:
    page = tabs.open(390, 844)
    expect(page.locator("#st-shopper")).to_be_hidden()
    expect(page.locator(".st-who")).to_have_text("You")
    page.click(".st-who")
    page.select_option("#st-shopper", "maya")
    expect(page.locator(".st-who")).to_have_text("Maya")
    expect(page.locator(".st-who")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#st-shopper")).to_be_hidden()
    for number in (1, 2):
        say(page, f"a jacket {number}")
        answered(page, number)
    box = page.locator("#st-message").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 844
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("getComputedStyle(document.getElementById('st-message')).fontSize") == "16px"
    expect(page.locator(".st-chip").last).to_be_in_viewport()


def test_everything_can_be_reached_by_keyboard(tabs: Tabs, assistant: ScriptedAssistant) -> None:
    page = tabs.open()
    say(page, "a jacket")
    answered(page, 1)
    page.keyboard.press("Control+Home")
    page.locator("body").focus()
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.id"))
    wanted = ["st-shopper", "Like: Fell Runner shell", "Not this: Fell Runner shell", "Open: Stormline rain jacket",
              "Remove: under $150", "st-message", "Send"]  # fmt: skip
    assert [name for name in wanted if name not in reached] == []


def violations(page: Page) -> list[Any]:
    """What axe-core finds in the page's own parts; what Gradio puts around them is not ours."""
    # What moves once has less contrast meanwhile.
    page.evaluate(
        "Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations === 1)"
        ".map((one) => one.finished))"
    )
    found = Axe().run(page, context="#st").response["violations"]
    return [(one["id"], [(node["target"], node["failureSummary"]) for node in one["nodes"]]) for one in found]


def test_cards_are_chosen_and_compared_side_by_side(tabs: Tabs, assistant: ScriptedAssistant) -> None:
    page = tabs.open()
    say(page, "two things")
    answered(page, 1)
    expect(page.locator(".st-of")).to_have_count(2)
    expect(page.get_by_role("group", name="tent").locator(".st-tag")).to_have_text(["tent", "under $160"])
    expect(page.get_by_label("Remove: tent: under $160")).to_be_visible()
    page.click(".st-compare >> nth=0")
    expect(page.locator("#st-tray-said")).to_have_text("Choose one more to compare")
    expect(page.locator(".st-docompare")).to_have_attribute("aria-disabled", "true")
    page.click(".st-compare >> nth=3")
    expect(page.locator("#st-tray-said")).to_have_text("Fell Runner shell · Harbour parka")
    for card in (1, 2, 4):
        page.click(f".st-compare >> nth={card}")
    expect(page.locator("#st-tray-said")).to_contain_text("At most 4 can be compared at once.")
    expect(page.locator('.st-compare[aria-pressed="true"]')).to_have_count(4)
    page.click(".st-compare >> nth=2")
    page.click(".st-compare >> nth=1")
    expect(page.locator('.st-compare[aria-pressed="true"]')).to_have_count(2)
    assert violations(page) == []
    page.click(".st-docompare")
    answered(page, 2)
    assert assistant.turns[1][0] == "Compare Fell Runner shell and Harbour parka"
    expect(page.locator(".st-tray")).to_have_count(0)
    expect(page.locator('.st-compare[aria-pressed="true"]')).to_have_count(0)
    table = page.get_by_role("table", name="What differs")
    assert [row.all_inner_texts() for row in (one.locator("th, td") for one in table.locator("tr").all())] == [
        ["", "Fell Runner shell", "<b>Parka</b>"],
        ["<i>Waterproof</i>", "10,000 mm", "the shop doesn’t say"],
        ["Price", "$89.50", "$132.00"],
        ["Brand", "Aldous & Finch", "<u>Marlow</u>"],
    ]
    assert [one.get_attribute("scope") for one in table.locator("th").all()] == ["col", "col", "row", "row", "row"]
    expect(table.locator(".st-matters")).to_contain_text("10,000 mm")
    assert violations(page) == []
    # On a phone, in the dark: the table scrolls, the page does not.
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("document.body.classList.add('dark')")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".st-wide").evaluate("(table) => table.scrollWidth > table.clientWidth")
    assert violations(page) == []


GERMAN = {"locale": "de-CH"}  # what the browser sends as Accept-Language


def test_the_page_is_in_the_browsers_language_from_its_first_byte(tabs: Tabs, assistant: ScriptedAssistant) -> None:
    page = tabs.open(**GERMAN)
    assert page.title() == "Marlow & Finch · Einkaufsberatung"
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["de", "ltr"]
    expect(page.locator(".st-welcome h2")).to_have_text("Was darf ich für Sie finden?")
    page.select_option("#st-shopper", "maya")
    say(page, "eine Jacke")
    answered(page, 1)
    expect(page.locator(".st-meta")).to_have_text("5 Vorschläge · geordnet für Maya Lindqvist")
    expect(page.locator("#st-status")).to_have_text(
        "5 Vorschläge · geordnet für Maya Lindqvist. " + "".join(f"{sentence} " for sentence in SENTENCES)
    )
    expect(page.get_by_label("Bewertet mit 4,5 von 5 von 1.287 Kunden").first).to_be_visible()
    page.click(".st-tag >> nth=0")
    answered(page, 2)
    expect(page.locator(".st-note")).to_have_text("Nicht mehr: under $150")
    for number in (0, 1):
        page.locator(".st-exchange").last.locator(".st-compare").nth(number).click()
    page.click("text=Vergleichen >> nth=-1")
    answered(page, 3)
    assert assistant.turns[1][0] == "Vergleiche Stormline rain jacket und Fell Runner shell"
    say(page, "too often")
    answered(page, 4)
    expect(page.locator(".st-error")).to_contain_text("Versuchen Sie es in 15 s noch einmal.")


def test_the_address_names_another_language(tabs: Tabs) -> None:
    page = tabs.open(query="?lang=zh", **GERMAN)
    assert page.evaluate("document.documentElement.lang") == "zh"
    expect(page.locator(".st-welcome h2")).to_have_text("想找点什么？")
    say(page, "offline")
    answered(page, 1)
    expect(page.locator(".st-aside")).to_have_text("未用语言模型作答：商品真实，措辞固定。")
    answer = httpx.get(tabs.address, params={"lang": "fr"})
    assert (answer.headers["content-language"], "Accept-Language" in answer.headers["vary"]) == ("fr", True)
    assert "Que puis-je trouver pour vous" in answer.text
