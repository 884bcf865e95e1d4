"""``shoptalk prompts`` from the shell."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from chat.store import Shown, Store, Turn
from prompts.errors import PromptError, VersionError
from prompts.library import PACKAGE_FOLDER
from ranking.history import Event, Events
from retrieval.database import Connections
from ui import cli_prompts
from ui.home import Home
from ui.identity import Keys

app = typer.Typer()
cli_prompts.register(app)
Run = Callable[..., Result]
REPLY = (PACKAGE_FOLDER / "reply" / "001.md").read_text(encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    environment = {"SHOPTALK_HOME": str(tmp_path / "home"), "COLUMNS": "160"}
    return lambda *arguments: CliRunner().invoke(app, ["prompts", *arguments], env=environment)


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    connections = Connections(Home(tmp_path / "home").database)
    yield connections
    connections.close()


def cells(output: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if "│" in line]


def written(tmp_path: Path, text: str, name: str = "shorter.md") -> str:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return str(tmp_path / name)


def test_a_wording_is_written_released_and_taken_back_without_an_engineer(
    run: Run, tmp_path: Path, connections: Connections
) -> None:
    site = Keys(connections).make_site("A shop", ["https://shop.example"])[0].id
    names = ("reply", "reply_taught", "understand", "understand_taught", "write_answers", "yes_judge")
    assert [row[0] for row in cells(run("list").output)] == [f"{name}@1" for name in names]
    assert run("show", "reply").output == REPLY
    file = written(tmp_path, REPLY.replace("You tell a shopper what an item offers", "Say what an item offers"))
    assert run("check", file).output == "It can be published as a version of reply.\n"
    assert run("publish", file, "--why", "shorter", "--by", "ann").output == "reply@2 is published.\n"
    assert run("publish", file, "--by", "bob").output == "reply@2 is just that already.\n"
    assert "+Say what an item offers, using only its facts." in run("diff", "reply@1", "reply@2").output.splitlines()
    assert run("diff", "reply@1", "reply").output == "They are the same.\n"
    moved = run("label", "reply@2", "production", "--why", "fewer repairs", "--by", "rob")
    assert moved.output == "production is reply@2, for conversations that begin from now on.\n"
    assert run("rollback", "reply", "--by", "rob").output == "production is reply@1 again.\n"
    assert run("label", "reply@2", "candidate", "--site", site, "--by", "rob").output.startswith(f"candidate on {site}")
    assert run("split", "reply", "0.1", "--site", site).output == (
        f"10% of new conversations on {site} get the candidate of reply.\n"
    )
    listed = run("list", "reply").output
    assert [row[-1] for row in cells(listed)] == ["production", f"candidate for {site}"]
    assert listed.splitlines()[-1] == f"10% of new conversations on {site} get reply@candidate."
    told = [row[1:] for row in cells(run("journal", "reply").output)]
    assert told[2:6] == [
        ["ann", "published reply@2", "shorter"],
        ["rob", "moved production from reply@1 to reply@2", "fewer repairs"],
        ["rob", "moved production from reply@2 to reply@1", "back"],
        ["rob", f"moved candidate on {site} from nothing to reply@2", ""],
    ]
    assert told[6][1] == f"gave the candidate of reply 10% on {site}"
    assert run("rollback", "reply", "--label", "candidate", "--site", site).output == (
        f"candidate on {site} points nowhere again.\n"
    )
    # What people write is no markup of the table's.
    run("label", "reply@2", "candidate", "--why", "see [/b] and [red]", "--by", "[/rob]")
    assert cells(run("journal", "reply").output)[-1][1:] == [
        "[/rob]",
        "moved candidate from nothing to reply@2",
        "see [/b] and [red]",
    ]


def test_what_is_wrong_is_named_with_its_line(run: Run, tmp_path: Path) -> None:
    wrong = run("publish", written(tmp_path, REPLY.replace("{{ wanted or", "{{ wished or")))
    assert isinstance(wrong.exception, PromptError)
    assert "shorter.md, line 42: variable 'wished' is used but not declared" in str(wrong.exception)
    for arguments, what in (
        (("show", "reply@9"), "There is no reply@9. There are the numbers 1 to 1, 1: production."),
        (("split", "reply", "0.5"), "reply has no candidate"),
        (("label", "reply@1", "production", "--site", "site_x"), "There is no site key 'site_x'. There are: none."),
        (("watch", "reply", "--outcome", "joy"), "'joy' is not counted. There are: engaged, click"),
        (("watch", "reply", "--since", "soon"), "'soon' is no day"),
        (("import", str(tmp_path)), "There are no prompts in"),
    ):
        refused = run(*arguments)
        assert isinstance(refused.exception, VersionError), arguments
        assert what in str(refused.exception)


def test_fragments_and_whole_libraries_travel(run: Run, tmp_path: Path) -> None:
    assert run("fragment", written(tmp_path, "Be warm.\n", "voice.md")).output == "The fragment voice is kept.\n"
    text = REPLY.replace("using only its facts.", "using only its facts.\n{% include 'voice' %}")
    run("publish", written(tmp_path, text))
    run("label", "reply@2", "production")
    again = run("fragment", written(tmp_path, "Be brief.\n", "voice.md"), "--by", "ann").output
    assert again.splitlines()[1] == "reply@3 is published with it; no label points at it yet."
    assert run("export", str(tmp_path / "out")).output.startswith("Wrote 8 versions to ")
    assert (tmp_path / "out" / "reply" / "002.md").read_text(encoding="utf-8") == text
    other = CliRunner().invoke(
        app, ["prompts", "import", str(tmp_path / "out")], env={"SHOPTALK_HOME": str(tmp_path / "other")}
    )
    assert other.output.splitlines() == [
        "Read 8 prompts; 2 are new.",
        "reply@2 is published.",
        "reply@3 is published.",
    ]
    assert "wrote the fragment voice" in run("journal", "voice").output


def test_what_became_of_each_version_is_told_with_what_may_be_concluded(
    run: Run, connections: Connections, tmp_path: Path
) -> None:
    run("publish", written(tmp_path, REPLY.replace("You tell a shopper", "Tell a shopper")))
    run("label", "reply@2", "candidate")
    run("split", "reply", "0.5")
    hashes = [row[1] for row in cells(run("list", "reply").output)]
    store, events = Store(connections), Events(connections)
    assert "too few yet to say anything" in run("watch", "reply").output
    full = {row[0]: row for row in connections.current.execute("SELECT hash FROM prompt_versions WHERE name = 'reply'")}
    versions = [next(one for one in full if one.startswith(short)) for short in hashes]
    for number in range(400):
        session = store.begin("ada")
        session.prompts = {"reply": versions[number % 2]}
        turn = Turn(f"turn-{number}", session.id, "a tent", True, need="{}", timings_ms={"turn": 900.0 + number % 7})
        turn.sentences = [{"text": "It is red.", "by": "llm", "verdict": "repaired" if number % 4 == 0 else "kept"}]
        turn.shown, turn.finished = [Shown("tent-1", 1, 0.5, 0.5, "")], True
        store.save(session, turn)
        if number % 8 == 0 or (number % 2 and number % 8 != 1):  # 1 in 4 of the first, 3 in 4 of the second
            at = {"item_id": "tent-1", "time": 1.7e9 + number, "turn_id": turn.id, "position": 1}
            events.add([Event(shopper_id="ada", kind="like", **at)])
        if number % 2:
            store.rate(session.id, turn.id, 1)
    output = run("watch", "reply").output
    table = {row[0]: row[1:] for row in cells(output)}
    assert (table["conversations"], table["turns"]) == (["200", "200"], ["200", "200"])
    assert (table["with a like"], table["with a cart"]) == (["25.0%", "75.0%"], ["0.0%", "0.0%"])
    assert (table["thumbs"], table["sentences repaired"]) == (["+0 -0", "+200 -0"], ["100", "0"])
    assert (table["turns with its words"], table["turn, p95"]) == (["200", "200"], ["0.9 s", "0.9 s"])
    told = " ".join(output.split("turn, p95")[1].split())
    assert "75.0% of the conversations of reply@2 had a click, like, cart or purchase, 25.0% of reply@1's" in told
    assert "+50.0%, between +3" in told
    assert told.endswith("reply@2 is better, beyond noise.")
    nothing = " ".join(run("watch", "reply", "--outcome", "cart").output.split())
    assert "0.0% of the conversations of reply@2 had a cart, 0.0% of reply@1's: too few yet to say anything." in nothing
