"""The widget for everybody: by keyboard alone, by the rules of axe-core, on phones, at 200 %, in the dark."""

import pytest
from api_server import Api
from playwright.sync_api import expect
from scripted_llm import Answer
from widget_page import LONGEST_MS, TENT, Tabs, answered, ready, say, settled, slow, violations

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

FOCUSED = """() => {
  let active = document.activeElement;
  while (active.shadowRoot && active.shadowRoot.activeElement) active = active.shadowRoot.activeElement;
  return active.getAttribute('aria-label') || active.id || active.textContent.trim();
}"""
# A phone's keyboard covers the page and shrinks the visual viewport alone; a headless browser has none to show.
KEYBOARD = """
const view = Object.assign(new EventTarget(), { width: 390, height: 844, offsetTop: 0, offsetLeft: 0, scale: 1 });
Object.defineProperty(window, 'visualViewport', { value: view });
window.keyboard = (height, offsetTop = 0) => {
  Object.assign(view, { height: 844 - height, offsetTop });
  view.dispatchEvent(new Event('resize'));
};
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1400, 900), (390, 844)], ids=["desk", "phone"])
def test_axe_finds_nothing(tabs: Tabs, api: Api, theme: str, size: tuple[int, int]) -> None:
    tabs.store.attributes |= {"theme": theme, "questions": f"{TENT}|a lantern"}
    page = tabs.open(*size)
    assert violations(page) == []  # the launcher
    page.evaluate("shoptalk.open()")
    assert violations(page) == []  # the welcome
    slow(api, sentences=8)
    say(page, "a 2-person tent under $160 and a lantern under $30")
    expect(page.locator(".text span").first).to_be_visible(timeout=LONGEST_MS)
    assert violations(page) == []  # while it streams
    answered(page, 1)
    page.click(".like >> nth=0")
    page.click(".refuse >> nth=1")
    page.click(".cart >> nth=0")
    assert page.locator(".group").count() == 2
    assert violations(page) == []  # cards of two wants, pressed ones, tags, thumbs
    say(page, "a lantern")
    answered(page, 2)
    page.get_by_role("button", name="Options").click()
    assert violations(page) == []
    page.get_by_role("button", name="Delete my data").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    tabs.expected = "ERR_INTERNET_DISCONNECTED"
    tabs.context.set_offline(True)
    say(page, "a razor")
    expect(page.locator(".error")).to_be_visible(timeout=LONGEST_MS)
    assert violations(page) == []


def test_a_whole_turn_by_keyboard_alone_and_the_focus_is_given_back(tabs: Tabs, api: Api) -> None:
    page = tabs.open()
    focused = lambda: page.evaluate(FOCUSED)  # noqa: E731
    reached = []
    while "Ask our assistant" not in reached:
        page.keyboard.press("Tab")
        reached.append(focused())
    assert reached == ["before", "after", "Ask our assistant"]
    page.keyboard.press("Enter")
    assert focused() == "Your message"
    page.keyboard.type("a 2-person tent")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("under $200")
    assert page.locator("textarea").input_value() == "a 2-person tent\nunder $200"
    page.keyboard.press("Enter")
    answered(page, 1)
    assert focused() == "Your message"

    # Tab goes round inside the window, in the order of reading, and back again.
    forward = []
    for _ in range(40):
        page.keyboard.press("Tab")
        forward.append(focused())
        if forward[-1] == "Your message":
            break
    first = page.locator(".card-title").first.inner_text()
    cards = page.locator(".card").count()
    assert forward[0] == "Send"
    assert forward[1:4] == ["Options", "Close", "Conversation"]
    acts = [f"{act}: {first}" for act in ("Add to cart", "Not this", "Like", "Compare")]
    assert forward[4:9] == [first, *acts]
    assert len([one for one in forward if one.startswith("Like: ")]) == cards
    assert forward[-1] == "Your message"
    back = []
    for _ in forward:
        page.keyboard.press("Shift+Tab")
        back.append(focused())
    assert back == [*reversed(forward[:-1]), "Your message"]

    for name, key in ((f"Like: {first}", " "), (f"Add to cart: {first}", "Enter")):
        for _ in range(40):
            page.keyboard.press("Tab")
            if focused() == name:
                break
        page.keyboard.press(key)
    expect(page.locator(".like").first).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[role=status]")).to_have_text(f"Added: {first}")

    # The menu opens, and Escape goes back one step at a time.
    for _ in range(40):
        page.keyboard.press("Tab")
        if focused() == "Options":
            break
    page.keyboard.press("Enter")
    assert focused() == "New chat"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert focused() == "Keep it"
    page.keyboard.press("Tab")
    assert focused() == "Delete my data"
    page.keyboard.press("Tab")
    assert focused() == "Keep it"
    page.keyboard.press("Escape")
    assert focused() == "Options"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert focused() == "Ask our assistant"

    # Opened from the page, the focus goes back to what opened it there.
    page.focus("#after")
    page.evaluate("shoptalk.open()")
    assert focused() == "Your message"
    page.keyboard.press("Escape")
    assert focused() == "after"


def test_keys_that_are_typed_here_are_not_the_pages_shortcuts(tabs: Tabs) -> None:
    page = tabs.open()
    page.evaluate("window.heard = []; addEventListener('keydown', ({ key }) => heard.push(key))")
    page.evaluate("shoptalk.open()")
    page.keyboard.type("/s")
    assert page.locator("textarea").input_value() == "/s"
    assert page.evaluate("heard") == []


def test_the_log_is_busy_while_it_streams_and_is_announced_once_at_the_end(tabs: Tabs, api: Api) -> None:
    slow(api, sentences=3)
    page = tabs.open()
    page.evaluate("shoptalk.open()")
    said = page.evaluate_handle(
        "(() => { const said = [];"
        " const status = document.querySelector('shoptalk-widget').shadowRoot.querySelector('[role=status]');"
        " const hear = () => status.textContent && said.push(status.textContent);"
        " new MutationObserver(hear).observe(status, { childList: true, characterData: true, subtree: true });"
        " return said; })()"
    )
    log = page.get_by_role("log", name="Conversation")
    expect(log).to_have_attribute("aria-live", "off")
    say(page, TENT)
    expect(log).to_have_attribute("aria-busy", "true")
    answered(page, 1)
    expect(log).to_have_attribute("aria-busy", "false")
    assert said.json_value() == [f"1 pick. {page.locator('.text').inner_text().strip()}"]
    # A closed window: who sees the page sees that there is something new.
    page.get_by_role("button", name="Close").click()
    page.evaluate("setTimeout(() => shoptalk.close(), 0); shoptalk.send('a lantern')")
    expect(page.locator(".launcher[data-unread]")).to_be_visible(timeout=LONGEST_MS)
    page.evaluate("shoptalk.open()")
    expect(page.locator("[data-unread]")).to_have_count(0)


def test_a_phone_shows_the_whole_screen_and_its_keyboard_covers_nothing(tabs: Tabs, api: Api) -> None:
    page = tabs.open(390, 844, has_touch=True, is_mobile=True)
    page.add_init_script(KEYBOARD)
    page.reload()
    ready(page)
    page.tap(".launcher")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_attribute("aria-modal", "true")
    settled(page)
    assert dialog.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    assert page.evaluate("getComputedStyle(document.documentElement).overflow") == "hidden"  # what is behind stays
    assert page.evaluate(FOCUSED) != "Your message"  # which would bring the keyboard up over the welcome
    field = page.locator("textarea")
    assert field.evaluate("(field) => parseFloat(getComputedStyle(field).fontSize)") >= 16  # or the phone zooms in
    page.evaluate("keyboard(336, 40)")
    box = page.locator(".composer").bounding_box()
    assert box is not None
    assert box["y"] >= 40
    assert box["y"] + box["height"] <= 40 + 844 - 336
    say(page, "a 2-person tent")
    answered(page, 1)
    page.evaluate("keyboard(0)")
    assert dialog.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    wide = page.evaluate("document.querySelector('shoptalk-widget').shadowRoot.querySelector('.panel').scrollWidth")
    assert wide == 390
    settled(page)
    for part in (".act", ".quiet", ".go", ".need button", ".thumbs button"):
        for box in [one.bounding_box() for one in page.locator(part).all() if one.is_visible()]:
            assert box is not None
            assert round(min(box["width"], box["height"]), 3) >= 36, part  # for a finger; the browser tells fractions
    page.get_by_role("button", name="Close").tap()
    assert page.evaluate("getComputedStyle(document.documentElement).overflow") == "visible"
    expect(page.locator(".launcher")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(640, 360), (320, 568), (320, 256)])
def test_at_200_and_400_percent_nothing_is_lost(tabs: Tabs, api: Api, width: int, height: int) -> None:
    page = tabs.open(width, height)
    page.evaluate("shoptalk.send('a 2-person tent')")
    answered(page, 1)
    settled(page)
    panel = page.get_by_role("dialog").bounding_box()
    assert panel == {"x": 0, "y": 0, "width": width, "height": height}
    for part in (page.locator("textarea"), page.get_by_role("button", name="Close")):
        expect(part).to_be_in_viewport(ratio=1)
    log = page.get_by_role("log")
    assert log.evaluate("(log) => log.scrollWidth <= log.clientWidth")
    assert log.evaluate("(log) => log.clientHeight") >= 80
    page.locator(".like").first.scroll_into_view_if_needed()
    expect(page.locator(".like").first).to_be_in_viewport(ratio=1)


def test_who_wants_less_motion_gets_none(tabs: Tabs, api: Api) -> None:
    page = tabs.open(reduced_motion="reduce")
    page.evaluate("shoptalk.open()")
    slow(api, sentences=6)
    say(page, "a 2-person tent")
    expect(page.locator(".text span").first).to_be_visible(timeout=LONGEST_MS)
    moving = page.evaluate("document.querySelector('shoptalk-widget').shadowRoot.getAnimations().length")
    assert moving == 0
    answered(page, 1)


def test_windows_high_contrast_keeps_edges(tabs: Tabs, api: Api) -> None:
    page = tabs.open(forced_colors="active")
    page.evaluate("shoptalk.send('a 2-person tent')")
    answered(page, 1)
    for part in (".panel", ".card", ".act", ".go", ".said", ".need button"):
        width = page.locator(part).first.evaluate("(part) => getComputedStyle(part).borderTopWidth")
        assert width == "1px", part


def test_a_page_from_right_to_left_is_mirrored(tabs: Tabs, api: Api) -> None:
    tabs.store.attributes |= {"dir": "rtl", "locale": "de"}
    page = tabs.open()
    box = page.locator(".launcher").bounding_box()
    assert box is not None
    assert box["x"] < 100  # at the end of a line, which is the left
    page.evaluate("shoptalk.send('a 2-person tent')")
    answered(page, 1)
    said, meta = page.locator(".said").bounding_box(), page.locator(".meta").bounding_box()
    assert said is not None
    assert meta is not None
    assert said["x"] < 60  # the shopper's words at the end of the line
    first, second = (page.locator(".card").nth(at).bounding_box() for at in (0, 1))
    assert first is not None
    assert second is not None
    assert first["x"] > second["x"]
    assert violations(page) == []


def test_what_the_model_says_in_any_script_is_text(tabs: Tabs, api: Api) -> None:
    api.llm.enqueue('{"items": []}', Answer("The Fernhill Ridge 2-person tent is <b>waterproof</b>."))
    page = tabs.open()
    page.evaluate("shoptalk.send('<img src=x onerror=alert(1)> a 2-person tent under $160')")
    answered(page, 1)
    expect(page.locator(".said")).to_contain_text("<img src=x onerror=alert(1)> a 2-person tent")
    expect(page.locator(".exchange img, .exchange b")).to_have_count(0)
