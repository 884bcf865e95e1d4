"""Synthetic catalogues of any size, made from real vocabulary, and queries about what is not in them.

Knows how a made-up item comes about: from the demo shop's own words, or from a public catalogue's titles and
descriptions (``products.jsonl``). Knows nothing of encoders, indexes or timings. Item number n is the same whatever the
size of the catalogue, so that a larger one holds the smaller.
"""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

from demo.assortment import TIERS, Department, Kind, Leaf, departments
from retrieval.cleaning import plain
from retrieval.filters import Filter
from retrieval.items import Item

SEED = 20261124
BLOCK = 6  # items drawn together: two products in three variants each, or one in three and three alone
BRANDS = 4000  # made of two of the shop's proper names; a few sell much, most little
HELD_OUT = 100_000_000  # queries are drawn from items from this number on, which no catalogue has
PRICE_SPREAD = 0.55  # of the logarithm of the price, around the kind's usual price

# Share of all items that a query's price cap lets through: a wide choice, usual ones, and bargains of one in a hundred.
CAPS = (0.9, 0.6, 0.35, 0.2, 0.1, 0.03, 0.01)
NARROWED = 0.3  # share of the queries that also name a department, a leaf category or a colour


@dataclass(frozen=True)
class Ask:
    """What one grounding is asked."""

    query: str
    descriptions: tuple[str, ...]
    filter: Filter


class Assortment:
    """What items are drawn from."""

    def __init__(self, data: Path | None = None, seed: int = SEED) -> None:
        """``data``: a folder with ``products.jsonl`` whose titles and descriptions are mixed; else the demo's words."""
        self._seed = seed
        self._shop = departments()
        self._leaves = [(department, leaf) for department in self._shop for leaf in department.leaves]
        stream = random.Random(f"{seed}/brands")
        words = sorted({word for department in self._shop for word in _names(department)})
        made = {f"{a} {b}" for a, b in (stream.sample(words, 2) for _ in range(BRANDS * 2))}
        self._brands = stream.sample(sorted(made), BRANDS)
        self._shares = list(accumulate(1 / (rank + 10) for rank in range(BRANDS)))
        self._products: list[tuple[str, str]] = []
        if data:
            with (data / "products.jsonl").open(encoding="utf-8") as lines:
                rows = [json.loads(line) for line in lines]
            self._products = [(plain(row["title"]), plain(row["description"])[:600]) for row in rows]

    def items(self, count: int, start: int = 0) -> Iterator[Item]:
        """Items number start to start + count - 1; ``start`` is a multiple of the block of six."""
        for block in range(start // BLOCK, -(-(start + count) // BLOCK)):
            yield from self._block(block)[: start + count - block * BLOCK]

    def asks(self, count: int) -> list[Ask]:
        """What shoppers ask, in words of items that no catalogue holds; every ask caps the price."""
        stream = random.Random(f"{self._seed}/asks")
        held_out = list(self.items(count * BLOCK, HELD_OUT // BLOCK * BLOCK))[::BLOCK]
        return [self._ask(item, CAPS[n % len(CAPS)], stream) for n, item in enumerate(held_out)]

    @cached_property
    def _prices(self) -> list[Decimal]:
        return sorted(item.price for item in self.items(20_000) if item.price is not None)

    def _ask(self, item: Item, cap: float, stream: random.Random) -> Ask:
        query = " ".join(re.findall(r"\w[\w'-]*", item.title.removesuffix(item.title.rpartition(",")[2]))[-3:])
        values = [held[0] for held in item.attributes.values() if held[0].lower() not in query.lower()]
        if values and stream.random() < 0.6:
            query = f"{stream.choice(values)} {query}"
        descriptions = (
            f"{item.title.removeprefix(item.brand).strip()}. {item.description}"[:160],
            f"{item.category[-1]}, {', '.join(values)}. {item.description[-80:]}",
        )
        narrowing: dict[str, Any] = {}
        if stream.random() < NARROWED:
            colour = item.attributes.get("colour", ())
            narrowing = stream.choice(
                [{"categories": (item.category[:1],)}, {"categories": (item.category[:2],)}]
                + ([{"attributes": {"colour": colour[:1]}}] if colour else [])
            )
        price = self._prices[int(cap * (len(self._prices) - 1))]
        return Ask(query, descriptions, Filter(price_max=price, **narrowing))

    def _block(self, block: int) -> list[Item]:
        stream = random.Random(f"{self._seed}/{block}")
        sizes = (3, 3) if stream.random() < 0.5 else (3, 1, 1, 1)
        made: list[Item] = []
        for size in sizes:
            made += self._product(block * BLOCK + len(made), size, stream)
        return made

    def _product(self, number: int, size: int, stream: random.Random) -> list[Item]:
        """One product in ``size`` variants."""
        department, leaf = stream.choice(self._leaves)
        kind = stream.choice(leaf.kinds)
        brand = stream.choices(self._brands, cum_weights=self._shares)[0]
        chosen: dict[str, tuple[str, ...]] = {
            name: (stream.choice(list(options)),) for name, options in leaf.pick.items()
        }
        chosen |= {name: tuple(stream.sample(list(o), min(2, len(o)))) for name, o in leaf.some.items()}
        chosen |= {name: run[: 1 + stream.randrange(len(run))] for name, run in leaf.range.items() if run}
        chosen |= dict(kind.attributes)
        model = f"{''.join(stream.choices('ABCDEFGHKLMNPRSTVX', k=2))}{stream.randrange(10, 9999)}"
        line, tier = stream.choice(department.lines), stream.choice(list(TIERS.values()))
        price = leaf.price * kind.factor * tier * stream.lognormvariate(0, PRICE_SPREAD)
        title, description = self._words(leaf, kind, brand, line, model, chosen, stream)
        palette = list(leaf.pick.get("colour", chosen.get("colour", ("black",))))
        colours = [palette[(stream.randrange(len(palette)) + step) % len(palette)] for step in range(size)]
        count = int(stream.lognormvariate(2.5, 1.5))
        return [
            Item(
                id=f"s-{number + step:08d}",
                title=f"{title}, {colour}",
                description=description,
                category=(*leaf.path, kind.name[:1].upper() + kind.name[1:]),
                brand=brand,
                price=Decimal(max(1, round(price))) - Decimal("0.01"),
                currency="USD",
                attributes={"colour": (colour,)} | {name: held for name, held in chosen.items() if name != "colour"},
                image_url=f"/pictures/{model}-{step}.jpg",
                stock=0 if stream.random() < 0.07 else stream.randrange(1, 200),
                rating=round(min(5.0, max(1.0, stream.gauss(4.1, 0.5))), 1) if count > 2 else None,
                rating_count=count,
                group_id=f"g-{number:08d}" if size > 1 else "",
            )
            for step, colour in enumerate(colours)
        ]

    def _words(
        self,
        leaf: Leaf,
        kind: Kind,
        brand: str,
        line: str,
        model: str,
        chosen: dict[str, tuple[str, ...]],
        stream: random.Random,
    ) -> tuple[str, str]:
        if self._products:
            (title, text), (other, more) = stream.sample(self._products, 2)
            words, added = title.split(), other.split()
            cut = len(words) // 2
            return " ".join([*words[:cut], *added[len(added) // 2 :]])[:300] or title, f"{text[:300]} {more[:300]}"
        facts = [
            said
            for group in (leaf.pick, leaf.some)
            for name, options in group.items()
            for value in chosen.get(name, ())
            if (said := options.get(value, ""))
        ]
        value = stream.choice([held[0] for held in chosen.values()]) if chosen else ""
        title = " ".join(filter(None, [brand, line, model, value if value not in kind.name else "", kind.name]))
        sentences = [
            stream.choice(options)
            for options in (kind.say, facts, leaf.use, leaf.care)
            if options and stream.random() < 0.75
        ]
        return title, " ".join(sentences)


def _names(department: Department) -> Iterator[str]:
    """The proper names of a department, word by word."""
    for name in (*(brand.name for brand in department.brands), *department.lines):
        yield from (word for word in re.findall(r"[A-Z][a-z]{3,}", name))
