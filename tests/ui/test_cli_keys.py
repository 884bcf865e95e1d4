import re

import pytest
import typer
from typer.testing import CliRunner

from retrieval.database import Connections
from ui import cli_keys
from ui.audit import Audit
from ui.home import Home
from ui.identity import IdentityError, Keys

app = typer.Typer()
cli_keys.register(app)


@pytest.fixture
def run(tmp_path):
    connections = Connections(Home(tmp_path).database)
    environment = {"SHOPTALK_HOME": str(tmp_path), "COLUMNS": "160"}
    yield lambda *arguments: CliRunner().invoke(app, ["keys", *arguments], env=environment), Keys(connections)
    connections.close()


def cells(output):
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if "│" in line]


def test_keys_are_made_listed_rotated_and_revoked_and_a_secret_is_shown_once(run, tmp_path):
    invoke, keys = run
    assert invoke("list").output == (
        "There are no keys. Make one: shoptalk keys make site --name NAME --origin https://shop.example\n"
    )
    made = invoke("make", "site", "--name", "web", "--origin", "https://a.example", "--origin", "http://localhost:3000")
    site_id, secret = re.findall(r"(?:site|secret)_\w+", made.output)
    assert made.output.splitlines() == [
        f"Site key (public):                        {site_id}",
        f"Its secret (shown once, for your server): {secret}",
        "Pages that may use it: https://a.example, http://localhost:3000",
    ]
    assert keys.site(site_id).origins == ("https://a.example", "http://localhost:3000")
    admin_key = re.search(r"admin_\w+", invoke("make", "admin", "--name", "ops").output)[0]
    admin_id = admin_key.rpartition("_")[0]
    assert keys.admin(admin_key).name == "ops"

    rotated = invoke("rotate", site_id, "--keep-hours", "2")
    assert re.search(r"Secret \(shown once\): secret_\w+", rotated.output)
    assert rotated.output.endswith("The former one is good for 2 more hours.\n")
    assert invoke("rotate", admin_id, "--keep-hours", "0").output.endswith("The former one is void.\n")
    assert invoke("revoke", admin_id).output == f"{admin_id} is revoked.\n"

    connections = Connections(Home(tmp_path).database)
    assert [(line.who, line.what) for line in Audit(connections).lines(9)] == [
        ("command line", "key made"), ("command line", "key made"), ("command line", "key rotated"),
        ("command line", "key rotated"), ("command line", "key revoked"),
    ]  # fmt: skip
    connections.close()

    listed = invoke("list").output
    assert [row[:3] for row in cells(listed)] == [
        [site_id, "web", "https://a.example"],
        ["", "", "http://localhost:3000"],
        [admin_id, "ops", ""],
    ]
    assert "secret_" not in listed
    assert admin_key not in listed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("make", "site", "--name", "web", "--origin", "shop.example"), "'shop.example' is no origin."),
        (("make", "admin", "--name", "ops", "--origin", "https://a.example"), "An admin key is for no page"),
        (("revoke", "site_1"), "There is no key 'site_1' in use."),
        (("rotate", "admin_1"), "There is no key 'admin_1' in use."),
    ],
)
def test_what_cannot_be_is_said_in_plain_words(run, arguments, message):
    invoke, keys = run
    error = invoke(*arguments).exception
    assert isinstance(error, IdentityError)
    assert str(error).startswith(message)
    assert keys.sites() == []
    assert keys.admins() == []
