import fcntl
import json
from datetime import UTC, datetime

import pytest
import typer
from small_shop_data import events, items
from typer.testing import CliRunner

from chat.errors import SetupError
from ranking.errors import TooFewEvents
from ranking.history import Events
from retrieval.catalog import Catalog
from retrieval.database import Connections
from ui import cli_training, cli_tuning
from ui.home import Home

app = typer.Typer()
cli_training.register(app)
cli_tuning.register(app)
QUICK = ["tune", "--trials", "2", "--method", "random", "--examples", "40", "--set", "epochs=3"]


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


def test_better_settings_are_kept_and_the_next_training_takes_them(home):
    # What learns nothing is easily bettered.
    said = run(home, *QUICK, "--set", "learning_rate=0.000001").output
    assert "The best of 2 trials is the best by luck too" in said
    assert f"Kept in {home.tuned}" in said.replace("\n", "")
    kept = json.loads(home.tuned.read_text())
    assert kept["learning_rate"] >= 1e-3
    assert "examples" not in kept
    trained = run(home, "train", "--set", "epochs=1").output
    assert f"With the settings in {home.tuned}" in trained.replace("\n", "")
    assert f"found on {datetime.now(UTC).date().isoformat()}" in " ".join(trained.split())


def test_settings_that_are_not_better_stay_as_they_are(home):
    assert "None of them did better" in run(home, *QUICK, "--trials", "1", "--set", "epochs=8").output
    assert not home.tuned.exists()


def test_weak_features_are_shown_and_left_out_only_where_that_is_better(home):
    said = run(home, "tune", "--features", "--set", "epochs=3").output
    weights = json.loads(home.importances.read_text())
    assert all(f"│ {name} " in said for name in weights)
    assert list(weights) == sorted(weights, key=lambda name: -weights[name]["value"])
    left_out = [name for name, lost in weights.items() if lost["low"] <= 0]
    assert f"Trained without {', '.join(left_out)}:" in " ".join(said.split())
    kept = json.loads(home.tuned.read_text())["without"] if "Kept in" in said else None
    assert kept == (None if "it is not better" in said else left_out)


def test_two_commands_do_not_tune_one_shop_at_once(home):
    with (home.folder / "tuning.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(SetupError, match="are being tried for"):
            run(home, *QUICK)


def test_too_few_shoppers_are_said_plainly(tmp_path):
    few = Home(tmp_path / "few")
    connections = Connections(few.database)
    Catalog(connections).upsert(items())
    Events(connections).add(events(shoppers=30))
    connections.close()
    with pytest.raises(TooFewEvents, match="Only 30 shoppers have three or more likings"):
        run(few, *QUICK)
