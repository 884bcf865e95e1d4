import re

import typer
from small_shop_data import events as small_shop_events
from small_shop_data import items as small_shop_items
from typer.testing import CliRunner

from ranking import folder as model_folder
from ranking.history import Events
from retrieval.catalog import Catalog
from retrieval.database import Connections
from ui import cli_ranking, cli_training
from ui.home import Home

app = typer.Typer()
cli_ranking.register(app)
cli_training.register(app)


def test_without_a_model_it_says_what_to_do(tmp_path):
    environment = {"SHOPTALK_HOME": str(tmp_path)}
    untrained = CliRunner().invoke(app, ["evaluate"], env=environment)
    assert str(untrained.exception) == "No reranker was trained yet. Run: shoptalk train"


def test_after_training_the_reranker_is_measured_beside_every_other_model(tmp_path):
    home = Home(tmp_path / "home")
    connections = Connections(home.database)
    Catalog(connections).upsert(small_shop_items())
    Events(connections).add(small_shop_events())
    connections.close()
    environment = {"SHOPTALK_HOME": str(home.folder), "COLUMNS": "160"}

    trained = CliRunner().invoke(app, ["train"], env=environment, catch_exceptions=False)
    measured = CliRunner().invoke(app, ["evaluate", "--all"], env=environment, catch_exceptions=False)

    before = model_folder.current(home.rerankers)
    apart = CliRunner().invoke(app, ["evaluate", "--split", "shoppers"], env=environment, catch_exceptions=False)

    assert "is live." in trained.output
    assert "training one anew on the rest" in apart.output
    assert "A reranker trained anew, split shoppers: 12 held-out likings, each among all items" in " ".join(
        apart.output.split()
    )
    assert model_folder.current(home.rerankers) == before
    assert len(list(home.rerankers.glob("*/model.json"))) == 1
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in measured.output.splitlines() if "│" in line]
    models, figures = rows[: len(cli_ranking.MODELS)], {row[0]: row[-1] for row in rows[len(cli_ranking.MODELS) :]}
    assert [row[0] for row in models] == list(cli_ranking.MODELS.values())
    assert all(0 <= float(cell) <= 1 for row in models for cell in row[1:])
    for name in ("NDCG@10", "calibration error (ECE)", "coverage: share of the catalogue that stands in some list"):
        value, low, high = map(float, re.split("[^0-9.]+", figures[name])[:3])
        assert 0 <= low <= value <= high <= 1
    written = model_folder.current(home.rerankers) / "card.html"
    assert "linear autoencoder (EASE)" in written.read_text(encoding="utf-8")
