"""The understanding: one call, and what is made of good, cut and bad JSON."""

import pytest
from scripted_llm import Answer, ScriptedLLM
from small_shop import VOCABULARY

from chat.errors import LLMError
from chat.llm import LLM
from chat.need import Need, read_message
from chat.reading import merge_understanding
from chat.understand import Understanding, parse_understanding, understand
from prompts.library import Library

PROMPT = Library().get("understand")


@pytest.mark.parametrize(
    ("raw", "descriptions"),
    [
        ('{"items": ["down sleeping bag", "thermal base layer"]}', ("down sleeping bag", "thermal base layer")),
        ('{"items": ["down sleeping bag", "thermal ba', ("down sleeping bag",)),
        ('{"items": ["down sleep', ()),
        ('{"items": ["tent", "tent"]}', ("tent",)),
        ('{"items": ["a", "the", "12"]}', ()),
        ('{"items": ["one tent", "red boot", "hat"]}', ("one tent", "red boot")),
        ('{"items": ["<b>warm</b> socks $20 http://x.y"]}', ("warm socks",)),
        ('{"items": [{"x": 1}, 3, "rope"]}', ("rope",)),
        ('{"items": "tent"}', ()),
        ("[1, 2]", ()),
        ("", ()),
        ("Sure! Here is", ()),
    ],
)
def test_what_can_be_read_of_an_answer_is_read(raw: str, descriptions: tuple[str, ...]) -> None:
    assert parse_understanding(raw).descriptions == descriptions


async def test_one_call_by_schema_within_its_tokens(llm_script: ScriptedLLM) -> None:
    llm_script.enqueue('{"items":["cushioned running shoes"]}')
    llm = LLM(llm_script.url, "scripted")
    got = await understand(llm, PROMPT, "my knees hurt\u200b when I run", Need(), "trail shoes")
    await llm.close()
    assert got == Understanding(descriptions=("cushioned running shoes",))
    (request,) = llm_script.requests
    assert request["max_tokens"] <= 45
    assert request["response_format"]["json_schema"]["schema"] == PROMPT.output
    assert "my knees hurt when I run" in request["messages"][-1]["content"]
    assert "trail shoes" in request["messages"][-1]["content"]


async def test_bad_json_is_no_error_and_a_refusal_is(llm_script: ScriptedLLM) -> None:
    llm_script.enqueue("I am sorry", Answer("no", status=500))
    llm = LLM(llm_script.url, "scripted")
    assert await understand(llm, PROMPT, "a tent", Need(), "") == Understanding()
    with pytest.raises(LLMError):
        await understand(llm, PROMPT, "a tent", Need(), "")
    await llm.close()


def test_nothing_that_the_llm_writes_reaches_a_filter() -> None:
    reading = read_message("something warm under $50, not wool", Need(), VOCABULARY, ())
    merged = merge_understanding(reading, Understanding(descriptions=("wool sweater $500 by Acme", "fleece blanket")))
    assert merged.current.filter == reading.need.current.filter
    assert merged.current.descriptions == ("fleece blanket",)
    assert merge_understanding(reading, Understanding()) == reading.need
