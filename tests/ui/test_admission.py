"""The queue before the assistant."""

import asyncio
import contextlib
import random

import pytest

from ui.admission import Admission, TooManyOpen


async def until(what, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0)


async def hold(admission: Admission, entered: list[int], number: int, go: asyncio.Event) -> None:
    async with admission.place():
        entered.append(number)
        await go.wait()


async def test_so_many_run_so_many_wait_in_their_order_and_the_next_is_told_when_to_come_back() -> None:
    admission = Admission(most_running=2, most_waiting=2, longest_wait_s=60)
    entered: list[int] = []
    gates = [asyncio.Event() for _ in range(4)]
    tasks = [asyncio.create_task(hold(admission, entered, number, gates[number])) for number in range(4)]
    await until(lambda: admission.waiting == 2)
    assert (entered, admission.running) == ([0, 1], 2)
    with pytest.raises(TooManyOpen) as refused:
        async with admission.place():
            pass
    assert (refused.value.reason, refused.value.retry_s) == ("queue_full", 6)  # 3 more by two at once, 4 s each
    gates[1].set()
    await until(lambda: len(entered) == 3)
    gates[2].set()
    await until(lambda: len(entered) == 4)
    assert entered == [0, 1, 2, 3]
    for gate in gates:
        gate.set()
    await asyncio.gather(*tasks)
    assert (admission.running, admission.waiting) == (0, 0)


async def test_who_waits_too_long_is_told_and_leaves_the_queue() -> None:
    admission, go = Admission(most_running=1, most_waiting=5, longest_wait_s=0.02), asyncio.Event()
    running = asyncio.create_task(hold(admission, [], 0, go))
    await until(lambda: admission.running == 1)
    with pytest.raises(TooManyOpen) as refused:
        async with admission.place():
            pass
    assert (refused.value.reason, admission.waiting) == ("waited_too_long", 0)
    go.set()
    await running


async def test_who_gives_up_while_waiting_leaves_their_place_to_the_next() -> None:
    admission, go = Admission(most_running=1, most_waiting=5, longest_wait_s=60), asyncio.Event()
    entered: list[int] = []
    tasks = [asyncio.create_task(hold(admission, entered, number, go)) for number in range(3)]
    await until(lambda: admission.waiting == 2)
    tasks[1].cancel()
    await until(lambda: admission.waiting == 1)
    go.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (entered, admission.running) == ([0, 2], 0)


async def test_a_place_that_comes_as_its_shopper_leaves_is_not_lost() -> None:
    admission, go = Admission(most_running=1, most_waiting=5, longest_wait_s=60), asyncio.Event()
    first = asyncio.create_task(hold(admission, [], 0, go))
    second = asyncio.create_task(hold(admission, [], 1, go))
    await until(lambda: admission.waiting == 1)
    go.set()
    await until(lambda: admission.waiting == 0)  # the place is the second one's, who has not run yet
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert (admission.running, admission.waiting) == (0, 0)


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_comes_and_goes_no_place_is_lost_and_none_made(seed: int) -> None:
    chance, admission = random.Random(seed), Admission(most_running=3, most_waiting=4, longest_wait_s=0.005)
    most = 0

    async def visit() -> None:
        nonlocal most
        with contextlib.suppress(TooManyOpen):
            async with admission.place():
                most = max(most, admission.running)
                await asyncio.sleep(chance.random() * 0.004)

    tasks = []
    for _ in range(200):
        tasks.append(asyncio.create_task(visit()))
        if chance.random() < 0.3:
            chance.choice(tasks).cancel()
        await asyncio.sleep(chance.random() * 0.001)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (admission.running, admission.waiting) == (0, 0)
    assert most <= 3
