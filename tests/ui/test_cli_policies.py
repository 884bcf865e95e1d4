"""The command ``shoptalk policies``: loads a merchant's file, shows what is held, takes a section away."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from chat.policies import Policies, PolicyError
from retrieval.database import Connections
from ui import backup, cli_policies
from ui.audit import Audit
from ui.demo_shop import load_policies
from ui.home import Home

FILE = "# Returns\nWithin 30 days.\n\n# Empty\n\n# Gift [bold] wrapping\nWe wrap for $3.\n"

app = typer.Typer()
cli_policies.register(app)
app.command()(lambda: None)  # with one command alone, typer would want no name


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def held(home: Home) -> Iterator[Connections]:
    connections = Connections(home.database)
    yield connections
    connections.close()


@pytest.fixture
def run(home: Home) -> Callable[..., Result]:
    environment = {"SHOPTALK_HOME": str(home.folder), "COLUMNS": "160"}
    return lambda *arguments: CliRunner().invoke(app, ["policies", *map(str, arguments)], env=environment)


def cells(output: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if "│" in line]


def test_a_file_is_loaded_shown_and_a_section_removed(
    run: Callable[..., Result], home: Home, held: Connections, tmp_path: Path
) -> None:
    file = tmp_path / "ours.md"
    file.write_text(FILE)
    loaded = run(file).output
    assert loaded.startswith(f"2 sections from {file}; shoppers are quoted them from the next turn on.\n1 set aside")
    assert "  line 4, “Empty”: it says nothing" in loaded
    table = [
        ["Returns", "returns", "1", "Within 30 days."],
        ["Gift [bold] wrapping", "its own heading", "1", "We wrap for $3."],
    ]
    assert cells(loaded) == cells(run().output) == cells(run("--list").output) == table
    assert run("--remove", "returns").output == "Removed “Returns”; shoppers are no longer quoted it.\n"
    assert [one.heading for one in Policies(held).all()] == ["Gift [bold] wrapping"]
    (kept,) = home.rejected.glob("policies-ours-*.jsonl")
    assert json.loads(kept.read_text()) == {"line": 4, "heading": "Empty", "reason": "it says nothing", "raw": ""}
    assert [(line.who, line.what, line.counts) for line in Audit(held).lines(9)] == [
        ("command line", "policies loaded", {"sections": 2, "set_aside": 1}),
        ("command line", "policy removed", {"sections": 1}),
    ]


def test_yaml_is_told_by_its_name(run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "ours.yml"
    file.write_text("Delivery: Three days.\n")
    assert cells(run(file).output) == [["Delivery", "delivery", "1", "Three days."]]


@pytest.mark.parametrize(
    ("arguments", "content", "message"),
    [
        (("FILE",), b"# Empty\n", "holds no section that shoppers could be quoted. Nothing was changed.\n  line 1"),
        (("FILE",), b"\xff\xfe\x00", "is no text in UTF-8"),
        (("FILE",), b"x" * 900_000, "is too large"),
        (("FILE",), None, "cannot be read: No such file"),
        (("FILE", "--list"), b"# A\nB.\n", "not several at once"),
        (("--remove", "Returns"), None, "There is no policy 'Returns'"),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(
    run: Callable[..., Result],
    held: Connections,
    tmp_path: Path,
    arguments: tuple[str, ...],
    content: bytes | None,
    message: str,
) -> None:
    good, file = tmp_path / "good.md", tmp_path / "ours.md"
    good.write_text("# Delivery\nThree days.\n")
    run(good)
    if content is not None:
        file.write_bytes(content)
    result = run(*(str(file) if one == "FILE" else one for one in arguments))
    assert isinstance(result.exception, PolicyError)
    assert message in str(result.exception)
    assert [one.heading for one in Policies(held).all()] == ["Delivery"]


def test_without_any_the_command_says_how_to_load_some(run: Callable[..., Result]) -> None:
    assert run().output == "There are no policies. Load some, e.g.: shoptalk policies policies.md\n"


def test_a_backup_carries_them(run: Callable[..., Result], home: Home, tmp_path: Path) -> None:
    file = tmp_path / "ours.md"
    file.write_text(FILE)
    run(file)
    backup.make(home, tmp_path / "copy.zip")
    other = Home(tmp_path / "other")
    backup.restore(other, tmp_path / "copy.zip")
    connections = Connections(other.database)
    assert [one.heading for one in Policies(connections).all()] == ["Returns", "Gift [bold] wrapping"]
    connections.close()


def test_the_demo_shops_own_are_loaded_once_and_a_merchants_stay(
    run: Callable[..., Result], home: Home, held: Connections, tmp_path: Path
) -> None:
    load_policies(home)
    assert len(Policies(held).all()) == 9
    file = tmp_path / "ours.md"
    file.write_text(FILE)
    run(file)
    load_policies(home)
    assert len(Policies(held).all()) == 2
