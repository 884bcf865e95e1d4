"""How the shopper's page stands on a phone, by keyboard, side by side and in other languages, in a real Chromium."""

import httpx
import pytest
from playwright.sync_api import expect
from scripted_assistant import SENTENCES, ScriptedAssistant
from shop_tabs import ShopTabs, answered, say, violations

pytestmark = [
    pytest.mark.browser,
    # Gradio's own count of its events uses options that pandas gives up.
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]


def test_at_390_px_the_panel_opens_over_the_chat_and_the_field_stays_in_reach(
    shop_tabs: ShopTabs, assistant: ScriptedAssistant
) -> None:
    page = shop_tabs.open(390, 844)
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


def test_everything_can_be_reached_by_keyboard(shop_tabs: ShopTabs, assistant: ScriptedAssistant) -> None:
    page = shop_tabs.open()
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


def test_cards_are_chosen_and_compared_side_by_side(shop_tabs: ShopTabs, assistant: ScriptedAssistant) -> None:
    page = shop_tabs.open()
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


def test_the_page_is_in_the_browsers_language_from_its_first_byte(
    shop_tabs: ShopTabs, assistant: ScriptedAssistant
) -> None:
    page = shop_tabs.open(**GERMAN)
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


def test_the_address_names_another_language(shop_tabs: ShopTabs) -> None:
    page = shop_tabs.open(query="?lang=zh", **GERMAN)
    assert page.evaluate("document.documentElement.lang") == "zh"
    expect(page.locator(".st-welcome h2")).to_have_text("想找点什么？")
    say(page, "offline")
    answered(page, 1)
    expect(page.locator(".st-aside")).to_have_text("未用语言模型作答：商品真实，措辞固定。")
    answer = httpx.get(shop_tabs.address, params={"lang": "fr"})
    assert (answer.headers["content-language"], "Accept-Language" in answer.headers["vary"]) == ("fr", True)
    assert "Que puis-je trouver pour vous" in answer.text
