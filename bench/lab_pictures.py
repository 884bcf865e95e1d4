"""``python -m bench.lab_pictures OUT_DIR``: the pictures of docs/prompt-lab.md, taken of the demo shop in Chromium.

A writer and a releaser walk through the lab as people do: draft, check, try side by side, score, publish, split,
promote, roll back, and what each is refused. The LLM is the one of the settings (SHOPTALK_LLM_URL, or the built-in
one). The same walk is a test, over a small shop. Knows pages by what is written on them.

    .venv/bin/python -m bench.lab_pictures docs/lab --cases '[bdh][ueo]*'
"""

import argparse
import io
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from rich.console import Console

from bench.home import demo_home
from chat.errors import SetupError
from chat.settings import Settings
from ui.accounts import Accounts
from ui.demo_shop import SHOP_NAME
from ui.home import Home
from ui.opening import language_model, opened_shop
from ui.server import create_app

CASES = "[bdh][ueo]*"  # budget, dead-ends and hostile: 20
WRITER, RELEASER = "wendy", "rob"
WIDE, NARROW = (1200, 900), (390, 844)
COLOURS = 64  # of a picture: enough for text, and each stays under 150 KB
CHANGED = ("You tell a shopper what an item offers", "Say what an item offers, in one short sentence")
Shoot = Callable[[Page, str], None]


@dataclass(frozen=True)
class Walk:
    """What differs between the demo shop and a test's."""

    address: str
    password: str  # of WRITER and RELEASER
    messages: str
    cases: str
    longest_ms: int = 60_000  # of one answer
    scoring_ms: int = 60_000


def walk(browser: Browser, how: Walk, shoot: Shoot) -> None:
    """Every step that the product team takes in a week; ``shoot`` takes a picture of each, by its name.

    AssertionError where a page does not say what it must.
    """
    page = signed_in(browser, how, WRITER)
    shoot(page, "1-library")
    to(page, "Write")
    text = page.locator("#lab-text textarea")
    expect(text).to_have_value(re.compile("name: reply"))
    written = text.input_value().replace(*CHANGED)
    text.fill(written.replace("{{ wanted or", "{{ wished or"))
    press(page, "Check")
    says(page, "variable 'wished' is used but not declared")
    shoot(page, "2-error")
    text.fill(written)
    press(page, "Check")
    says(page, "Nothing is wrong with it")
    press(page, "Save the draft")
    says(page, "is saved")
    shoot(page, "3-draft")
    press(page, "Publish as a version (releasers)")
    says(page, f"{WRITER} is a writer: a releaser publishes and moves labels.")
    shoot(page, "4-writer-cannot-publish")

    page = signed_in(browser, how, RELEASER)
    to(page, "Write")
    choose(page, "draft", "name: reply")
    # A version with an error cannot go live, whoever publishes it.
    text = page.locator("#lab-text textarea")
    expect(text).to_have_value(written)
    text.fill(written.replace("{{ wanted or", "{{ wanted or {"))
    press(page, "Publish as a version (releasers)")
    says(page, "the text, line")
    shoot(page, "5-error-cannot-go-live")
    text.fill(written)
    page.fill("#lab-why-published textarea, #lab-why-published input", "one sentence reads better on a telephone")
    press(page, "Publish as a version (releasers)")
    says(page, "is published. Nobody uses it before a label points at it")
    shoot(page, "6-published")

    page = signed_in(browser, how, WRITER)
    to(page, "Library")
    shoot(page, "7-difference")
    to(page, "Try")
    page.fill("#lab-messages textarea", how.messages)
    page.click("#lab-try")
    says(page, "Tried.", how.longest_ms)
    shoot(page, "8-side-by-side")
    to(page, "Score")
    page.fill("#lab-cases textarea, #lab-cases input", how.cases)
    press(page, "Score")
    says(page, re.compile(r"\d results?\."), how.scoring_ms)
    expect(page.locator("#lab-score")).to_contain_text("cases passed whole")
    shoot(page, "9-score")

    page = signed_in(browser, how, RELEASER)
    to(page, "Release")
    page.fill("#lab-why textarea, #lab-why input", "shorter, and as often right")
    press(page, "Point the label at this version")
    says(page, "candidate is reply@2, for conversations that begin now.")
    press(page, "Split the traffic")
    says(page, "10% of new conversations get the candidate of reply.")
    press(page, "Show the figures")
    expect(page.locator("#lab-outcomes")).to_contain_text("too few yet to say anything")
    shoot(page, "10-split")
    choose(page, "label", "production")
    page.fill("#lab-why textarea, #lab-why input", "the week went well")  # needed where it scored worse
    press(page, "Point the label at this version")
    says(page, "production is reply@2, for conversations that begin now.")
    shoot(page, "11-promoted")
    press(page, "Roll the label back by one move")
    says(page, "production is reply@1 again.")
    shoot(page, "12-rolled-back")
    to(page, "Journal")
    expect(page.get_by_role("gridcell", name="moved production from reply@2 to reply@1").last).to_be_visible()
    shoot(page, "13-journal")
    to(page, "Shop")
    page.click("#lab-demand")
    expect(page.locator("#lab-holdout")).to_contain_text("istor")
    shoot(page, "14-shop")


def signed_in(browser: Browser, how: Walk, name: str, size: tuple[int, int] = WIDE) -> Page:
    """A page of that account's, on the first tab."""
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    page.set_default_timeout(how.longest_ms)
    page.goto(f"{how.address}/lab")
    page.fill("#name", name)
    page.fill("#password", how.password)
    page.click("text=Sign in >> nth=-1")
    expect(page.get_by_role("tab", name="Library")).to_be_visible()
    expect(page.locator("#lab-difference pre")).to_be_visible()
    expect(page.locator("#lab-account")).to_contain_text(name)
    return page


def to(page: Page, tab: str) -> None:
    """Open that tab, which a narrow page keeps in a menu."""
    found = page.get_by_role("tab", name=tab, exact=True)
    if not found.first.is_visible():
        page.locator(".overflow-menu > button").first.click()
    page.get_by_role("tab", name=tab, exact=True).or_(page.locator(".overflow-dropdown button", has_text=tab)).locator(
        "visible=true"
    ).first.click()


def press(page: Page, button: str) -> None:
    """Press the button that is called so."""
    page.get_by_role("button", name=button, exact=True).click()


def choose(page: Page, which: str, what: str) -> None:
    """Choose the first option that has these words."""
    box = page.locator(f"#lab-{which} input")
    box.click()
    box.fill(what)
    page.locator("[role=option]", has_text=what).first.click()


def says(page: Page, words: str | re.Pattern[str], longest_ms: int = 60_000) -> None:
    """Wait until the line of status has these words."""
    expect(page.locator("#lab-status")).to_contain_text(words, timeout=longest_ms)


@contextmanager
def served(settings: Settings, password: str, console: Console) -> Iterator[str]:
    """The address of the demo shop with its LLM, and the two accounts; it is closed at the end."""
    home = Home(settings.home)
    with (
        home.owned(serving=True),
        language_model(settings, home) as model,
        opened_shop(settings, home, model.llm, console) as serving,
    ):
        if model.server is not None:
            model.server.wait_ready(lambda _: None)
        accounts = Accounts(serving.shop.connections)
        accounts.add(WRITER, "writer", password)
        accounts.add(RELEASER, "releaser", password)
        app = create_app(serving, settings, pictures=home.pictures)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    raise SetupError("The server did not start.")
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = server.force_exit = True
            thread.join(timeout=10)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="OUT_DIR")
    parser.add_argument("--cases", default=CASES, help="what is scored: a file, FILE/NAME, or a pattern")
    parser.add_argument("--chromium", default="", help="path of a Chromium; empty: Playwright's own")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    console, password = Console(), secrets.token_urlsafe(12)

    def shoot(page: Page, name: str) -> None:
        page.wait_for_timeout(700)  # for what fades in
        path = arguments.folder / f"{name}.png"
        picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
        picture.quantize(COLOURS).save(path, optimize=True)
        console.print(f"{path}: {path.stat().st_size / 1000:.0f} KB")

    with demo_home(console) as settings, sync_playwright() as playwright:
        settings = settings.model_copy(update={"shop_name": SHOP_NAME})
        browser = playwright.chromium.launch(
            executable_path=arguments.chromium or None, args=["--no-sandbox", "--disable-gpu"]
        )
        with served(settings, password, console) as address:
            how = Walk(
                address,
                password,
                "a two-person tent under $160\nsomething lighter",
                arguments.cases,
                longest_ms=300_000,
                scoring_ms=3_600_000,
            )
            walk(browser, how, shoot)
            page = signed_in(browser, how, WRITER, NARROW)
            shoot(page, "15-narrow")
        browser.close()


if __name__ == "__main__":
    main()
