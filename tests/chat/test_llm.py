"""The LLM client on the wire: what it returns, what it raises, what it closes."""

import asyncio
import time

import pytest
from scripted_llm import Answer, ScriptedLLM, free_port, serving
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chat.errors import LLMError, LLMTimeout, LLMUnreachable
from chat.llm import LLM, Timeouts, Usage

ASK = [{"role": "user", "content": "a tent"}]
FAST = Timeouts(connect=0.5, first_token=0.5, between_tokens=0.5)


async def collect(llm: LLM) -> str:
    return "".join([piece async for piece in llm.stream(ASK, max_tokens=20)])


async def test_a_stream_arrives_whole_and_its_tokens_are_noted(llm_script: ScriptedLLM) -> None:
    llm_script.enqueue("A tent for two.")
    calls: list[Usage] = []
    assert await collect(LLM(llm_script.url, "scripted").counting(calls)) == "A tent for two."
    assert calls == [Usage(100, 4)]


async def test_structured_sends_the_schema_and_returns_the_text(llm_script: ScriptedLLM) -> None:
    llm_script.enqueue('{"intent": "search"}')
    schema = {"type": "object"}
    assert await LLM(llm_script.url, "scripted").structured(ASK, schema, max_tokens=20) == '{"intent": "search"}'
    assert llm_script.requests[0]["response_format"]["json_schema"]["schema"] == schema


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer("late", first_pause_s=3), LLMTimeout),
        (Answer("one two three", pause_s=3), LLMTimeout),
        (Answer("no such model", status=404), LLMError),
        (Answer("cut off in the middle", break_after=2), LLMUnreachable),
    ],
    ids=["first token late", "token late", "refused", "broken off"],
)
async def test_every_failure_is_one_of_ours(llm_script: ScriptedLLM, answer: Answer, error: type[LLMError]) -> None:
    llm_script.enqueue(answer)
    with pytest.raises(error):
        await collect(LLM(llm_script.url, "scripted", timeouts=FAST))


async def test_nobody_there_is_said_at_once() -> None:
    llm = LLM(f"http://127.0.0.1:{free_port()}/v1", "scripted", timeouts=FAST)
    with pytest.raises(LLMUnreachable):
        await collect(llm)


async def test_tokens_of_a_stream_that_was_left_are_counted_too(llm_script: ScriptedLLM) -> None:
    llm_script.enqueue(Answer("word " * 200, pause_s=0.02))
    calls: list[Usage] = []
    stream = LLM(llm_script.url, "scripted").counting(calls).stream(ASK, max_tokens=200)
    for _ in range(3):
        await anext(stream)
    await stream.aclose()
    assert calls == [Usage(len("a tent") // 4, 3)]


async def test_generation_stops_when_the_reader_leaves(llm_script: ScriptedLLM) -> None:
    """Generation that goes on after the shopper left: vLLM#54947, litellm#30245."""
    llm_script.enqueue(Answer("word " * 200, pause_s=0.02))
    stream = LLM(llm_script.url, "scripted").stream(ASK, max_tokens=200)
    await anext(stream)
    await stream.aclose()
    deadline = time.monotonic() + 5
    while not llm_script.closed_early and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert (llm_script.closed_early, llm_script.finished) == (1, 0)


@pytest.mark.parametrize("chunk", ["[]", '"word"', '{"choices": [{}]}', '{"choices": [7]}', '{"usage": {"tokens": 3}}'])
async def test_what_is_no_part_of_an_answer_is_told_as_a_failure(chunk: str) -> None:
    async def odd(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(f"data: {chunk}\n\n", media_type="text/event-stream")(scope, receive, send)

    with serving(odd) as address, pytest.raises(LLMError, match="no part of an answer"):
        await collect(LLM(f"{address}/v1", "scripted", timeouts=FAST))


async def test_an_idle_connection_is_let_go_before_the_server_closes_it() -> None:
    """A request on a connection that the server is closing fails; vLLM closes one after 5 s."""
    seen: list[tuple[str, int]] = []

    async def said(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["client"])
        await Response("data: [DONE]\n\n", media_type="text/event-stream")(scope, receive, send)

    with serving(said) as address:
        llm = LLM(f"{address}/v1", "scripted")
        await collect(llm)
        await collect(llm)
        await asyncio.sleep(3)
        await collect(llm)
    assert seen[0] == seen[1] != seen[2]
