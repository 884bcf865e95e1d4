"""Cases from the shell: listed with those that come along, and made of real conversations."""

from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from chat.errors import SetupError, UnknownSession
from chat.store import Store, Turn
from prompts.errors import CaseError
from retrieval.database import Connections
from ui import cli_prompts
from ui.home import Home

app = typer.Typer()
cli_prompts.register(app)


def run(home: Path, *arguments: str) -> Result:
    environment = {"SHOPTALK_HOME": str(home), "COLUMNS": "160"}
    return CliRunner().invoke(app, ["prompts", *arguments], env=environment)


def test_a_conversation_is_listed_made_a_case_and_taken_into_the_set(tmp_path: Path) -> None:
    assert isinstance(run(tmp_path / "home", "conversations").exception, SetupError)
    home = Home(tmp_path / "home")
    home.folder.mkdir()
    connections = Connections(home.database)
    store = Store(connections)
    session = store.begin("maren")
    store.save(session, Turn("t1", session.id, "a kettle [red], I am zoe@example.org", True))
    store.rate(session.id, "t1", -1)
    listed = run(home.folder, "conversations", "--thumb", "-1").output
    assert session.id in listed
    assert "a kettle [red], I am …" in listed
    assert session.id not in run(home.folder, "conversations", "--thumb", "1").output

    made = run(home.folder, "case", session.id, "red-kettle")
    assert made.output.startswith(f"{home.cases / 'red-kettle.yaml'} holds it.")
    assert "say: a kettle [red], I am …" in (home.cases / "red-kettle.yaml").read_text(encoding="utf-8")
    (home.cases / "ours.yaml").write_text("cases: [{name: a, turns: [{say: a mug}]}]\n")
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in run(home.folder, "cases").output.splitlines()]
    assert ["red-kettle/conversation", "own", "1", "a conversation"] in rows
    assert ["ours/a", "demo", "1", "you"] in rows
    assert ["budget/cap", "demo", "1", "Shoptalk"] in rows
    again = run(home.folder, "case", session.id, "red-kettle")
    assert isinstance(again.exception, CaseError)
    assert isinstance(run(home.folder, "case", "nobody", "other").exception, UnknownSession)
    connections.close()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"cases:\n  - name: a\n    turns: [{sya: hello}]\n", "broken.yaml, line 3: case a: turns."),
        (b"about: ok\ncases: \xff\n", "broken.yaml, line 2: it is not UTF-8"),
        (b"cases: [\n", "broken.yaml, line 2: this is not YAML"),
    ],
)
def test_a_broken_file_is_told_of_with_its_line(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "broken.yaml").write_bytes(content)
    failed = run(tmp_path, "cases")
    assert isinstance(failed.exception, CaseError)
    assert str(failed.exception).startswith(told)
