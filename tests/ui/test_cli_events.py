import typer
from typer.testing import CliRunner

from ranking.history import Event, Events
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.items import Item
from ui import cli_events, cli_ranking
from ui.home import Home

app = typer.Typer()
cli_events.register(app)
cli_ranking.register(app)


def test_events_are_taken_in_and_what_was_dropped_is_reported(tmp_path):
    home = Home(tmp_path / "home")
    connections = Connections(home.database)
    Catalog(connections).upsert([Item(id="1", title="Tent"), Item(id="2", title="Mug", stock=0)])
    file = tmp_path / "bought.csv"
    file.write_text("user_id,item_id,position\nann,1,0\nann,2,1\nann,7,2\n")
    arguments = ["events", str(file), "--kind", "purchase", "--order-column", "position"]

    result = CliRunner().invoke(app, arguments, env={"SHOPTALK_HOME": str(home.folder)}, catch_exceptions=False)

    assert result.exit_code == 0
    assert [event.item_id for event in Events(connections).of("ann")] == ["1", "2"]
    rows = [[cell.strip() for cell in line.split("│")[1:3]] for line in result.output.splitlines() if "│" in line]
    assert rows == [
        ["rows read", "3"],
        ["new", "2"],
        ["there already", "0"],
        ["purchase", "2"],
        ["dropped", "1"],
        ["unknown item (line 4)", "1"],
    ]
    assert (home.folder / "rejected" / "events-bought.jsonl").exists()
    connections.close()


def test_without_items_or_of_no_kind_it_says_what_to_do(tmp_path):
    environment = {"SHOPTALK_HOME": str(tmp_path)}
    empty = CliRunner().invoke(app, ["events", "none.csv"], env=environment)
    assert str(empty.exception) == (
        "The catalogue is empty, so that no event would have an item. Run: shoptalk ingest FILE"
    )
    wrong = CliRunner().invoke(app, ["events", "x.csv", "--kind", "dance"], env=environment)
    assert str(wrong.exception).startswith("--kind 'dance' is none of search, view, click")


def test_the_report_of_events_is_a_table_and_a_page(tmp_path):
    home = Home(tmp_path / "home")
    connections = Connections(home.database)
    Catalog(connections).upsert([Item(id="1", title="Tent")])
    file = tmp_path / "looked.csv"
    file.write_text("user_id,item_id,time,kind\nann,1,1714557700,view\nann,1,1714557710,view\nann,9,1714557720,view\n")
    environment = {"SHOPTALK_HOME": str(home.folder), "COLUMNS": "200"}

    result = CliRunner().invoke(app, ["events", str(file), "--report"], env=environment, catch_exceptions=False)

    page = home.folder / "reports" / "events.html"
    assert result.exit_code == 0
    shown = " ".join(result.output.replace("│", " ").split())
    assert "the same again within a minute 1 " in shown
    assert "unknown item 1 " in shown
    assert shown.endswith(f"With charts: {page}")
    assert page.read_text().count("<svg") == 3
    nothing = CliRunner().invoke(app, ["events"], env=environment)
    assert str(nothing.exception).startswith("Name a file of events, or ask for a report")
    connections.close()


def test_drift_without_a_reranker_compares_what_was_done(tmp_path):
    home = Home(tmp_path / "home")
    connections = Connections(home.database)
    Catalog(connections).upsert([Item(id="1", title="Tent")])
    days = [Event(shopper_id="ann", kind="view", item_id="1", time=1.7e9 + day * 86_400) for day in (0, 5, 40, 41, 50)]
    Events(connections).add(days)
    environment = {"SHOPTALK_HOME": str(home.folder), "COLUMNS": "200"}

    result = CliRunner().invoke(app, ["events", "--drift", "--days", "30"], env=environment, catch_exceptions=False)

    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.output.splitlines() if "│" in line]
    assert ["view", "2", "3", "+50%"] in rows
    assert "All in all: stable. No reranker is live, so that nothing was scored." in result.output
    assert (home.folder / "reports" / "drift.html").exists()
    short = CliRunner().invoke(app, ["events", "--drift", "--days", "3"], env=environment)
    assert str(short.exception).startswith("In the 3 days before those nothing happened")
    connections.close()
