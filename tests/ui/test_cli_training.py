import shutil
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import pytest
import typer
from small_shop_data import events, items
from typer.testing import CliRunner

from ranking.folder import current, load
from ranking.history import Events
from retrieval.catalog import Catalog
from retrieval.database import Connections
from ui import cli_ranking, cli_succession, cli_training
from ui.home import Home

app = typer.Typer()
cli_ranking.register(app)
cli_succession.register(app)
cli_training.register(app)
LONG = [
    "train",
    "--set",
    "epochs=6",
    "--set",
    "patience=6",
    "--set",
    "learning_rate=0.01",
    "--set",
    "sequence.epochs=2",
]
TRAIN = """
import sys
from pathlib import Path
from chat.settings import Settings
from ui.cli_training import train_reranker
from ui.home import Home
train_reranker(Home(Path(sys.argv[1])), Settings(), sys.argv[2:])
"""


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    connections = Connections(made.database)
    Catalog(connections).upsert(items())
    Events(connections).add(events())
    connections.close()
    return made


def run(home, *arguments):
    environment = {"SHOPTALK_HOME": str(home.folder), "COLUMNS": "160"}
    return CliRunner().invoke(app, arguments, env=environment, catch_exceptions=False)


def weights(home):
    return (current(home.rerankers) / "network.safetensors").read_bytes()


def test_a_training_that_was_killed_goes_on_to_the_very_same_model(home, tmp_path):
    other = Home(tmp_path / "other")
    shutil.copytree(home.folder, other.folder)
    run(other, *LONG)

    child = subprocess.Popen([sys.executable, "-c", TRAIN, home.folder, *LONG[2::2]], stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not (home.partial / "network.pt").exists() and time.monotonic() < end:
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert (home.partial / "network.pt").exists()
    assert current(home.rerankers) is None
    run(home, *LONG)

    assert weights(home) == weights(other)
    assert not home.partial.exists()


def test_training_leaves_its_curve_beside_the_model(home):
    run(home, "train", "--set", "epochs=3", "--set", "sequence.epochs=2")
    picture = ElementTree.parse(current(home.rerankers) / "curve.svg").getroot()
    titles = [chart.get("aria-label") for chart in picture if chart.get("aria-label")]
    assert titles[0] == "network: loss"
    assert titles[1].startswith("network: validation NDCG@10, best in epoch ")
    lines = [line.get("points").split() for line in picture.iter("{http://www.w3.org/2000/svg}polyline")]
    assert [len(line) for line in lines if len(line) > 1] == [3, 3, 2, 2]


def test_a_feature_that_is_none_is_said(home):
    untrained = CliRunner().invoke(app, ["train", "--set", "without=nose"], env={"SHOPTALK_HOME": str(home.folder)})
    assert str(untrained.exception).startswith("without=nose: no feature has that name. There are: transition")


def test_a_worse_model_stays_aside_unless_it_is_forced_and_the_former_one_is_a_command_away(home):
    alone = ("--set", "sequence.epochs=0")
    run(home, "train", "--set", "epochs=4", "--set", "learning_rate=0.01", *alone)
    first = current(home.rerankers).name
    worse = ("train", "--set", "epochs=1", "--set", "learning_rate=1e-9", "--set", "seed=3", *alone)

    refused = run(home, *worse)
    assert "worse beyond noise." in refused.output
    assert f"{first} stays live. To take the new one all the same: shoptalk rerankers --live" in refused.output
    assert current(home.rerankers).name == first

    forced = run(home, *worse, "--go-live", "to see it")
    second = current(home.rerankers).name
    assert f"{second} is live." in forced.output
    assert second != first
    assert load(current(home.rerankers)).facts["forced"] == "to see it"

    back = run(home, "rerankers", "--back")
    assert current(home.rerankers).name == first
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in back.output.splitlines() if "│" in line]
    assert [(row[0], row[5], row[6]) for row in rows if row[0] in (first, second)] == [
        (second, "", "to see it"),
        (first, "live", "gone back to"),
    ]


def test_an_update_learns_what_came_since_and_says_so(home):
    early = [event for event in events() if event.time <= 1.7e9 + 4]
    later = [event for event in events() if event.time > 1.7e9 + 4]
    connections = Connections(home.database)
    table = Events(connections)
    connections.current.execute("DELETE FROM events")
    table.add(early)
    quick = ("--set", "epochs=6", "--set", "learning_rate=0.01", "--set", "sequence.epochs=0")
    nothing = CliRunner().invoke(app, ["train", "--since", "last"], env={"SHOPTALK_HOME": str(home.folder)})
    assert str(nothing.exception) == "There is no live reranker to update. Run: shoptalk train"
    run(home, "train", *quick)
    first = current(home.rerankers).name
    table.add(later)
    connections.close()

    updated = run(home, "train", "--since", "last", "--go-live", "to see it")
    second = current(home.rerankers).name
    assert second != first
    assert f"{second} is live." in updated.output
    facts = load(current(home.rerankers)).facts
    assert facts["updates"] == first
    assert facts["settings"]["epochs"] == 6  # the live one's settings, of which an update takes a third
    assert len(facts["curves"]["network"]) == 2
    assert facts["data"]["last"] == max(event.time for event in later)
