"""Simulated shoppers on the lab's tab Score, in a browser, over a small shop and a scripted LLM."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from api_server import Api, api_server
from behaving_llm import behaving
from playwright.sync_api import Browser, Page, expect
from scripted_llm import Answer

from bench.lab_pictures import WRITER, Walk, press, says, signed_in, to
from chat.store import Store
from ranking.history import Event, Events
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
"""
LONG = "and so on " * 60


@dataclass
class Script:
    """Behaves, or speaks on for minutes, which a test uses to stop it amid a conversation."""

    endless: bool = False

    def __call__(self, body: dict[str, Any]) -> Answer:
        return Answer(LONG, pause_s=0.5) if self.endless else behaving()(body)


@pytest.fixture
def opened(
    tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder, browser: Browser
) -> Iterator[tuple[Page, Api, Script]]:
    home = tmp_path_factory.mktemp("simulation")
    (home / "cases").mkdir()
    (home / "cases" / "mine.yaml").write_text(MINE, encoding="utf-8")
    with api_server(home, minilm) as api:
        Accounts(api.shop.connections).add(WRITER, "writer", PASSWORD)
        script = Script()
        api.llm.respond = script
        page = signed_in(browser, Walk(api.address, PASSWORD, "", ""), WRITER)
        to(page, "Score")
        page.fill("#lab-cases textarea, #lab-cases input", "mine")
        yield page, api, script
        page.context.close()


def test_simulated_shoppers_are_a_row_of_the_totals_and_no_cases_and_go_on_where_they_were_stopped(
    opened: tuple[Page, Api, Script],
) -> None:
    page, api, script = opened
    field, table = page.locator("#lab-simulated input"), page.locator("#lab-score")

    expect(field).to_have_value("0")
    press(page, "Score")
    says(page, "1 of 1 results.")
    expect(table).to_contain_text("cases passed whole")
    expect(table).not_to_contain_text("simulated")

    field.fill("2")
    press(page, "Score")
    says(page, "Nobody can be simulated: no shopper of this shop has a purchase of something that it still sells.")
    field.fill("201")
    press(page, "Score")
    says(page, "Simulate 0 to 200 shoppers; 201 is not between them.")

    events = Events(api.shop.connections)
    for who, item in (("ada", "lamp-1"), ("bo", "razor-2")):
        events.add([
            Event(shopper_id=who, kind="purchase", item_id="tent-1", time=1.7e9),
            Event(shopper_id=who, kind="purchase", item_id=item, time=1.7e9 + 100),
        ])  # fmt: skip
    field.fill("1")
    press(page, "Score")
    says(page, "2 of 2 results.")

    script.endless = True  # at the second one, as what is known of the case and of the first is not asked again
    field.fill("2")
    press(page, "Score")
    says(page, "2 of 3 results; last: a simulated shopper.")
    press(page, "Stop")
    says(page, "Stopped. There are 2 of 3 results; begin again to go on.")
    script.endless = False
    field.fill("3")
    press(page, "Score")
    says(page, "3 of 3 results. Simulated shoppers: 2; no others have a purchase of something that is still sold.")
    expect(table.get_by_role("row", name="simulated success within 5 turns")).to_contain_text("100.0%")
    expect(table.get_by_role("row", name="mine/tents")).to_contain_text("pass")
    expect(table).not_to_contain_text("simulated/")

    asked = len(api.llm.requests)
    field.fill("2")  # as many as there are, so that nothing stands after the results
    press(page, "Score")
    says(page, re.compile(r"3 of 3 results\.\s*$"))
    assert len(api.llm.requests) == asked
    assert (events.count(), Store(api.shop.connections).idle_since(9e9)) == (4, [])  # nothing of them is in the shop
