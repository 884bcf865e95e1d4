"""Whole turns without an LLM about one product's variants."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from shops import open_small_shop
from test_finding_turns import COLOURED, OTHERS, assistant_over, heard, talk

from chat.assistant import Assistant
from ranking.rules import InForce
from retrieval.encoder import MiniLMEncoder


@pytest.fixture
def assistant(tmp_path: Path, minilm: MiniLMEncoder) -> Iterator[Assistant]:
    shop = open_small_shop(tmp_path, [*COLOURED, *OTHERS], with_encoder=minilm)
    yield assistant_over(shop, InForce())
    shop.close()


async def test_who_asks_whether_it_comes_in_another_colour_is_shown_that_one(assistant: Assistant) -> None:
    first = await talk(assistant, "a Larkfield mug")
    shown = first.cards[0].item_id
    for colour in ("red", "blue", "green"):
        said = await heard(assistant.turn(f"does the first come in {colour}?", first.session_id))
        assert said.ids == [f"mug-{colour}"]
        assert said.texts == [f"Yes: Larkfield stoneware mug, {colour} comes in {colour}."]
        first = await talk(assistant, "a Larkfield mug")
        assert first.cards[0].item_id == shown
    said = await heard(assistant.turn("does the first come in grey?", first.session_id))
    assert said.ids == [shown]  # it is sold out
    assert not said.texts[0].startswith("Yes")
