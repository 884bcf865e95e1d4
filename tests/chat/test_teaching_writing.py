"""Answers of a larger model: asked over HTTP, kept where they are true, taught beside ours, and answered in."""

import json
import random
import re
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
from chat.teaching.examples import Example, Source
from chat.teaching.settings import TeachingSettings
from chat.teaching.writing import AnswerWriter
from prompts.library import Library
from ui.home import Home
from ui.opening import language_model

SOME = [item for item in ITEMS if item.in_stock and item.attributes][:80]
SETTLED = "in your own words"


def writer(script: ScriptedLLM, tmp_path: Path) -> AnswerWriter:
    connect, prompt = partial(LLM, script.url, "larger"), Library().get("answer_writer")
    return AnswerWriter(connect, "larger", prompt, "Harbour", tmp_path / "written.jsonl")


def made(by: AnswerWriter | None, count: int = 40) -> list[Example]:
    encoder = Hashing()
    given = [requests.Request(f"for night {number}", (item.id,), "given") for number, item in enumerate(SOME)]
    vectors = encoder.encode([item.encoder_text() for item in SOME])
    source = Source(SOME, vectors, vocabulary(), encoder.encode, given=given)
    recipe = TeachingSettings(words=0, uses=0, acts=0, answers=10, misspelt=0, validation=0.1, written=count)
    library = Library()
    prompts = library.get("understand_taught"), library.get("reply_taught")
    parts = examples.made(source, *prompts, recipe, lambda *_: None, by)
    return [*parts.learned, *parts.held]


def told(body: dict[str, Any]) -> tuple[str, str]:
    """The first item's name and its first fact, as the writer was told of them."""
    found = re.search(r"<item>(.+?)(?:, \$[\d.,]+)?; (.+?)[;<]", body["messages"][-1]["content"])
    assert found
    return found[1], found[2]


def true_or_false(body: dict[str, Any]) -> Answer:
    """True of an even number of letters, and false of the others."""
    name, fact = told(body)
    return Answer(f"{name} {fact}." if len(name) % 2 == 0 else f"{name} is made of pure gold and costs $1.")


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


def test_what_was_written_is_asked_for_once_though_the_model_fails_in_between(
    llm_script: ScriptedLLM, tmp_path: Path
) -> None:
    refusing = random.Random(1)

    def now_and_then(body: dict[str, Any]) -> Answer:
        return Answer("no", status=400) if len(llm_script.requests) > 20 and refusing.random() < 0.5 else Answer("x.")

    llm_script.respond = now_and_then
    with pytest.raises(SetupError, match="SHOPTALK_WRITER_URL"):
        made(writer(llm_script, tmp_path))
    kept = len((tmp_path / "written.jsonl").read_text().splitlines())
    assert 10 <= kept < 40
    with (tmp_path / "written.jsonl").open("a") as file:
        file.write('{"name": "cut o')
    llm_script.respond = true_or_false
    before = len(llm_script.requests)
    made(writer(llm_script, tmp_path))
    assert len(llm_script.requests) - before == 40 - kept


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
        with language_model(chosen, home, follow=True) as model:
            assert model.llm.taught
            assert model.llm.own_words == enough
    with language_model(chosen.model_copy(update={"llm_adapter": "none"}), home, follow=True) as model:
        assert not model.llm.own_words
