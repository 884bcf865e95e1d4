"""A label moves while shoppers chat: no turn fails, no conversation changes its version, new ones follow."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Semaphore

from api_server import OPEN_ANSWERS, Api, respond
from served_pair import served_pair

from chat.store import Store
from prompts.serving import released
from retrieval.database import Connections
from retrieval.encoder import MiniLMEncoder

CHATS, TURNS = 20, 3
FOLLOWS_S = 1.0  # the promise to the team that releases a wording


def test_a_label_moves_under_load(api: Api) -> None:
    versions, _ = released(api.shop.connections)
    first = versions.find("reply")
    text = versions.text(first).content.replace("You tell a shopper", "Tell every shopper")
    second = versions.publish(text, "ann")
    meet, answering = Barrier(CHATS + 1), Semaphore(OPEN_ANSWERS)  # as many answers at once as the shop allows

    def chat(number: int) -> str:
        session = None
        with api.client() as shopper:
            for turn in range(TURNS):
                if turn == 1:
                    meet.wait(timeout=120)  # every conversation has begun, and goes on while the label moves
                asked = {"message": f"a tent under ${150 + number}", "session_id": session, "stream": False}
                with answering:
                    answer = shopper.post("/chat", json={name: one for name, one in asked.items() if one is not None})
                assert answer.status_code == 200, answer.text
                session = answer.json()["session_id"]
        return str(session)

    try:
        with ThreadPoolExecutor(CHATS) as pool:
            running = [pool.submit(chat, number) for number in range(CHATS)]
            meet.wait(timeout=120)
            versions.move(second, "production", "rob")
            moved = time.time()
            sessions = [one.result() for one in running]
        store = Store(api.shop.connections)
        for session in sessions:
            used = {json.loads(turn["prompts"])["reply"] for turn in store.turns(session)}
            assert used == {first.hash}
            assert len(store.turns(session)) == TURNS
        with api.client() as shopper:
            begun = time.time()
            later = shopper.post("/chat", json={"message": "a tent", "stream": False}).json()["session_id"]
        assert json.loads(store.turns(later)[0]["prompts"])["reply"] == second.hash
        assert begun > moved
    finally:
        versions.move(first, "production", "rob")


def test_another_process_of_the_shop_follows_at_once(api: Api) -> None:
    versions, here = released(api.shop.connections)
    other_versions, there = released(type(api.shop.connections)(api.shop.connections.path))
    first = versions.find("reply")
    second = versions.publish(versions.text(first).content.replace("using only", "by only"), "ann")
    try:
        versions.move(second, "production", "rob")
        begun = time.monotonic()
        while there.chosen("a new conversation")["reply"] != second.hash:
            assert time.monotonic() - begun < FOLLOWS_S
        assert here.chosen("a new conversation")["reply"] == second.hash
        assert other_versions.find("reply") == versions.find("reply")
    finally:
        versions.move(first, "production", "rob")


def test_a_label_moves_under_load_on_two_servers_over_one_home(tmp_path: Path, minilm: MiniLMEncoder) -> None:
    """Each conversation wanders between the two; whatever begins after the move has the new version, at either."""
    with served_pair(tmp_path / "home", minilm) as pair:
        pair.llm.respond = respond
        connections = Connections(pair.home / "shoptalk.sqlite3")
        versions, _ = released(connections)
        first = versions.find("reply")
        text = versions.text(first).content.replace("You tell a shopper", "Tell every shopper")
        second = versions.publish(text, "ann")
        meet, answering = Barrier(CHATS + 1), Semaphore(OPEN_ANSWERS)
        addresses = (pair.first, pair.second)

        def said(address: str, message: str, session: str | None = None) -> str:
            body = {"message": message, "stream": False} | ({"session_id": session} if session else {})
            with answering:
                answer = pair.chat(address, body)
            assert answer.status_code == 200, answer.text
            return str(answer.json()["session_id"])

        def chat(number: int) -> str:
            session = None
            for turn in range(TURNS):
                if turn == 1:
                    meet.wait(timeout=240)
                session = said(addresses[(number + turn) % 2], f"a tent under ${150 + number}", session)
            return str(session)

        with ThreadPoolExecutor(CHATS + 2) as pool:
            running = [pool.submit(chat, number) for number in range(CHATS)]
            meet.wait(timeout=240)
            versions.move(second, "production", "rob")
            later = [pool.submit(said, address, "a tent") for address in addresses * 3]
            sessions, followed = ([one.result() for one in some] for some in (running, later))
        store = Store(connections)
        used = {
            session: [json.loads(turn["prompts"])["reply"] for turn in store.turns(session)] for session in sessions
        }
        assert list(used.values()) == [[first.hash] * TURNS] * CHATS
        assert [json.loads(store.turns(session)[0]["prompts"])["reply"] for session in followed] == [second.hash] * 6
        connections.close()
