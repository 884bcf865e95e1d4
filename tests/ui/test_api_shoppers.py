"""Shoppers erased and exported over the API, by an operator and by themselves, and then sought in all of the home."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_server import Api, a_uuid, api_server, respond
from canaries import found_in
from scripted_llm import Answer

from retrieval.encoder import MiniLMEncoder
from ui.audit import SHOPPER, Audit
from ui.logs import discreet, hush

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

WORD = "canarywordzq"
NOTHING = {"sessions": 0, "turns": 0, "answers": 0, "events": 0, "kept_aside": 0, "checkpoints": 0, "cases": 0}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("private")


@pytest.fixture(scope="module")
def own(home: Path, minilm: MiniLMEncoder) -> Iterator[Api]:
    """A server of this module's own, which logs into its home as ``shoptalk serve`` does."""
    (home / "logs").mkdir()
    handler = discreet(logging.FileHandler(home / "logs" / "shoptalk.log"))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    hush()
    with api_server(home, minilm) as api:
        yield api
    root.setLevel(level)
    root.removeHandler(handler)
    handler.close()


def shop(api: Api, shopper: str, word: str) -> list[dict[str, Any]]:
    """A conversation, a search, a recommendation and events, some of it failing, all of it about the word."""
    api.llm.respond = lambda body: Answer('{"items": []}' if "response_format" in body else f"It is a tent, {word}.")
    with api.client(shopper) as client:
        first = client.post(
            "/chat", json={"message": f"a tent for {word}", "stream": False}, headers={"Idempotency-Key": a_uuid()}
        ).json()
        session = {"session_id": first["session_id"]}
        api.llm.enqueue(Answer(f"what is {word}?", status=400), Answer(f"what is {word}?", status=400))
        failed = client.post("/chat", json={"message": f"{word} lantern", "stream": False, **session}).json()
        client.post("/search", json={"query": f"{word} razor", **session})
        client.post("/recommend", json=session)
        client.post("/feedback", json={**session, "turn_id": first["turn_id"], "thumb": "up"})
        event = {"kind": "like", "item_id": first["cards"][0]["item_id"], "turn_id": first["turn_id"]}
        client.post("/events", json={**session, "events": [event, {"kind": "cart", "item_id": "lamp-1", "id": word}]})
        assert client.post("/chat", json={"message": word, "price": word}).status_code == 422
    api.llm.respond = respond
    return [first, failed]


def test_an_operator_exports_and_erases_a_shopper_and_the_home_holds_nothing_of_them(own: Api, home: Path) -> None:
    shop(own, "otto-the-other", "harbourzq")
    answers = shop(own, "canary-shopper", WORD)
    session = answers[0]["session_id"]
    _, admin = own.keys.make_admin("ops")
    assert {text for text, _ in found_in(home, WORD, "canary-shopper", session)} == {WORD, "canary-shopper", session}
    with own.client(Authorization=f"Bearer {admin}") as operator:
        held = operator.get("/shoppers/canary-shopper").json()
        assert [one["id"] for one in held["sessions"]] == [session]
        said = [(turn["id"], turn["message"], turn["thumb"]) for turn in held["sessions"][0]["turns"]]
        assert said == [
            (answers[0]["turn_id"], f"a tent for {WORD}", 1), (answers[1]["turn_id"], f"{WORD} lantern", None),
        ]  # fmt: skip
        assert [event["kind"] for event in held["events"]] == ["like", "cart"]
        assert "harbourzq" not in str(held)
        erased = operator.delete("/shoppers/canary-shopper").json()
        assert erased == NOTHING | {"sessions": 1, "turns": 2, "answers": 1, "events": 2}
        assert found_in(home, WORD, "canary-shopper", session) == []
        assert operator.delete("/shoppers/canary-shopper").json() == NOTHING
        assert operator.get("/shoppers/canary-shopper").json()["events"] == []
        assert len(operator.get("/shoppers/otto-the-other").json()["events"]) == 2
    whose = admin.rpartition("_")[0]
    lines = [(line.who, line.what) for line in Audit(own.shop.connections).lines(4)]
    assert lines == [(whose, "erase"), (whose, "erase"), (whose, "export"), (whose, "export")]


def test_shoppers_export_and_erase_themselves_and_nobody_else(own: Api, home: Path) -> None:
    answers = shop(own, "zoë/7", "pewterzq")
    session = answers[0]["session_id"]
    path = "/shoppers/zo%C3%AB%2F7"
    with own.client("zoë/7") as zoe, own.client("bob") as bob, own.client() as nobody:
        for other in (bob, nobody):
            for asked in (other.get(path), other.delete(path)):
                assert (asked.status_code, asked.json()["error"]["code"]) == (403, "not_yours")
        assert len(zoe.get(path).json()["sessions"]) == 1
        assert zoe.delete(path).json()["turns"] == 2
        assert zoe.get(f"/sessions/{session}").status_code == 404
    assert found_in(home, "zoë/7", "pewterzq", session) == []
    assert Audit(own.shop.connections).lines(1)[0].who == SHOPPER


def test_an_anonymous_session_that_is_deleted_leaves_nothing(own: Api, home: Path) -> None:
    session = shop(own, "", "juniperzq")[0]["session_id"]
    assert {text for text, _ in found_in(home, "juniperzq", session)} == {"juniperzq", session}
    with own.client() as nobody:
        assert nobody.delete(f"/sessions/{session}").json() == {"turns": 2, "events": 2}
    assert found_in(home, "juniperzq", session) == []


def test_neither_the_index_nor_a_log_ever_holds_what_a_shopper_says(own: Api, home: Path) -> None:
    shop(own, "kept-shopper", "trailzq")
    traces = ("trailzq", "kept-shopper")
    assert {name.partition("-")[0] for _, name in found_in(home, *traces)} == {"shoptalk.sqlite3"}
    assert list((home / "index").rglob("chroma.sqlite3"))
    assert (home / "logs" / "shoptalk.log").exists()


def test_without_a_key_that_counts_nothing_is_told_or_erased(own: Api) -> None:
    made, admin = own.keys.make_admin("gone")
    own.keys.revoke(made.id)
    for key, code in (("", "no_key"), (admin, "unknown_key"), (f"{made.id}_x", "unknown_key"), (own.site.id, None)):
        with own.client(Authorization=f"Bearer {key}" if key else "") as client:
            for asked in (client.get("/shoppers/ann"), client.delete("/shoppers/ann")):
                expected = (401, code) if code else (403, "not_yours")
                assert (asked.status_code, asked.json()["error"]["code"]) == expected
    _, admin = own.keys.make_admin("ops")
    with own.client(Authorization=f"Bearer {admin}", Origin="https://shop.example") as page:
        assert page.delete("/shoppers/ann").json()["error"]["code"] == "origin_not_allowed"
