"""``shoptalk prompts eval`` from the shell, over small catalogues and an LLM on the wire."""

from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer
from behaving_llm import behaving
from click.testing import Result
from scripted_llm import ScriptedLLM, free_port, scripted_llm
from typer.testing import CliRunner

from chat.errors import SetupError
from prompts.errors import CaseError, VersionError
from prompts.library import PACKAGE_FOLDER
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
    assert rows[0][3] == ("reply@2, message 1: says: '$14.00' is not in: The Tarn enamel mug has dishwasher safe.")
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
    assert "The Tarn enamel mug has dishwasher safe. It costs $14.00." in page
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
