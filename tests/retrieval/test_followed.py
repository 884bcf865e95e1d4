"""An index that one process owns and another follows, over the same folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from shops import ITEMS, TENTS, item, open_small_shop

from chat.settings import Settings
from retrieval import followed
from retrieval.encoder import MiniLMEncoder
from retrieval.errors import IndexBuildError
from retrieval.filters import Filter
from retrieval.shop import Shop, open_shop


@pytest.fixture
def owner(tmp_path: Path, minilm: MiniLMEncoder) -> Iterator[Shop]:
    shop = open_small_shop(tmp_path, with_encoder=minilm)
    yield shop
    shop.close()


@pytest.fixture
def follower(owner: Shop, tmp_path: Path, minilm: MiniLMEncoder) -> Iterator[Shop]:
    shop = open_shop(tmp_path, Settings().models, encoder=minilm, follow=True)
    yield shop
    shop.close()


def found(shop: Shop, text: str) -> list[str]:
    # What the owner changed is looked for every half a second; here at once.
    shop.index._looked = 0.0  # type: ignore[attr-defined]
    return [one.item_id for one in shop.grounder.ground([], text, Filter(), 5).candidates]


def test_both_find_the_same_and_only_the_owner_asks_chroma(owner: Shop, follower: Shop) -> None:
    for text in ("a tent for two", "red lipstick", "light for camping", "something to shave with"):
        assert found(follower, text) == found(owner, text)
    assert follower.index.answers["chroma"] == 0
    assert len(follower.index) == len(owner.index) == len(ITEMS)


def test_small_changes_are_followed(owner: Shop, follower: Shop) -> None:
    found(follower, "a kettle")
    owner.catalog.upsert([item("kettle-1", "Fernhill copper kettle", "49.00", ("Kitchen", "Kettles"))])
    owner.catalog.remove(["razor-1"])
    owner.index.refresh()
    assert found(follower, "a copper kettle")[0] == "kettle-1"
    assert "razor-1" not in found(follower, "a safety razor")


def test_a_folder_that_was_replaced_is_followed_and_the_former_one_may_go(owner: Shop, follower: Shop) -> None:
    found(follower, "a tent")
    before = follower.index.snapshot().shelf.folder
    owner.catalog.upsert(item(f"new-{n}", f"Osprey Lane tent number {n}", "90.00", TENTS) for n in range(150))
    owner.index.refresh()
    assert "new-7" in found(follower, "Osprey Lane tent number 7")
    assert follower.index.snapshot().shelf.folder != before
    assert not before.exists()


def test_the_owner_comes_back_to_what_it_left_while_another_followed(
    owner: Shop, follower: Shop, tmp_path: Path, minilm: MiniLMEncoder
) -> None:
    folder = owner.index.snapshot().shelf.folder
    owner.close()
    assert found(follower, "red lipstick")[0] == "lip-1"
    again = open_small_shop(tmp_path, with_encoder=minilm)
    assert again.index.snapshot().shelf.folder == folder
    assert found(follower, "red lipstick") == found(again, "red lipstick")
    again.close()


def test_there_must_be_an_index_to_follow(tmp_path: Path, minilm: MiniLMEncoder) -> None:
    with pytest.raises(IndexBuildError, match="Is its owner running"):
        open_shop(tmp_path, Settings().models, encoder=minilm, follow=True)
    assert followed.TRIES > 1
