"""A label moves while shoppers chat: no turn fails, no conversation changes its version, new ones follow."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Semaphore

from api_server import OPEN_ANSWERS, Api

from chat.store import Store
from prompts.serving import released

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
