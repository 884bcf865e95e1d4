"""Who may ask what: keys, origins, tokens, and that nobody reads what is another's."""

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from api_server import PAGE, Api, a_uuid
from scripted_llm import Answer

from ui.identity import sign_shopper

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

WHOLE = {"message": "a 2-person tent", "stream": False}
NOT_KNOWN = (404, "unknown_session")


def told(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_without_a_key_that_counts_nothing_is_answered(api: Api) -> None:
    requests: list[tuple[str, str, dict[str, Any] | None]] = [
        ("POST", "/chat", WHOLE),
        ("POST", "/search", {"query": "tent"}),
        ("POST", "/recommend", {}),
        ("GET", "/items/tent-1", None),
        ("GET", "/sessions/x", None),
        ("DELETE", "/sessions/x", None),
        ("POST", "/events", {"events": [{"kind": "view", "item_id": "tent-1"}]}),
        ("POST", "/feedback", {"session_id": "x", "turn_id": "x", "thumb": "up"}),
    ]
    revoked, _ = api.keys.make_site("gone", [PAGE])
    api.keys.revoke(revoked.id)
    _, admin = api.keys.make_admin("ops")
    keys = {"": "no_key", revoked.id: "unknown_key", "site_x": "unknown_key", api.secret: "unknown_key"}
    with api.client() as client:
        for method, path, body in requests:
            for key, code in (keys | {admin: "unknown_key"}).items():
                client.headers["Authorization"] = f"Bearer {key}" if key else ""
                assert told(client.request(method, path, json=body)) == (401, code)


@pytest.mark.parametrize("path", ["/chat", "/search", "/items/bulk", "/chat/completions", "/nowhere"])
@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/plain", "a tent"), ("", '{"query": "tent"}'), ("application/json", "{"), ("application/json", "[]")],
)
def test_a_request_without_a_key_is_told_so_before_its_body_is_judged(
    api: Api, path: str, kind: str, body: str
) -> None:
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}):
        answer = httpx.post(f"{api.address}/v1{path}", content=body, headers={"Content-Type": kind, **headers})
        assert told(answer) == (401, "no_key")


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "https://shop.example:444",
     "null", "https://SHOP.example", "https://shop.example/", "*", ""],
)  # fmt: skip
def test_a_page_of_another_origin_is_refused_and_may_not_read_why(api: Api, origin: str) -> None:
    with api.client(Origin=origin) as client:
        if origin:
            refused = client.post("/chat", json=WHOLE)
            assert told(refused) == (403, "origin_not_allowed")
            assert "access-control-allow-origin" not in refused.headers
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        preflight = client.options("/chat", headers=asked)
        assert preflight.status_code == 403
        assert "access-control-allow-origin" not in preflight.headers


def test_a_page_of_the_keys_origin_may_ask_and_read_errors_too(api: Api) -> None:
    with api.client(Origin=PAGE) as client:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        preflight = client.options("/chat", headers=asked)
        del client.headers["Authorization"]
        assert client.options("/chat", headers=asked).status_code == 204  # browsers send no key with it
        assert {name: value for name, value in preflight.headers.items() if name.startswith(("access", "vary"))} == {
            "access-control-allow-origin": PAGE,
            "access-control-expose-headers": "Retry-After",
            "access-control-allow-methods": "GET, POST, DELETE",
            "access-control-allow-headers": "Authorization, Content-Type, Idempotency-Key, X-Shopper-Token",
            "access-control-max-age": "600",
            "vary": "Origin",
        }
        client.headers["Authorization"] = f"Bearer {api.site.id}"
        with client.stream("POST", "/chat", json={"message": "a tent"}) as answer:
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, PAGE)
        wrong = client.post("/chat", json={})
        assert (wrong.status_code, wrong.headers["access-control-allow-origin"]) == (422, PAGE)
        assert "access-control-allow-credentials" not in wrong.headers


def test_one_keys_origin_opens_nothing_to_another_key(api: Api) -> None:
    other, _ = api.keys.make_site("other", ["https://other.example"])
    with api.client(Origin="https://other.example") as client:
        refused = client.post("/chat", json=WHOLE)
        assert told(refused) == (403, "origin_not_allowed")
        assert "access-control-allow-origin" not in refused.headers
        client.headers["Authorization"] = f"Bearer {other.id}"
        assert client.post("/chat", json=WHOLE).status_code == 200


def test_a_token_of_another_key_or_time_is_refused(api: Api) -> None:
    _, other_secret = api.keys.make_site("other", [])
    tokens = ["x", sign_shopper(other_secret, "ada", int(time.time()) + 60), sign_shopper(api.secret, "ada", 1)]
    with api.client() as client:
        for token in tokens:
            assert told(client.post("/chat", json=WHOLE, headers={"X-Shopper-Token": token})) == (401, "bad_token")


def test_a_session_is_found_by_its_key_and_its_shopper_alone(api: Api) -> None:
    other, other_secret = api.keys.make_site("other", [])
    until = int(time.time()) + 60
    owners: dict[str, Callable[[], httpx.Client]] = {
        "nobody": api.client,
        "ada": lambda: api.client("ada"),
        "bob": lambda: api.client("bob"),
        "other site": lambda: api.client(Authorization=f"Bearer {other.id}"),
        "ada of the other site": lambda: api.client(
            Authorization=f"Bearer {other.id}", **{"X-Shopper-Token": sign_shopper(other_secret, "ada", until)}
        ),
    }
    begun = {}
    for name, client_of in owners.items():
        with client_of() as client:
            begun[name] = client.post("/chat", json=WHOLE).json()
    for name, client_of in owners.items():
        with client_of() as client:
            for whose, answer in begun.items():
                session, turn = answer["session_id"], answer["turn_id"]
                item = answer["cards"][0]["item_id"]
                event = {"kind": "view", "item_id": item, "turn_id": turn}
                responses = [
                    client.get(f"/sessions/{session}"),
                    client.post("/chat", json=WHOLE | {"session_id": session}),
                    client.post("/chat", json={"remove_tag": "x", "session_id": session, "stream": False}),
                    client.post("/events", json={"events": [event], "session_id": session}),
                    client.post("/feedback", json={"session_id": session, "turn_id": turn, "thumb": "up"}),
                    client.post("/search", json={"query": "tent", "session_id": session}),
                    client.post("/recommend", json={"session_id": session}),
                ]
                if name == whose:
                    assert {response.status_code for response in responses} == {200}
                else:
                    assert {told(response) for response in responses} == {NOT_KNOWN}
                    assert told(client.delete(f"/sessions/{session}")) == NOT_KNOWN


def test_an_idempotency_key_opens_no_answer_of_another(api: Api) -> None:
    key = {"Idempotency-Key": a_uuid()}
    with api.client("ada") as ada, api.client("bob") as bob, api.client() as nobody:
        answers = [client.post("/chat", json=WHOLE, headers=key).json() for client in (ada, bob, nobody)]
        assert len({answer["session_id"] for answer in answers}) == 3
        weak = nobody.post("/chat", json=WHOLE, headers={"Idempotency-Key": "1"})
        assert told(weak) == (422, "invalid")


def test_what_one_shopper_says_reaches_no_other_while_all_talk_at_once(api: Api) -> None:
    """The canary: a word of one's own that must stand in nobody else's events, prompts or sessions."""
    seen: dict[int, str] = {}
    api.llm.respond = lambda body: Answer('{"items": []}' if "response_format" in body else "It is a tent.")

    def talk(number: int) -> None:
        word = f"canary{number:03}x"
        with api.client(f"shopper-{number}" if number % 2 else "") as client:
            held, session = "", None
            for message in (f"a tent for {word}", "which is cheaper?", "something like the first"):
                body = {"message": message, "session_id": session}
                with client.stream("POST", "/chat", json=body) as answer:
                    held += answer.read().decode()
                session = held.partition('"session_id":"')[2].partition('"')[0]
            seen[number] = held + client.get(f"/sessions/{session}").text

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 6
    for number, held in seen.items():
        assert {other for other in range(6) if f"canary{other:03}x" in held} == {number}
    for request in api.llm.requests:
        said = str(request["messages"])
        assert sum(f"canary{number:03}x" in said for number in range(6)) <= 1
