"""A turn with a model that was taught: it is asked by its own prompts, with what they were taught to be filled with."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_llm import ScriptedLLM
from shops import item, open_small_shop
from taught_shop import assistant, turn

from chat import manners
from chat.events import CardsEvent, DoneEvent, NeedEvent, SessionEvent, TextEvent
from chat.known_requests import KnownRequests
from chat.llm import LLM
from chat.llms import Several
from chat.openings import question
from chat.template import FOR_YOU
from chat.traced import Traced
from chat.want import Need, Want
from prompts.library import Library
from ranking.history import Event, Events
from retrieval.encoder import MiniLMEncoder
from retrieval.shop import Shop


@pytest.fixture
def shop(tmp_path: Path, minilm: MiniLMEncoder) -> Iterator[Shop]:
    shop = open_small_shop(tmp_path, with_encoder=minilm)
    yield shop
    shop.close()


async def test_it_is_asked_in_the_form_that_it_was_taught(shop: Shop, llm_script: ScriptedLLM) -> None:
    llm_script.enqueue(
        '{"act":"search","items":["2-person tent"],"in":"Tents"}',
        "At $149.00, the Fernhill Ridge 2-person tent is waterproof. It is made of gold.",
    )
    Events(shop.connections).add([Event(shopper_id="ann", kind="purchase", item_id="lamp-1", time=1.0)])
    events = await turn(shop, LLM(llm_script.url, "scripted", taught=True), "somewhere dry to sleep for two", "ann")
    assert isinstance(events[-1], DoneEvent)
    assert "understand" in events[-1].timings_ms
    understand, reply = llm_script.requests
    asked = understand["messages"]
    assert [message["role"] for message in asked] == ["system", "user"]  # no examples: it needs none
    assert "near: " in asked[1]["content"]
    assert "had: " in asked[1]["content"]
    assert asked[1]["content"].endswith("somewhere dry to sleep for two")
    assert understand["max_tokens"] <= 30
    schema = understand["response_format"]["json_schema"]["schema"]
    assert schema == Library().get("understand_taught").output
    every = [manners.named(number, two=True) for number in range(len(manners.FORMS))]
    assert reply["messages"][0]["content"].removeprefix("answer: ") in every
    assert "1: " in reply["messages"][1]["content"]
    assert "2: " in reply["messages"][1]["content"]
    assert reply["max_tokens"] + understand["max_tokens"] <= 94
    said = [event.text for event in events if isinstance(event, TextEvent) and event.by == "llm"]
    assert said == ["At $149.00, the Fernhill Ridge 2-person tent is waterproof."]


async def test_it_is_told_what_others_wanted_and_leads_the_search(shop: Shop, llm_script: ScriptedLLM) -> None:
    known = KnownRequests(
        shop.encoder.encode(["what to get for our anniversary", "a present for a wedding anniversary"]),
        [["2-person tent"], ["camping lantern"]], shop.encoder.encode,
    )  # fmt: skip
    message = "what could I get for our wedding anniversary?"
    found: dict[bool, list[str]] = {}
    for taught in (True, False):
        llm_script.enqueue('{"act":"search","items":["camping lantern"]}', "Here it is.")
        events = await turn(shop, LLM(llm_script.url, "scripted", taught=taught), message, known=known)
        cards = [event for event in events if isinstance(event, CardsEvent)][-1].cards
        found[taught] = [card.item_id for card in cards]
    taught_asked, plain_asked = (llm_script.requests[at]["messages"][-1]["content"] for at in (0, 2))
    assert "asked: camping lantern; 2-person tent" in taught_asked
    assert "asked: " not in plain_asked
    assert found[True][0].startswith("lamp")  # its description counts, though it shares nothing with the words


async def test_where_others_who_asked_alike_all_wanted_one_kind_the_model_is_not_asked(
    shop: Shop, llm_script: ScriptedLLM
) -> None:
    alike = [f"what could I get for our {number}. anniversary?" for number in range(1, 21)]
    known = KnownRequests(shop.encoder.encode(alike), [["camping lantern"]] * 20, shop.encoder.encode)
    llm_script.enqueue("Here it is.")
    message = "what could I get for our wedding anniversary?"
    events = await turn(shop, LLM(llm_script.url, "scripted", taught=True), message, known=known)
    (reply,) = llm_script.requests
    assert reply["messages"][0]["content"].startswith("answer: ")
    assert isinstance(events[-1], DoneEvent)
    assert "understand" not in events[-1].timings_ms
    assert not [event for event in events if isinstance(event, TextEvent) and "come nearest" in event.text]
    cards = [event for event in events if isinstance(event, CardsEvent)][-1].cards
    assert cards[0].item_id.startswith("lamp")


@pytest.mark.parametrize("message", ["a 2-person tent", "a 2-person tent under $5"])
async def test_where_the_words_name_what_the_shop_has_the_model_describes_nothing(
    shop: Shop, llm_script: ScriptedLLM, message: str
) -> None:
    llm_script.enqueue("Here it is.")
    events = await turn(shop, LLM(llm_script.url, "scripted", taught=True), message)
    (reply,) = llm_script.requests
    assert reply["messages"][0]["content"].startswith("answer: ")
    cards = [event for event in events if isinstance(event, CardsEvent)][-1].cards
    assert cards[0].item_id.startswith("tent")


@pytest.mark.parametrize("taught", [True, False])
async def test_who_is_known_and_names_nothing_gets_what_their_history_suggests(
    shop: Shop, llm_script: ScriptedLLM, taught: bool
) -> None:
    Events(shop.connections).add([Event(shopper_id="ann", kind="purchase", item_id="tent-1", time=1.0)])
    llm_script.enqueue('{"act":"search","items":["camping lantern"]}')
    events = await turn(shop, LLM(llm_script.url, "scripted", taught=taught), "surprise me", "ann")
    assert isinstance(events[-1], DoneEvent)
    assert events[-1].chips  # for whom it is for somebody else
    cards = [event for event in events if isinstance(event, CardsEvent)][-1].cards
    said = " ".join(event.text for event in events if isinstance(event, TextEvent))
    assert FOR_YOU in said
    if taught:
        (asked,) = llm_script.requests
        assert asked["messages"][-1]["content"].startswith("had: ")
        assert "near: " not in asked["messages"][-1]["content"]
        assert cards[0].item_id.startswith("lamp")
    else:
        assert cards
        assert not llm_script.requests


@pytest.mark.parametrize(
    ("message", "shopper"),
    [
        ("surprise me", None),
        ("what would you suggest as a gift?", "ann"),
        ("what would you suggest for him?", "ann"),
        ("any suggestions for her", "ann"),
        ("no idea what he might like", "ann"),
        ("no idea", "ann"),
    ],
)
async def test_who_is_not_known_or_asks_for_another_is_asked_first(
    shop: Shop, llm_script: ScriptedLLM, message: str, shopper: str | None
) -> None:
    Events(shop.connections).add([Event(shopper_id="ann", kind="purchase", item_id="tent-1", time=1.0)])
    events = await turn(shop, LLM(llm_script.url, "scripted", taught=True), message, shopper)
    assert not [event for event in events if isinstance(event, CardsEvent)]
    assert question(1) in [event.text for event in events if isinstance(event, TextEvent)]


async def test_what_a_history_suggested_can_be_pointed_at(shop: Shop, llm_script: ScriptedLLM) -> None:
    Events(shop.connections).add([Event(shopper_id="ann", kind="purchase", item_id="tent-1", time=1.0)])
    llm_script.enqueue('{"act":"search","items":["camping lantern"]}')
    llm, session = LLM(llm_script.url, "scripted", taught=True), None
    held = assistant(shop, llm)
    shown: dict[str, list[str]] = {}
    for message in ("surprise me", "tell me about the second one"):
        async for event in held.turn(message, session, shopper_id="ann"):
            session = event.session_id if isinstance(event, SessionEvent) else session
            if isinstance(event, CardsEvent):
                shown[message] = [card.item_id for card in event.cards]
    await llm.close()
    assert shown["tell me about the second one"] == shown["surprise me"][1:2]


def test_a_want_that_was_described_and_taken_back_is_none() -> None:
    want = Want(words="cold nights").described(("2-person tent",), taught=True)
    assert not want.is_empty
    assert Need(wants=(want,)).without("words").current.is_empty


def test_whoever_stands_before_a_taught_model_says_so(llm_script: ScriptedLLM) -> None:
    taught, plain = LLM(llm_script.url, "a", taught=True), LLM(llm_script.url, "b")
    written = LLM(llm_script.url, "c", taught=True, own_words=True)
    for one in (taught, plain, written):
        for before in (Several([one, one]), Traced(one, []), one.counting([])):
            assert (before.taught, before.own_words) == (one.taught, one.own_words)


SOCKS = {"name": "Half Moon running socks", "price": "$12.00", "facts": "is made of wool", "about": ""}
TENT = {"name": "Ridge 2-person tent", "price": "$149.00", "facts": "is waterproof; comes in green", "about": ""}


def test_a_manner_is_the_same_for_the_same_message_and_all_are_used() -> None:
    found = [manners.chosen(f"message {number}", TENT, TENT) for number in range(600)]
    assert found == [manners.chosen(f"message {number}", TENT, TENT) for number in range(600)]
    assert set(found) == {(manners.named(number, two=True), True) for number in range(len(manners.FORMS))}


def test_a_manner_fits_the_number_of_its_things_and_what_is_known_of_them() -> None:
    def chosen(first: dict[str, str], second: dict[str, str] | None) -> set[str]:
        return {manners.chosen(f"message {number}", first, second)[0] for number in range(600)}

    assert not [one for one in chosen(SOCKS, TENT) if re.search(r"\b(?:is|comes) 1|to it,", one)]
    assert not [one for one in chosen(TENT, SOCKS) if re.search(r"\b(?:is|comes) 2", one)]
    assert not [one for one in chosen({**TENT, "price": ""}, TENT) if one.startswith(("At $", "For $"))]
    assert all("2 _" not in one and "2," not in one for one in chosen(TENT, None))
    assert all("2" not in one for one in chosen(TENT, {**TENT, "facts": ""}))  # of it nothing can be said


async def test_attributes_that_nothing_described_states_were_misread(shop: Shop, llm_script: ScriptedLLM) -> None:
    rug = item("rug-1", "Osprey Lane hallway rug", "20", ("Home", "Rugs"), attributes={"season": ("winter",)})
    shop.catalog.upsert([rug])
    shop.index.refresh()
    llm_script.enqueue('{"act":"search","items":["camping lantern"]}')
    message = "I can't see a thing when I wake up on dark winter mornings"
    events = await turn(shop, LLM(llm_script.url, "scripted", taught=True), message)
    tags = [[tag.label for tag in event.tags] for event in events if isinstance(event, NeedEvent)]
    assert "winter" in tags[0]
    assert "winter" not in tags[-1]
    cards = [event for event in events if isinstance(event, CardsEvent)][-1].cards
    assert cards[0].item_id.startswith("lamp")


@pytest.mark.parametrize("message", ["I want a second hand petrol lawn mower", "a drone for my nephew", "a microwave"])
async def test_a_thing_that_the_shop_lacks_is_told_of(shop: Shop, llm_script: ScriptedLLM, message: str) -> None:
    llm_script.enqueue('{"act":"search","items":["bamboo razor"]}')
    events = await turn(shop, LLM(llm_script.url, "scripted", taught=True), message)
    assert [event for event in events if isinstance(event, TextEvent) and "come nearest" in event.text]


def test_words_are_open_where_they_name_no_thing() -> None:
    def is_open(words: str, topic: str, **fields: bool) -> bool:
        return Want(words=words, topic=topic, **fields).is_open  # type: ignore[arg-type]

    assert is_open("keep my tea hot", "tea", asked_alike=True)
    assert is_open("wake on dark mornings", "morning", asked_alike=True)
    assert is_open("fix flat tyre on bike", "", asked_alike=True)
    assert is_open("takes calls noisy open plan office", "office", asked_alike=True)
    assert not is_open("takes calls noisy open plan office", "office")
    assert not is_open("keep my tea hot", "tea")
    for words, topic in (
        ("drone for nephew", "drone"), ("car tyres for winter", "tyre"), ("laptop plays games for son", "laptop"),
        ("washing machine", "machine"),
    ):  # fmt: skip
        assert not is_open(words, topic, asked_alike=True)
