"""How the number of shoppers is looked for."""

import asyncio

import pytest

from bench.capacity import most_in_time


@pytest.mark.parametrize("truth", range(0, 140))
def test_the_number_is_found_to_an_eighth_in_nine_steps(truth: int) -> None:
    asked: list[int] = []

    async def in_time(count: int) -> bool:
        asked.append(count)
        return count <= truth

    found = asyncio.run(most_in_time(in_time))
    assert 0 <= min(truth, 128) - found <= truth / 8
    assert len(asked) == len(set(asked)) <= 9
    assert sum(count > truth for count in asked) <= 4
    assert all(0 < count <= 128 for count in asked)
