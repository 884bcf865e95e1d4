"""Two ``shoptalk serve`` processes over one home: what one began, the other goes on with."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from api_server import a_uuid, events_of, kinds, until
from scripted_llm import Answer, free_port
from served_pair import Pair, served_pair

from retrieval.database import Connections
from retrieval.encoder import MiniLMEncoder
from ui.identity import Keys

TENT = {"message": "a 2-person tent under $160"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[Pair]:
    with served_pair(tmp_path_factory.mktemp("pair") / "home", minilm) as pair:
        yield pair


@pytest.fixture(autouse=True)
def says(pair: Pair) -> None:
    pair.llm.requests.clear()
    pair.llm.respond = lambda body: Answer('{"items": []}' if "response_format" in body else "It is a tent.")


def test_a_conversation_goes_on_at_the_other_process(pair: Pair) -> None:
    session = events_of(pair.chat(pair.first, TENT))[0]
    second = pair.chat(pair.second, {"message": "not Fernhill", "session_id": session["session_id"]})
    need = next(event for event in events_of(second) if event["type"] == "need")
    assert "under $160.00" in [tag["label"] for tag in need["tags"]] or "under $160" in [
        tag["label"] for tag in need["tags"]
    ]
    path = f"/v1/sessions/{session['session_id']}"
    read = httpx.get(f"{pair.first}{path}", headers=pair.headers).json()
    assert [turn["message"] for turn in read["turns"]] == [TENT["message"], "not Fernhill"]
    shown = read["turns"][0]["cards"][0]["item_id"]
    event = {"kind": "like", "item_id": shown, "turn_id": read["turns"][0]["turn_id"]}
    body = {"session_id": session["session_id"], "events": [event]}
    assert httpx.post(f"{pair.second}/v1/events", json=body, headers=pair.headers).json() == {"accepted": 1, "new": 1}
    assert httpx.delete(f"{pair.second}{path}", headers=pair.headers).json() == {"turns": 2, "events": 1}
    assert httpx.get(f"{pair.first}{path}", headers=pair.headers).status_code == 404


def test_a_request_that_is_repeated_at_the_other_process_makes_no_second_turn(pair: Pair) -> None:
    pair.llm.respond = lambda body: Answer(
        '{"items": []}' if "response_format" in body else "It is a tent. " * 3, pause_s=0.15
    )
    key = {"Idempotency-Key": a_uuid()}
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(pair.chat, pair.first, TENT, **key)
        until(lambda: pair.llm.requests)
        second = pool.submit(pair.chat, pair.second, TENT, **key)
        one, other = events_of(first.result()), events_of(second.result())
    assert (one, kinds(one)[-1]) == (other, "done")
    again = pair.chat(pair.second, {"message": "a lamp"}, **key)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "key_used")
    read = httpx.get(f"{pair.second}/v1/sessions/{one[0]['session_id']}", headers=pair.headers).json()
    assert len(read["turns"]) == 1


def test_a_key_that_is_revoked_and_an_item_that_changes_count_at_both(pair: Pair) -> None:
    connections = Connections(pair.home / "shoptalk.sqlite3")
    site, _ = Keys(connections).make_site("gone", [])
    headers = {"Authorization": f"Bearer {site.id}"}
    for address in (pair.first, pair.second):
        assert httpx.get(f"{address}/v1/items/tent-1", headers=headers).status_code == 200
    Keys(connections).revoke(site.id)
    for address in (pair.first, pair.second):
        assert httpx.get(f"{address}/v1/items/tent-1", headers=headers).status_code == 401
    connections.close()
    feed = pair.home.parent / "more.csv"
    feed.write_text("id,title,price,currency,category\nkettle-9,Fernhill copper kettle,49.00,USD,Kitchen > Kettles\n")
    subprocess.run(
        [sys.executable, "-m", "ui.cli", "ingest", str(feed)],
        env=os.environ | {"SHOPTALK_HOME": str(pair.home)},
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=120,
    )

    def found(address: str) -> bool:
        answer = httpx.post(f"{address}/v1/search", json={"query": "a copper kettle"}, headers=pair.headers).json()
        return [card["item_id"] for card in answer["cards"]][:1] == ["kettle-9"]

    for address in (pair.first, pair.second):
        until(lambda address=address: found(address), 20)


def test_without_an_owner_there_is_nothing_to_serve_beside(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "ui.cli", "serve", "--beside", "--port", str(free_port())],
        env=os.environ | {"SHOPTALK_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ended.returncode, "No server owns the shop" in ended.stderr) == (2, True)


def test_the_other_goes_on_when_the_owner_is_killed_and_so_does_what_it_was_answering(pair: Pair) -> None:
    pair.llm.respond = lambda body: Answer("never", first_pause_s=600)
    key = {"Idempotency-Key": a_uuid()}
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(pair.chat, pair.first, TENT, **key)
        until(lambda: pair.llm.requests)
        pair.processes[0].kill()
        pair.processes[0].wait()
        assert lost.exception() is not None
    pair.llm.respond = lambda body: Answer('{"items": []}' if "response_format" in body else "It is a tent.")
    assert kinds(events_of(pair.chat(pair.second, TENT)))[-1] == "done"
    begun, answer = time.monotonic(), pair.chat(pair.second, TENT, **key)
    while answer.status_code == 503:
        assert time.monotonic() - begun < 60
        time.sleep(int(answer.headers["retry-after"]))
        answer = pair.chat(pair.second, TENT, **key)
    assert kinds(events_of(answer))[-1] == "done"
