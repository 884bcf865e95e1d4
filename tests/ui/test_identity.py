"""Keys and shoppers' tokens over a real database, with a clock that the test turns."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from retrieval.database import Connections
from ui.identity import IdentityError, Keys, Refused, origin_of, sign_shopper

SHOP = "https://shop.example"
BEGUN = 1_800_000_000.0


class Clock:
    now = BEGUN

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path, clock: Clock):
    connections = Connections(tmp_path / "shoptalk.sqlite3")
    yield Keys(connections, clock)
    connections.close()


def refusal(ask, *arguments) -> str:
    with pytest.raises(Refused) as caught:
        ask(*arguments)
    return caught.value.code


def test_a_site_key_counts_until_it_is_revoked(keys: Keys) -> None:
    made, _ = keys.make_site("web  shop", [SHOP, "HTTPS://Shop.example:443", "http://localhost:3000"])
    assert (made.name, made.origins) == ("web shop", (SHOP, "http://localhost:3000"))
    assert keys.site(made.id) == made
    keys.revoke(made.id)
    assert refusal(keys.site, made.id) == "unknown_key"
    assert [(site.id, site.revoked) for site in keys.sites()] == [(made.id, BEGUN)]
    for change in (keys.revoke, keys.rotate):
        with pytest.raises(IdentityError, match="There is no key"):
            change(made.id)


def test_no_two_keys_share_a_secret_and_the_admins_is_nowhere_in_the_file(keys: Keys, tmp_path: Path) -> None:
    secrets = {keys.make_site(f"site {number}", [])[1] for number in range(20)}
    assert len(secrets) == 20
    _, whole = keys.make_admin("ops")
    secret = whole.rpartition("_")[2].encode()
    assert not any(secret in file.read_bytes() for file in tmp_path.iterdir())


def test_an_admin_key_counts_whole_and_its_former_secret_for_as_long_as_it_was_said(keys: Keys, clock: Clock) -> None:
    made, first = keys.make_admin("ops")
    assert keys.admin(first) == made
    second = keys.rotate(made.id, keep_s=60)
    assert keys.admin(first) == keys.admin(second) == made
    clock.now += 61
    assert keys.admin(second) == made
    assert refusal(keys.admin, first) == "unknown_key"
    third = keys.rotate(made.id, keep_s=0)
    assert refusal(keys.admin, second) == "unknown_key"
    keys.revoke(made.id)
    for wrong in (third, f"{made.id}_", made.id, "", "admin_x_y", f"{made.id}_\ud800"):
        assert refusal(keys.admin, wrong) == "unknown_key"


def test_a_token_names_its_shopper_for_the_site_that_signed_it(keys: Keys, clock: Clock) -> None:
    site, secret = keys.make_site("web", [SHOP])
    other, other_secret = keys.make_site("app", [])
    token = sign_shopper(secret, "Zoë @ 7", int(BEGUN) + 60)
    # What docs/api.md tells a site's developer to write.
    shopper = urlsafe_b64encode("Zoë @ 7".encode()).decode().rstrip("=")
    signed = f"{shopper}.{int(BEGUN) + 60}"
    assert token == f"{signed}.{hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()}"
    assert keys.shopper(site, token) == "Zoë @ 7"
    assert refusal(keys.shopper, other, token) == "bad_token"
    clock.now += 60
    assert refusal(keys.shopper, site, token) == "bad_token"
    assert keys.shopper(other, sign_shopper(other_secret, "ada", int(clock.now) + 1)) == "ada"


def test_a_rotated_secret_signs_for_as_long_as_it_was_said(keys: Keys, clock: Clock) -> None:
    site, first = keys.make_site("web", [SHOP])
    second = keys.rotate(site.id, keep_s=60)

    def signed(secret: str) -> str:
        return sign_shopper(secret, "ada", int(clock.now) + 30)

    assert keys.shopper(site, signed(first)) == keys.shopper(site, signed(second)) == "ada"
    clock.now += 61
    assert keys.shopper(site, signed(second)) == "ada"
    assert refusal(keys.shopper, site, signed(first)) == "bad_token"
    assert refusal(keys.shopper, site, signed("")) == "bad_token"  # the place of a former secret that there is not


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: "..",
        lambda token: token.replace("YWRh", "Ym9i"),  # bob in the place of ada
        lambda token: token.replace(".18", ".19", 1),
        lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token: token.upper(),
        lambda token: token + "\ud800é",
        lambda token: token.rpartition(".")[0],
    ],
)
def test_a_token_that_was_altered_counts_for_nobody(keys: Keys, change) -> None:
    site, secret = keys.make_site("web", [SHOP])
    token = sign_shopper(secret, "ada", int(BEGUN) + 60)
    assert keys.shopper(site, token) == "ada"
    assert refusal(keys.shopper, site, change(token)) == "bad_token"


@pytest.mark.parametrize(
    ("shopper", "seconds"),
    [("", 60), ("x" * 201, 60), ("session:abc", 60), ("ada", 25 * 3600), ("ada", 0), ("ada", -1)],
)
def test_what_a_site_may_not_sign_is_refused(keys: Keys, shopper: str, seconds: int) -> None:
    """An id of the form under which an anonymous session's events are kept would open that session's history."""
    site, secret = keys.make_site("web", [SHOP])
    assert refusal(keys.shopper, site, sign_shopper(secret, shopper, int(BEGUN) + seconds)) == "bad_token"


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://SHOP.example:8443", "https://shop.example:8443"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(text: str, origin: str) -> None:
    assert origin_of(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "", "*", "null", "shop.example", "https://", "https://*.example", "https://shop.example/", "ftp://shop.example",
        "https://shop.example/a", "https://shop.example?", "https://shop.example#x", "https://a@shop.example",
        "https://shop.example:99999", "https://shop.example:x", "https://shöp.example", "https://shop.example\nx",
        "javascript:alert(1)", "https://a b",
    ],
)  # fmt: skip
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(IdentityError, match="is no origin"):
        origin_of(text)


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_key_needs_a_name(keys: Keys, name: str) -> None:
    with pytest.raises(IdentityError, match="A key has a name"):
        keys.make_admin(name)
