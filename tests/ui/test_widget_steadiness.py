"""The widget where the shop is busy, a connection goes silent, or a page comes back out of the browser's cache."""

from collections.abc import Iterator

import pytest
from api_server import Api
from playwright.sync_api import Browser, expect, sync_playwright
from widget_front import Front, standing_before
from widget_page import ARGUMENTS, LONGEST_MS, TENT, Tabs, answered, slow, titles

from chat.store import Store as Conversations

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """As the others', but it keeps pages for the way back, as shoppers' browsers do."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=ARGUMENTS,
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        browser.close()


@pytest.fixture
def front(request: pytest.FixtureRequest, api: Api, tabs: Tabs) -> Iterator[Front]:
    with standing_before(api.address, getattr(request, "param", 45.0)) as front:
        tabs.store.shoptalk = front.address
        yield front
        for context in tabs.browser.contexts:
            context.close()


@pytest.mark.parametrize("status", [503, 429])
def test_a_shop_that_is_busy_for_a_moment_is_asked_again_by_itself(
    tabs: Tabs, api: Api, front: Front, status: int
) -> None:
    tabs.expected = str(status)
    front.refuse = [(status, 1)]
    page = tabs.open()
    page.evaluate(f"shoptalk.send('{TENT}')")
    answered(page, 1)
    expect(page.locator(".error")).to_have_count(0)
    assert titles(page) == ["Fernhill Ridge 2-person tent"]
    assert front.messages == 2
    keys = {asked.headers["idempotency-key"] for asked in tabs.asked if asked.url.endswith("/v1/chat")}
    assert len(keys - {""}) == 1
    assert len(Conversations(api.shop.connections).turns(page.evaluate("shoptalk.session"))) == 1


@pytest.mark.parametrize("refusals", [[(503, 60)], [(503, 1), (503, 1)]], ids=["for long", "twice"])
def test_a_shop_that_stays_busy_is_said_to_be_and_the_shopper_may_ask_again(
    tabs: Tabs, front: Front, refusals: list[tuple[int, int]]
) -> None:
    tabs.expected = "503"
    front.refuse = list(refusals)
    page = tabs.open()
    page.evaluate(f"shoptalk.send('{TENT}')")
    expect(page.locator(".error")).to_have_text("Many are asking just now. Try again in a moment.", timeout=LONGEST_MS)
    assert front.messages == len(refusals)
    page.get_by_role("button", name="Try again").click()
    answered(page, 1)
    assert titles(page) == ["Fernhill Ridge 2-person tent"]


@pytest.mark.parametrize("front", [4.0], indirect=True, ids=["after 4 s"])
def test_an_answer_that_falls_silent_is_taken_up_again_and_nothing_is_said_twice(
    tabs: Tabs, api: Api, front: Front
) -> None:
    front.hang_after = b"event: cards"
    page = tabs.open()
    page.evaluate(f"shoptalk.send('{TENT}')")
    answered(page, 1)
    expect(page.locator(".error")).to_have_count(0)
    assert titles(page) == ["Fernhill Ridge 2-person tent"]
    assert front.messages == 2
    (turn,) = Conversations(api.shop.connections).turns(page.evaluate("shoptalk.session"))
    assert turn["finished"] == 1
    expect(page.locator(".text")).to_have_text(turn["answer"] + " ")


def test_a_page_that_comes_back_out_of_the_cache_goes_on_with_its_answer(tabs: Tabs, api: Api) -> None:
    slow(api, sentences=12)
    page = tabs.open()
    page.evaluate("addEventListener('pageshow', (shown) => (window.cameBack = shown.persisted))")
    page.evaluate(f"shoptalk.send('{TENT}')")
    expect(page.locator(".text span").first).to_be_visible(timeout=LONGEST_MS)
    page.goto(f"{tabs.store.shoptalk}/healthz")
    page.go_back(wait_until="commit")
    assert page.evaluate("window.cameBack") is True  # it is the very page, and was not loaded anew
    answered(page, 1)
    expect(page.locator(".error")).to_have_count(0)
    (turn,) = Conversations(api.shop.connections).turns(page.evaluate("shoptalk.session"))
    assert turn["finished"] == 1
    expect(page.locator(".text")).to_have_text(turn["answer"] + " ")
