"""Answers of a larger model: asked over HTTP, kept where they are true, taught beside ours, and answered in."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hashing import Hashing
from scripted_llm import Answer, ScriptedLLM
from test_teaching_data import ITEMS, vocabulary

from chat import manners
from chat.errors import SetupError
from chat.llm import LLM
from chat.manners import OWN_WORDS
from chat.settings import Settings
from chat.taught_llm import FACTS, LEAST_OWN_ANSWERS, OWN_ANSWERS, WEIGHTS, has_own_words
from chat.teaching import examples, requests
from chat.teaching.settings import TeachingSettings
from chat.teaching.source import Example, Source
from chat.teaching.writing import AnswerWriter
from prompts.library import Library
from ranking.history import Event
from ui.home import Home
from ui.opening import language_model

SOME = [item for item in ITEMS if item.in_stock and item.attributes][:80]
SETTLED = "in your own words"


def writer(script: ScriptedLLM, tmp_path: Path) -> AnswerWriter:
    connect, prompt = partial(LLM, script.url, "larger"), Library().get("write_answers")
    return AnswerWriter(connect, "larger", prompt, "Harbour", tmp_path / "written.jsonl", pause_s=0.01)


def made(by: AnswerWriter | None, events: Sequence[Event] = ()) -> list[Example]:
    encoder = Hashing()
    given = [requests.Request(f"for night {number}", (item.id,), "given") for number, item in enumerate(SOME)]
    vectors = encoder.encode([item.encoder_text() for item in SOME])
    source = Source(SOME, vectors, vocabulary(), encoder.encode, events=events, given=given)
    recipe = TeachingSettings(words=0, uses=0, acts=0, answers=10, misspelt=0, validation=0.1, written=40)
    library = Library()
    prompts = library.get("understand_taught"), library.get("reply_taught")
    parts = examples.made(source, *prompts, recipe, lambda *_: None, by)
    return [*parts.learned, *parts.held]


def told(body: dict[str, Any]) -> list[tuple[str, str]]:
    """The items' names and first facts, as the writer was told of them."""
    return re.findall(r"<item>(.+?)(?:, \$[\d.,]+)?; (.+?)[;<]", body["messages"][-1]["content"])


def true_or_false(body: dict[str, Any]) -> Answer:
    """True of an even number of letters, and false of the others."""
    items = told(body)
    if len(items[0][0]) % 2:
        return Answer(f"{items[0][0]} is made of pure gold and costs $1.")
    return Answer(" ".join(f"The {name} {fact}." for name, fact in items))


def test_a_larger_models_true_answers_are_taught_as_a_manner_of_their_own(
    llm_script: ScriptedLLM, tmp_path: Path
) -> None:
    llm_script.respond = true_or_false
    found = made(writer(llm_script, tmp_path))
    assert len(llm_script.requests) == 40
    own = [one for one in found if one.skill == OWN_ANSWERS]
    assert 5 <= len(own) < 40
    assert not any("gold" in one.answer for one in own)
    assert all(one.messages[0] == ("system", f"answer: {SETTLED}") for one in own)
    ours = [one for one in found if one.skill == "answer"]
    assert ours
    assert not any(SETTLED in one.messages[0][1] for one in ours)
    asked = llm_script.requests[0]["messages"]
    assert "a shop called Harbour" in asked[0]["content"]
    assert asked[-1]["content"].startswith("<wanted>")


def test_without_a_larger_model_the_examples_are_as_they_were(llm_script: ScriptedLLM, tmp_path: Path) -> None:
    assert not [one for one in made(None) if one.skill == OWN_ANSWERS]
    llm_script.respond = lambda body: Answer("")
    assert not [one for one in made(writer(llm_script, tmp_path)) if one.skill == OWN_ANSWERS]


def test_what_was_written_is_asked_for_once_though_the_server_goes_down_in_between(
    llm_script: ScriptedLLM, tmp_path: Path
) -> None:
    llm_script.respond = lambda body: Answer("no", status=503) if len(llm_script.requests) > 20 else Answer("x.")
    with pytest.raises(SetupError, match="SHOPTALK_WRITER_URL"):
        made(writer(llm_script, tmp_path))
    file = tmp_path / "written.jsonl"
    kept = file.read_text().count('"text"')
    assert 10 <= kept <= 20
    with file.open("ab") as cut:
        cut.write(b'\n{"name": "cut o\xc3')  # in the middle of a letter
    llm_script.respond = true_or_false
    for missing in (40 - kept, 0):
        before = len(llm_script.requests)
        made(writer(llm_script, tmp_path))
        assert len(llm_script.requests) - before == missing


def test_a_server_that_is_busy_is_asked_again_and_a_single_refusal_ends_nothing(
    llm_script: ScriptedLLM, tmp_path: Path
) -> None:
    seen: Counter[str] = Counter()

    def busy_first(body: dict[str, Any]) -> Answer:
        asked = body["messages"][-1]["content"]
        seen[asked] += 1
        if len(asked) % 5 == 0:
            return Answer("filtered", status=400)
        return Answer("busy", status=429) if seen[asked] == 1 and len(asked) % 5 == 1 else true_or_false(body)

    llm_script.respond = busy_first
    assert [one for one in made(writer(llm_script, tmp_path)) if one.skill == OWN_ANSWERS]
    assert len(seen) == 40
    for asked, times in seen.items():
        assert times == (2 if len(asked) % 5 == 1 else 1)


def test_a_server_that_refuses_everything_or_is_not_there_is_named(llm_script: ScriptedLLM, tmp_path: Path) -> None:
    llm_script.respond = lambda body: Answer("wrong key", status=401)
    with pytest.raises(SetupError, match="401"):
        made(writer(llm_script, tmp_path))
    connect = partial(LLM, "http://127.0.0.1:9/v1", "larger")
    nowhere = AnswerWriter(connect, "larger", Library().get("write_answers"), "", tmp_path / "none.jsonl")
    with pytest.raises(SetupError, match=r"127\.0\.0\.1:9"):
        nowhere.check()
    writer(llm_script, tmp_path).check()


def test_what_a_shopper_searched_for_is_told_to_no_other_model(llm_script: ScriptedLLM, tmp_path: Path) -> None:
    llm_script.respond = true_or_false
    events = [
        event
        for at, item in enumerate(SOME[:20])
        for event in (
            Event(shopper_id="ada", kind="search", query="something for the rash of my wife", time=at),
            Event(shopper_id="ada", kind="purchase", item_id=item.id, time=at + 0.5),
        )
    ]
    found = made(writer(llm_script, tmp_path), events)
    assert any("rash" in one.messages[1][1] for one in found)  # it is taught to this one
    assert "rash" not in json.dumps(llm_script.requests)


def test_words_of_its_own_are_one_manner_among_the_others() -> None:
    first = {"name": "Kite tent", "price": "$45", "facts": "has 2 poles; is green", "about": ""}
    second = {"name": "Tarn tent", "price": "$60", "facts": "has 3 poles; is blue", "about": ""}
    drawn = [manners.chosen(f"{number}", first, second, own_words=True) for number in range(2000)]
    share = sum(manner == OWN_WORDS for manner, _ in drawn) / len(drawn)
    fitting = len(manners.fitting(first, second))
    assert 0.5 / (fitting + 1) < share < 2 / (fitting + 1)
    assert all(both for _, both in drawn)
    assert not any(manners.chosen(f"{number}", first, second)[0] == OWN_WORDS for number in range(2000))


def test_a_model_answers_in_words_of_its_own_where_it_was_taught_enough_of_them(tmp_path: Path) -> None:
    def facts(count: int) -> None:
        held = {"base": "thin", "examples": {"answer": 900, OWN_ANSWERS: count}}
        (home.adapter / FACTS).write_text(json.dumps(held), encoding="utf-8")

    home = Home(tmp_path / "home")
    home.adapter.mkdir(parents=True)
    (home.adapter / WEIGHTS).touch()
    chosen = Settings(home=home.folder, llm_model=str(tmp_path / "thin"))
    for count, enough in ((LEAST_OWN_ANSWERS, True), (LEAST_OWN_ANSWERS - 1, False)):
        facts(count)
        assert has_own_words(home.adapter) == enough
        elsewhere = {"llm_url": "http://127.0.0.1:9/v1", "llm_model": "", "llm_taught": True}
        for shop in (chosen, chosen.model_copy(update=elsewhere)):
            with language_model(shop, home, follow=True) as model:
                assert model.llm.taught
                assert model.llm.own_words == enough
    with language_model(chosen.model_copy(update={"llm_adapter": "none"}), home, follow=True) as model:
        assert not model.llm.own_words
