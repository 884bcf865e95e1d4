"""Several language model servers as one, with scripted ones on the wire."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, aclosing

import pytest
from scripted_llm import Answer, ScriptedLLM, free_port, scripted_llm

from chat.breaker import Breaker
from chat.errors import LLMError, LLMUnreachable
from chat.llm import LLM, Timeouts, Usage
from chat.llms import Several

HELLO = [{"role": "user", "content": "hello"}]
REST_S = 0.2


@pytest.fixture
def scripts() -> Iterator[list[ScriptedLLM]]:
    with ExitStack() as stack:
        yield [stack.enter_context(scripted_llm()) for _ in range(2)]


def several(*urls: str) -> Several:
    breakers = [Breaker(1, REST_S) for _ in urls]
    return Several(
        [
            LLM(url, "m", timeouts=Timeouts(1, 1, 1), breaker=breaker)
            for url, breaker in zip(urls, breakers, strict=True)
        ]
    )


async def said(llm: LLM) -> str:
    return "".join([piece async for piece in llm.stream(HELLO, max_tokens=9)])


async def test_calls_go_where_the_fewest_answers_are_under_way(scripts: list[ScriptedLLM]) -> None:
    for script in scripts:
        script.respond = lambda body: Answer("one two three", pause_s=0.05)
    llm = several(*(script.url for script in scripts))
    await asyncio.gather(*(said(llm) for _ in range(6)))
    assert [len(script.requests) for script in scripts] == [3, 3]


async def test_a_server_that_is_gone_is_stood_in_for_and_asked_again_when_it_is_back(
    scripts: list[ScriptedLLM],
) -> None:
    first, second = scripts
    first.enqueue(Answer("broken", status=500))
    for script in scripts:
        script.respond = lambda body: Answer("well")
    llm = several(first.url, second.url)
    assert [await said(llm), await said(llm)] == ["well", "well"]
    assert (len(first.requests), len(second.requests)) == (1, 2)
    assert llm.breaker == "closed"
    await asyncio.sleep(REST_S)
    while len(first.requests) < 3:  # a trial of one token, then calls
        assert await said(llm) == "well"
        await asyncio.sleep(0.02)
    assert [len(request["messages"]) for request in first.requests] == [1, 1, 1]


async def test_what_was_begun_is_not_begun_anew(scripts: list[ScriptedLLM]) -> None:
    first, second = scripts
    first.enqueue(Answer("one two three", break_after=1))
    llm = several(first.url, second.url)
    pieces: list[str] = []

    async def read() -> None:
        async for piece in llm.stream(HELLO, max_tokens=9):
            pieces.append(piece)

    with pytest.raises(LLMUnreachable):
        await read()
    assert (pieces, second.requests) == (["one"], [])


async def test_a_request_that_is_wrong_is_wrong_everywhere(scripts: list[ScriptedLLM]) -> None:
    first, second = scripts
    first.enqueue(Answer("too long", status=400))
    with pytest.raises(LLMError, match="400"):
        await said(several(first.url, second.url))
    assert second.requests == []


async def test_with_no_server_it_says_so_and_counts_what_was_used(scripts: list[ScriptedLLM]) -> None:
    dead = f"http://127.0.0.1:{free_port()}/v1"
    llm = several(dead, dead)
    with pytest.raises(LLMUnreachable):
        await said(llm)
    assert not await llm.reachable()
    scripts[0].respond = lambda body: Answer("well")
    usage: list[Usage] = []
    mixed = several(dead, scripts[0].url)
    assert await said(mixed.counting(usage)) == "well"
    assert usage == [Usage(100, 1)]
    assert await mixed.reachable()
    await mixed.close()


async def test_closing_it_closes_the_one_that_writes(scripts: list[ScriptedLLM]) -> None:
    first, second = scripts
    first.enqueue(Answer("word " * 200, pause_s=0.02))
    async with aclosing(several(first.url, second.url).stream(HELLO, max_tokens=900)) as pieces:  # type: ignore[type-var]
        await anext(pieces)
    for _ in range(100):
        if first.closed_early:
            break
        await asyncio.sleep(0.02)
    assert first.closed_early == 1
