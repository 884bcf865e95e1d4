"""Whose word is taken for what: messages that rules read as a wish, and a model as talk."""

import pytest
from small_shop import TENTS, VOCABULARY

from chat.acts import OF_ANSWERS, as_talk, left_unread, read_acts
from chat.need import Need
from chat.reading import Reading

TENT = "a tent under $200"
PENGUINS = "how tall do penguins get"


def read(message: str, *before: str, asked: bool = False) -> tuple[Need, Reading]:
    """The need before the message, and the reading of it; with ``asked`` a question stands open."""
    need = Need()
    for said in before:
        need = read_acts(said, need, VOCABULARY, ()).need
    need = need.with_asked("price") if asked else need
    return need, read_acts(message, need, VOCABULARY, TENTS if before else ())


def heard(act: str, message: str, *before: str, asked: bool = False) -> Reading | None:
    """What becomes of the message where a model takes it for that."""
    need, reading = read(message, *before, asked=asked)
    assert reading.needs_search, "the rules read it as talk: it says nothing of the model's"
    return as_talk(message, need, reading, VOCABULARY, act)


@pytest.mark.parametrize("before", [(), (TENT,)])
@pytest.mark.parametrize("act", ["off_topic", "greeting", "identity", "abuse", "thanks", "farewell", "order", "help"])
def test_talk_leaves_the_need_as_it_was(act: str, before: tuple[str, ...]) -> None:
    reading = heard(act, PENGUINS, *before)
    assert reading is not None
    assert (reading.intent, reading.needs_search) == (act, False)
    was = read(PENGUINS, *before)[0]
    assert reading.need.wants == was.wants
    assert reading.need.turns == was.turns + 1
    assert bool(reading.chips) == (act not in ("thanks", "farewell", "order"))


@pytest.mark.parametrize("act", ["search", "refine", "compare", "policy", "", "gibberish"])
def test_of_other_kinds_nothing_is_taken(act: str) -> None:
    assert heard(act, PENGUINS) is None


@pytest.mark.parametrize(
    ("message", "before"),
    [
        ("penguin feathers under $20", ()),  # a sum
        ("cheapest first, for penguin blorfing", ()),  # an order
        ("hi there mate, i am looking for a kettlebell", ()),  # a plain wish for what the shop lacks
        ("what is your return policy? also how tall do penguins get", ()),  # the shop has an answer to a part of it
        ("never mind, you lot are a bunch of muppets", (TENT,)),  # starts over
        ("forget the flurgle, how tall do you reckon penguins get", ("a blorf", "a flurgle")),  # lets a want go
        ("back to the blorf", ("a blorf", "a flurgle")),  # comes back to one
    ],
)
def test_what_the_rules_read_in_a_message_stands(message: str, before: tuple[str, ...]) -> None:
    assert heard("off_topic", message, *before) is None
    if before:
        assert left_unread(*read(message, *before)) == ""


def test_an_answer_to_a_question_is_no_insult() -> None:
    message = "couldnt care less tbh"
    assert heard("abuse", message, TENT, asked=True) is None
    assert heard("thanks", message, TENT, asked=True) is not None
    assert heard("abuse", message, TENT) is not None


def test_a_complaint_beside_cards_may_be_of_the_answers() -> None:
    message = "it turned up soggy as anything"
    alone, beside = heard("complaint", message), heard("complaint", message, TENT)
    assert alone is not None
    assert beside is not None
    assert OF_ANSWERS not in alone.notes
    assert beside.notes == (*alone.notes, OF_ANSWERS)


@pytest.mark.parametrize(
    ("message", "unread"),
    [("it turned up soggy", "turned soggy"), ("in red", ""), ("cheaper", ""), ("a lantern", ""), ("show me more", "")],
)
def test_what_the_rules_leave_unread_of_a_refinement(message: str, unread: str) -> None:
    assert left_unread(*read(message, TENT)) == unread
