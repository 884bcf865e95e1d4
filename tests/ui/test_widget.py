"""Drives the widget in a real Chromium, on a page of another origin under a strict policy, over the real API."""

from collections.abc import Iterator

import pytest
from api_server import Api, until
from playwright.sync_api import Page, expect
from scripted_llm import Answer
from widget_page import LONGEST_MS, TENT, Tabs, Wire, answered, ready, say, slow, titles, told, violations

from chat.store import Store as Conversations
from ranking.history import Events

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def session_of(page: Page) -> str:
    return str(page.evaluate("shoptalk.session"))


def test_a_whole_conversation_with_cards_tags_chips_and_thumbs(tabs: Tabs, api: Api) -> None:
    tabs.store.attributes |= {"questions": f"{TENT}| Something for the bath "}
    page = tabs.open()
    assert page.evaluate("shoptalk.isOpen") is False
    page.click("text=Ask our assistant")
    expect(page.get_by_role("dialog", name="Harbour & Pine")).to_be_visible()
    expect(page.locator(".welcome .ai")).to_contain_text(
        "You are talking with an AI. It shows only items of Harbour & Pine."
    )
    assert page.locator(".firsts button").all_inner_texts() == [TENT, "Something for the bath"]

    api.llm.enqueue('{"items": []}', "The Fernhill Ridge 2-person tent is waterproof. It weighs 900 grams.")
    page.click(".firsts button >> nth=0")
    answered(page, 1)
    expect(page.locator(".said")).to_have_text(f"You: {TENT}")
    assert titles(page) == ["Fernhill Ridge 2-person tent"]
    card = page.locator(".card")
    expect(card.locator(".price")).to_have_text("$149.00")
    expect(card.locator(".facts")).to_have_text("waterproofTents")
    expect(card.locator("a")).to_have_attribute("href", f"{tabs.store.origin}/p/tent-1")
    expect(page.locator(".text")).to_have_text("The Fernhill Ridge 2-person tent is waterproof. ")  # the grams are cut
    expect(page.locator("[role=status]")).to_have_text("1 pick. The Fernhill Ridge 2-person tent is waterproof.")
    need = page.locator(".need button")
    assert "under $160" in need.all_inner_texts()

    say(page, "what about lanterns?")
    answered(page, 2)
    expect(page.locator(".exchange").first.locator(".chips button")).to_have_count(0)  # they were the last one's
    page.locator(".exchange").last.get_by_label("Good answer").click()
    expect(page.get_by_label("Good answer").last).to_have_attribute("aria-pressed", "true")
    page.locator(".need button", has_text="$160").click() if need.filter(
        has_text="$160"
    ).count() else need.first.click()
    answered(page, 3)
    expect(page.locator(".exchange").last.locator(".note")).to_contain_text("No longer: ")

    session = session_of(page)
    turns = Conversations(api.shop.connections).turns(session)
    assert [turn["message"] for turn in turns] == [TENT, "what about lanterns?", ""]
    assert Conversations(api.shop.connections).thumbs(session) == {turns[1]["id"]: 1}
    messages = told(page, "message")
    assert [(one["role"], one["text"]) for one in messages[:2]] == [
        ("shopper", TENT),
        ("assistant", "The Fernhill Ridge 2-person tent is waterproof."),
    ]
    assert messages[1]["item_ids"] == ["tent-1"]
    assert (messages[1]["turn_id"], messages[1]["session_id"]) == (turns[0]["id"], session)


def test_what_is_pressed_on_a_card_is_stored_with_its_turn_and_told_to_the_page(tabs: Tabs, api: Api) -> None:
    page = tabs.open()
    page.evaluate("shoptalk.send('a 2-person tent')")
    answered(page, 1)
    first, second = titles(page)[:2]
    page.click(f'[aria-label="Like: {first}"]')
    page.click(f'[aria-label="Not this: {second}"]')
    page.click(f'[aria-label="Add to cart: {first}"]')
    expect(page.locator(".cart").first).to_have_text("Added")
    page.evaluate("addEventListener('shoptalk:product-click', (event) => event.preventDefault())")
    page.locator(".card-title a").first.click()
    history, turn = f"session:{session_of(page)}", told(page, "message")[1]["turn_id"]
    events = Events(api.shop.connections)
    until(lambda: len(events.of(history)) == 4)
    ids = told(page, "message")[1]["item_ids"]
    kept = {(event.kind, event.item_id, event.turn_id, event.position) for event in events.of(history)}
    assert kept == {
        ("like", ids[0], turn, 1),
        ("dislike", ids[1], turn, 2),
        ("cart", ids[0], turn, 1),
        ("click", ids[0], turn, 1),
    }
    expect(page.locator(".like").first).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".refuse").nth(1)).to_have_attribute("aria-pressed", "true")
    (added,), (clicked,) = told(page, "add-to-cart"), told(page, "product-click")
    assert (added["item_id"], added["title"], added["quantity"], added["turn_id"]) == (ids[0], first, 1, turn)
    assert (clicked["item_id"], clicked["url"]) == (ids[0], f"{tabs.store.origin}/p/{ids[0]}")
    assert page.url == f"{tabs.store.origin}/"  # the page took the click over
    # The page has none left: nothing is said to be in the cart, and no event is sent.
    page.evaluate("addEventListener('shoptalk:add-to-cart', (event) => event.preventDefault())")
    sent = len(tabs.posted("/events"))
    page.locator(".cart").nth(1).click()
    expect(page.locator(".cart").nth(1)).to_have_text("Add to cart")
    assert len(tabs.posted("/events")) == sent
    # What is refused is not shown again.
    say(page, "a 2-person tent")
    answered(page, 2)
    assert second not in titles(page)


def test_stop_ends_the_answer_and_what_was_shown_stays(tabs: Tabs, api: Api) -> None:
    slow(api)
    page = tabs.open()
    page.evaluate(f"shoptalk.send('{TENT}')")
    expect(page.locator(".text span").first).to_be_visible(timeout=LONGEST_MS)
    expect(page.locator(".log")).to_have_attribute("aria-busy", "true")
    expect(page.locator("[role=status]")).to_have_text("")  # nothing is announced while it streams
    assert page.evaluate("shoptalk.send('again')") is False
    page.get_by_role("button", name="Stop").click()
    answered(page, 1)
    expect(page.locator(".aside")).to_have_text("Stopped.")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert titles(page) == ["Fernhill Ridge 2-person tent"]
    until(lambda: api.llm.closed_early == 1)


def test_an_answer_goes_on_after_a_reload_as_the_same_turn(tabs: Tabs, api: Api) -> None:
    slow(api, sentences=12)
    page = tabs.open()
    page.evaluate(f"shoptalk.send('{TENT}')")
    expect(page.locator(".text span").first).to_be_visible(timeout=LONGEST_MS)
    page.reload()
    expect(page.get_by_role("dialog")).to_be_visible()
    answered(page, 1)
    assert titles(page) == ["Fernhill Ridge 2-person tent"]
    (turn,) = Conversations(api.shop.connections).turns(session_of(page))
    assert (turn["message"], turn["finished"]) == (TENT, 1)
    keys = [
        asked.headers["idempotency-key"]
        for asked in tabs.asked
        if asked.url.endswith("/v1/chat") and asked.method == "POST"
    ]
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_a_reload_shows_the_conversation_as_it_was(tabs: Tabs, api: Api) -> None:
    page = tabs.open()
    page.evaluate("shoptalk.send('a 2-person tent')")
    answered(page, 1)
    page.click(".like >> nth=0")
    page.get_by_label("Poor answer").click()
    expect(page.get_by_label("Poor answer")).to_have_attribute("aria-pressed", "true")

    def seen() -> object:
        return (
            titles(page),
            page.locator(".said").all_inner_texts(),
            page.locator(".text").inner_text().strip(),
            page.locator(".need button").all_inner_texts(),
            page.locator(".chips button").all_inner_texts(),
            page.locator(".like").first.get_attribute("aria-pressed"),
            page.get_by_label("Poor answer").get_attribute("aria-pressed"),
        )

    until(lambda: Conversations(api.shop.connections).thumbs(session_of(page)))
    before = seen()
    page.reload()
    answered(page, 1)
    assert seen() == before
    assert page.evaluate("document.activeElement === document.body")  # nobody asked for it: the focus is not taken
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Close").click()
    page.reload()
    ready(page)
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.evaluate("shoptalk.open()")
    answered(page, 1)
    say(page, "tell me about the first one")
    answered(page, 2)
    assert len(titles(page)) == 1  # "the first one" is understood


@pytest.fixture
def wire(api: Api) -> Iterator[Wire]:
    wire = Wire(api.address)
    yield wire
    wire.close()


def test_a_lost_connection_is_made_anew_once_and_the_answer_goes_on(tabs: Tabs, api: Api, wire: Wire) -> None:
    tabs.store.shoptalk = wire.address
    tabs.expected = "ERR_|Failed to load"
    slow(api, sentences=12)
    page = tabs.open()
    page.evaluate(f"shoptalk.send('{TENT}')")
    expect(page.locator(".text span").first).to_be_visible(timeout=LONGEST_MS)
    wire.cut()
    answered(page, 1)
    expect(page.locator(".error")).to_have_count(0)
    (turn,) = Conversations(api.shop.connections).turns(session_of(page))
    assert turn["finished"] == 1
    expect(page.locator(".text")).to_have_text(turn["answer"] + " ")  # no sentence twice
    assert len(tabs.posted("/v1/chat")) == 2

    # Gone for longer: plain words, and a button that asks for the same turn.
    wire.down = True
    wire.cut()
    say(page, "what about lanterns?")
    expect(page.locator(".error")).to_have_text("The connection was lost.", timeout=LONGEST_MS)
    assert len(tabs.posted("/v1/chat")) == 4
    wire.down = False
    page.get_by_role("button", name="Try again").click()
    answered(page, 2)
    expect(page.locator(".error")).to_have_count(0)
    assert len(Conversations(api.shop.connections).turns(session_of(page))) == 2


def test_offline_is_said_and_it_goes_on_by_itself(tabs: Tabs, api: Api) -> None:
    tabs.expected = "ERR_INTERNET_DISCONNECTED"
    page = tabs.open()
    page.evaluate("shoptalk.open()")
    tabs.context.set_offline(True)
    say(page, TENT)
    expect(page.locator(".error")).to_have_text(
        "You are offline. This goes on as soon as you are back.", timeout=LONGEST_MS
    )
    tabs.context.set_offline(False)
    answered(page, 1)
    assert titles(page) == ["Fernhill Ridge 2-person tent"]
    assert len(Conversations(api.shop.connections).turns(session_of(page))) == 1


def test_a_conversation_that_ended_begins_anew_and_says_so(tabs: Tabs, api: Api) -> None:
    tabs.expected = "404"
    page = tabs.open()
    page.evaluate("shoptalk.send('a lantern')")
    answered(page, 1)
    before = session_of(page)
    Conversations(api.shop.connections).delete(before)
    api.shop.connections.current.execute("DELETE FROM api_sessions WHERE id = ?", [before])
    say(page, TENT)
    answered(page, 2)
    expect(page.locator(".log > .note")).to_have_text("The earlier conversation has ended. This is a new one.")
    assert titles(page) == ["Fernhill Ridge 2-person tent"]
    assert session_of(page) != before


def test_a_key_that_does_not_count_is_said_to_shopper_and_owner(tabs: Tabs, api: Api) -> None:
    tabs.expected = "unknown_key|401"
    tabs.store.site_key = "site_nothing"
    page = tabs.open()
    owner = []
    page.on("console", lambda said: owner.append(said.text))
    page.evaluate(f"shoptalk.send('{TENT}')")
    expect(page.locator(".error")).to_have_text("The assistant cannot be used on this page.", timeout=LONGEST_MS)
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    assert any("shoptalk keys list" in said and tabs.store.origin in said for said in owner)


def test_a_page_of_an_origin_that_the_key_does_not_name_gets_no_answer(tabs: Tabs, api: Api) -> None:
    tabs.expected = "403|CORS policy|ERR_FAILED|origin_not_allowed"
    tabs.store.site_key = api.site.id  # for another origin
    page = tabs.open()
    warned: list[str] = []
    page.on("console", lambda said: warned.append(said.text) if said.type == "warning" else None)
    page.evaluate(f"shoptalk.send('{TENT}')")
    # The browser keeps from the page why it may not read the answer; that the shop is there can be seen.
    expect(page.locator(".error")).to_have_text("The assistant cannot be used on this page.", timeout=LONGEST_MS)
    expect(page.locator(".card")).to_have_count(0)
    (warning,) = warned
    assert f"{api.site.id} does not open the shop to pages of {tabs.store.origin}" in warning
    assert f"shoptalk keys make site --name NAME --origin {tabs.store.origin}" in warning


def test_a_failure_of_ours_is_said_plainly_and_can_be_tried_again(tabs: Tabs, api: Api) -> None:
    api.llm.enqueue(Answer("broken", status=500), Answer("broken", status=500))
    page = tabs.open()
    page.evaluate(f"shoptalk.send('{TENT}')")
    answered(page, 1)
    assert titles(page) == ["Fernhill Ridge 2-person tent"]
    expect(page.locator(".aside")).to_have_text("Answered without the language model: real items, fixed wording.")
    heard = page.locator("[role=status]").inner_text()
    assert heard.startswith("1 pick. ")
    assert heard.endswith("for $149.00. Answered without the language model: real items, fixed wording.")


def test_tabs_share_one_conversation(tabs: Tabs, api: Api) -> None:
    slow(api, sentences=6)
    one = tabs.open()
    other = tabs.open(again=True)
    other.evaluate("shoptalk.open()")
    one.evaluate(f"shoptalk.send('{TENT}')")
    expect(other.locator(".said")).to_have_text(f"You: {TENT}", timeout=LONGEST_MS)
    expect(other.locator(".wait")).to_contain_text("Being answered in another tab")
    answered(one, 1)
    answered(other, 1)
    assert titles(other) == titles(one) == ["Fernhill Ridge 2-person tent"]
    say(other, "what about lanterns?")
    answered(other, 2)
    answered(one, 2)
    assert titles(one) == titles(other)
    assert len(Conversations(api.shop.connections).turns(session_of(one))) == 2
    one.get_by_role("button", name="Options").click()
    one.get_by_role("button", name="New chat").click()
    expect(one.locator(".welcome")).to_be_visible()
    expect(other.locator(".welcome")).to_be_visible()


def test_the_menu_deletes_what_was_said_and_turns_personalising_off(tabs: Tabs, api: Api) -> None:
    page = tabs.open()
    page.evaluate("shoptalk.send('a 2-person tent')")
    answered(page, 1)
    session = session_of(page)
    page.get_by_role("button", name="Options").click()
    switch = page.get_by_role("switch", name="Don’t personalise")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    page.keyboard.press("Escape")
    say(page, "what about lanterns?")
    answered(page, 2)
    assert [body["personalise"] for body in tabs.posted("/v1/chat")] == [True, False]
    expect(page.locator(".exchange").last.locator(".meta")).to_contain_text("not personalised")

    page.get_by_role("button", name="Options").click()
    page.get_by_role("button", name="Delete my data").click()
    page.get_by_role("button", name="Keep it").click()
    assert Conversations(api.shop.connections).turns(session)
    page.get_by_role("button", name="Options").click()
    page.get_by_role("button", name="Delete my data").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete my data").click()
    expect(page.locator(".log > .note")).to_have_text("Your data was deleted.")
    expect(page.locator(".exchange")).to_have_count(0)
    assert Conversations(api.shop.connections).turns(session) == []
    kept = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert session not in kept
    assert '\\"plain\\":true' in kept  # the choice stays
    page.reload()
    ready(page)
    assert session_of(page) == ""


def test_cards_are_chosen_compared_and_a_reload_shows_the_table_again(tabs: Tabs, api: Api) -> None:
    page = tabs.open(390, 844)
    page.evaluate("shoptalk.send('a 2-person tent')")
    answered(page, 1)
    first, second = titles(page)[:2]
    page.click(f'[aria-label="Compare: {second}"]')
    tray = page.get_by_role("group", name="Compare", exact=True)
    expect(tray.locator("p")).to_have_text("Choose one more to compare")
    ask = tray.get_by_role("button", name="Compare", exact=True)
    ask.click(force=True)  # with one there is nothing to compare yet
    expect(page.locator(".exchange")).to_have_count(1)
    page.click(f'[aria-label="Compare: {first}"]')
    expect(tray.locator("p")).to_have_text(f"{second} · {first}")
    assert violations(page) == []
    ask.click()
    answered(page, 2)
    expect(page.locator(".said").last).to_have_text(f"You: Compare {second} and {first}")
    expect(tray).to_have_count(0)
    expect(page.locator('.compare[aria-pressed="true"]')).to_have_count(0)
    table = page.get_by_role("table", name="What differs")
    rows = [row.locator("th, td").all_inner_texts() for row in table.locator("tr").all()]
    assert set(rows[0]) == {"", first, second}
    prices = {row[0]: row[1:] for row in rows}["Price"]
    records = {item.title: item for item in api.shop.catalog.many(told(page, "message")[1]["item_ids"]).values()}
    assert prices == [f"${records[title].price}" for title in rows[0][1:]]
    assert {one.get_attribute("scope") for one in table.locator("th").all()} == {"col", "row"}
    wide = table.locator("..")
    assert wide.evaluate("(one) => one.getBoundingClientRect().right <= innerWidth")
    assert violations(page) == []
    page.reload()
    answered(page, 2)
    assert [row.locator("th, td").all_inner_texts() for row in table.locator("tr").all()] == rows
