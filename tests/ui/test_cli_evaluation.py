"""``shoptalk prompts eval`` from the shell, over small catalogues and an LLM on the wire."""

from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer
from behaving_llm import behaving
from click.testing import Result
from scripted_llm import ScriptedLLM, free_port, scripted_llm
from shops import ITEMS, open_small_shop
from typer.testing import CliRunner

from chat.errors import SetupError
from chat.store import Store
from prompts.errors import CaseError, VersionError
from prompts.library import PACKAGE_FOLDER
from ranking.history import Event, Events
from retrieval.database import Connections
from retrieval.encoder import MiniLMEncoder
from ui import cli_evaluation, cli_prompts

app = typer.Typer()
cli_prompts.register(app)
Run = Callable[..., Result]
REPLY = (PACKAGE_FOLDER / "reply" / "001.md").read_text(encoding="utf-8")
CASES = """\
every: {grounded: true}
catalogues:
  tiny:
    - {id: mug, title: Tarn enamel mug, price: 14, category: [Kitchen, Mugs], attributes: {features: [dishwasher safe]}}
    - {id: pan, title: Bram steel pan, price: 30, category: [Kitchen, Pans], attributes: {features: [dishwasher safe]}}
cases:
  - {name: mug, shop: tiny, turns: [{say: an enamel mug, shows: mug, written: true, says: $14.00}]}
  - {name: pan, shop: tiny, turns: [{say: "a steel pan <b>", shows: pan, written: true, says: $30.00}]}
"""


@pytest.fixture(scope="module")
def script() -> Iterator[ScriptedLLM]:
    with scripted_llm() as script:
        script.respond = behaving()
        yield script


@pytest.fixture
def run(tmp_path: Path, script: ScriptedLLM) -> Run:
    home = tmp_path / "home"
    (home / "cases").mkdir(parents=True)
    (home / "cases" / "ours.yaml").write_text(CASES, encoding="utf-8")
    environment = {
        "SHOPTALK_HOME": str(home),
        "SHOPTALK_LLM_URL": script.url,
        "SHOPTALK_LLM_MODEL": "scripted",
        "COLUMNS": "200",
    }
    return lambda *arguments, **other: CliRunner().invoke(app, ["prompts", *arguments], env=environment | other)


def cells(output: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if "│" in line]


def test_two_versions_are_scored_reported_and_told_apart(run: Run, tmp_path: Path) -> None:
    text = REPLY.replace("They cost", "They are").replace("It costs", "It is")
    (tmp_path / "mute.md").write_text(text, encoding="utf-8")
    assert run("publish", str(tmp_path / "mute.md")).output == "reply@2 is published.\n"
    junit, html = tmp_path / "reports" / "eval.xml", tmp_path / "reports" / "eval.html"
    scored = run("eval", "reply@1", "reply@2", "--cases", "ours", "--junit", str(junit), "--html", str(html))
    assert scored.exit_code == 0, scored.output
    rows = cells(scored.output)
    assert [row[:3] for row in rows[:4:1] if row[0].startswith("ours")] == [
        ["ours/mug", "pass", "3 of 4"],
        ["ours/pan", "pass", "3 of 4"],
    ]
    assert rows[0][3] == ("reply@2, message 1: says: '$14.00' is not in: The Tarn enamel mug is dishwasher safe.")
    table = {row[0]: row[1:] for row in rows}
    assert table["cases passed whole"][:2] == ["100.0%", "0.0%"]
    assert table["turns with the LLM's words"][:2] == ["100.0%", "100.0%"]
    assert "0 of 2 cases are passed whole by all." in scored.output
    assert scored.output.endswith(
        "reply@2 is better than reply@1 on 0, worse on 2 of 2; the difference is within noise.\n"
    )
    suites = ElementTree.parse(junit).getroot()
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in suites] == [
        ("reply@1", "2", "0"),
        ("reply@2", "2", "2"),
    ]
    failure = suites[1][0][0]
    assert suites[1][0].get("name") == "ours/mug"
    assert failure.get("message", "").startswith("message 1: says: '$14.00' is not in: ")
    page = html.read_text(encoding="utf-8")
    assert "worse on 2 of 2; the difference is within noise." in page
    assert "The Tarn enamel mug is dishwasher safe. It costs $14.00." in page
    assert "2 cases, with scripted." in page

    again = run("eval", "reply@1", "reply@2", "--cases", "ours", "--threshold", "0.9")
    assert "4 of 4 results are from before; --anew runs them again." in again.output
    assert again.exit_code == cli_evaluation.NOT_PASSED
    assert "reply@2 passes 0.0% of the cases, less than 90.0%." in again.output
    good = run("eval", "reply@2", "reply@1", "--cases", "ours", "--threshold", "0.9")
    assert good.exit_code == 0, good.output


def test_what_cannot_be_run_is_told_before_anything_is(run: Run, tmp_path: Path) -> None:
    nowhere = run("eval", "reply", "--cases", "ours", SHOPTALK_LLM_URL=f"http://127.0.0.1:{free_port()}/v1")
    assert isinstance(nowhere.exception, SetupError)
    assert "No language model answers at http://127.0.0.1:" in str(nowhere.exception)
    assert "SHOPTALK_LLM_URL" in str(nowhere.exception)
    for arguments, error, told in (
        (("reply@9",), VersionError, "There is no reply@9."),
        (("reply", "--cases", "theirs"), CaseError, "theirs: no case is called so."),
        (("reply", "--threshold", "2"), VersionError, "A threshold is a share between 0 and 1; 2 is not."),
    ):
        failed = run("eval", *arguments)
        assert isinstance(failed.exception, error)
        assert str(failed.exception).startswith(told)
    (tmp_path / "home" / "cases" / "broken.yaml").write_text("cases:\n  - name: A\n", encoding="utf-8")
    assert str(run("eval", "reply").exception).startswith("broken.yaml, line 2: case A: ")


def test_simulated_shoppers_are_a_row_of_the_totals_and_no_cases(
    run: Run, tmp_path: Path, script: ScriptedLLM, minilm: MiniLMEncoder
) -> None:
    open_small_shop(tmp_path / "home", ITEMS, with_encoder=minilm).close()
    connections = Connections(tmp_path / "home" / "shoptalk.sqlite3")
    events = Events(connections)
    nobody = run("eval", "reply@1", "--cases", "ours", "--simulate", "2")
    assert isinstance(nobody.exception, SetupError)
    assert str(nobody.exception).startswith("Nobody can be simulated: no shopper of this shop has a purchase")
    for who, item in (("ada", "lamp-1"), ("bo", "razor-2")):
        events.add([
            Event(shopper_id=who, kind="purchase", item_id="tent-1", time=1.7e9),
            Event(shopper_id=who, kind="purchase", item_id=item, time=1.7e9 + 100),
        ])  # fmt: skip
    html, junit = tmp_path / "eval.html", tmp_path / "eval.xml"
    command = ("eval", "reply@1", "--cases", "ours", "--simulate", "3", "--html", str(html), "--junit", str(junit))
    scored = run(*command)
    assert scored.exit_code == 0, scored.output
    assert "2 shoppers are simulated: no more have a purchase of something that is still sold." in scored.output
    table = {row[0]: row[1:] for row in cells(scored.output)}
    assert table["simulated success within 5 turns"] == ["100.0%"]
    assert "2 of 2 cases are passed whole by it." in scored.output
    assert "2 cases and 2 simulated shoppers, with scripted." in html.read_text(encoding="utf-8")
    assert ElementTree.parse(junit).getroot()[0].get("tests") == "2"
    asked = len(script.requests)
    again = run(*command)
    assert "2 of 2 simulated shoppers are from before; --anew runs them again." in again.output
    assert len(script.requests) == asked
    assert (events.count(), Store(connections).idle_since(9e9)) == (4, [])  # nothing of them is left in the shop
    connections.close()
