"""The main job as its user meets it: ``shoptalk demo`` as a process, the real vLLM, and a shopper in Chromium."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright
from scripted_llm import free_port

from chat.llm_server import port_is_free
from chat.template import FOR_YOU
from chat.understand import Understanding
from retrieval.catalog import Catalog
from retrieval.database import Connections
from ui.home import Home

BOOT_TIMEOUT_S = 600  # builds the shop, trains, boots vLLM, on two cores that may be shared
ANSWER_TIMEOUT_MS = 90_000

pytestmark = [pytest.mark.vllm, pytest.mark.browser]


@dataclass
class Demo:
    """A running ``shoptalk demo``."""

    process: subprocess.Popen[str]
    home: Home
    address: str
    llm_port: int
    output: Path

    def group(self) -> list[int]:
        """Process ids that have this demo's home in their environment or command line."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if f"SHOPTALK_HOME={self.home.folder}\0".encode() in environment:
                found.append(int(entry.name))
        return found


def start(home: Path, output: Path) -> Demo:
    port, llm_port = free_port(), free_port()
    environment = os.environ | {
        "SHOPTALK_HOME": str(home),
        "SHOPTALK_PORT": str(port),
        "SHOPTALK_LLM_PORT": str(llm_port),
        "SHOPTALK_LLM_URL": "",
    }
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "ui.cli", "demo"], env=environment, stdout=file, stderr=subprocess.STDOUT, text=True
        )
    demo = Demo(process, Home(home), f"http://127.0.0.1:{port}", llm_port, output)
    deadline = time.monotonic() + BOOT_TIMEOUT_S
    while "is open:" not in output.read_text() or not _answers(demo.address):
        assert process.poll() is None, f"the demo stopped: {output.read_text()}"
        assert time.monotonic() < deadline, f"the demo does not open: {output.read_text()}"
        time.sleep(0.5)
    return demo


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    running = start(folder / "home", folder / "output.txt")
    yield running
    if running.process.poll() is None:
        running.process.send_signal(signal.SIGINT)
        running.process.wait(30)


@pytest.fixture
def page(demo: Demo) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(demo.address)
        yield page
        browser.close()


def answered(page: Page, turns: int) -> None:
    """Wait until this many turns stand on the page and none is still written."""
    expect(page.locator(f'.st-log[data-busy="false"][data-turns="{turns}"]')).to_be_attached(timeout=ANSWER_TIMEOUT_MS)


def send(page: Page, text: str) -> None:
    page.fill("#st-message", text)
    page.press("#st-message", "Enter")


def shown_titles(page: Page) -> list[str]:
    return page.locator(".st-exchange").last.locator(".st-card .st-title").all_inner_texts()


def test_a_shopper_holds_two_turns_with_the_real_llm_and_sees_only_catalogue_items(demo: Demo, page: Page) -> None:
    expect(page.locator(".st-ai")).to_contain_text("AI")
    page.select_option("#st-shopper", "maren")
    send(page, "a waterproof tent for two under $200")
    answered(page, 1)
    send(page, "something cheaper, not orange")
    answered(page, 2)

    connections = Connections(demo.home.database)
    records = {item.title: item for item in Catalog(connections).all()}
    rows = list(connections.current.query("SELECT * FROM turns ORDER BY number"))
    connections.close()
    assert [row["message"] for row in rows] == ["a waterproof tent for two under $200", "something cheaper, not orange"]
    assert all(row["finished"] and row["llm_reached"] for row in rows)
    assert any('"by": "llm"' in row["sentences"] for row in rows)
    assert all("_taught" in row["prompts"] for row in rows)  # the demo's model is the one that was taught
    titles = shown_titles(page)
    assert titles
    for title in titles:
        assert "orange" not in records[title].attributes.get("colour", ())
    prices = page.locator(".st-exchange").last.locator(".st-price").all_inner_texts()
    for title, price in zip(titles, prices, strict=True):
        assert re.sub(r"[^\d.]", "", price) == str(records[title].price)


def test_who_names_no_thing_is_understood_by_the_taught_llm(demo: Demo, page: Page) -> None:
    page.select_option("#st-shopper", "maren")
    send(page, "surprise me")
    answered(page, 1)
    expect(page.locator(".st-exchange").last).to_contain_text(FOR_YOU)
    assert shown_titles(page)
    send(page, "my wife is always freezing at night when we camp")
    answered(page, 2)
    connections = Connections(demo.home.database)
    records = {item.title: item for item in Catalog(connections).all()}
    row = next(iter(connections.current.query("SELECT understanding FROM turns ORDER BY time DESC LIMIT 1")))
    connections.close()
    assert Understanding.model_validate_json(row["understanding"]).descriptions
    kinds = {records[title].category[-1] for title in shown_titles(page)}
    assert kinds & {"Sleeping Bags", "Socks", "Slippers", "Throws", "Hats", "Sweaters"}


def test_the_shop_answers_while_vllm_is_down_and_again_with_it(demo: Demo, page: Page) -> None:
    engines = [pid for pid in demo.group() if pid != demo.process.pid]
    assert engines
    for pid in engines:
        _kill(pid)
    send(page, "a kettle")
    answered(page, 1)
    expect(page.locator(".st-exchange").last).to_contain_text("without the language model")
    assert shown_titles(page)
    deadline = time.monotonic() + BOOT_TIMEOUT_S
    while not _answers_health(demo.llm_port):
        assert time.monotonic() < deadline
        time.sleep(1)
    send(page, "a tea pot")
    answered(page, 2)
    expect(page.locator(".st-exchange").last).not_to_contain_text("without the language model")


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _answers_health(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def test_ctrl_c_stops_everything_and_a_second_start_repeats_nothing(demo: Demo, tmp_path: Path) -> None:
    demo.process.send_signal(signal.SIGINT)
    demo.process.wait(40)
    deadline = time.monotonic() + 20
    while demo.group() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert demo.group() == []
    assert port_is_free(demo.llm_port)

    again = start(demo.home.folder, tmp_path / "again.txt")
    try:
        output = again.output.read_text()
        assert "Reranker" not in output
        assert "rows read" not in output
    finally:
        again.process.send_signal(signal.SIGTERM)
        again.process.wait(40)
    assert again.group() == []
