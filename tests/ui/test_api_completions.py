"""OpenAI's chat completions, asked by the official client."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from api_server import Api, until
from scripted_llm import Answer

from chat.store import Store

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TENT = "a 2-person tent under $160"
SAID = "The Fernhill Ridge 2-person tent is waterproof."
CONTENT = f"1. Fernhill Ridge 2-person tent, $149.00\n\n{SAID}"


def client(api: Api, shopper: str = "") -> openai.OpenAI:
    headers = {name: value for name, value in api.headers(shopper).items() if name != "Authorization"}
    return openai.OpenAI(
        base_url=f"{api.address}/v1", api_key=api.site.id, default_headers=headers, max_retries=0, timeout=20
    )


@pytest.fixture
def talk(api: Api) -> Iterator[openai.OpenAI]:
    with client(api) as made:
        yield made


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def asked(talk: openai.OpenAI, messages: list[dict[str, Any]], **more: Any) -> Any:
    return talk.chat.completions.create(model="shoptalk", messages=messages, **more)  # type: ignore[call-overload]


def answered(answer: Any) -> dict[str, str]:
    return {"role": "assistant", "content": answer.choices[0].message.content}


def shown(answer: Any) -> list[str]:
    return [card["item_id"] for card in answer.shoptalk["cards"]]


def test_an_answer_is_cards_with_prices_then_text_and_the_same_for_programs(api: Api, talk: openai.OpenAI) -> None:
    api.llm.enqueue('{"items": []}', SAID)
    answer = asked(talk, [{"role": "system", "content": "You are a pirate."}, user(TENT)], temperature=0.2)
    (choice,) = answer.choices
    assert (answer.object, answer.model) == ("chat.completion", "shoptalk")
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", CONTENT, "stop")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    assert shown(answer) == ["tent-1"]
    assert answer.shoptalk["text"] == SAID
    assert answer.id == f"chatcmpl-{answer.shoptalk['turn_id']}"
    assert "pirate" not in str(api.llm.requests)


def test_streamed_it_is_the_same_in_pieces(api: Api, talk: openai.OpenAI) -> None:
    api.llm.enqueue('{"items": []}', SAID)
    chunks = list(asked(talk, [user(TENT)], stream=True, stream_options={"include_usage": True}))
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    first, *_, last, usage = chunks
    assert first.choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == CONTENT
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices] == [None] * (len(chunks) - 2) + [
        "stop"
    ]
    assert (usage.choices, usage.usage.total_tokens > 0) == ([], True)
    events = [chunk.shoptalk["type"] for chunk in chunks if chunk.choices]
    assert events == ["session", "need", "cards", "cards", "text", "done"]
    assert last.shoptalk["type"] == "done"


@pytest.mark.parametrize("stream", [False, True])
def test_the_next_message_finds_its_conversation_by_what_was_said(api: Api, talk: openai.OpenAI, stream: bool) -> None:
    first = asked(talk, [user("a tent")], stream=stream)
    if stream:
        chunks = list(first)
        content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        session = chunks[0].shoptalk["session_id"]
        cards = next(chunk.shoptalk["cards"] for chunk in reversed(chunks) if chunk.shoptalk["type"] == "cards")
        second_card = cards[1]["item_id"]
    else:
        content, session = first.choices[0].message.content, first.shoptalk["session_id"]
        second_card = shown(first)[1]
    said = [user("a tent"), {"role": "assistant", "content": [{"type": "text", "text": content + " \n"}]}]
    second = asked(
        talk, [{"role": "system", "content": "now there is one"}, *said, user("tell me about the second one")]
    )
    assert shown(second) == [second_card]
    assert second.shoptalk["session_id"] == session
    assert [row["message"] for row in Store(api.shop.connections).turns(session)] == [
        "a tent",
        "tell me about the second one",
    ]


def test_asked_anew_from_an_earlier_place_it_is_a_copy(api: Api, talk: openai.OpenAI) -> None:
    first = asked(talk, [user("a tent")])
    before = [user("a tent"), answered(first)]
    cheaper = asked(talk, [*before, user("under $160")])
    again = asked(talk, [*before, user("tell me about the second one")])
    assert cheaper.shoptalk["session_id"] == first.shoptalk["session_id"]
    assert again.shoptalk["session_id"] != first.shoptalk["session_id"]
    assert shown(again) == [shown(first)[1]]
    assert again.shoptalk["tags"] == first.shoptalk["tags"]
    store = Store(api.shop.connections)
    assert [row["message"] for row in store.turns(again.shoptalk["session_id"])] == [
        "a tent",
        "tell me about the second one",
    ]
    copied = {row["id"] for row in store.turns(again.shoptalk["session_id"])[:1]}
    assert not copied & {turn for turn, *_ in store.impressions()}
    on = asked(talk, [*before, user("tell me about the second one"), answered(again), user("and the first one")])
    assert on.shoptalk["session_id"] == again.shoptalk["session_id"]


def test_two_who_said_and_heard_the_same_do_not_meet(api: Api, talk: openai.OpenAI) -> None:
    one, other = (asked(talk, [user("a lantern")]) for _ in range(2))
    before = [user("a lantern"), answered(one)]
    assert answered(one) == answered(other)
    assert one.shoptalk["session_id"] != other.shoptalk["session_id"]
    on = [asked(talk, [*before, user(f"under ${limit}")]) for limit in (30, 100)]
    sessions = {answer.shoptalk["session_id"] for answer in on}
    assert len(sessions) == 2
    assert not sessions & {one.shoptalk["session_id"], other.shoptalk["session_id"]}
    assert [[tag["label"] for tag in answer.shoptalk["tags"]][-1] for answer in on] == ["under $30", "under $100"]


def test_two_at_once_from_the_same_words_do_not_share_a_session(api: Api, talk: openai.OpenAI) -> None:
    first = asked(talk, [user("a razor")])
    before, answers = [user("a razor"), answered(first)], dict[int, Any]()

    def go_on(number: int) -> None:
        answers[number] = asked(talk, [*before, user("the first one")])

    threads = [threading.Thread(target=go_on, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.shoptalk["session_id"] for answer in answers.values()}) == 4


def test_a_conversation_is_its_owners_alone(api: Api, talk: openai.OpenAI) -> None:
    first = asked(talk, [user("a tent")], user="ada")
    before = [user("a tent"), answered(first), user("the second one")]
    assert asked(talk, before, user="ada").shoptalk["session_id"] == first.shoptalk["session_id"]
    sessions = {first.shoptalk["session_id"]}
    for whose in ("bob", ""):
        sessions.add(asked(talk, before, **({"user": whose} if whose else {})).shoptalk["session_id"])
    with client(api, "signed-ada") as signed:
        answer = asked(signed, before, user="ada")
        assert answer.shoptalk["shopper_id"] == "signed-ada"
        sessions.add(answer.shoptalk["session_id"])
        with pytest.raises(openai.NotFoundError) as theirs:
            asked(signed, [user("a tent")], metadata={"session_id": first.shoptalk["session_id"]})
    assert theirs.value.body["code"] == "unknown_session"  # type: ignore[index]
    assert len(sessions) == 4


def test_a_stated_session_goes_on_whatever_the_messages_say(api: Api, talk: openai.OpenAI) -> None:
    first = asked(talk, [user("a tent")])
    session = first.shoptalk["session_id"]
    answer = asked(talk, [user("the second one")], metadata={"session_id": session})
    assert (answer.shoptalk["session_id"], shown(answer)) == (session, [shown(first)[1]])


def test_a_deleted_session_is_not_gone_on_with(api: Api, talk: openai.OpenAI) -> None:
    first = asked(talk, [user("a lipstick")])
    with api.client() as http:
        assert http.delete(f"/sessions/{first.shoptalk['session_id']}").status_code == 200
    on = asked(talk, [user("a lipstick"), answered(first), user("the second one")])
    assert on.shoptalk["session_id"] != first.shoptalk["session_id"]
    names = api.shop.connections.current.execute(
        "SELECT count(*) FROM api_prefixes WHERE session_id = ?", [first.shoptalk["session_id"]]
    ).fetchone()
    assert names == (0,)


def test_stopping_the_stream_stops_the_llm(api: Api, talk: openai.OpenAI) -> None:
    api.llm.enqueue('{"items": []}', Answer("It is a tent. " * 200, pause_s=0.05))
    with asked(talk, [user(TENT)], stream=True) as stream:
        for chunk in stream:
            if chunk.shoptalk["type"] == "text":
                break
    until(lambda: api.llm.closed_early == 1)


def test_what_is_wrong_is_told_in_the_clients_own_terms(api: Api, talk: openai.OpenAI) -> None:
    assert [model.id for model in talk.models.list()] == ["shoptalk"]
    with pytest.raises(openai.NotFoundError) as unknown:
        talk.chat.completions.create(model="gpt-4", messages=[{"role": "user", "content": "a tent"}])
    assert unknown.value.body["message"] == "There is one model here: shoptalk."  # type: ignore[index]
    wrong: list[list[dict[str, Any]]] = [
        [],
        [{"role": "assistant", "content": "hello"}],
        [user("  ")],
        [user("x" * 5_001)],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://shop.example/x"}}]}],
    ]
    for messages in wrong:
        with pytest.raises(openai.UnprocessableEntityError):
            asked(talk, messages)
    with pytest.raises(openai.UnprocessableEntityError):
        asked(talk, [user("a tent")], n=2)
    keyless = openai.OpenAI(base_url=f"{api.address}/v1", api_key="site_nothing", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        asked(keyless, [user("a tent")])


def test_a_long_conversation_has_room(api: Api, talk: openai.OpenAI) -> None:
    long = [user("x " * 2_000), {"role": "assistant", "content": "y " * 2_000}] * 40
    assert shown(asked(talk, [*long, user(TENT)])) == ["tent-1"]


def test_the_snippet_of_the_docs_asks_and_goes_on(api: Api) -> None:
    told = (Path(__file__).parents[2] / "docs" / "assistants.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", told, re.DOTALL)
    api.llm.enqueue('{"items": []}', SAID)
    environment = os.environ | {"SITE_KEY": api.site.id, "SHOPTALK": api.address}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.stderr == ""
    assert ran.stdout.startswith(f"{CONTENT}\n1. Fernhill Ridge 2-person tent, $149.00\n\n")
