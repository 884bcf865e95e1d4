"""Turns in which a taught model hears talk, or another wish, in what the rules could not read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_llm import Answer, ScriptedLLM
from shops import open_small_shop
from taught_shop import assistant, turn

from chat.events import CardsEvent, NeedEvent, SessionEvent, TextEvent, TurnEvent
from chat.known_requests import KnownRequests
from chat.llm import LLM
from chat.openings import question
from chat.store import Turn
from retrieval.encoder import MiniLMEncoder
from retrieval.shop import Shop


@pytest.fixture
def shop(tmp_path: Path, minilm: MiniLMEncoder) -> Iterator[Shop]:
    shop = open_small_shop(tmp_path, with_encoder=minilm)
    yield shop
    shop.close()


LATE = "ordered 3 days ago and still waiting for it"


@pytest.mark.parametrize(
    ("act", "message", "said"),
    [
        ("off_topic", "and what is 17 times 23", "I can only help with what this shop sells"),
        ("order", LATE, "I can't see orders"),
        ("help", "not sure how to go about it with you", question(1)),
    ],
)
async def test_of_talk_in_no_known_wording_its_word_is_taken(
    shop: Shop, llm_script: ScriptedLLM, act: str, message: str, said: str
) -> None:
    llm = LLM(llm_script.url, "scripted", taught=True)
    held, session, last = assistant(shop, llm), None, list[TurnEvent]()
    llm_script.enqueue("The tent is there.", f'{{"act":"{act}"}}')
    for text in ("a 2-person tent under $200", message):
        last = []
        async for event in held.turn(text, session):
            session = event.session_id if isinstance(event, SessionEvent) else session
            last.append(event)
    await llm.close()
    assert len(llm_script.requests) == 2  # nothing is written of items that are not shown
    assert said in " ".join(event.text for event in last if isinstance(event, TextEvent))
    assert not [event for event in last if isinstance(event, CardsEvent)][-1].cards
    tags = [[tag.label for tag in event.tags] for event in last if isinstance(event, NeedEvent)][-1]
    assert "under $200" in tags  # what is looked for stays as it was


@pytest.mark.parametrize(
    ("taught", "message", "act"),
    [
        (False, LATE, "order"),
        (True, LATE, "search"),
        (True, LATE, "compare"),  # needs the things on show, of which the rules know
        (True, LATE, "gibberish"),
        (True, f"{LATE}, under $200", "order"),  # the price is of something to be found
        (True, "a tent", "off_topic"),  # the shop has what the words name, and nobody is asked
    ],
)
async def test_its_word_is_not_taken_of_a_wish(
    shop: Shop, llm_script: ScriptedLLM, taught: bool, message: str, act: str
) -> None:
    llm_script.respond = lambda body: Answer(
        f'{{"act":"{act}"}}' if "response_format" in body else "Here is what there is."
    )
    events = await turn(shop, LLM(llm_script.url, "scripted", taught=taught), message)
    assert [event for event in events if isinstance(event, CardsEvent)][-1].cards
    asked = [body for body in llm_script.requests if "response_format" in body]
    assert len(asked) == (message != "a tent")
    assert len(llm_script.requests) - len(asked) == 1  # the answer


async def test_a_first_message_may_be_talk(shop: Shop, llm_script: ScriptedLLM) -> None:
    llm_script.enqueue('{"act":"off_topic"}')
    llm, kept = LLM(llm_script.url, "scripted", taught=True), list[Turn]()
    held = assistant(shop, llm)
    held.watchers.append(kept.append)
    events = [event async for event in held.turn("and how tall do penguins get")]
    await llm.close()
    stages = [(event.stage, len(event.cards) > 0) for event in events if isinstance(event, CardsEvent)]
    assert stages == [("first", True), ("final", False)]
    assert [(one.intent, one.searched, one.shown) for one in kept] == [("off_topic", False, [])]
    assert len(llm_script.requests) == 1


async def test_a_refinement_that_others_asked_for_as_well_asks_nobody(shop: Shop, llm_script: ScriptedLLM) -> None:
    said = "scared of dark and creepy corners"
    known = KnownRequests(shop.encoder.encode([said] * 20), [["camping lantern"]] * 20, shop.encoder.encode)
    llm = LLM(llm_script.url, "scripted", taught=True)
    llm_script.respond = lambda body: Answer('{"act":"thanks"}' if "response_format" in body else "Here it is.")
    held, session = assistant(shop, llm, known), None
    for message in ("a 2-person tent", said):
        async for event in held.turn(message, session):
            session = event.session_id if isinstance(event, SessionEvent) else session
    await llm.close()
    assert not [body for body in llm_script.requests if "response_format" in body]
    assert held.need(session or "").current.words.endswith(said)


@pytest.mark.parametrize(
    ("answer", "said", "calls"),
    [
        (Answer('{"act":"refine","items":["camping lantern"]}'), "dry and cosy on the hills", 2),
        (Answer('{"act":"search"}'), "dry and cosy on the hills", 2),
        (Answer("broken", status=500), "dry and cosy on the hills", 1),
        (Answer('{"act":"thanks"}'), "waterproof bamboo lantern", 1),  # the shop has it: nobody is asked
    ],
)
async def test_a_refinement_that_is_none_of_talk_goes_by_its_words(
    shop: Shop, llm_script: ScriptedLLM, answer: Answer, said: str, calls: int
) -> None:
    llm = LLM(llm_script.url, "scripted", taught=True)
    held, session = assistant(shop, llm), None
    cards: list[tuple[str, ...]] = []
    for message in ("a 2-person tent", said):
        llm_script.requests.clear()
        llm_script.respond = lambda body: answer if "response_format" in body else Answer("Here it is.")
        async for event in held.turn(message, session):
            session = event.session_id if isinstance(event, SessionEvent) else session
            if isinstance(event, CardsEvent) and event.stage == "final":
                cards.append(tuple(card.item_id for card in event.cards))
    await llm.close()
    assert len(llm_script.requests) == calls
    assert cards[1]
    assert held.need(session or "").current.words.startswith("2-person tent")


async def test_a_tag_that_is_taken_away_asks_nobody(shop: Shop, llm_script: ScriptedLLM) -> None:
    llm = LLM(llm_script.url, "scripted", taught=True)
    llm_script.respond = lambda body: Answer('{"act":"help"}' if "response_format" in body else "Here it is.")
    held, session = assistant(shop, llm), ""
    async for event in held.turn("a kettlebell and a microwave"):
        session = event.session_id if isinstance(event, SessionEvent) else session
    llm_script.requests.clear()
    events = [event async for event in held.remove_tag(session, "1/words")]
    await llm.close()
    assert not [body for body in llm_script.requests if "response_format" in body]
    assert [event for event in events if isinstance(event, CardsEvent)][-1].cards


async def test_where_others_who_said_nearly_that_wanted_a_thing_it_is_a_wish(
    shop: Shop, llm_script: ScriptedLLM
) -> None:
    known = KnownRequests(shop.encoder.encode([LATE, f"{LATE} ..."]), [["2-person tent"], ["lantern"]],
                          shop.encoder.encode)  # fmt: skip
    llm_script.enqueue('{"act":"order","items":["camping lantern"]}', "Here is what there is.")
    events = await turn(shop, LLM(llm_script.url, "scripted", taught=True), LATE, known=known)
    assert [event for event in events if isinstance(event, CardsEvent)][-1].cards
