"""The circuit breaker: as a machine with a clock of the test's own, and on the wire with the client that asks it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_llm import Answer, ScriptedLLM

from chat.breaker import Breaker
from chat.errors import LLMError, LLMPaused
from chat.llm import LLM, Timeouts

ASK = [{"role": "user", "content": "a tent"}]
FAST = Timeouts(connect=0.5, first_token=0.5, between_tokens=0.5)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(failures=2, rest_s=5, now=clock)
    assert not breaker.failed()
    assert breaker.failed()
    return breaker


def test_failures_in_a_row_open_it_and_a_success_between_does_not() -> None:
    breaker = Breaker(failures=2)
    for _ in range(5):
        assert not breaker.failed()
        breaker.succeeded()
    assert (breaker.state, breaker.allows()) == ("closed", True)
    assert [breaker.failed(), breaker.failed(), breaker.failed()] == [False, True, False]
    assert (breaker.state, breaker.allows()) == ("open", False)


def test_a_trial_is_due_after_the_rest_one_at_a_time_and_a_failed_one_begins_it_anew() -> None:
    clock = Clock()
    breaker = opened(clock)
    assert not breaker.begin_trial()
    clock.now += 5
    assert [breaker.begin_trial(), breaker.begin_trial()] == [True, False]
    assert (breaker.state, breaker.allows()) == ("trying", False)
    breaker.end_trial(well=False)
    assert (breaker.state, breaker.begin_trial()) == ("open", False)
    clock.now += 5
    assert breaker.begin_trial()
    breaker.end_trial(well=True)
    assert (breaker.state, breaker.allows()) == ("closed", True)


def test_a_call_from_before_it_opened_does_not_close_it() -> None:
    breaker = opened(Clock())
    breaker.succeeded()
    assert breaker.state == "open"


@given(st.lists(st.sampled_from(["fail", "succeed", "begin", "well", "ill", "wait"]), max_size=60))
def test_it_never_lets_two_trials_run_at_once_nor_calls_through_while_open(steps: list[str]) -> None:
    clock = Clock()
    breaker, running = Breaker(failures=2, rest_s=5, now=clock), 0
    for step in steps:
        match step:
            case "fail":
                breaker.failed()
            case "succeed":
                breaker.succeeded()
            case "begin":
                running += breaker.begin_trial()
            case "wait":
                clock.now += 5
            case _ if running:
                breaker.end_trial(well=step == "well")
                running -= 1
        assert running <= 1
        assert breaker.allows() == (breaker.state == "closed")


async def asked(llm: LLM) -> str:
    return "".join([piece async for piece in llm.stream(ASK, max_tokens=20)])


async def until_closed(llm: LLM) -> None:
    async with asyncio.timeout(8):
        while llm.breaker != "closed":
            with pytest.raises(LLMPaused):
                await asked(llm)
            await asyncio.sleep(0.02)


async def test_a_failing_server_is_left_alone_until_one_trial_is_answered(llm_script: ScriptedLLM) -> None:
    llm = LLM(llm_script.url, "scripted", timeouts=FAST, breaker=Breaker(failures=3, rest_s=0.2))
    llm_script.respond = lambda body: Answer("out of memory", status=500)
    for _ in range(3):
        with pytest.raises(LLMError):
            await asked(llm)
    before = len(llm_script.requests)
    results = await asyncio.gather(*(asked(llm) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(result, LLMPaused) for result in results)
    assert len(llm_script.requests) == before
    llm_script.respond = lambda body: Answer("A tent.")
    await until_closed(llm)
    trials = llm_script.requests[before:]
    assert [trial["max_tokens"] for trial in trials] == [1]
    assert await asked(llm) == "A tent."


async def test_a_request_that_was_wrong_says_nothing_of_the_server(llm_script: ScriptedLLM) -> None:
    llm = LLM(llm_script.url, "scripted", timeouts=FAST, breaker=Breaker(failures=1))
    llm_script.enqueue(Answer("no such model", status=404), "A tent.")
    with pytest.raises(LLMError):
        await asked(llm)
    assert (llm.breaker, await asked(llm)) == ("closed", "A tent.")


async def test_a_server_that_hangs_is_noticed_though_every_shopper_leaves_before_the_timeout(
    llm_script: ScriptedLLM,
) -> None:
    llm = LLM(llm_script.url, "scripted", timeouts=Timeouts(0.5, 0.6, 0.5), breaker=Breaker(failures=2))
    llm_script.respond = lambda body: Answer("late", first_pause_s=20)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.4):
                await asked(llm)
    assert llm.breaker == "open"
    assert not await llm.reachable()


async def test_a_shopper_who_leaves_soon_or_after_words_says_nothing_of_the_server(llm_script: ScriptedLLM) -> None:
    llm = LLM(llm_script.url, "scripted", timeouts=FAST, breaker=Breaker(failures=1))
    llm_script.enqueue(Answer("late", first_pause_s=20), Answer("word " * 50, pause_s=0.05))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await asked(llm)
    stream = llm.stream(ASK, max_tokens=50)
    async for _ in stream:
        await asyncio.sleep(0.4)
        break
    await stream.aclose()
    assert llm.breaker == "closed"
