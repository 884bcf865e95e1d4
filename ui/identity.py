"""Who may ask: site keys with the origins they open the shop to, admin keys, and shoppers' signed tokens.

Owns the tables ``site_keys`` and ``admin_keys``. Knows nothing of HTTP, nor of what a key lets its holder do.

A site key is public and carries a secret that the site's server signs shoppers with. The secret is kept as it is, since
a signature can only be compared with one made anew; of an admin key only an argon2 hash is kept.

IdentityError     a key that cannot be made, or that there is none of; said to whoever runs the command
Refused           a key or a token that does not count; said to whoever asks
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from sqlite_utils import Database, Migrations

from chat.errors import ChatError
from chat.store import ANONYMOUS
from retrieval.database import Connections
from ui.hashing import hashed, matches

KEEP_S = 24 * 3600.0  # how long the former secret is good after a rotation, unless said otherwise
VERIFIED_S = 60.0  # how long an admin key is believed without argon2: a bulk run makes many calls in a row
LONGEST_TOKEN_S = 24 * 3600.0  # a token that leaks is worthless after a day
LONGEST_SHOPPER = 200  # characters, as in an event
ADMIN = "admin_"  # before the id of an admin key
LONGEST_NAME = 100  # characters
DEFAULT_PORTS = {"http": 80, "https": 443}

migrations = Migrations("identity")


@migrations()
def m001_keys(database: Database) -> None:
    """Create the tables of keys. A moment of NULL has not come."""
    database.execute(
        "CREATE TABLE site_keys (id TEXT PRIMARY KEY, name TEXT NOT NULL, origins TEXT NOT NULL, secret TEXT NOT NULL,"
        " former TEXT NOT NULL, former_until REAL NOT NULL, made REAL NOT NULL, revoked REAL)"
    )
    database.execute(
        "CREATE TABLE admin_keys (id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL,"
        " former TEXT NOT NULL, former_until REAL NOT NULL, made REAL NOT NULL, revoked REAL)"
    )


class IdentityError(ChatError):
    """A key cannot be made as it was asked for, or there is no such key."""


class Refused(ChatError):
    """A key or a token does not count here; ``code`` is for programs."""

    def __init__(self, code: Literal["unknown_key", "bad_token"], message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class SiteKey:
    """One surface of the shop: its public id, and the exact origins of the pages that may use it."""

    id: str
    name: str
    origins: tuple[str, ...]
    made: float  # unix seconds, as all moments here
    revoked: float | None = None


@dataclass(frozen=True)
class AdminKey:
    """One operator's or program's key; the id is the part of it that is no secret."""

    id: str
    name: str
    made: float
    revoked: float | None = None


class Keys:
    """The keys of one shop. Safe to use from several threads; what is revoked counts no longer from that moment."""

    def __init__(self, connections: Connections, now: Callable[[], float] = time.time) -> None:
        self._connections = connections
        self._now = now
        # By a hash of the admin key under a secret of this process, so that the key itself is nowhere in memory for
        # longer than its request: the argon2 hash that it matched, and until when that is believed.
        self._pepper = secrets.token_bytes(32)
        self._verified_keys: dict[bytes, tuple[str, float]] = {}
        migrations.apply(connections.current)

    def make_site(self, name: str, origins: Sequence[str]) -> tuple[SiteKey, str]:
        """A new site key and its secret, which nothing shows again. IdentityError for an origin that is none."""
        key = SiteKey(
            f"site_{secrets.token_hex(12)}", _name(name), tuple(dict.fromkeys(map(origin_of, origins))), self._now()
        )
        secret = _new_secret()
        self._connections.write(
            "INSERT INTO site_keys VALUES (?, ?, ?, ?, '', 0, ?, NULL)",
            [key.id, key.name, json.dumps(key.origins), secret, key.made],
        )
        return key, secret

    def make_admin(self, name: str) -> tuple[AdminKey, str]:
        """A new admin key, and the whole of it, which nothing shows again."""
        key, secret = AdminKey(f"{ADMIN}{secrets.token_hex(8)}", _name(name), self._now()), secrets.token_hex(24)
        self._connections.write(
            "INSERT INTO admin_keys VALUES (?, ?, ?, '', 0, ?, NULL)",
            [key.id, key.name, hashed(secret), key.made],
        )
        return key, f"{key.id}_{secret}"

    def rotate(self, key_id: str, keep_s: float = KEEP_S) -> str:
        """The new secret of a site key, or the whole of a new admin key; the former one is good for so long."""
        table = _table(key_id)
        secret = _new_secret() if table == "site_keys" else secrets.token_hex(24)
        held, column = (secret, "secret") if table == "site_keys" else (hashed(secret), "hash")
        found = self._connections.write(
            f"UPDATE {table} SET former = {column}, former_until = ?, {column} = ? WHERE id = ? AND revoked IS NULL",  # noqa: S608 - fixed names
            [self._now() + keep_s, held, key_id],
        )
        if not found:
            raise IdentityError(f"There is no key {key_id!r} in use. Those that there are: shoptalk keys list")
        return secret if table == "site_keys" else f"{key_id}_{secret}"

    def revoke(self, key_id: str) -> None:
        """End the key, for good; IdentityError if there is none in use."""
        sql = f"UPDATE {_table(key_id)} SET revoked = ? WHERE id = ? AND revoked IS NULL"  # noqa: S608 - fixed names
        if not self._connections.write(sql, [self._now(), key_id]):
            raise IdentityError(f"There is no key {key_id!r} in use. Those that there are: shoptalk keys list")

    def sites(self) -> list[SiteKey]:
        """Every site key, also revoked ones, oldest first."""
        rows = self._connections.current.execute(f"SELECT {_SITE} FROM site_keys ORDER BY made, id").fetchall()  # noqa: S608 - fixed names
        return [_site(row) for row in rows]

    def admins(self) -> list[AdminKey]:
        """Every admin key, also revoked ones, oldest first."""
        sql = "SELECT id, name, made, revoked FROM admin_keys ORDER BY made, id"
        return [AdminKey(*row) for row in self._connections.current.execute(sql).fetchall()]

    def site(self, key_id: str) -> SiteKey:
        """The site key of this id; Refused if it is unknown or revoked."""
        sql = f"SELECT {_SITE} FROM site_keys WHERE id = ? AND revoked IS NULL"  # noqa: S608 - fixed names
        row = self._connections.current.execute(sql, [key_id]).fetchone()
        if row is None:
            raise Refused("unknown_key", "This site key is unknown here, or was revoked.")
        return _site(row)

    def admin(self, key: str) -> AdminKey:
        """The admin key; Refused if it is unknown, wrong or revoked.

        Takes some 50 ms, which is argon2's purpose, unless it was verified within the last minute. What is revoked or
        rotated away counts no longer all the same: the database is asked each time.
        """
        key_id, _, secret = key.rpartition("_")
        sql = "SELECT id, name, made, revoked, hash, former, former_until FROM admin_keys WHERE id = ?"
        row = self._connections.current.execute(sql, [key_id]).fetchone()
        if row is not None and row[3] is None:
            hashes = [row[4], row[5]] if self._now() < row[6] else [row[4]]
            fingerprint = hmac.new(self._pepper, key.encode("utf-8", "replace"), hashlib.sha256).digest()
            matched, until = self._verified_keys.get(fingerprint, ("", 0.0))
            if matched in hashes and self._now() < until:
                return AdminKey(*row[:4])
            if (found := next((held for held in hashes if matches(held, secret)), None)) is not None:
                self._believe(fingerprint, found)
                return AdminKey(*row[:4])
        raise Refused("unknown_key", "This admin key is unknown here, or was revoked.")

    def shopper(self, site: SiteKey, token: str) -> str:
        """Whom the token names; Refused unless the site's secret signed it and it has not ended."""
        row = self._connections.current.execute(
            "SELECT secret, former, former_until FROM site_keys WHERE id = ?", [site.id]
        ).fetchone()
        held = [row[0], *([row[1]] if row[1] and self._now() < row[2] else [])]
        signed, _, signature = token.rpartition(".")
        # Every secret is tried, and each compared in constant time, so that the time taken says nothing.
        matches = [
            hmac.compare_digest(_signature(secret, signed), signature.encode("utf-8", "replace")) for secret in held
        ]
        encoded, _, ends = signed.partition(".")
        if not any(matches):
            raise Refused("bad_token", "This shopper token was not signed with this site key's secret.")
        try:
            shopper_id = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
            until = int(ends)
        except (binascii.Error, ValueError) as error:
            raise Refused("bad_token", "This shopper token is not of the form ID.END.SIGNATURE.") from error
        if not 0 < len(shopper_id) <= LONGEST_SHOPPER or shopper_id.startswith(ANONYMOUS):
            raise Refused(
                "bad_token", f"A shopper's id has 1 to {LONGEST_SHOPPER} characters, and not {ANONYMOUS!r} first."
            )
        if until <= self._now():
            raise Refused("bad_token", "This shopper token has ended. Ask your server for a new one.")
        if until > self._now() + LONGEST_TOKEN_S:
            raise Refused("bad_token", "A shopper token ends within 24 hours. Sign one that ends sooner.")
        return shopper_id

    def _believe(self, fingerprint: bytes, held: str) -> None:
        now = self._now()
        fresh = {one: kept for one, kept in self._verified_keys.items() if now < kept[1]}
        self._verified_keys = {**fresh, fingerprint: (held, now + VERIFIED_S)}


def sign_shopper(secret: str, shopper_id: str, ends: int) -> str:
    """The token that says that this is the shopper, until that moment (unix seconds)."""
    signed = f"{base64.urlsafe_b64encode(shopper_id.encode()).decode().rstrip('=')}.{ends}"
    return f"{signed}.{_signature(secret, signed).decode()}"


def origin_of(text: str) -> str:
    """The origin as a browser sends it; IdentityError for anything else, such as a path, a pattern or "null".

    >>> origin_of("https://Shop.example:443")
    'https://shop.example'
    """
    wrong = IdentityError(
        f"{text!r} is no origin. Write scheme, host and, if it is not the usual one, port: https://shop.example"
    )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise wrong from error
    host = (parts.hostname or "").lower()
    plain = parts.scheme in DEFAULT_PORTS and host and not parts.username and not parts.password
    if (
        not text.isprintable()
        or not plain
        or parts.path
        or parts.query
        or parts.fragment
        or text.endswith(("?", "#", "/"))
    ):
        raise wrong
    if not host.isascii() or any(not (letter.isalnum() or letter in ".-:") for letter in host):
        raise wrong  # a name in another script is sent in its ASCII form (xn--…)
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != DEFAULT_PORTS[parts.scheme] else "")


def _signature(secret: str, signed: str) -> bytes:
    return hmac.new(secret.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).hexdigest().encode()


def _new_secret() -> str:
    return f"secret_{secrets.token_hex(32)}"


def _table(key_id: str) -> str:
    return "admin_keys" if key_id.startswith(ADMIN) else "site_keys"


def _name(name: str) -> str:
    kept = " ".join(name.split())
    if not 0 < len(kept) <= LONGEST_NAME:
        raise IdentityError(f"A key has a name of 1 to {LONGEST_NAME} characters, so that you know it again.")
    return kept


_SITE = "id, name, origins, made, revoked"


def _site(row: tuple[str, str, str, float, float | None]) -> SiteKey:
    return SiteKey(row[0], row[1], tuple(json.loads(row[2])), row[3], row[4])
