"""A shopper's page in Chromium: tabs that keep what each complains of, and what a test does on the page."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

LONGEST_S = 15  # a loaded machine with two cores is slow; a test that passes never waits this long


@dataclass
class ShopTabs:
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


def violations(page: Page) -> list[Any]:
    """What axe-core finds in the page's own parts; what Gradio puts around them is not ours."""
    # What moves once has less contrast meanwhile.
    page.evaluate(
        "Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations === 1)"
        ".map((one) => one.finished))"
    )
    found = Axe().run(page, context="#st").response["violations"]
    return [(one["id"], [(node["target"], node["failureSummary"]) for node in one["nodes"]]) for one in found]
