"""Sessions read and deleted, events that change the next ranking, thumbs."""

from typing import Any

import httpx
import pytest
from api_server import Api, a_uuid, respond, until
from scripted_llm import Answer

from chat.store import Store
from ranking.history import Events

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TENT = {"message": "a 2-person tent", "stream": False}


def ask(client: httpx.Client, message: str, session: str | None = None) -> dict[str, Any]:
    answer = client.post("/chat", json={"message": message, "session_id": session, "stream": False})
    assert answer.status_code == 200
    return answer.json()


def items(answer: dict[str, Any]) -> list[str]:
    return [card["item_id"] for card in answer["cards"]]


def test_a_session_is_read_as_it_was_answered(api: Api) -> None:
    with api.client("ada") as client:
        first = ask(client, "a 2-person tent under $160")
        second = ask(client, "what about lanterns?", first["session_id"])
        client.post("/feedback", json={"session_id": first["session_id"], "turn_id": first["turn_id"], "thumb": "down"})
        read = client.get(f"/sessions/{first['session_id']}").json()
    turns = [
        {
            "turn_id": answer["turn_id"],
            "time": turn["time"],
            "message": message,
            "text": answer["text"],
            "cards": answer["cards"],
            "comparison": None,
            "finished": True,
            "llm_reached": True,
            "thumb": thumb,
        }
        for answer, turn, message, thumb in zip(
            (first, second),
            read["turns"],
            ("a 2-person tent under $160", "what about lanterns?"),
            ("down", None),
            strict=True,
        )
    ]
    assert read == {
        "session_id": first["session_id"],
        "shopper_id": "ada",
        "tags": second["tags"],
        "turns": turns,
    }


def test_a_deleted_session_is_gone_with_its_answers_and_what_is_being_answered(api: Api) -> None:
    key = {"Idempotency-Key": a_uuid()}
    with api.client() as client:
        answer = client.post("/chat", json=TENT, headers=key).json()
        session = answer["session_id"]
        endless = Answer("It lights the night. " * 400, pause_s=0.02)
        api.llm.respond = lambda body: Answer('{"items": []}') if "response_format" in body else endless
        asked = len(api.llm.requests)
        with client.stream("POST", "/chat", json={"message": "a camping lantern", "session_id": session}) as running:
            until(lambda: len(api.llm.requests) == asked + 2)
            assert client.delete(f"/sessions/{session}").json() == {"turns": 2, "events": 0}
            running.read()
        assert client.get(f"/sessions/{session}").status_code == 404
        assert client.delete(f"/sessions/{session}").status_code == 404
        until(lambda: api.llm.closed_early == 1)
        assert Store(api.shop.connections).turns(session) == []
        held = api.shop.connections.current.execute("SELECT count(*) FROM api_answers WHERE session_id = ?", [session])
        assert held.fetchone() == (0,)
        api.llm.respond = respond
        assert client.post("/chat", json=TENT, headers=key).json()["session_id"] != session


def test_what_a_shopper_refuses_is_not_shown_to_them_again(api: Api) -> None:
    with api.client("refuser") as client, api.client() as nobody:
        first = ask(client, "a 2-person tent")
        where = {"item_id": "tent-1", "turn_id": first["turn_id"]}
        body = {
            "session_id": first["session_id"],
            "events": [{"kind": "dislike"} | where, {"kind": "cart", "item_id": "lamp-1"}],
        }
        assert client.post("/events", json=body).json() == {"accepted": 2, "new": 2}
        assert "tent-1" not in items(ask(client, "a 2-person tent", first["session_id"]))
        assert "tent-1" not in items(client.post("/search", json={"query": "a 2-person tent"}).json())
        assert "tent-1" not in items(client.post("/recommend", json={"limit": 20}).json())
        plain = client.post("/search", json={"query": "a 2-person tent", "personalise": False}).json()
        assert "tent-1" in items(plain)
        assert "tent-1" in items(ask(nobody, "a 2-person tent"))
    kept = [
        (event.kind, event.item_id, event.turn_id, event.position)
        for event in Events(api.shop.connections).of("refuser")
    ]
    place = items(first).index("tent-1") + 1
    assert kept == [("dislike", "tent-1", first["turn_id"], place), ("cart", "lamp-1", "", None)]


def test_an_event_counts_once_by_its_name_and_nobody_can_take_anothers_name(api: Api) -> None:
    event = {"kind": "purchase", "item_id": "tent-2", "id": "order-7-line-1"}
    with api.client("eve") as eve, api.client("carol") as carol:
        assert eve.post("/events", json={"events": [event]}).json() == {"accepted": 1, "new": 1}
        assert carol.post("/events", json={"events": [event]}).json() == {"accepted": 1, "new": 1}
        assert carol.post("/events", json={"events": [event, event]}).json() == {"accepted": 2, "new": 0}
    assert [event.kind for event in Events(api.shop.connections).of("carol")] == ["purchase"]


def test_events_are_taken_all_or_none(api: Api) -> None:
    good = {"kind": "view", "item_id": "tent-1"}
    with api.client("dan") as dan, api.client() as nobody:
        session = ask(nobody, "a lantern")
        wrong: list[tuple[httpx.Client, dict[str, Any], int, str]] = [
            (dan, {"events": [good, {"kind": "view", "item_id": "gone"}]}, 404, "unknown_item"),
            (dan, {"events": [good | {"turn_id": "x"}]}, 422, "invalid"),
            (dan, {"events": [good, {"kind": "search", "item_id": "tent-1"}]}, 422, "invalid"),
            (dan, {"events": []}, 422, "invalid"),
            (dan, {"events": [good] * 101}, 422, "invalid"),
            (nobody, {"events": [good]}, 422, "invalid"),
            (
                nobody,
                {"events": [good, good | {"turn_id": session["turn_id"]}], "session_id": session["session_id"]},
                404,
                "unknown_session",  # a lantern's turn did not show the tent
            ),
        ]
        for client, body, status, code in wrong:
            refused = client.post("/events", json=body)
            assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert Events(api.shop.connections).of("dan") == []
    assert Events(api.shop.connections).of(f"session:{session['session_id']}") == []


def test_a_thumb_is_of_an_answer_and_may_be_taken_back(api: Api) -> None:
    with api.client() as client:
        answer = ask(client, "a 2-person tent")
        where = {"session_id": answer["session_id"], "turn_id": answer["turn_id"]}
        for thumb in ("up", "down", None, "up"):
            assert client.post("/feedback", json=where | {"thumb": thumb}).json() == {"thumb": thumb}
            (turn,) = client.get(f"/sessions/{answer['session_id']}").json()["turns"]
            assert turn["thumb"] == thumb
        unknown = client.post("/feedback", json=where | {"turn_id": "x", "thumb": "up"})
        assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_session")
