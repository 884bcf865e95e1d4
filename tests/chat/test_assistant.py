"""Whole turns: a real shop and store, and an LLM that is scripted on the wire."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest
from scripted_llm import Answer, ScriptedLLM, free_port
from shops import open_small_shop

from chat.assistant import Assistant
from chat.errors import UnknownSession
from chat.events import CardsEvent, DoneEvent, ErrorEvent, NeedEvent, SessionEvent, TextEvent, TurnEvent
from chat.finding import Finder
from chat.llm import LLM, Timeouts
from chat.store import Store, Turn
from prompts.library import Library
from prompts.serving import Served
from prompts.versions import Versions
from ranking.history import Event, Events
from ranking.reranker import Untrained
from retrieval.database import Connections
from retrieval.encoder import MiniLMEncoder
from retrieval.shop import Shop

NOTHING = '{"items": []}'
TENT = "a 2-person tent"


@pytest.fixture
def shop(tmp_path: Path, minilm: MiniLMEncoder) -> Iterator[Shop]:
    shop = open_small_shop(tmp_path, with_encoder=minilm)
    yield shop
    shop.close()


def assistant_over(shop: Shop, url: str, turn_timeout_s: float = 20.0) -> Assistant:
    return Assistant(
        shop.catalog,
        Finder(shop.catalog, shop.grounder, Untrained(shop.catalog, shop.index.vectors), cards=3),
        Events(shop.connections),
        Store(shop.connections),
        Library(),
        LLM(url, "scripted", timeouts=Timeouts(connect=1, first_token=3, between_tokens=3)),
        turn_timeout_s,
    )


@pytest.fixture
def assistant(shop: Shop, llm_script: ScriptedLLM) -> Assistant:
    return assistant_over(shop, llm_script.url)


async def collect(stream: AsyncGenerator[TurnEvent]) -> list[TurnEvent]:
    return [event async for event in stream]


def kinds(events: list[TurnEvent]) -> list[str]:
    return [f"{event.type} {event.stage}" if isinstance(event, CardsEvent) else event.type for event in events]


def shown(events: list[TurnEvent]) -> list[str]:
    """Ids on the last cards."""
    return [card.item_id for event in events if isinstance(event, CardsEvent) for card in event.cards][-3:]


def cards(events: list[TurnEvent]) -> CardsEvent:
    return [event for event in events if isinstance(event, CardsEvent)][-1]


def texts(events: list[TurnEvent]) -> list[tuple[str, str]]:
    return [(event.by, event.text) for event in events if isinstance(event, TextEvent)]


def session_of(events: list[TurnEvent]) -> SessionEvent:
    assert isinstance(events[0], SessionEvent)
    return events[0]


def done(events: list[TurnEvent]) -> DoneEvent:
    assert isinstance(events[-1], DoneEvent)
    return events[-1]


async def test_a_turn_shows_cards_before_text_and_says_only_what_the_records_carry(
    assistant: Assistant, llm_script: ScriptedLLM
) -> None:
    llm_script.enqueue(
        '{"items": ["tent for two people"]}',
        "The Fernhill Ridge 2-person tent is waterproof. It costs $149.00. It weighs 900 grams.",
    )
    events = await collect(assistant.turn(f"{TENT} under $160"))
    assert kinds(events)[:4] == ["session", "need", "cards first", "cards final"]
    assert kinds(events)[-1] == "done"
    assert [card.item_id for card in cards(events).cards] == ["tent-1"]
    card = cards(events).cards[0]
    assert (card.title, card.price_text, card.outside) == ("Fernhill Ridge 2-person tent", "$149.00", ())
    written = [text for by, text in texts(events) if by == "llm"]
    assert written == ["The Fernhill Ridge 2-person tent is waterproof.", "It costs $149.00."]
    assert len(llm_script.requests) == 2


async def test_a_wrong_price_never_reaches_the_shopper(assistant: Assistant, llm_script: ScriptedLLM) -> None:
    """Invented products and prices in spite of a catalogue: SalesGPT#49."""
    llm_script.enqueue(NOTHING, "The Fernhill Ridge 2-person tent costs $99.00. The Alpine King tent is better.")
    events = await collect(assistant.turn(TENT))
    said = " ".join(text for _, text in texts(events))
    assert "99.00" not in said
    assert "Alpine King" not in said


async def test_without_an_llm_the_shop_still_answers_and_says_so(shop: Shop) -> None:
    events = await collect(assistant_over(shop, f"http://127.0.0.1:{free_port()}/v1").turn(TENT))
    assert set(shown(events)[:2]) == {"tent-1", "tent-2"}
    assert {by for by, _ in texts(events)} == {"template"}
    assert "can't be reached" in texts(events)[0][1]
    assert not done(events).llm_reached


async def test_an_llm_that_hangs_costs_one_deadline_and_not_the_answer(shop: Shop, llm_script: ScriptedLLM) -> None:
    llm_script.respond = lambda body: Answer("never", first_pause_s=30)
    events = await collect(assistant_over(shop, llm_script.url, turn_timeout_s=1.0).turn(TENT))
    assert shown(events)
    assert not done(events).llm_reached


async def test_stop_closes_the_llm_and_keeps_what_was_shown(
    assistant: Assistant, shop: Shop, llm_script: ScriptedLLM
) -> None:
    """Generation goes on after the shopper left: vLLM#54947, litellm#30245."""
    llm_script.enqueue(NOTHING, Answer("It is a tent. " * 50, pause_s=0.05))
    stream = assistant.turn(TENT)
    session_id = ""
    async for event in stream:
        if isinstance(event, SessionEvent):
            session_id = event.session_id
        if isinstance(event, CardsEvent) and event.stage == "final":
            while len(llm_script.requests) < 1:
                await asyncio.sleep(0.01)
            break
    await stream.aclose()
    (row,) = Store(shop.connections).turns(session_id)
    assert (row["finished"], row["message"]) == (0, TENT)
    assert set(Store(shop.connections).last_shown(session_id)[:2]) == {"tent-1", "tent-2"}


async def test_stop_while_the_answer_is_written_closes_the_stream(
    assistant: Assistant, llm_script: ScriptedLLM
) -> None:
    sentence = "The Fernhill Ridge 2-person tent is waterproof. "
    llm_script.enqueue(NOTHING, Answer(sentence * 40, pause_s=0.02))
    stream = assistant.turn(TENT)
    async for event in stream:
        if isinstance(event, TextEvent) and event.by == "llm":
            break
    await stream.aclose()
    deadline = time.monotonic() + 5
    while not llm_script.closed_early and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert llm_script.closed_early == 1


async def test_what_is_over_the_budget_is_marked_and_told(assistant: Assistant, llm_script: ScriptedLLM) -> None:
    """Asked for $5-10 where the cheapest is $39.90: NVIDIA retail-shopping-assistant PR 200."""
    llm_script.respond = lambda body: Answer(NOTHING if "response_format" in body else "It is a tent.")
    events = await collect(assistant.turn("a tent under $50"))
    assert {card.outside for card in cards(events).cards} == {("over your $50.00",)}
    assert shown(events)[0] == "tent-1"
    assert any("outside your budget" in text for _, text in texts(events))


async def test_a_constraint_is_taken_away_by_its_tag(assistant: Assistant, llm_script: ScriptedLLM) -> None:
    first = await collect(assistant.turn(f"{TENT} under $160"))
    (need,) = [event for event in first if isinstance(event, NeedEvent)]
    tag = next(tag for tag in need.tags if "160" in tag.label)
    second = await collect(assistant.remove_tag(session_of(first).session_id, tag.id))
    (need,) = [event for event in second if isinstance(event, NeedEvent)]
    assert not any("160" in tag.label for tag in need.tags)
    assert set(shown(second)) == {"tent-1", "tent-2", "tent-3"}


async def test_a_reference_is_resolved_against_what_was_shown(assistant: Assistant, llm_script: ScriptedLLM) -> None:
    first = await collect(assistant.turn(TENT))
    second = await collect(assistant.turn("tell me about the second one", session_of(first).session_id))
    assert [card.item_id for card in cards(second).cards] == [shown(first)[1]]


async def test_not_this_is_an_event_of_the_shopper_and_changes_the_next_ranking(
    assistant: Assistant, shop: Shop, llm_script: ScriptedLLM
) -> None:
    first = await collect(assistant.turn(TENT, shopper_id="ada"))
    session = session_of(first)
    place = shown(first).index("tent-1") + 1
    assistant.feedback(session.session_id, session.turn_id, "tent-1", "dislike")
    (event,) = Events(shop.connections).of("ada")
    assert (event.kind, event.item_id, event.turn_id, event.position) == ("dislike", "tent-1", session.turn_id, place)
    second = await collect(assistant.turn(TENT, session.session_id, shopper_id="ada"))
    assert "tent-1" not in shown(second)


async def test_feedback_is_taken_while_the_answer_is_still_written(
    assistant: Assistant, shop: Shop, llm_script: ScriptedLLM
) -> None:
    llm_script.enqueue(NOTHING, Answer("It is a tent. " * 20, pause_s=0.02))
    stream = assistant.turn(TENT)
    session: SessionEvent | None = None
    async for event in stream:
        if isinstance(event, SessionEvent):
            session = event
        if isinstance(event, CardsEvent) and session is not None:
            with pytest.raises(UnknownSession):
                assistant.feedback(session.session_id, session.turn_id, "lamp-1", "like")
            assistant.feedback(session.session_id, session.turn_id, event.cards[0].item_id, "like")
            break
    await stream.aclose()
    assert session is not None
    assert [event.kind for event in Events(shop.connections).of(f"session:{session.session_id}")] == ["like"]


async def test_nobody_continues_anothers_conversation(assistant: Assistant, llm_script: ScriptedLLM) -> None:
    first = await collect(assistant.turn(f"{TENT} under $160", shopper_id="ada"))
    second = await collect(assistant.turn("a lantern", session_of(first).session_id, shopper_id="eve"))
    assert session_of(second).session_id != session_of(first).session_id
    (need,) = [event for event in second if isinstance(event, NeedEvent)]
    assert not any("160" in tag.label for tag in need.tags)


async def test_personalisation_switched_off_hides_the_history(
    assistant: Assistant, shop: Shop, llm_script: ScriptedLLM
) -> None:
    disliked = Event(id="e1", shopper_id="ada", kind="dislike", item_id="tent-1", time=1.7e9)
    Events(shop.connections).add([disliked])
    on = await collect(assistant.turn(TENT, shopper_id="ada"))
    off = await collect(assistant.turn(TENT, shopper_id="ada", personalise=False))
    assert ("tent-1" in shown(on), "tent-1" in shown(off)) == (False, True)


async def test_a_failure_is_told_in_plain_words_with_an_id(
    assistant: Assistant, shop: Shop, llm_script: ScriptedLLM, caplog: pytest.LogCaptureFixture
) -> None:
    """Error text with a stack trace shown to the shopper."""
    first = await collect(assistant.turn(TENT))
    shop.connections.current.execute("UPDATE sessions SET need = 'broken'")
    shop.connections.current.conn.commit()
    second = await collect(assistant.turn("cheaper", session_of(first).session_id))
    assert isinstance(second[-1], ErrorEvent)
    assert "Traceback" not in second[-1].message
    assert any(getattr(record, "error_id", "") == second[-1].error_id for record in caplog.records)


async def test_several_shoppers_are_served_at_once(assistant: Assistant, llm_script: ScriptedLLM) -> None:
    llm_script.respond = lambda body: Answer(NOTHING if "response_format" in body else "It is one. " * 5, pause_s=0.02)
    wants = ["a tent", "a lantern", "a razor", "a lipstick"] * 3
    turns = await asyncio.gather(*(collect(assistant.turn(want)) for want in wants))
    for want, events in zip(wants, turns, strict=True):
        kind = {"a tent": "tent", "a lantern": "lamp", "a razor": "razor", "a lipstick": "lip"}[want]
        assert shown(events)[0].startswith(kind)
        done(events)


@pytest.mark.parametrize(
    "message",
    [
        "",
        " ",
        "x" * 20_000,
        "帐篷",
        "🏕️🏕️",
        "' OR 1=1 --",
        "<script>alert(1)</script>",
        "{{ 7 * 7 }}",
        "\x00\u202e\u200b",
    ],
)
async def test_no_message_breaks_a_turn(assistant: Assistant, llm_script: ScriptedLLM, message: str) -> None:
    done(await collect(assistant.turn(message)))


async def test_thanks_needs_no_llm(assistant: Assistant, llm_script: ScriptedLLM) -> None:
    events = await collect(assistant.turn("thanks!"))
    assert kinds(events) == ["session", "need", "text", "done"]
    assert llm_script.requests == []


async def test_what_the_shop_lacks_is_said_once_with_the_nearest_kind(
    assistant: Assistant, llm_script: ScriptedLLM
) -> None:
    """A kind of product that isn't sold answered "couldn't complete a valid search": NVIDIA PR 170."""
    llm_script.respond = lambda body: Answer(NOTHING if "response_format" in body else "It is a tent.")
    lacking = await collect(assistant.turn("chainsaw"))
    assert sum("I don't see" in text for _, text in texts(lacking)) == 1
    assert shown(lacking)
    narrowed = await collect(assistant.turn("a lantern by Osprey Lane in red"))
    assert not any("I don't see" in text for _, text in texts(narrowed))


async def test_at_the_deadline_what_was_checked_so_far_stays_and_the_turn_ends_plainly(
    shop: Shop, llm_script: ScriptedLLM
) -> None:
    said = "The Fernhill Ridge 2-person tent is waterproof."
    llm_script.enqueue(NOTHING, Answer(f"{said} It costs $149.00. " + "And so on " * 200, pause_s=0.02))
    events = await collect(assistant_over(shop, llm_script.url, turn_timeout_s=3.0).turn(TENT))
    assert kinds(events)[-1] == "done"
    assert ("llm", said) in texts(events)
    assert not done(events).llm_reached
    (row,) = Store(shop.connections).turns(session_of(events).session_id)
    assert (row["finished"], row["answer"]) == (1, " ".join(text for _, text in texts(events)))


async def test_a_locked_database_holds_up_its_own_turn_and_nobody_else(
    assistant: Assistant, shop: Shop, llm_script: ScriptedLLM
) -> None:
    """Written on the event loop, one turn's wait for the lock would have been every shopper's."""
    llm_script.respond = lambda body: Answer(NOTHING if "response_format" in body else "It is a tent.")
    other = Connections(shop.connections.path)
    other.current.execute("BEGIN IMMEDIATE")
    turn = asyncio.create_task(collect(assistant.turn(TENT)))
    async with asyncio.timeout(8):
        while not llm_script.finished >= 2:
            await asyncio.sleep(0.01)
    for _ in range(20):  # the loop goes on, though the turn waits
        await asyncio.sleep(0.01)
    assert not turn.done()
    other.current.execute("ROLLBACK")
    other.close()
    assert kinds(await turn)[-1] == "done"


async def test_every_turn_that_ends_is_told_of_with_what_it_cost(assistant: Assistant, llm_script: ScriptedLLM) -> None:
    ended: list[Turn] = []
    assistant.watchers.append(ended.append)
    said = "The Fernhill Ridge 2-person tent is waterproof. It costs $99.00. The Alpine King is better."
    llm_script.enqueue(NOTHING, said)
    await collect(assistant.turn(TENT))
    (turn,) = ended
    assert turn.usage == [(100, len(NOTHING.split())), (100, len(said.split()))]
    assert set(turn.verdicts) == {"kept", "repaired", "cut"}
    assert {"first_cards", "final_cards", "turn"} <= set(turn.timings_ms)
    llm_script.enqueue(NOTHING, Answer("The Fernhill Ridge 2-person tent is waterproof. " * 50, pause_s=0.02))
    stream = assistant.turn(TENT)
    async for event in stream:
        if isinstance(event, TextEvent) and event.by == "llm":
            break
    await stream.aclose()
    assert (ended[1].finished, len(ended[1].usage)) == (False, 2)


async def test_a_session_keeps_the_versions_that_it_began_with_and_new_ones_follow_the_labels(
    shop: Shop, llm_script: ScriptedLLM
) -> None:
    files = Library()
    versions = Versions(shop.connections, files)
    versions.adopt(files)
    served = Served(versions, files)
    assistant = Assistant(
        shop.catalog,
        Finder(shop.catalog, shop.grounder, Untrained(shop.catalog, shop.index.vectors), cards=3),
        Events(shop.connections),
        Store(shop.connections),
        served,
        LLM(llm_script.url, "scripted", timeouts=Timeouts(connect=1, first_token=3, between_tokens=3)),
    )
    llm_script.respond = lambda body: Answer(NOTHING if "response_format" in body else "The Summit tent is fine.")

    async def asked(session_id: str | None = None, site: str = "") -> str:
        events = await collect(assistant.turn(TENT, session_id, site=site))
        assert isinstance(events[0], SessionEvent)
        return events[0].session_id

    def systems() -> list[str]:
        """The system text of the latest answer's request."""
        return [message["content"] for message in llm_script.requests[-1]["messages"] if message["role"] == "system"]

    first = versions.find("reply")
    session = await asked()
    text = versions.text(first).content.replace("You tell a shopper", "Tell any shopper")
    second = versions.publish(text, "ann")
    versions.move(second, "production", "rob")
    assert (await asked(session), systems()[0][:8]) == (session, "You tell")
    other = await asked()
    assert systems()[0][:8] == "Tell any"
    versions.move(first, "production", "rob", site="site_a")
    await asked(site="site_a")
    assert systems()[0][:8] == "You tell"
    store = Store(shop.connections)
    kept = [{json.loads(turn["prompts"])["reply"] for turn in store.turns(one)} for one in (session, other)]
    assert kept == [{first.hash}, {second.hash}]
