"""The conversation in a terminal, over a real small shop and a scripted LLM."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from scripted_assistant import FINAL
from scripted_llm import ScriptedLLM
from shops import open_small_shop

from chat.assistant import Assistant
from chat.events import ComparedFact, ComparedItem, Comparison
from chat.finding import Finder
from chat.llm import LLM
from chat.store import Store
from prompts.library import Library
from ranking.history import Events
from ranking.reranker import Untrained
from retrieval.encoder import MiniLMEncoder
from retrieval.shop import Shop
from ui.terminal_chat import converse, side_by_side, table


@pytest.fixture
def shop(tmp_path: Path, minilm: MiniLMEncoder) -> Iterator[Shop]:
    shop = open_small_shop(tmp_path, with_encoder=minilm)
    yield shop
    shop.close()


class Typed(Console):
    """A console whose shopper types these lines and then ends the input."""

    def __init__(self, *lines: str) -> None:
        super().__init__(file=io.StringIO(), width=120, color_system=None)
        self._lines = list(lines)

    def input(self, *arguments: object, **options: object) -> str:  # type: ignore[override]
        if not self._lines:
            raise EOFError
        return self._lines.pop(0)

    @property
    def text(self) -> str:
        assert isinstance(self.file, io.StringIO)
        return self.file.getvalue()


async def test_a_shopper_talks_likes_and_leaves(shop: Shop, llm_script: ScriptedLLM) -> None:
    assistant = Assistant(
        shop.catalog,
        Finder(shop.catalog, shop.grounder, Untrained(shop.catalog, shop.index.vectors), cards=3),
        Events(shop.connections),
        Store(shop.connections),
        Library(),
        LLM(llm_script.url, "scripted"),
    )
    llm_script.enqueue('{"items": []}', "The Fernhill bamboo razor costs $19.00.")
    console = Typed("a bamboo razor", "like 1", "not 9")
    await converse(assistant, console, shopper_id="ada")
    assert "An AI answers here" in console.text
    assert "1 Fernhill bamboo razor" in " ".join(console.text.split())
    assert "The Fernhill bamboo razor costs $19.00." in console.text
    assert "Noted: like Fernhill bamboo razor" in console.text
    assert [(event.kind, event.item_id) for event in Events(shop.connections).of("ada")] == [("like", "razor-2")]


def test_a_card_that_someone_pays_for_says_so() -> None:
    console = Typed()
    console.print(table((FINAL[0].model_copy(update={"mark": "sponsored"}),)))
    assert "sponsored · waterproof: 10,000 mm" in console.text


def test_a_comparison_is_a_table_that_says_where_the_record_is_silent() -> None:
    heads = (ComparedItem(item_id="a", title="Ridge tent"), ComparedItem(item_id="b", title="Vale tent"))
    row = ComparedFact(key="attribute:weight", name="Weight", values=("2 kg", None), matters=True)
    console = Typed()
    console.print(side_by_side(Comparison(items=heads, rows=(row,))))
    told = [" ".join(line.split()) for line in console.text.splitlines()]
    assert any("Ridge tent" in line and "Vale tent" in line for line in told)
    assert any("Weight" in line and "2 kg" in line and "the shop doesn't say" in line for line in told)
