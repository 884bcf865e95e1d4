import asyncio

from scripted_assistant import BUDGET, DRY, FINAL, FIRST, SENTENCES, ScriptedAssistant

from chat.events import ErrorEvent
from ui.conversation import Conversation, Exchange
from ui.transcript import log_html, need_html, side_html
from ui.words import words_in

ENGLISH = words_in("en")


async def played(conversation: Conversation, message: str) -> Exchange:
    exchange = Exchange(said=message)
    conversation.exchanges.append(exchange)
    turn = ScriptedAssistant(0).turn(message, conversation.session_id, shopper_id=conversation.shopper_id)
    async for event in turn:
        conversation.apply(event, exchange)
    return exchange


async def test_events_fold_into_an_exchange_and_final_cards_replace_the_first() -> None:
    conversation = Conversation(shopper_id="maya")
    exchange = await played(conversation, "a jacket")
    assert exchange == Exchange(
        said="a jacket",
        session_id="session-1",
        turn_id="turn-1",
        personalised=True,
        shopper_id="maya",
        cards=FINAL,
        stage="final",
        sentences=list(SENTENCES),
        chips=("In town", "On the hill"),
        state="done",
    )
    assert (conversation.session_id, conversation.tags) == ("session-1", (BUDGET, DRY))


async def test_another_shopper_begins_a_session_of_their_own_below_a_note() -> None:
    conversation = Conversation()
    exchange = await played(conversation, "a jacket")
    exchange.pressed["item-2"] = "like"
    assert conversation.pressed() == [("like", "Fell Runner shell")]
    conversation.choose("maya", "Now shopping as Maya")
    conversation.choose("otto", "Now shopping as Otto")
    assert [one.said or one.note for one in conversation.exchanges] == ["a jacket", "Now shopping as Otto"]
    assert (conversation.session_id, conversation.shopper_id, conversation.tags) == (None, "otto", ())
    assert conversation.pressed() == []


async def test_a_new_chat_keeps_the_shopper_and_their_choice() -> None:
    conversation = Conversation(personalise=False, shopper_id="maya")
    await played(conversation, "a jacket")
    conversation.turn = asyncio.create_task(asyncio.sleep(60))
    turn = conversation.turn
    conversation.restart()
    await asyncio.wait([turn])
    assert turn.cancelled()
    assert conversation == Conversation(personalise=False, shopper_id="maya")


def test_only_a_card_that_was_shown_can_be_pressed() -> None:
    exchange = Exchange(turn_id="turn-1", cards=FIRST)
    conversation = Conversation(exchanges=[exchange])
    assert conversation.shown("turn-1", "item-1") is exchange
    assert conversation.shown("turn-1", "item-9") is None
    assert conversation.shown("turn-2", "item-1") is None


def test_only_the_exchange_that_changed_changes_in_the_log() -> None:
    old, new = Exchange(said="one", cards=FIRST, state="done"), Exchange(said="two")
    conversation = Conversation(exchanges=[old, new])
    before = log_html(conversation, "Shop", (), (), ENGLISH)
    new.sentences.append("Here.")
    after = log_html(conversation, "Shop", (), (), ENGLISH)
    assert [number for number, (a, b) in enumerate(zip(before, after, strict=True)) if a != b] == [2]


def test_an_error_is_told_in_words_with_its_reference() -> None:
    exchange = Exchange(said="one")
    exchange.apply(ErrorEvent(message="Try <again>.", error_id="ab12"))
    pieces = log_html(Conversation(exchanges=[exchange]), "Shop", (), (), ENGLISH)
    told = '<p class="st-error" role="alert">Try &lt;again&gt;. <small>Reference ab12</small></p>'
    assert [told in piece for piece in pieces] == [False, True, False]


def test_no_need_shows_no_tags() -> None:
    assert need_html(Conversation(), ENGLISH) == ""


def test_a_shop_without_demo_shoppers_offers_the_switch_and_nobody_to_choose() -> None:
    panel = side_html(Conversation(personalise=False), (), ENGLISH)
    assert ('role="switch"' in panel, 'aria-checked="false"' in panel, "<select" in panel) == (True, True, False)
