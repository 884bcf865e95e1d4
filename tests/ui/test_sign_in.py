"""The page behind a login, on the running server; and the headers that every answer carries."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_server import Api, api_server
from playwright.sync_api import expect, sync_playwright

from retrieval.encoder import MiniLMEncoder
from ui.accounts import Accounts
from ui.audit import Audit
from ui.identity import IdentityError
from ui.sign_in import COOKIE

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PASSWORD = "correct horse battery"
BROWSER = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[Api]:
    home = tmp_path_factory.mktemp("closed")
    with api_server(home, minilm, page_login=True, frame_ancestors="https://shop.example") as api:
        Accounts(api.shop.connections).add("mara", "writer", PASSWORD)
        yield api


@pytest.fixture
def browser(own: Api) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=own.address, headers=BROWSER, timeout=120) as client:
        yield client


def sign_in(client: httpx.Client, password: str = PASSWORD, where: str = "/", **headers: str) -> httpx.Response:
    form = {"name": "Mara", "password": password}
    return client.post("/sign-in", params={"next": where}, data=form, headers=headers)


def test_the_page_and_all_its_routes_want_an_account_and_the_api_does_not(own: Api, browser: httpx.Client) -> None:
    asked = browser.get("/")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2F")
    for path in ("/config", "/gradio_api/info", "/assets/x.js", "/gradio_api/queue/data"):
        assert browser.get(path, headers={"Accept": "*/*"}).status_code == 401, path
    assert browser.post("/gradio_api/queue/join", json={}).status_code == 401
    assert browser.post("/gradio_api/upload", files={"files": b"x"}).status_code == 401
    assert browser.get("/healthz").status_code == 200
    assert browser.get("/pictures/tent.svg").status_code == 200
    with own.client() as shopper:
        assert shopper.post("/search", json={"query": "tent"}).status_code == 200


def test_signing_in_opens_the_page_until_signing_out(browser: httpx.Client) -> None:
    form = browser.get("/sign-in", params={"next": "/?a=1"})
    assert (form.status_code, "Sign in" in form.text, form.headers["cache-control"]) == (200, True, "no-store")
    signed = sign_in(browser, where="/account")
    assert (signed.status_code, signed.headers["location"]) == (303, "/account")
    cookie = signed.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly", "max-age=43200", "path=/", "samesite=lax",
    }  # fmt: skip
    page = browser.get("/")
    assert (page.status_code, "gradio" in page.text) == (200, True)
    assert "Signed in as writer" in browser.get("/account").text
    assert browser.post("/account/sign-out").headers["location"] == "/sign-in"
    assert browser.get("/").status_code == 303
    browser.cookies.set(COOKIE, cookie.partition("=")[2].partition(";")[0])
    assert browser.get("/").status_code == 303


def test_a_wrong_password_says_so_and_tries_slow_down(own: Api, browser: httpx.Client) -> None:
    answers = [sign_in(browser, "wrong horse battery") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert "do not go together" in answers[0].text
    # Each further try that comes late enough doubles the wait, so that one of them comes too soon.
    while (answer := sign_in(browser, "wrong horse battery")).status_code == 403:
        pass
    assert (answer.status_code, "Too many tries" in answer.text) == (429, True)
    assert int(answer.headers["retry-after"]) >= 1
    own.shop.connections.current.execute("DELETE FROM account_failures")


@pytest.mark.parametrize("where", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "/\t/evil"])
def test_no_link_leads_elsewhere_after_signing_in(browser: httpx.Client, where: str) -> None:
    assert sign_in(browser, where=where).headers["location"] == "/"


def test_another_site_signs_nobody_in_or_out(own: Api, browser: httpx.Client) -> None:
    assert sign_in(browser, Origin="https://evil.example").status_code == 400
    assert sign_in(browser, Origin=own.address).status_code == 303
    browser.post("/account/sign-out", headers={"Origin": "https://evil.example"})
    cookie = sign_in(browser).headers["set-cookie"].partition("=")[2].partition(";")[0]
    browser.cookies.set(COOKIE, cookie)
    assert browser.get("/account").status_code == 200
    assert browser.post("/sign-in", content=b"name=" + b"x" * 5000).status_code == 400


def test_a_password_is_changed_by_who_knows_the_former_one(own: Api, browser: httpx.Client) -> None:
    sign_in(browser)
    refused = browser.post("/account/password", data={"password": "wrong horse battery", "new": "a new horse battery"})
    assert (refused.status_code, "do not go together" in refused.text) == (403, True)
    weak = browser.post("/account/password", data={"password": PASSWORD, "new": "short"})
    assert (weak.status_code, "12 to 200" in weak.text) == (403, True)
    changed = browser.post("/account/password", data={"password": PASSWORD, "new": "a new horse battery"})
    assert changed.headers["location"] == "/sign-in?next=%2Faccount"
    assert sign_in(browser).status_code == 403
    assert sign_in(browser, "a new horse battery").status_code == 303
    Accounts(own.shop.connections).set_password("mara", PASSWORD)


def test_the_audit_is_for_admins_alone(own: Api, browser: httpx.Client) -> None:
    accounts = Accounts(own.shop.connections)
    accounts.add("ada", "admin", PASSWORD)
    assert browser.get("/audit").headers["location"] == "/sign-in?next=%2Faudit"
    sign_in(browser)
    assert browser.get("/audit").status_code == 403
    browser.post("/account/sign-out")
    Audit(own.shop.connections).write("<b>admin_1</b>", "erase", {"kept_aside": 1200})
    browser.post("/sign-in", data={"name": "ada", "password": PASSWORD})
    page = browser.get("/audit")
    assert page.status_code == 200
    assert "<td>&lt;b&gt;admin_1&lt;/b&gt;<td>erase<td>1,200 kept aside</tr>" in page.text
    accounts.remove("ada")


@pytest.mark.browser
@pytest.mark.filterwarnings("ignore:.*no_silent_downcasting")
@pytest.mark.filterwarnings("ignore:The copy keyword is deprecated")
def test_in_a_browser_signing_in_leads_to_a_page_that_talks(own: Api) -> None:
    complaints: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = chromium.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(own.address)
        page.fill("#name", "mara")
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.fill("#st-message", "a 2-person tent")
        page.press("#st-message", "Enter")
        expect(page.locator('.st-log[data-turns="1"][data-busy="false"]')).to_be_attached(timeout=60_000)
        assert "Fernhill Ridge 2-person tent" in page.locator(".st-title").all_inner_texts()
        chromium.close()
    assert complaints == []


def test_every_answer_carries_the_policy_of_its_kind(own: Api, browser: httpx.Client) -> None:
    sign_in(browser)
    page = browser.get("/").headers
    assert "frame-ancestors 'self' https://shop.example" in page["content-security-policy"]
    assert "object-src 'none'" in page["content-security-policy"]
    assert "x-frame-options" not in page
    for path in ("/healthz", "/v1/openapi.json", "/pictures/tent.svg", "/v1/nothing"):
        headers = browser.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'"), path
        assert headers["x-content-type-options"] == "nosniff"
        assert "strict-transport-security" not in headers
    form = browser.get("/sign-in").headers
    assert (form["x-frame-options"], "form-action 'self'" in form["content-security-policy"]) == ("DENY", True)


def test_a_setting_that_names_no_origin_is_refused_in_plain_words(tmp_path: Path, minilm: MiniLMEncoder) -> None:
    with (
        pytest.raises(IdentityError, match=r"'shop\.example' is no origin"),
        api_server(tmp_path, minilm, frame_ancestors="shop.example"),
    ):
        pass
