"""Accounts, passwords and tries over a real database, with a clock that the test turns; and their command."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from test_identity import Clock
from typer.testing import CliRunner

from retrieval.database import Connections
from ui.accounts import SIGNED_IN_S, Account, AccountError, Accounts, SignInRefused
from ui.cli import commands
from ui.home import Home

PASSWORD, OTHER = "correct horse battery", "another horse battery"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Iterator[Accounts]:
    connections = Connections(tmp_path / "shoptalk.sqlite3")
    yield Accounts(connections, clock)
    connections.close()


def refused(accounts: Accounts, name: str, password: str, address: str = "10.0.0.1") -> SignInRefused:
    with pytest.raises(SignInRefused) as caught:
        accounts.sign_in(name, password, address)
    return caught.value


def test_an_account_signs_in_until_its_time_its_end_or_another_password(accounts: Accounts, clock: Clock) -> None:
    made = accounts.add("  Mara  Lind ", "writer", PASSWORD)
    assert made == Account("mara lind", "writer", clock.now)
    token = accounts.sign_in("MARA lind", PASSWORD, "10.0.0.1")
    assert accounts.who(token) == made
    assert accounts.who(token + "x") is accounts.who("") is None
    clock.now += SIGNED_IN_S
    assert accounts.who(token) is None
    first, second = (accounts.sign_in("mara lind", PASSWORD, "10.0.0.1") for _ in range(2))
    accounts.sign_out(first)
    assert (accounts.who(first), accounts.who(second)) == (None, made)
    accounts.set_password("Mara Lind", OTHER)
    assert accounts.who(second) is None
    refused(accounts, "mara lind", PASSWORD)
    third = accounts.sign_in("mara lind", OTHER, "10.0.0.1")
    accounts.remove("mara lind")
    assert (accounts.who(third), accounts.all()) == (None, [])
    refused(accounts, "mara lind", OTHER)


def test_a_wrong_name_and_a_wrong_password_are_told_alike(accounts: Accounts) -> None:
    accounts.add("mara", "admin", PASSWORD)
    assert str(refused(accounts, "mara", OTHER)) == str(refused(accounts, "nobody", OTHER))


def test_tries_slow_down_at_their_address_and_keep_nobody_out_elsewhere(accounts: Accounts, clock: Clock) -> None:
    accounts.add("mara", "admin", PASSWORD)
    assert [refused(accounts, "mara", OTHER).wait_s for _ in range(5)] == [0] * 5
    assert refused(accounts, "mara", PASSWORD).wait_s == 1
    accounts.sign_in("mara", PASSWORD, "10.0.0.2")
    waits = []
    for _ in range(12):
        clock.now += 900
        refused(accounts, "mara", OTHER)
        waits.append(refused(accounts, "mara", PASSWORD).wait_s)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    clock.now += 900
    accounts.sign_in("mara", PASSWORD, "10.0.0.1")
    refused(accounts, "mara", OTHER)
    accounts.sign_in("mara", PASSWORD, "10.0.0.1")  # who signed in begins anew
    for number in range(20):
        refused(accounts, f"guess {number}", OTHER, "10.0.0.9")
    assert refused(accounts, "mara", PASSWORD, "10.0.0.9").wait_s == 1
    clock.now += 3601
    refused(accounts, "somebody", OTHER, "10.0.0.8")
    accounts.sign_in("mara", PASSWORD, "10.0.0.9")


def test_what_an_account_cannot_be_is_said(accounts: Accounts) -> None:
    accounts.add("mara", "admin", PASSWORD)
    for arguments, words in (
        (("Mara", "writer", PASSWORD), "already"),
        ((" ", "writer", PASSWORD), "has a name"),
        (("otto", "owner", PASSWORD), "is no role. There are: writer, releaser, admin"),
        (("otto", "writer", "short"), "12 to 200 characters"),
        (("otto the great", "writer", "Otto The Great"), "not the name"),
    ):
        with pytest.raises(AccountError, match=words):
            accounts.add(*arguments)  # type: ignore[arg-type]
    for change in (accounts.remove, lambda name: accounts.set_password(name, PASSWORD)):
        with pytest.raises(AccountError, match="no account 'otto'"):
            change("otto")


def test_neither_a_password_nor_what_a_browser_holds_stands_in_the_file(accounts: Accounts, tmp_path: Path) -> None:
    accounts.add("mara", "admin", PASSWORD)
    token = accounts.sign_in("mara", PASSWORD, "10.0.0.1")
    for path in tmp_path.iterdir():
        assert PASSWORD.encode() not in path.read_bytes()
        assert token.encode() not in path.read_bytes()


def test_the_command_makes_lists_and_ends_accounts_and_shows_no_password(tmp_path: Path) -> None:
    environment = {"SHOPTALK_HOME": str(tmp_path), "COLUMNS": "160"}

    def run(*arguments: str, typed: str = "") -> str:
        return CliRunner().invoke(commands, ["accounts", *arguments], env=environment, input=typed).output

    assert run("list").startswith("There are no accounts.")
    said = run("add", "Mara", "--role", "releaser", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert said.endswith("mara may sign in as releaser.\n")
    assert PASSWORD not in said
    assert "releaser" in run("list")
    assert run("password", "mara", typed=f"{OTHER}\n{OTHER}\n").endswith("is signed out everywhere.\n")
    connections = Connections(Home(tmp_path).database)
    Accounts(connections).sign_in("mara", OTHER, "")
    connections.close()
    assert run("remove", "mara") == "mara is removed.\n"
