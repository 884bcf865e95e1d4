"""Conversations over HTTP: whole transcripts, requests that are repeated, and what stops an answer."""

import json
import threading
from typing import Any

import httpx
import pytest
from api_server import OPEN_ANSWERS, Api, a_uuid, events_of, kinds, until
from scripted_llm import Answer

from chat.store import Store
from ui.turns import STOPPED

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TENT = {"message": "a 2-person tent under $160"}
SAID = "The Fernhill Ridge 2-person tent is waterproof. "
SLOW, ENDLESS = Answer(SAID * 8, pause_s=0.02), Answer(SAID * 400, pause_s=0.02)


def chat(api: Api, body: dict[str, Any], shopper: str = "", **headers: str) -> list[dict[str, Any]]:
    """The events of the answer."""
    with api.client(shopper) as client, client.stream("POST", "/chat", json=body, headers=headers) as answer:
        assert answer.status_code == 200
        return events_of(answer)


def stopped_after(api: Api, kind: str, body: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    """Read up to the first event of that kind, and close the connection."""
    events: list[dict[str, Any]] = []
    with api.client() as client, client.stream("POST", "/chat", json=body, headers=headers) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                events.append(json.loads(line[6:]))
                if events[-1]["type"] == kind:
                    break
    return events


def test_a_turn_streams_its_events_as_they_are_typed(api: Api) -> None:
    api.llm.enqueue('{"items": []}', "The Fernhill Ridge 2-person tent is waterproof. It weighs 900 grams.")
    with api.client() as client, client.stream("POST", "/chat", json=TENT) as answer:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-store", "no")
        events = events_of(answer)
    session, need, first, final, text, done = events
    card = {
        "item_id": "tent-1",
        "position": 1,
        "title": "Fernhill Ridge 2-person tent",
        "brand": "Fernhill",
        "price": "149.00",
        "price_text": "$149.00",
        "picture_url": "",
        "page_url": "",
        "category": ["Outdoor", "Tents"],
        "facts": ["waterproof", "Tents"],
        "reason": first["cards"][0]["reason"],
        "mark": "",
        "variants": "",
        "want": "",
        "outside": [],
        "rating": None,
        "rating_count": None,
    }
    assert session == {
        "type": "session",
        "session_id": session["session_id"],
        "turn_id": session["turn_id"],
        "shopper_id": None,
        "personalised": True,
    }
    assert need["type"] == "need"
    assert "under $160" in [tag["label"] for tag in need["tags"]]
    assert first == {"type": "cards", "stage": "first", "cards": [card]}
    assert final == {"type": "cards", "stage": "final", "cards": [card]}
    assert text == {"type": "text", "text": "The Fernhill Ridge 2-person tent is waterproof.", "by": "llm"}
    assert done == {
        "type": "done",
        "question": "",
        "chips": done["chips"],
        "llm_reached": True,
        "timings_ms": done["timings_ms"],
    }


def test_a_conversation_goes_on_and_a_tag_is_taken_away(api: Api) -> None:
    first = chat(api, TENT)
    session = first[0]["session_id"]
    second = chat(api, {"message": "tell me about the first one", "session_id": session})
    assert second[0]["session_id"] == session
    assert [card["item_id"] for card in second[2]["cards"]] == ["tent-1"]
    tag = next(tag["id"] for tag in first[1]["tags"] if "160" in tag["label"])
    third = chat(api, {"remove_tag": tag, "session_id": session})
    assert {card["item_id"] for card in third[2]["cards"]} == {"tent-1", "tent-2", "tent-3"}


def test_the_same_without_streaming_is_one_object(api: Api) -> None:
    with api.client() as client:
        whole = client.post("/chat", json=TENT | {"stream": False}).json()
    streamed = chat(api, TENT)
    said = {
        "session_id": whole["session_id"],
        "turn_id": whole["turn_id"],
        "timings_ms": whole["timings_ms"],
        "shopper_id": None,
        "personalised": True,
        "tags": streamed[1]["tags"],
        "cards": next(event["cards"] for event in reversed(streamed) if event["type"] == "cards"),
        "comparison": None,
        "text": " ".join(event["text"] for event in streamed if event["type"] == "text"),
    }
    done = {name: value for name, value in streamed[-1].items() if name not in ("type", "timings_ms")}
    assert whole == said | done


def test_a_signed_shopper_is_named_and_their_history_is_used(api: Api) -> None:
    assert chat(api, TENT, shopper="ada")[0]["shopper_id"] == "ada"


def test_silence_is_filled_with_comments(api: Api) -> None:
    api.llm.enqueue(Answer('{"items": []}', first_pause_s=1.0), "It is a tent.")
    with api.client() as client, client.stream("POST", "/chat", json=TENT) as answer:
        raw = answer.read().decode()
    before, _, after = raw.partition('"stage":"first"')
    assert ": waiting\n\n" not in before
    assert after.count(": waiting\n\n") >= 2
    assert raw.endswith("\n\n")


def test_a_repeated_request_gets_the_same_answer_and_makes_no_second_turn(api: Api) -> None:
    key = a_uuid()
    first = chat(api, TENT, **{"Idempotency-Key": key})
    asked = len(api.llm.requests)
    again = chat(api, TENT, **{"Idempotency-Key": key})
    assert again == first
    assert len(api.llm.requests) == asked
    assert len(Store(api.shop.connections).turns(first[0]["session_id"])) == 1
    with api.client() as client:
        whole = client.post("/chat", json=TENT | {"stream": False}, headers={"Idempotency-Key": key})
        assert whole.json()["turn_id"] == first[0]["turn_id"]
        other = client.post("/chat", json={"message": "a lantern"}, headers={"Idempotency-Key": key})
        assert (other.status_code, other.json()["error"]["code"]) == (409, "key_used")


def test_a_request_that_is_repeated_while_it_is_answered_joins_the_running_turn(api: Api) -> None:
    key, answers = a_uuid(), {}
    api.llm.respond = lambda body: Answer('{"items": []}') if "response_format" in body else SLOW

    def ask(number: int) -> None:
        answers[number] = chat(api, TENT, **{"Idempotency-Key": key})

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers[0] == answers[1] == answers[2] == answers[3]
    assert kinds(answers[0])[-1] == "done"
    assert len(api.llm.requests) == 2
    assert len(Store(api.shop.connections).turns(answers[0][0]["session_id"])) == 1


def test_a_lost_connection_that_is_made_anew_goes_on(api: Api) -> None:
    key = a_uuid()
    api.llm.enqueue('{"items": []}', SLOW)
    lost = stopped_after(api, "text", TENT, **{"Idempotency-Key": key})
    again = chat(api, TENT, **{"Idempotency-Key": key})
    assert again[: len(lost)] == lost
    assert kinds(again)[-1] == "done"
    assert (len(api.llm.requests), api.llm.closed_early) == (2, 0)


def test_closing_the_connection_stops_the_llm_and_keeps_what_was_shown(api: Api) -> None:
    """Generation goes on after the shopper left: vLLM#54947, litellm#30245."""
    api.llm.enqueue('{"items": []}', ENDLESS)
    session = stopped_after(api, "text", TENT)[0]["session_id"]
    until(lambda: api.llm.closed_early == 1, 3)
    until(lambda: Store(api.shop.connections).turns(session))
    (row,) = Store(api.shop.connections).turns(session)
    assert row["finished"] == 0
    assert Store(api.shop.connections).last_shown(session) == ["tent-1"]


def test_a_named_request_that_nobody_comes_back_for_is_stopped_too_and_stays_so(api: Api) -> None:
    key = a_uuid()
    api.llm.enqueue('{"items": []}', ENDLESS)
    lost = stopped_after(api, "text", TENT, **{"Idempotency-Key": key})
    until(lambda: api.llm.closed_early == 1)
    again = chat(api, TENT, **{"Idempotency-Key": key})
    assert again[: len(lost)] == lost
    assert (again[-1]["type"], again[-1]["error_id"]) == ("error", STOPPED)
    assert len(Store(api.shop.connections).turns(lost[0]["session_id"])) == 1
    with api.client() as client:
        whole = client.post("/chat", json=TENT | {"stream": False}, headers={"Idempotency-Key": key})
        assert (whole.status_code, whole.json()["error"]["code"]) == (409, "stopped")


def test_closing_a_request_without_streaming_stops_the_llm_as_well(api: Api) -> None:
    api.llm.enqueue('{"items": []}', ENDLESS)
    with api.client() as client, pytest.raises(httpx.ReadTimeout):
        client.post("/chat", json=TENT | {"stream": False}, timeout=1)
    until(lambda: api.llm.closed_early == 1, 3)


def test_what_there_is_no_room_for_is_told_to_come_back(api: Api) -> None:
    api.llm.respond = lambda body: Answer("never", first_pause_s=20)
    with api.client() as client:
        streams = [client.stream("POST", "/chat", json=TENT) for _ in range(OPEN_ANSWERS)]
        for stream in streams:
            assert stream.__enter__().status_code == 200
        full = client.post("/chat", json=TENT)
        assert (full.status_code, full.json()["error"]["code"]) == (503, "busy")
        assert int(full.headers["retry-after"]) >= 1
        for stream in streams:
            stream.__exit__(None, None, None)
        api.llm.respond = None
        until(lambda: client.post("/chat", json=TENT | {"stream": False}).status_code == 200)
