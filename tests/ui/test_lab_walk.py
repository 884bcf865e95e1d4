"""The product team's week in a browser, as docs/prompt-lab.md shows it: its pictures are taken on this very walk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_server import Api, api_server
from playwright.sync_api import Browser, Page
from scripted_llm import Answer

from bench.lab_pictures import CHANGED, NARROW, RELEASER, WRITER, Walk, signed_in, to, walk
from prompts.library import Library
from prompts.versions import Versions
from retrieval.encoder import MiniLMEncoder
from ui.accounts import Accounts

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

PASSWORD = "correct horse battery"
MINE = """
about: The small shop.
cases:
  - name: tents
    shop: own
    turns: [{say: "a tent under $160", price_at_most: 160}]
  - name: wrong
    shop: own
    turns: [{say: "a tent under $160", price_at_most: 160, shows: canoe}]
"""
TABS = ("Library", "Write", "Try", "Score", "Release", "Conversations", "Shop", "Journal")


def respond(body: dict[str, Any]) -> Answer:
    """Answers by what the prompt says, so that two wordings can be told apart."""
    if "response_format" in body:
        return Answer('{"items": ["a tent for two"]}')
    short = any(CHANGED[1] in message["content"] for message in body["messages"])
    return Answer("The Fernhill Ridge 2-person tent is waterproof." if short else "A tent for the moon costs $3.")


@pytest.fixture(scope="module")
def how(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[tuple[Walk, Api]]:
    home = tmp_path_factory.mktemp("walk")
    (home / "cases").mkdir()
    (home / "cases" / "mine.yaml").write_text(MINE, encoding="utf-8")
    with api_server(home, minilm) as api:
        accounts = Accounts(api.shop.connections)
        accounts.add(WRITER, "writer", PASSWORD)
        accounts.add(RELEASER, "releaser", PASSWORD)
        api.llm.respond = respond
        yield Walk(api.address, PASSWORD, "hello\na 2-person tent under $160", "mine"), api


def test_the_walk_that_the_documentation_shows(how: tuple[Walk, Api], browser: Browser, tmp_path: Path) -> None:
    taken: list[str] = []

    def shoot(page: Page, name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        taken.append(name)

    walk(browser, how[0], shoot)
    versions = Versions(how[1].shop.connections, Library())
    assert versions.find("reply").number == 1
    assert [(one.who, one.done) for one in versions.journal("reply")][-5:] == [
        (RELEASER, done) for done in ("published", "moved", "split", "moved", "back")
    ]
    shown = (Path(__file__).parents[2] / "docs" / "prompt-lab.md").read_text(encoding="utf-8")
    assert [name for name in taken if f"lab/{name}.png" not in shown] == []


def test_a_narrow_page_wraps_and_is_never_scrolled_sideways(
    how: tuple[Walk, Api], browser: Browser, tmp_path: Path
) -> None:
    page = signed_in(browser, how[0], WRITER, NARROW)
    for tab in TABS:
        to(page, tab)
        page.wait_for_timeout(300)
        page.screenshot(path=tmp_path / f"{tab}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0], tab
