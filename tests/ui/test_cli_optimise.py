"""``shoptalk prompts optimise`` from the shell: proposals of an LLM on the wire or of files, scored and kept."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from behaving_llm import behaving
from click.testing import Result
from scripted_llm import Answer, ScriptedLLM, free_port, scripted_llm
from typer.testing import CliRunner

from chat.errors import SetupError
from chat.proposing import answer_read
from prompts.cases import read
from prompts.errors import CaseError, VersionError
from prompts.library import PACKAGE_FOLDER
from prompts.optimising import parts
from prompts.proposals import Proposal
from ui import cli_prompts

app = typer.Typer()
cli_prompts.register(app)
Run = Callable[..., Result]
REPLY = (PACKAGE_FOLDER / "reply" / "001.md").read_text(encoding="utf-8")
MUTE = REPLY.replace("They cost", "They are").replace("It costs", "It is")
NAMES_PRICES = REPLY.replace("using only its facts.", "using only its facts and its price.")
ASKS = MUTE.replace("using only its facts.", "using only its facts. First ask for budget and colour.")
KINDS = ("mug", "pan", "pot", "jug", "bowl", "plate", "cup", "tray", "ladle", "kettle", "teapot", "grater", "sieve",
         "whisk", "spoon", "fork")  # fmt: skip
CASES = yaml.safe_dump(
    {
        "every": {"grounded": True},
        "catalogues": {
            "tiny": [
                {"id": kind, "title": f"Tarn {kind}", "price": 10 + number, "category": ["Kitchen", kind.title()],
                 "attributes": {"features": ["dishwasher safe"]}}
                for number, kind in enumerate(KINDS)
            ]
        },
        "cases": [
            {"name": kind, "shop": "tiny", "turns": [{"say": f"a Tarn {kind}", "says": f"${10 + number}.00"}]}
            for number, kind in enumerate(KINDS)
        ],
    }
)  # fmt: skip


@pytest.fixture
def script() -> Iterator[ScriptedLLM]:
    with scripted_llm() as script:
        script.respond = behaving()
        yield script


@pytest.fixture
def run(tmp_path: Path, script: ScriptedLLM) -> Run:
    """In a shop whose live prompt names no price, which every case wants."""
    home = tmp_path / "home"
    (home / "cases").mkdir(parents=True)
    (home / "cases" / "ours.yaml").write_text(CASES, encoding="utf-8")
    environment = {
        "SHOPTALK_HOME": str(home),
        "SHOPTALK_LLM_URL": script.url,
        "SHOPTALK_LLM_MODEL": "scripted",
        "SHOPTALK_PROPOSER_MODEL": "able",
        "COLUMNS": "200",
    }

    def run(*arguments: str, **other: str) -> Result:
        return CliRunner().invoke(app, ["prompts", *arguments], env=environment | other)

    (tmp_path / "mute.md").write_text(MUTE, encoding="utf-8")
    run("publish", str(tmp_path / "mute.md"))
    assert run("label", "reply@2", "production").exit_code == 0
    return run


def test_an_llm_proposes_from_failures_and_the_held_out_cases_decide(run: Run, script: ScriptedLLM) -> None:
    answers = [
        f"Names the price.\n<prompt>\n{NAMES_PRICES}</prompt>",
        f"Never closed.\n<prompt>\n{MUTE.replace('{{ wanted or', '{{ wanted or (')}</prompt>",
        f"As it was.\n<prompt>\n{MUTE}</prompt>",
        f"Asks.\n<prompt>\n{ASKS}</prompt>",
        f"Says more.\n<prompt>\n{MUTE.replace('variables: [wanted', 'variables: [mood, wanted')}</prompt>",
        "I cannot help with that.",
    ]
    asked: list[dict[str, Any]] = []

    def respond(body: dict[str, Any]) -> Answer:
        if body["model"] != "able":
            return behaving()(body)
        asked.append(body)
        return Answer(answers[len(asked) - 1])

    script.respond = respond
    arguments = ("optimise", "reply", "--cases", "ours", "--proposals", "6", "--by", "ann")
    found = run(*arguments, SHOPTALK_PROPOSER_URL=script.url)
    assert found.exit_code == 0, found.output
    told = found.output
    develop, held = parts(read(CASES, "ours.yaml"))
    assert f"{len(develop)} cases to develop on, {len(held)} held out to decide." in told
    dropped = [line for line in told.splitlines() if line.startswith("Dropped: ")]
    assert [line.split(",")[0] for line in dropped] == [
        "Dropped: proposal 2",
        "Dropped: proposal 3 is just reply@2",
        "Dropped: proposal 5",
        "Dropped: proposal 6",
    ]
    assert "line 8: 'mood' declared but used in no section" in dropped[2]
    assert "there is no prompt in the answer" in dropped[3]
    decided = f"proposal 1 is better than reply@2 on {len(held)}, worse on 0 of {len(held)}; the gain is beyond noise."
    assert decided in told
    assert told.endswith("Draft 1 holds proposal 1. Read it: shoptalk prompts draft 1. Nothing is published.\n")
    # What is told to the LLM is of the cases to develop on alone.
    said = "\n".join(message["content"] for body in asked for message in body["messages"])
    assert "Wrong: says: '$" in said
    assert all(f"Shopper: {case.turns[0].say}\n" in said for case in develop)
    assert not any(f"Shopper: {case.turns[0].say}\n" in said for case in held)

    assert run("draft", "1").output == NAMES_PRICES
    listed = run("drafts").output
    assert "ann" in listed
    assert "proposed by able from" in listed
    assert decided in listed
    assert "reply@3" not in run("list", "reply").output

    again = run(*arguments, SHOPTALK_PROPOSER_URL=script.url)
    assert (again.exit_code, len(asked)) == (0, 6)
    assert f"{len(develop)} of {len(develop)} results are from before" in again.output
    assert "Draft 1 holds proposal 1." in again.output


def test_files_are_scored_and_where_nothing_is_better_nothing_is_kept(
    run: Run, script: ScriptedLLM, tmp_path: Path
) -> None:
    ideas = tmp_path / "ideas"
    ideas.mkdir()
    (ideas / "asks.md").write_text(ASKS, encoding="utf-8")
    (ideas / "long.md").write_text(MUTE + "x" * 9_000, encoding="utf-8")
    (ideas / "other.md").write_bytes(b"\xff")
    worse = run("optimise", "reply", "--cases", "ours", "--from", str(ideas))
    assert worse.exit_code == 3, worse.output
    assert "Dropped: long.md, line" in worse.output
    assert "characters with its fragments are more than a turn may send" in worse.output
    assert "Dropped: other.md, line 1: it is not UTF-8" in worse.output
    assert worse.output.endswith("None is better than reply@2 on the cases to develop on.\n")
    assert "│" not in run("drafts").output
    nothing = run("optimise", "reply", "--cases", "ours", "--from", str(ideas / "long.md"))
    assert nothing.exit_code == 3
    assert nothing.output.endswith("There is nothing to score against reply@2.\n")
    nobody = run("optimise", "reply", "--cases", "ours", SHOPTALK_PROPOSER_URL=f"http://127.0.0.1:{free_port()}/v1")
    assert isinstance(nobody.exception, SetupError)
    assert "Set SHOPTALK_PROPOSER_URL, or read proposals with --from." in str(nobody.exception)


def test_what_cannot_be_searched_is_told_before_anything_runs(run: Run, script: ScriptedLLM) -> None:
    for arguments, error, told in (
        (("optimise", "reply", "--cases", "ours/mug"), CaseError, "cases: "),
        (("optimise", "rpely", "--cases", "ours"), VersionError, "There is no prompt 'rpely'."),
        (("optimise", "reply", "--proposals", "0"), VersionError, "Ask for 1 to 20 proposals"),
    ):
        failed = run(*arguments)
        assert isinstance(failed.exception, error)
        assert str(failed.exception).startswith(told)
    assert json.dumps(script.requests) == "[]"


@pytest.mark.parametrize(
    ("answer", "proposal"),
    [
        ("Shorter.\n<prompt>\n---\nname: a\n---\n</prompt>", Proposal("---\nname: a\n---\n", "Shorter.")),
        ("Here:\n```md\n---\nname: a\n---\nuser:\nHi\n```\nDone.", Proposal("---\nname: a\n---\nuser:\nHi\n", "Here:")),
        ("---\nname: a\n---\nuser:\nHi", Proposal("---\nname: a\n---\nuser:\nHi\n")),
        ("no", Proposal("")),
    ],
)
def test_a_prompt_is_found_in_an_answer(answer: str, proposal: Proposal) -> None:
    assert answer_read(answer) == proposal
