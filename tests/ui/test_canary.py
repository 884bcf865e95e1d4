"""Sixty conversations of different owners at once: none of them ever reads a word of another."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pytest
from api_server import Api
from scripted_llm import Answer

from ui.identity import sign_shopper

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SESSIONS = 60
AT_ONCE = 4  # below the server's bound of open answers
ITEMS = ("tent-1", "tent-2", "lamp-1", "razor-2")


@dataclass
class Owner:
    """One conversation's owner: a site key with its secret, perhaps a shopper, and a word that is theirs alone."""

    number: int
    site_id: str
    secret: str
    shopper: str
    session: str = ""
    turn: str = ""
    heard: list[str] = field(default_factory=list)  # every answer to this owner, whole

    @property
    def word(self) -> str:
        return f"canary{self.number:03}zq"

    def headers(self) -> dict[str, str]:
        made = {"Authorization": f"Bearer {self.site_id}"}
        if self.shopper:
            made["X-Shopper-Token"] = sign_shopper(self.secret, self.shopper, int(time.time()) + 600)
        return made


def step(api: Api, owner: Owner, number: int) -> None:
    """The next thing that this owner does; each of the rounds is done by all before the next one begins."""
    with httpx.Client(base_url=f"{api.address}/v1", headers=owner.headers(), timeout=120) as client:
        session = {"session_id": owner.session} if owner.session else {}
        said = {"message": f"a tent for {owner.word}", "stream": number == 2, **session}
        match number:
            case 0 | 2:
                answer = client.post("/chat", json=said)
                if number == 0:
                    owner.session, owner.turn = answer.json()["session_id"], answer.json()["turn_id"]
            case 1:
                event = {"kind": "like", "item_id": ITEMS[owner.number % len(ITEMS)], "id": owner.word}
                answer = client.post("/events", json={"events": [event], **session})
            case 3:
                rated = {**session, "turn_id": owner.turn, "thumb": "up"}
                answer = client.post("/feedback", json=rated)
            case 4:
                answer = client.post("/search", json={"query": "lantern", **session})
            case 5:
                answer = client.post("/recommend", json=session)
            case _:
                answer = client.get(f"/sessions/{owner.session}")
        assert answer.status_code == 200, answer.text
        owner.heard.append(answer.text)
        if owner.shopper and number == 6:
            owner.heard.append(client.get(f"/shoppers/{owner.shopper}").text)


def pry(api: Api, owner: Owner, other: Owner) -> None:
    """What this owner asks about another's; nothing of it may be told."""
    with httpx.Client(base_url=f"{api.address}/v1", headers=owner.headers(), timeout=120) as client:
        session = {"session_id": other.session}
        answers = [
            client.get(f"/sessions/{other.session}"),
            client.post("/chat", json={"message": "what did I ask for?", "stream": False, **session}),
            client.post("/feedback", json={**session, "turn_id": other.turn, "thumb": "down"}),
            client.post("/search", json={"query": "tent", **session}),
            client.delete(f"/sessions/{other.session}"),
            client.get(f"/shoppers/{other.shopper or 'nobody'}"),
            client.delete(f"/shoppers/{other.shopper or 'nobody'}"),
        ]
    assert [answer.status_code for answer in answers] == [404] * 5 + [403] * 2
    owner.heard += [answer.text for answer in answers]


def test_no_answer_to_one_owner_holds_a_word_of_another(api: Api) -> None:
    api.llm.respond = lambda body: Answer('{"items": []}' if "response_format" in body else "It is a tent.")
    sites = [api.keys.make_site(f"canary {number}", []) for number in range(3)]
    owners = [
        Owner(number, sites[number % 3][0].id, sites[number % 3][1], f"person-{number}" if number % 2 else "")
        for number in range(SESSIONS)
    ]
    order = random.Random(11)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number in range(7):
            mixed = order.sample(owners, len(owners))
            list(pool.map(lambda owner: step(api, owner, number), mixed))  # noqa: B023 - done before the next round
        # The next one is of another site key; the third one of the same, and of another kind.
        pairs = [(owner, owners[(owner.number + shift) % SESSIONS]) for owner in owners[::3] for shift in (1, 3)]
        list(pool.map(lambda pair: pry(api, *pair), pairs))
    words = {owner.number: owner.word for owner in owners}
    for owner in owners:
        heard = "\n".join(owner.heard)
        assert {number for number, word in words.items() if word in heard} == {owner.number}
        others = {one.session for one in owners if one is not owner}
        assert not [session for session in others if session in heard]
    for request in api.llm.requests:
        said = str(request["messages"])
        assert sum(word in said for word in words.values()) <= 1
