"""A shop that is killed while it takes in a catalogue: the processes that are killed, and what must hold afterwards."""

import hashlib
import json
import multiprocessing
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np

from retrieval.encoder import Vectors
from retrieval.feeds import Feed
from retrieval.filters import Filter
from retrieval.ingest import Ingest
from retrieval.items import Item
from retrieval.shop import Shop, open_catalogue, open_shop

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["kills"])  # so that a child that is to be killed does not spend its life on imports

ALL = Filter(in_stock_only=False)
_COLOURS = ("red", "blue", "olive", "cream", "black", "plum")
_THINGS = ("tent", "lantern", "kettle", "teapot", "blanket", "stool", "satchel", "razor")


class Words:
    """An encoder of nothing but words, so that a child starts at once: a text is the sum of its words' directions."""

    name, dimension = "words", 48

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "little")
                vectors[row] += np.random.default_rng(seed).standard_normal(self.dimension, dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = vectors / np.maximum(lengths, 1e-9)
        return unit


@dataclass(frozen=True)
class Catalogue:
    """One state that the shop may be in."""

    items: tuple[Item, ...]

    @property
    def hashes(self) -> dict[str, str]:
        return {item.id: item.content_hash() for item in self.items}

    def feed(self, path: Path) -> Path:
        """Written as a file."""
        path.write_text("".join(item.model_dump_json() + "\n" for item in self.items), encoding="utf-8")
        return path


def catalogue(size: int, seed: int) -> Catalogue:
    """A catalogue of this many items."""
    return Catalogue(tuple(_item(number, random.Random(f"{seed}/{number}")) for number in range(size)))


def changed(former: Catalogue, share: float, seed: int) -> Catalogue:
    """The same with this share of its items changed, a tenth as many gone, and some more than that new."""
    stream = random.Random(seed)
    few = int(len(former.items) * share)
    touched = set(stream.sample(range(len(former.items)), few))
    gone = set(stream.sample(sorted(touched), max(1, few // 10)))
    kept = [
        _item(int(item.id[1:]), random.Random(f"{seed}/{item.id}")) if place in touched else item
        for place, item in enumerate(former.items)
        if place not in gone
    ]
    fresh = [_item(10_000 * seed + n, random.Random(f"{seed}/new {n}")) for n in range(len(gone) + 5 * seed)]
    return Catalogue((*kept, *fresh))


def _item(number: int, stream: random.Random) -> Item:
    model = f"{''.join(stream.choices('bcdfghklmnpqrstvwxz', k=4))}{stream.randrange(100, 1000)}"
    colour, thing = stream.choice(_COLOURS), stream.choice(_THINGS)
    return Item(
        id=f"i{number}",
        title=f"{model} {colour} {thing}",
        category=("Home", thing.capitalize()),
        price=Decimal(stream.randrange(100, 30_000)) / 100,
        currency="USD",
        attributes={"colour": (colour,)},
    )


def opened(home: Path) -> Shop:
    """The shop, with its index brought up to date."""
    return open_shop(home, home / "models", encoder=Words())


def take_in(home: Path, feed: Path, begun: Event, serving: bool) -> None:
    """What the process does that is killed: an ingest and what follows of it for the index.

    ``serving``: into a shop that is open, as a server does; else as the command does it.
    """
    shop = opened(home) if serving else None
    begun.set()
    with open_catalogue(home) as (connections, catalog):
        Ingest(catalog, connections, Feed.open(feed), home / "rejected").run(replace=True)
    if shop:
        shop.index.refresh()
    else:
        shop = opened(home)
    shop.close()


def read_on(home: Path, ready: Event, done: Event, seen: Path) -> None:
    """A reader beside the ingest: reads the whole catalogue again and again, and notes each state that it saw once."""
    states: dict[str, int] = {}
    with open_catalogue(home) as (_, catalog):
        while True:
            last = done.is_set()
            state = json.dumps({item.id: item.content_hash() for item in catalog.all()}, sort_keys=True)
            facts = (catalog.size(), len(catalog.columns()), catalog.count(ALL))
            states[state] = states.get(state, 0) + 1
            if len(set(facts)) > 1:
                # Three reads, and a commit may fall between two of them: each must be of one state or the other.
                states["counts " + json.dumps(sorted(set(facts)))] = 1
            ready.set()
            if last:
                break
    seen.write_text(json.dumps(states), encoding="utf-8")


def state_of(shop: Shop, states: dict[str, Catalogue], stream: random.Random) -> str:
    """Which of the states the shop is in, exactly; AssertionError if in none, or if search does not find its items."""
    held = {item.id: item.content_hash() for item in shop.catalog.all()}
    names = [name for name, state in states.items() if state.hashes == held]
    assert len(names) == 1, f"neither the old catalogue nor the new one: {len(held)} items"
    state = states[names[0]]
    assert (len(shop.index), shop.catalog.size(), len(shop.catalog.columns())) == (len(held),) * 3
    for item in stream.sample(state.items, 4):
        found = shop.grounder.ground([], item.title, ALL, 10).candidates
        assert found[0].item_id == item.id, f"{item.title!r} finds {[one.item_id for one in found]}"
    for other in states.values():
        for item in [item for item in other.items if item.id not in held][:2]:
            found = shop.grounder.ground([], item.title, ALL, 50).candidates
            assert item.id not in {one.item_id for one in found}
            assert {one.item_id for one in found} <= set(held)
    return names[0]
