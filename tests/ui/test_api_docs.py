"""What docs/api.md tells a site's developer, run as it stands there."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_server import Api, api_server
from scripted_llm import ScriptedLLM

import ui.api_catalogue
import ui.api_chat
import ui.api_completions
import ui.api_errors
import ui.api_gate
import ui.api_items
import ui.api_sessions
import ui.identity
import ui.turns
from chat.settings import Settings
from demo import assortment, catalogue
from demo.__main__ import SEED
from retrieval.encoder import MiniLMEncoder
from retrieval.items import Item
from ui.home import Home
from ui.identity import sign_shopper
from ui.writer import Writer

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
TOLD = DOCS.read_text(encoding="utf-8")
SAID = "The Esker Supply 2-person tent is waterproof."
DEMO_IDS = re.compile(r"hp-\d{5}")
with_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")


@pytest.fixture(scope="module")
def demo() -> dict[str, Item]:
    """The demo shop's catalogue, which the examples name."""
    return {item.id: item for item in catalogue.items(assortment.departments(), SEED)}


@pytest.fixture(scope="module")
def shop(demo: dict[str, Item], tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[Api]:
    """The demo shop's tents, with the catalogue's writer: all that the examples ask for."""
    home = tmp_path_factory.mktemp("docs")
    tents = [item for item in demo.values() if item.category == ("Outdoor", "Tents")]
    with api_server(home, minilm, tents) as api, Writer(api.shop, Home(home), Settings()).writing():
        yield api


@pytest.fixture
def llm(shop: Api) -> ScriptedLLM:
    """Says SAID of the next message."""
    shop.llm.answers.clear()
    shop.llm.enqueue('{"items": []}', SAID)
    return shop.llm


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TOLD, re.DOTALL)


def test_the_readme_shows_what_is_tried_here() -> None:
    readme = (DOCS.parents[1] / "README.md").read_text(encoding="utf-8")
    for language in ("python", "javascript"):
        (shown,) = re.findall(rf"```{language}\n(.*?)```", readme, re.DOTALL)
        assert shown == snippets(language)[0]


def run(command: list[str], api: Api, **more: str) -> str:
    environment = os.environ | {"SITE_KEY": api.site.id, "SHOPTALK": api.address} | more
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def asked(command: str, api: Api, **more: str) -> list[dict[str, Any]]:
    """What the requests of a shell snippet were answered, one JSON object after another."""
    command = command.replace("http://127.0.0.1:7860", api.address).replace("curl ", "curl -sS ")
    output, decoder, answers = run(["bash", "-c", command], api, **more), json.JSONDecoder(), []
    while output:
        answer, end = decoder.raw_decode(output)
        answers.append(answer)
        output = output[end:].lstrip()
    return answers


def snippet_of(words: str) -> str:
    """The one shell snippet in which these words stand."""
    (found,) = [one for one in snippets("bash") if words in one]
    return found


def test_every_item_that_the_docs_name_is_one_of_the_demo_shop(demo: dict[str, Item]) -> None:
    folder = DOCS.parent
    named = {(path.name, one) for path in folder.glob("*.md") for one in DEMO_IDS.findall(path.read_text("utf-8"))}
    assert len(named) >= 3
    assert {(name, one) for name, one in named if one not in demo} == set()
    for one, title in re.findall(r'"item_id":"(hp-\d{5})","position":1,"title":"(.*?)"', TOLD):
        assert demo[one].title == title


def test_the_python_snippet_prints_cards_and_text(shop: Api, llm: ScriptedLLM) -> None:
    cards, *sentences = run([sys.executable, "-c", snippets("python")[0]], shop).splitlines()
    assert "('Esker Supply 2-person tent, sand', '$135.95')" in cards
    assert sentences[0] == SAID


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on this machine")
def test_the_javascript_snippet_prints_cards_and_text(shop: Api, llm: ScriptedLLM, tmp_path: Path) -> None:
    (code,) = snippets("javascript")
    file = tmp_path / "snippet.mjs"
    file.write_text("const { SHOPTALK, SITE_KEY } = process.env;\n" + code)
    output = run(["node", str(file)], shop)
    assert "'Esker Supply 2-person tent, sand'" in output
    assert SAID in output.splitlines()


@with_curl
def test_the_chat_snippet_shows_the_events_that_the_docs_show(shop: Api, llm: ScriptedLLM) -> None:
    command = snippets("bash")[0].replace("http://127.0.0.1:7860", shop.address)
    output = run(["bash", "-c", command], shop)
    assert re.findall(r"^event: \w+$", output, re.MULTILINE) == re.findall(r"^event: \w+$", TOLD, re.MULTILINE)
    assert f'data: {{"type":"text","text":"{SAID}","by":"llm"}}\n' in output
    assert SAID in TOLD
    # What is asked is the shop's to choose; it is a sentence of its own, and told again at the end.
    question = re.findall(r'"type":"text","text":"(.*?)","by":"template"', output)[-1]
    assert f'data: {{"type":"done","question":"{question}","chips":["' in output, question


@with_curl
def test_the_search_and_the_recommendation_give_what_they_are_asked_for(shop: Api) -> None:
    searched, recommended = asked(snippet_of("/v1/search"), shop)
    assert len(searched["cards"]) == 2
    assert all(float(card["price"]) < 160 for card in searched["cards"])
    assert searched.keys() == {"cards", "tags", "corrected", "carried"}
    assert searched["tags"][-1]["label"] == "under $160"
    assert len(recommended["cards"]) == 3
    assert {card["brand"] for card in recommended["cards"]} == {"Esker Supply"}
    assert all(float(card["price"]) <= 200 for card in recommended["cards"])


@with_curl
def test_the_event_of_an_item_that_was_shown_is_taken(shop: Api, llm: ScriptedLLM) -> None:
    with shop.client() as client:
        answer = client.post("/chat", json={"message": "a 2-person tent under $160", "stream": False}).json()
    command = snippet_of("/v1/events").replace("nVx…", answer["session_id"]).replace("k3…", answer["turn_id"])
    assert asked(command, shop) == [{"accepted": 1, "new": 1}]


@with_curl
def test_what_an_operator_is_told_to_run_does_what_the_docs_say(shop: Api) -> None:
    _, admin = shop.keys.make_admin("docs")
    said = [
        one for command in snippets("bash") if "$ADMIN_KEY" in command for one in asked(command, shop, ADMIN_KEY=admin)
    ]
    patched, put, bulk, exported, erased = said
    assert patched | {"number": 7} == json.loads(re.findall(r'```json\n(\{"number".*?)\n```', TOLD)[0])
    assert (put["state"], put["new"], put["dropped"], put["notes"]) == ("done", 1, 0, {})
    counts = {name: bulk[name] for name in ("new", "changed", "removed", "unknown", "dropped")}
    assert counts == {"new": 1, "changed": 1, "removed": 1, "unknown": 0, "dropped": 1}
    assert bulk["first_dropped"] == [{"list": "put", "row": 2, "reason": "the title is empty"}]
    assert (exported["shopper_id"], exported["events"]) == ("maren", [])
    assert erased.keys() == json.loads(re.findall(r'```json\n(\{"sessions".*?)\n```', TOLD)[0]).keys()


def test_what_needs_no_language_model_says_that_it_was_reached_as_the_docs_tell(shop: Api) -> None:
    shop.llm.answers.clear()
    before = len(shop.llm.requests)
    with shop.client() as client:
        answer = client.post("/chat", json={"message": "how many tents are there?", "stream": False}).json()
    assert (answer["llm_reached"], len(shop.llm.requests)) == (True, before)
    assert '"how many tents are there?"' in TOLD


def test_the_token_that_the_docs_sign_is_the_one_that_counts(shop: Api) -> None:
    names: dict[str, object] = {}
    exec(snippets("python")[1], names)
    token = names["shopper_token"](shop.secret, "Zoë", 60)  # type: ignore[operator]
    assert shop.keys.shopper(shop.site, token) == "Zoë"
    assert token == sign_shopper(shop.secret, "Zoë", int(token.split(".")[1]))
    assert abs(int(token.split(".")[1]) - time.time() - 60) < 5


def test_every_route_is_told_and_every_one_told_is_there(shop: Api) -> None:
    told = set(re.findall(r"^\| `(GET|POST|PUT|PATCH|DELETE) /v1(\S+)`", TOLD, re.MULTILINE))
    served = {
        (method.upper(), re.sub(r"\{\w+\}", "{id}", path))
        for path, methods in shop.schema["paths"].items()
        for method in methods
    }
    assert told == served


def test_every_error_code_is_told_and_every_one_told_is_there() -> None:
    told = re.findall(r"^\| (\d{3}) \| (.+?) \|", TOLD, re.MULTILINE)
    codes = {code for _, cell in told for code in re.findall(r"`(\w+)`", cell)}
    modules = (
        ui.api_catalogue,
        ui.api_chat,
        ui.api_completions,
        ui.api_errors,
        ui.api_gate,
        ui.api_items,
        ui.api_sessions,
        ui.identity,
    )
    sources = "".join(Path(str(module.__file__)).read_text() for module in modules)
    raised = set(re.findall(r'Problem\(\s*\d+, "(\w+)"', sources)) | set(re.findall(r'Refused\(\s*"(\w+)"', sources))
    assert codes == (raised | {ui.turns.STOPPED}) - {"closed"}
