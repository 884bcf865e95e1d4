"""The prompt lab in a browser, as a writer and as a releaser, over a real shop and a scripted LLM."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from api_server import Api, api_server
from playwright.sync_api import Browser, Page, expect
from scripted_llm import Answer, scripted_llm
from widget_page import LONGEST_MS

from prompts.library import Library
from prompts.results import Key, Result, Results, versions_key
from prompts.versions import PRODUCTION, Versions
from retrieval.encoder import MiniLMEncoder
from ui.accounts import Accounts
from ui.lab_html import words_html

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

PASSWORD = "correct horse battery"
SHORTER = "Say what an item offers"


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


def respond(body: dict[str, Any]) -> Answer:
    """Answers by what the prompt says, so that two wordings can be told apart."""
    if "response_format" in body:
        return Answer('{"items": ["a tent for two"]}')
    short = any(SHORTER in message["content"] for message in body["messages"])
    return Answer("The Fernhill Ridge 2-person tent is waterproof." if short else "A tent for the moon costs $3.")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[Api]:
    with (
        scripted_llm() as second,
        api_server(
            tmp_path_factory.mktemp("lab"), minilm, lab_llm_url=second.url, lab_llm_model="another", holdout=0.5
        ) as api,
    ):
        second.respond = lambda body: Answer('{"items": []}' if "response_format" in body else "A second model spoke.")
        accounts = Accounts(api.shop.connections)
        for name, role in (("wendy", "writer"), ("rob", "releaser")):
            accounts.add(name, role, PASSWORD)  # type: ignore[arg-type]  # the roles are literals
        api.llm.respond = respond
        yield replace(api)


def score(shop: Api, versions: Versions, title: str, passed: int) -> None:
    """Ten cases with this version beside what is live, of which so many pass."""
    version = versions.find(title)
    live = {name: held for (name, label, site), held in versions.labels().items() if (label, site) == (PRODUCTION, "")}
    results = Results(shop.shop.connections)
    for number in range(10):
        key = Key(versions_key(live | {version.name: version.hash}), f"case {number}", "m", "setting")
        results.put(key, Result(case=f"ours/{number}", version=title, checks=1, passed=int(number < passed)))


def signed_in(browser: Browser, shop: Api, name: str) -> Page:
    page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    page.set_default_timeout(LONGEST_MS)
    page.goto(f"{shop.address}/lab")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("text=Sign in >> nth=-1")
    expect(page.get_by_role("tab", name="Library")).to_be_visible()
    expect(page.locator("#lab-difference pre")).to_be_visible()
    return page


def choose(page: Page, which: str, what: str) -> None:
    box = page.locator(f"#lab-{which} input")
    box.click()
    box.fill(what)
    page.locator("[role=option]", has_text=what).first.click()


def says(page: Page, words: str) -> None:
    expect(page.locator("#lab-status")).to_contain_text(words)


def test_a_writer_drafts_and_tries_and_a_releaser_publishes_splits_promotes_and_rolls_back(
    shop: Api, browser: Browser
) -> None:
    versions = Versions(shop.shop.connections, Library())
    live = versions.find("reply")
    text = versions.text(live).content.replace("You tell a shopper what an item offers", SHORTER)

    page = signed_in(browser, shop, "wendy")
    page.get_by_role("tab", name="Write").click()
    page.fill("#lab-text textarea", text.replace("{{ wanted or", "{{ wished or"))
    page.get_by_role("button", name="Check").click()
    says(page, "the text, line 42: variable 'wished' is used but not declared")
    page.fill("#lab-text textarea", text)
    page.get_by_role("button", name="Check").click()
    says(page, "it can be published as a version of reply.")
    page.get_by_role("button", name="Save the draft").click()
    says(page, "Draft 1 is saved.")
    versions.draft(text + "\nMore.", "eve", 1)
    page.get_by_role("button", name="Save the draft").click()
    says(page, "eve has changed draft 1 since you opened it.")
    versions.draft(text, "eve", 1)
    page.get_by_role("button", name="Save the draft").click()
    says(page, "Draft 1 is saved.")
    page.get_by_role("button", name="Publish as a version").click()
    says(page, "wendy is a writer: a releaser publishes and moves labels.")
    assert [one.title for one in versions.all("reply")] == ["reply@1"]

    page = signed_in(browser, shop, "rob")
    page.get_by_role("tab", name="Write").click()
    choose(page, "draft", "1: name: reply")
    expect(page.locator("#lab-text textarea")).to_have_value(text)
    page.get_by_role("button", name="Publish as a version").click()
    says(page, "reply@2 is published. Nobody uses it before a label points at it")
    assert (versions.drafts(), versions.find("reply@2").author) == ([], "rob")

    page.get_by_role("tab", name="Try").click()
    page.fill("#lab-messages textarea", "hello\na 2-person tent under $160")
    page.get_by_role("button", name="Try", exact=True).click()
    says(page, "Tried. Nothing of it counts as a shopper's conversation.")
    left, right = page.locator("#lab-one"), page.locator("#lab-other")
    expect(right).to_contain_text("The Fernhill Ridge 2-person tent is waterproof. (by the model)")
    expect(right).to_contain_text("1 kept")
    said = "Fernhill Ridge 2-person tent is what I found, for $149.00. (a fixed sentence)"
    expect(left.locator(".lab-answer")).to_have_text(said)
    expect(left).to_contain_text("1 cut")
    expect(left).to_contain_text("cut: A tent for the moon costs $3.")
    expect(right).to_contain_text("Candidates as they were found")
    expect(right.locator("ol").first).to_contain_text("hello")
    right.locator("summary").last.click()
    expect(right.locator("details").last).to_contain_text(SHORTER)
    assert shop.shop.connections.current.execute("SELECT COUNT(*) FROM turns").fetchone()[0] == 0

    page.get_by_role("tab", name="Release").click()
    choose(page, "moved", "reply@2")
    page.fill("#lab-why textarea", "shorter and kept more")
    page.get_by_role("button", name="Point the label at this version").click()
    says(page, "candidate is reply@2, for conversations that begin now.")
    page.get_by_role("button", name="Split the traffic").click()
    says(page, "10% of new conversations get the candidate of reply.")
    page.get_by_role("button", name="Show the figures").click()
    expect(page.locator("#lab-outcomes")).to_contain_text("too few yet to say anything")
    choose(page, "site", shop.site.name)
    page.get_by_role("button", name="Split the traffic").click()
    says(page, f"10% of new conversations on {shop.site.name} get the candidate of reply.")
    page.get_by_role("button", name="Give the site the share of every site again").click()
    says(page, f"The share of reply on {shop.site.name} is that of every site again.")
    page.get_by_role("button", name="Give the site the share of every site again").click()
    says(page, f"reply has no share of its own on {shop.site.name}.")
    choose(page, "site", "every site")
    score(shop, versions, "reply@1", 9)
    score(shop, versions, "reply@2", 1)
    choose(page, "label", "production")
    choose(page, "moved", "reply@2")
    page.get_by_role("button", name="Point the label at this version").click()
    says(page, "Say why it goes live all the same")
    assert versions.find("reply").number == 1
    page.fill("#lab-why textarea, #lab-why input", "shorter is what we want")
    page.get_by_role("button", name="Point the label at this version").click()
    says(page, "production is reply@2, for conversations that begin now.")
    assert "shorter is what we want (scored worse" in versions.journal("reply")[-1].why
    assert versions.find("reply").number == 2
    choose(page, "label", "production")
    page.get_by_role("button", name="Roll the label back by one move").click()
    says(page, "production is reply@1 again.")
    assert versions.find("reply").number == 1
    assert [entry.who for entry in versions.journal("reply")][-4:] == ["rob"] * 4
    page.get_by_role("tab", name="Journal").click()
    expect(page.get_by_role("gridcell", name="moved production from reply@2 to reply@1").last).to_be_visible()


def test_real_conversations_are_read_labelled_and_tried_again(shop: Api, browser: Browser) -> None:
    with shop.client() as shopper:
        asked = {"message": "a tent, I am ada@example.com", "stream": False}
        for _ in range(2):
            shopper.post("/chat", json=asked).raise_for_status()
    page = signed_in(browser, shop, "wendy")
    page.get_by_role("tab", name="Conversations").click()
    page.click("#lab-look")
    page.locator("#lab-found [role=gridcell]", has_text="a tent, I am …").last.click()
    expect(page.locator("#lab-conversation")).to_contain_text("a tent, I am …")
    expect(page.locator("#lab-conversation")).to_contain_text("· reply@")
    page.fill("#lab-label-name input, #lab-label-name textarea", "a planted one")
    page.get_by_role("button", name="Put the label on it").click()
    says(page, "It is labelled “a planted one”.")
    page.get_by_role("button", name="Try it again with other versions").click()
    says(page, "Its messages stand under Try.")
    page.get_by_role("tab", name="Try").click()
    expect(page.locator("#lab-messages textarea")).to_have_value("a tent, I am …")
    choose(page, "right-model", "another")
    page.click("#lab-try")
    says(page, "Tried.")
    expect(page.locator("#lab-one")).to_contain_text("scripted (the shop's)")
    expect(page.locator("#lab-other")).to_contain_text("another (the second)")
    expect(page.locator("#lab-other")).to_contain_text("A second model spoke.")
    page.get_by_role("tab", name="Shop").click()
    page.click("#lab-demand")
    expect(page.get_by_role("gridcell", name=shop.site.name, exact=True).last).to_be_attached()


def test_a_conversation_and_what_was_tried_are_saved_as_cases(shop: Api, browser: Browser) -> None:
    with shop.client() as shopper:
        shopper.post(
            "/chat", json={"message": "a tent for my uncle, otto@example.com", "stream": False}
        ).raise_for_status()
    cases = shop.shop.connections.path.parent / "cases"
    page = signed_in(browser, shop, "wendy")
    page.get_by_role("tab", name="Conversations").click()
    page.click("#lab-case-begin")
    says(page, "Choose a conversation first")
    page.click("#lab-look")
    page.locator("#lab-found [role=gridcell]", has_text="a tent for my uncle, …").last.click()
    expect(page.locator("#lab-conversation")).to_contain_text("a tent for my uncle, …")
    page.click("#lab-case-begin")
    expect(page.locator("#lab-case-real textarea")).to_have_value(re.compile("say: a tent for my uncle, …"))
    page.fill("#lab-case-name-real input, #lab-case-name-real textarea", "Otto's")
    page.click("#lab-case-save-real")
    says(page, "small letters, digits and hyphens")
    page.fill("#lab-case-name-real input, #lab-case-name-real textarea", "for-otto")
    page.click("#lab-case-save-real")
    says(page, "It is saved as for-otto.yaml. To score it, give for-otto as the cases.")
    page.get_by_role("button", name="Try it again with other versions").click()
    says(page, "Its messages stand under Try.")
    page.get_by_role("tab", name="Try").click()
    for name, messages in (("theirs", "a tent for my uncle, …\nlighter"), ("mine-alone", "a kettle")):
        page.fill("#lab-messages textarea", messages)
        page.get_by_role("button", name="Save as case …").click()
        expect(page.locator("#lab-case-tried textarea")).to_have_value(re.compile(messages.split("\n")[-1]))
        page.fill("#lab-case-name-tried input, #lab-case-name-tried textarea", name)
        page.click("#lab-case-save-tried")
        says(page, f"It is saved as {name}.yaml")
    # What a shopper wrote is found by an erasure, also where a writer went on with it.
    with_source = {path.stem for path in cases.glob("*.yaml") if "source:" in path.read_text(encoding="utf-8")}
    assert with_source == {"for-otto", "theirs"}
    assert "otto@example.com" not in "".join(path.read_text(encoding="utf-8") for path in cases.glob("*.yaml"))


def test_versions_are_scored_in_the_background(shop: Api, browser: Browser) -> None:
    page = signed_in(browser, shop, "wendy")
    page.get_by_role("tab", name="Score").click()
    page.fill("#lab-cases input, #lab-cases textarea", "budget")
    page.get_by_role("button", name="Score", exact=True).click()
    says(page, "These cases are written for the demo shop, and another one is open here.")
    cases = shop.shop.connections.path.parent / "cases"
    cases.mkdir(exist_ok=True)
    (cases / "mine.yaml").write_text(MINE, encoding="utf-8")
    page.fill("#lab-cases input, #lab-cases textarea", "mine")
    page.get_by_role("button", name="Score", exact=True).click()
    says(page, " results.")
    table = page.locator("#lab-score")
    expect(table).to_contain_text("mine/tents")
    expect(table.get_by_role("row", name="mine/wrong")).to_contain_text("1 of 2")
    expect(table).to_contain_text("cases passed whole")


def test_the_lab_wants_an_account_and_asks_it_at_every_press(shop: Api, browser: Browser) -> None:
    with httpx.Client(base_url=shop.address) as nobody:
        for path in ("/lab/", "/lab/config", "/lab/gradio_api/info"):
            assert nobody.get(path).status_code == 401, path
        assert nobody.post("/lab/gradio_api/queue/join", json={}).status_code == 401
        assert nobody.get("/lab").headers["location"] == "/lab/"
        assert nobody.get("/lab/", headers={"Accept": "text/html"}).headers["location"] == "/sign-in?next=%2Flab%2F"
    page = signed_in(browser, shop, "rob")
    page.get_by_role("tab", name="Release").click()
    Accounts(shop.shop.connections).set_password("rob", PASSWORD + "!")  # which ends what was signed in
    page.get_by_role("button", name="Split the traffic").click()
    page.wait_for_timeout(300)
    assert Versions(shop.shop.connections, Library()).shares() in ({}, {("reply", ""): 0.1})


def test_a_difference_is_marked_by_word_and_is_no_markup() -> None:
    html = words_html("Say <b>what</b> it is.", "Say <b>who</b> it is now.")
    assert "<del>what</del><ins>who</ins>" in html
    assert "&lt;b&gt;" in html
    assert "<ins> now</ins>" in html
    assert words_html("same", "same").endswith("<p>They are the same.</p>")
