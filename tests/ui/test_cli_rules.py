import pytest
import typer
from typer.testing import CliRunner

from ranking.rules import Rules
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.items import Item
from ui import cli_rules
from ui.home import Home

app = typer.Typer()
cli_rules.register(app)


@pytest.fixture
def run(tmp_path):
    home = Home(tmp_path)
    connections = Connections(home.database)
    Catalog(connections).upsert([Item(id="1", title="Tent", brand="Summit", category=("Outdoor", "Tents"))])
    environment = {"SHOPTALK_HOME": str(tmp_path), "COLUMNS": "160"}
    yield lambda *arguments: CliRunner().invoke(app, ["rules", *arguments], env=environment), Rules(connections)
    connections.close()


def cells(output):
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if "│" in line]


def test_rules_are_added_listed_and_removed_and_the_journal_tells_who(run):
    invoke, rules = run
    assert invoke("list").output == "There are no rules. Add one, e.g.: shoptalk rules add pin --item ID\n"
    added = invoke("add", "pin", "--brand", "summit", "--to", "2999-12-24", "--sponsored", "--by", "ann")
    assert added.output == "Rule 1: pin brand Summit (sponsored). It counts from the next turn on.\n"
    invoke("add", "exclude", "--category", "outdoor", "--from", "2999-01-01", "--by", "ann")
    assert cells(invoke("list").output) == [
        ["1", "pin brand Summit (sponsored)", "", "2999-12-24", "holds"],
        ["2", "exclude category Outdoor", "2999-01-01", "", "not yet"],
    ]
    assert invoke("remove", "1", "--by", "bob").output == "Removed rule 1: pin brand Summit (sponsored).\n"
    journal = cells(invoke("list", "--journal").output)
    assert [row[1:] for row in journal[-3:]] == [
        ["ann", "added rule 1: pin brand Summit (sponsored)"],
        ["ann", "added rule 2: exclude category Outdoor"],
        ["bob", "removed rule 1: pin brand Summit (sponsored)"],
    ]
    assert [rule.number for rule in rules.all()] == [2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("add", "hide", "--item", "1"), "A rule pins, buries or excludes; 'hide' is none of pin, bury, exclude."),
        (("add", "pin"), "Say what the rule is of: one of --item, --brand and --category."),
        (("add", "pin", "--item", "1", "--brand", "Summit"), "Say what the rule is of"),
        (
            ("add", "pin", "--item", "1", "--from", "tomorrow"),
            "--from 'tomorrow' is no day. Write it as year-month-day, e.g. 2026-12-24.",
        ),
        (("add", "pin", "--item", "2"), "The catalogue has no item '2'."),
        (("remove", "3"), "There is no rule 3. Those that there are: shoptalk rules list"),
    ],
)
def test_what_cannot_be_is_said_in_plain_words(run, arguments, message):
    invoke, rules = run
    assert str(invoke(*arguments).exception).startswith(message)
    assert rules.all() == []
