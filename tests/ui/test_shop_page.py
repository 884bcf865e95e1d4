"""Talks on the shopper's page in a real Chromium, over a scripted assistant."""

import pytest
from page_server import QUESTIONS
from playwright.sync_api import expect
from scripted_assistant import ScriptedAssistant
from shop_tabs import ShopTabs, answered, eventually, say, titles

pytestmark = [
    pytest.mark.browser,
    # Gradio's own count of its events uses options that pandas gives up.
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]


def test_a_question_is_answered_with_cards_and_text_and_the_cards_can_be_pressed(
    shop_tabs: ShopTabs, assistant: ScriptedAssistant
) -> None:
    assistant.held = {"final", "text 2"}
    page = shop_tabs.open()
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


def test_a_tag_can_be_taken_away_and_a_new_chat_forgets(shop_tabs: ShopTabs, assistant: ScriptedAssistant) -> None:
    page = shop_tabs.open()
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


def test_stop_closes_the_turn_and_keeps_what_is_shown(shop_tabs: ShopTabs, assistant: ScriptedAssistant) -> None:
    assistant.held = {"text 2"}
    page = shop_tabs.open()
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


def test_a_closed_tab_and_a_new_chat_close_the_turn(shop_tabs: ShopTabs, assistant: ScriptedAssistant) -> None:
    assistant.held = {"text 2"}
    page = shop_tabs.open()
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


def test_the_chosen_shopper_and_the_switch_hold_from_the_next_turn(
    shop_tabs: ShopTabs, assistant: ScriptedAssistant
) -> None:
    page = shop_tabs.open()
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


def test_two_tabs_talk_at_once_each_in_its_own_session(shop_tabs: ShopTabs, assistant: ScriptedAssistant) -> None:
    assistant.held = {"final"}
    one, two = shop_tabs.open(), shop_tabs.open()
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


def test_words_of_records_and_of_the_llm_stay_words(shop_tabs: ShopTabs, assistant: ScriptedAssistant) -> None:
    page = shop_tabs.open()
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
    shop_tabs: ShopTabs, assistant: ScriptedAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    page = shop_tabs.open()
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


def test_who_asks_too_often_reads_when_to_come_back(shop_tabs: ShopTabs) -> None:
    page = shop_tabs.open()
    say(page, "too often")
    answered(page, 1)
    expect(page.locator(".st-error")).to_contain_text("Too many messages in a short time. Try again in 15 s.")
    say(page, "once more")
    answered(page, 2)
