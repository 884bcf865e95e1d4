"""Accounts of the people who run the shop: who they are, what they may do, and that they have signed in.

Owns the tables ``accounts``, ``account_sign_ins`` and ``account_failures``. Of a password only an argon2 hash is kept,
of what a browser holds only a hash. Shoppers have no accounts (``ui.identity`` tells them by their site's tokens).
Knows nothing of HTTP.

AccountError    an account cannot be as it was asked for, said to whoever runs the command
SignInRefused   a name and a password that do not go together, or too many tries; said to whoever asks
"""

import hashlib
import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from sqlite_utils import Database, Migrations

from chat.errors import ChatError
from retrieval.database import Connections
from ui.hashing import hashed, matches

Role = Literal["writer", "releaser", "admin"]  # writes prompts; puts them live too; everything, accounts' list too

LEAST_PASSWORD = 12  # characters: beyond guessing at the pace that is left to a guesser
LONGEST_PASSWORD = 200
LONGEST_NAME = 100
SIGNED_IN_S = 12 * 3600.0  # a working day
FREE_TRIES = 5  # that a person who mistypes needs; after them each one waits twice as long as the one before
FREE_TRIES_OF_ADDRESS = 20  # an office shares one
LONGEST_WAIT_S = 900.0
FORGOTTEN_S = 3600.0  # after the last failure

migrations = Migrations("accounts")


@migrations()
def m001_accounts(database: Database) -> None:
    """Create the tables."""
    database.execute(
        "CREATE TABLE accounts (name TEXT PRIMARY KEY, role TEXT NOT NULL, hash TEXT NOT NULL, made REAL NOT NULL)"
    )
    database.execute(
        "CREATE TABLE account_sign_ins (token TEXT PRIMARY KEY,"
        " name TEXT NOT NULL REFERENCES accounts(name) ON DELETE CASCADE, until REAL NOT NULL)"
    )
    database.execute(
        "CREATE TABLE account_failures (subject TEXT PRIMARY KEY, count INTEGER NOT NULL, last REAL NOT NULL)"
    )


class AccountError(ChatError):
    """An account cannot be as it was asked for, or there is no such account."""


class SignInRefused(ChatError):
    """Not signed in; ``wait_s``: how long no further try is looked at."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Account:
    """Somebody who runs the shop."""

    name: str
    role: Role
    made: float  # unix seconds


class Accounts:
    """The accounts of one shop. Safe to use from several threads and processes."""

    def __init__(self, connections: Connections, now: Callable[[], float] = time.time) -> None:
        self._connections, self._now = connections, now
        # Held against the passwords of names that there are not, so that the time taken does not tell these.
        self._nobody = hashed(secrets.token_hex(16))
        migrations.apply(connections.current)

    def add(self, name: str, role: Role, password: str) -> Account:
        """A new account. AccountError for a name that is taken or none, a role that is none, or a weak password."""
        account = Account(_name(name), _role(role), self._now())
        added = self._connections.write(
            "INSERT OR IGNORE INTO accounts VALUES (?, ?, ?, ?)",
            [account.name, account.role, hashed(_password(password, account.name)), account.made],
        )
        if not added:
            raise AccountError(f"There is an account {account.name!r} already.")
        return account

    def remove(self, name: str) -> None:
        """End the account, and what is signed in by it, at once."""
        if not self._connections.write("DELETE FROM accounts WHERE name = ?", [_folded(name)]):
            raise AccountError(_unknown(name))

    def set_password(self, name: str, password: str) -> None:
        """Give the account another password; what was signed in with the former one is signed out."""
        name = _folded(name)
        held = hashed(_password(password, name))
        if not self._connections.write("UPDATE accounts SET hash = ? WHERE name = ?", [held, name]):
            raise AccountError(_unknown(name))
        self._connections.write("DELETE FROM account_sign_ins WHERE name = ?", [name])

    def all(self) -> list[Account]:
        """Every account, by name."""
        sql = "SELECT name, role, made FROM accounts ORDER BY name"
        return [Account(*row) for row in self._connections.current.execute(sql).fetchall()]

    def sign_in(self, name: str, password: str, address: str) -> str:
        """What the browser is to hold from now on; SignInRefused, the same whether or not there is such a name.

        ``address``: where the try comes from. Tries are slowed down by address, and by name at that address: by name
        alone, anyone could keep its holder out.
        """
        name = _folded(name)
        subjects = {_hash(f"{name} at {address}"): FREE_TRIES, _hash(address): FREE_TRIES_OF_ADDRESS}
        if (wait := max(self._wait(subject, free) for subject, free in subjects.items())) > 0:
            raise SignInRefused(f"Too many tries. Try again in {math.ceil(wait)} seconds.", wait)
        row = self._connections.current.execute("SELECT hash FROM accounts WHERE name = ?", [name]).fetchone()
        if not matches(row[0] if row else self._nobody, password[:LONGEST_PASSWORD]) or row is None:
            for subject in subjects:
                self._fail(subject)
            raise SignInRefused("This name and this password do not go together.")
        self._connections.write("DELETE FROM account_failures WHERE subject = ?", [next(iter(subjects))])
        self._connections.write("DELETE FROM account_sign_ins WHERE until <= ?", [self._now()])
        token = secrets.token_urlsafe(32)
        values = [_hash(token), name, self._now() + SIGNED_IN_S]
        self._connections.write("INSERT INTO account_sign_ins VALUES (?, ?, ?)", values)
        return token

    def who(self, token: str) -> Account | None:
        """Whom the browser that holds this is signed in as; None: nobody."""
        row = self._connections.current.execute(
            "SELECT accounts.name, role, made FROM account_sign_ins JOIN accounts USING (name)"
            " WHERE token = ? AND until > ?",
            [_hash(token), self._now()],
        ).fetchone()
        return None if row is None else Account(*row)

    def sign_out(self, token: str) -> None:
        """The browser is signed in no longer."""
        self._connections.write("DELETE FROM account_sign_ins WHERE token = ?", [_hash(token)])

    def _wait(self, subject: str, free: int) -> float:
        """Seconds until a further try of this subject is looked at."""
        row = self._connections.current.execute(
            "SELECT count, last FROM account_failures WHERE subject = ?", [subject]
        ).fetchone()
        count, last = (0, 0.0) if row is None else (int(row[0]), float(row[1]))
        if count < free:
            return 0.0
        wait: float = min(LONGEST_WAIT_S, 2.0 ** min(count - free, 20))
        return last + wait - self._now()

    def _fail(self, subject: str) -> None:
        now = self._now()
        self._connections.write("DELETE FROM account_failures WHERE last < ?", [now - FORGOTTEN_S])
        self._connections.write(
            "INSERT INTO account_failures VALUES (?, 1, ?)"
            " ON CONFLICT (subject) DO UPDATE SET count = count + 1, last = excluded.last",
            [subject, now],
        )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _name(name: str) -> str:
    kept = _folded(name)
    if not 0 < len(kept) <= LONGEST_NAME or not kept.isprintable():
        raise AccountError(f"An account has a name of 1 to {LONGEST_NAME} characters.")
    return kept


def _role(role: str) -> Role:
    for known in get_args(Role):
        if role == known:
            return known  # type: ignore[no-any-return]
    raise AccountError(f"{role!r} is no role. There are: {', '.join(get_args(Role))}.")


def _password(password: str, name: str) -> str:
    if not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD or password.casefold() == name:
        raise AccountError(f"A password has {LEAST_PASSWORD} to {LONGEST_PASSWORD} characters, and is not the name.")
    return password


def _unknown(name: str) -> str:
    return f"There is no account {name!r}. Those that there are: shoptalk accounts list"
