"""The answer in words: parting a stream, what is shown of it, the plain sentences, the one question."""

from collections.abc import AsyncIterator

import pytest
from scripted_llm import Answer, ScriptedLLM
from small_shop import TENTS, VOCABULARY, found, item

from chat.errors import LLMError
from chat.llm import LLM
from chat.need import Need, read_message
from chat.question import next_question
from chat.reading import Reading
from chat.reply import Sentence, Splitter, reply
from chat.telling import predicates, short_name
from chat.template import caveats, template_reply
from prompts.library import Library

PROMPT = Library().get("reply")
READING = read_message("a tent under $150", Need(), VOCABULARY, ())
NEED = READING.need


async def answers(llm: LLM) -> list[Sentence]:
    return [one async for one in reply(llm, PROMPT, "a tent", NEED, TENTS, (), READING)]


@pytest.fixture
async def llm(llm_script: ScriptedLLM) -> AsyncIterator[LLM]:
    client = LLM(llm_script.url, "scripted")
    yield client
    await client.close()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One is red. Two is 4.5 kg. It", ["One is red.", "Two is 4.5 kg.", "It"]),
        ("It costs $45.00. They cost €1.299,00!", ["It costs $45.00.", "They cost €1.299,00!"]),
        ("A U.S. Polo Assn. shirt is red. Ok.", ["A U.S. Polo Assn. shirt is red.", "Ok."]),
        ("First line\nSecond line", ["First line", "Second line"]),
        ("approx. 3 kg.", ["approx. 3 kg."]),
        ("", []),
    ],
)
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_stream_is_parted_the_same_however_it_comes(text: str, sentences: list[str], step: int) -> None:
    splitter = Splitter(["U.S. Polo Assn. shirt"])
    parted = [one for at in range(0, len(text), step) for one in splitter.feed(text[at : at + step])]
    assert [*parted, *splitter.finish()] == sentences


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "The Northfell Ridge 2 Tent is waterproof. It costs $149.00.",
            [
                Sentence("The Northfell Ridge 2 Tent is waterproof.", "llm", "kept"),
                Sentence("It costs $149.00.", "llm", "kept"),
            ],
        ),
        (
            "The Northfell Ridge 2 Tent is a gift from heaven. It costs $120.00.",
            [Sentence("Northfell Ridge 2 Tent costs $149.00.", "llm", "repaired")],
        ),
        ("It costs $149.00.", [Sentence("Northfell Ridge 2 Tent costs $149.00.", "llm", "repaired")]),
        ("Sure! Here is a tent. The Zephyr 9 is waterproof.", []),
        (
            "The Acme Dome Tent is black. The Acme Dome Tent is black. The Acme Dome Tent is black",
            [Sentence("The Acme Dome Tent is black.", "llm", "kept")],
        ),
        ("", []),
    ],
)
async def test_only_what_the_records_carry_is_shown(
    llm_script: ScriptedLLM, llm: LLM, written: str, shown: list[Sentence]
) -> None:
    llm_script.enqueue(written)
    assert await answers(llm) == shown


async def test_three_sentences_are_enough_and_the_stream_is_closed(llm_script: ScriptedLLM, llm: LLM) -> None:
    sentences = [
        "The Acme Dome Tent is black.",
        "It costs $99.00.",
        "The Summit Family Tent is red.",
        "It costs $299.00.",
    ]
    llm_script.enqueue(Answer(" ".join(sentences) + " And so on." * 200, pause_s=0.002))
    assert [one.text for one in await answers(llm)] == sentences[:3]


async def test_the_prompt_is_short_and_tells_of_the_first_item_alone(llm_script: ScriptedLLM, llm: LLM) -> None:
    llm_script.enqueue("")
    await answers(llm)
    (request,) = llm_script.requests
    assert request["max_tokens"] <= 50
    assert sum(len(message["content"]) for message in request["messages"]) < 1_200
    assert request["messages"][-1]["content"].splitlines() == [
        "Wanted: tent",
        "Item: Northfell Ridge 2 Tent, $149.00",
        "Facts: comes in green; its capacity is 2 people",
    ]


async def test_a_refusal_of_the_llm_is_told(llm_script: ScriptedLLM, llm: LLM) -> None:
    llm_script.enqueue(Answer("overloaded", status=503))
    with pytest.raises(LLMError):
        await answers(llm)


@pytest.mark.parametrize(
    ("title", "others", "name"),
    [
        ("Marlow Ridge Summit Day 2-person tent, navy", (), "Marlow Ridge Summit Day 2-person tent"),
        ("Farrow Peak candle lantern (black)", (), "Farrow Peak candle lantern"),
        ("Harrow Lane pocket T-shirt in sage", (), "Harrow Lane pocket T-shirt"),
        ("Acme tent, navy", ("Acme tent, red",), "Acme tent, navy"),
        ("Tea", (), "Tea"),
        ("Spade & Sparrow kids' watering can in copper", (), "Spade & Sparrow kids' watering can"),
        ("Otterbourne Cloud sunscreen lotion SPF 50, unscented", (), "Otterbourne Cloud sunscreen lotion SPF 50"),
        ("Aldersea long soft warm winter cardigan in forest green", (), "Aldersea long soft warm winter cardigan"),
        ("Patchwell Orchard night-scented stock", (), "Patchwell Orchard night-scented stock"),
    ],
)
def test_a_name_is_shortened_where_it_still_names_the_item(title: str, others: tuple[str, ...], name: str) -> None:
    shown = [item(str(number), text) for number, text in enumerate((title, *others))]
    assert short_name(shown[0], shown) == name


def test_facts_are_said_as_they_can_be_taken_over() -> None:
    record = item(
        "x",
        "Plain kettle",
        attributes={
            "colour": ["sage", "green"], "size": ["1", "2", "3", "4"], "waterproof": ["no"], "hair": ["fine hair"],
            "features": ["whistle", "lime filter"], "roast": ["dark roast"],
        },
    )  # fmt: skip
    assert predicates(record, NEED) == ["comes in sage", "is for fine hair"]
    soap = item("y", "Plain soap", attributes={"features": ["palm oil free", "vegan"]})
    assert predicates(soap, NEED) == ["is palm oil free and vegan"]
    asked = read_message("with a dark roast and a whistle", Need(), VOCABULARY, ()).need
    assert predicates(record, asked) == ["has whistle and lime filter", "is dark roast"]


def plain(*shown_ids: str, message: str = "a tent", llm_reached: bool = True, carried: bool = True) -> list[str]:
    reading = read_message(message, Need(), VOCABULARY, ())
    shown = found([one for one in TENTS if one.id in shown_ids], reading.need.current, carried=carried)
    said = caveats(shown, reading.need, reading, llm_reached=llm_reached)
    return [one.text for one in [*said, *template_reply(shown, reading.need, reading)]]


def test_plain_sentences_are_computed_from_the_records() -> None:
    assert plain("t1", "t3") == [
        "Here are 2 to look at, from $149.00 to $299.00; Northfell Ridge 2 Tent costs least.",
    ]
    assert plain("t1", "t2")[0] == "Nothing has everything you asked for; each card says where it differs."
    assert plain("t1") == ["Northfell Ridge 2 Tent is what I found, for $149.00."]
    assert plain("t1", llm_reached=False)[0] == (
        "The assistant's language model can't be reached right now; here is what the shop has."
    )
    assert plain("t3", message="a tent under $50") == [
        "Nothing that fits costs under $50; these come nearest, from $299.00, outside your budget.",
        "Summit Family Tent is what I found, for $299.00.",
    ]
    assert plain(message="a hammock") == [
        "I found nothing in the shop for “hammock”; try other words, or take away one of the tags above."
    ]
    assert plain("t3", message="a hammock", carried=False)[0] == (
        "I don't see “hammock” in this shop; these come nearest, in Tents."
    )
    assert plain("t1", message="a tent under €50")[0] == (
        "The shop's prices are in US dollars, so I have not filtered by €50: what is your limit in US dollars?"
    )


@pytest.mark.parametrize(
    "message", ["hi", "thanks", "bye", "who are you?", "tell me a joke", "help me choose", "", "start over"]
)
def test_talk_gets_one_kind_sentence(message: str) -> None:
    (sentence,) = plain(message=message)
    assert sentence.endswith((".", "!", "?"))


def test_an_answer_about_an_item_is_its_record() -> None:
    need = read_message("a tent", Need(), VOCABULARY, ()).need
    reading = read_message("is the first one waterproof?", need, VOCABULARY, TENTS)
    assert [one.text for one in template_reply(found(TENTS[:1]), reading.need, reading)] == [
        "Northfell Ridge 2 Tent costs $149.00 and is rated 4.5 out of 5.",
        "The shop lists colour: green; capacity: 2 people; waterproof: yes; material: polyester.",
        "A low tent for two with taped seams.",
    ]
    assert len(template_reply(found(()), reading.need, reading)) == 1


def test_what_the_shop_sells_is_told_from_the_catalogue() -> None:
    assert plain(message="what do you sell?")[0] == (
        "The shop has Outdoor, Clothing, Footwear, Kitchen, Food & Tea, Beauty, Electronics and Bags."
    )


def test_a_tag_taken_out_has_a_plain_answer_too() -> None:
    assert template_reply(found(TENTS[:1]), NEED, Reading(need=NEED))[0].by == "template"


SHIRTS = [
    item(str(n), f"Shirt {n}", price=str(10 + n), brand="Acme", attributes={"colour": [("red", "blue")[n % 2]]})
    for n in range(8)
]


def test_a_question_divides_what_was_found_and_is_never_repeated() -> None:
    need = read_message("a shirt", Need(), VOCABULARY, ()).need
    asked = next_question(need, SHIRTS)
    assert asked is not None
    assert (asked.key, asked.text, sorted(asked.chips)) == (
        "colour", "Is there a colour you would like?", ["blue", "red"],
    )  # fmt: skip
    assert next_question(need.with_asked("colour"), SHIRTS) is None


def test_nothing_is_asked_that_the_need_holds_or_that_does_not_matter() -> None:
    for message in ("a red shirt", "a shirt, any colour is fine"):
        need = read_message(message, Need(), VOCABULARY, ()).need
        assert next_question(need, SHIRTS) is None, message
    assert next_question(Need(), SHIRTS) is None
    assert next_question(need, SHIRTS[:2]) is None


def test_a_budget_is_asked_for_where_prices_are_far_apart_and_none_was_said() -> None:
    things = [item(str(n), f"Thing {n}", price=str(10 * (n + 1))) for n in range(6)]
    asked = next_question(read_message("a thing or gadget", Need(), VOCABULARY, ()).need, things)
    assert asked is not None
    assert (asked.key, asked.chips) == ("price", ("under $30", "under $45"))
    assert next_question(read_message("a gadget under $50", Need(), VOCABULARY, ()).need, things) is None


def test_nobody_is_asked_for_what_their_words_hold() -> None:
    """The shopper is asked again for what they said: NVIDIA retail-shopping-assistant PR 199."""
    sizes = ["1 person", "2 people", "3 people", "4 people"]
    tents = [item(str(n), f"Tent {n}", attributes={"capacity": [sizes[n % 4]]}) for n in range(8)]
    said = read_message("a tent for two", Need(), VOCABULARY, ()).need
    open_to = read_message("a tent", Need(), VOCABULARY, ()).need
    question = next_question(open_to, tents)
    assert question is not None
    assert question.key == "capacity"
    assert next_question(said, tents) is None
