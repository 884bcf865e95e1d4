"""The demo shop's shoppers: who they are, what they like, and what they did in eighteen months.

Knows tastes and how they turn into events. The tastes themselves stay here: only events and the personas' public
lines are written out. Each shopper has an own random stream, so one shopper's events do not depend on another's.
"""

import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from retrieval.items import Item

SHOPPERS = 400
LAST_DAY = datetime(2026, 11, 20, 21, tzinfo=UTC)  # nothing happens after this moment
SPAN_DAYS = 547  # eighteen months
FOLLOW_UP = 0.38  # chance that a visit continues the last one: a kettle, then tea
WANDERING = 0.06  # chance that a visit has nothing to do with any taste
CONSUMED = {"Food & Tea", "Bath & Body"}  # departments in which the same thing is bought again

Event = dict[str, Any]


@dataclass(frozen=True)
class Taste:
    """A field of interest: leaf -> how often it is visited, and the words that draw."""

    leaves: Mapping[str, float]
    words: tuple[str, ...]
    kids: bool = False
    pet: str = ""


@dataclass(frozen=True)
class Shopper:
    """A shopper's latent likings; never written out."""

    id: str
    tastes: tuple[Taste, ...]
    leaning: tuple[str, ...]
    colours: frozenset[str]
    tier: int
    brands: frozenset[str]
    audience: str
    events: int
    name: str = ""
    line: str = ""
    visits: tuple[tuple[str, str], ...] = ()  # a persona's: leaf, and a word that the items looked at hold ("": any)

    @property
    def sharpness(self) -> float:
        """How strictly likings are followed: a persona is meant to be recognised by its history."""
        return 1.8 if self.name else 1.3


@dataclass(frozen=True)
class World:
    """What shoppers choose from: the items by leaf, brand tiers, and which leaf leads to which."""

    by_leaf: Mapping[str, Sequence[Item]]
    tiers: Mapping[str, int]
    then: Mapping[str, Sequence[str]]
    words: Mapping[str, str] = field(default_factory=dict)  # item id -> its title, category and values, lower case


def world(items: Sequence[Item], tiers: Mapping[str, int], then: Mapping[str, Sequence[str]]) -> World:
    """The items as shoppers see them."""
    by_leaf: dict[str, list[Item]] = {}
    for item in items:
        by_leaf.setdefault(item.category[-1], []).append(item)
    words = {
        item.id: " ".join([item.title, *(value for held in item.attributes.values() for value in held)]).lower()
        for item in items
    }
    return World(by_leaf, tiers, then, words)


def shoppers(seed: int, brands: Mapping[str, int], file: Path = Path(__file__).parent / "tastes.yaml") -> list[Shopper]:
    """The personas first, then the others up to SHOPPERS. ``brands`` maps each brand to its price tier."""
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    tastes = {
        name: Taste(given["leaves"], tuple(given["words"]), given.get("kids", False), given.get("pet", ""))
        for name, given in raw["tastes"].items()
    }
    leanings = {name: tuple(words) for name, words in raw["leanings"].items()}
    named = [
        Shopper(
            id=given["id"],
            tastes=tuple(tastes[name] for name in given["tastes"]),
            leaning=leanings.get(given["leaning"], ()),
            colours=frozenset(given["colours"]),
            tier=given["tier"],
            brands=frozenset(given["brands"]),
            audience=given["audience"],
            events=0,
            visits=tuple((leaf, word) for visit in given["visits"] for leaf, word in visit.items()),
            name=given["name"],
            line=given["line"],
        )
        for given in raw["personas"]
    ]
    pairs = [tuple(pair) for pair in raw["together"]]
    others = [
        _drawn(f"shopper-{number:03d}", seed, tastes, leanings, pairs, brands)
        for number in range(len(named) + 1, SHOPPERS + 1)
    ]
    return named + others


COLOUR_GROUPS = (
    ("navy", "white", "grey"),
    ("sage", "olive", "forest green"),
    ("rust", "terracotta", "mustard"),
    ("black", "charcoal", "silver"),
    ("blush", "pink", "lavender"),
    ("cream", "oatmeal", "natural"),
    ("red", "yellow", "blue"),
    ("teal", "coral", "mint"),
)


def _drawn(
    id: str,
    seed: int,
    tastes: Mapping[str, Taste],
    leanings: Mapping[str, tuple[str, ...]],
    pairs: Sequence[tuple[str, ...]],
    brands: Mapping[str, int],
) -> Shopper:
    stream = random.Random(f"{seed}/{id}")
    chosen: tuple[str, ...] = (stream.choice(list(tastes)),)
    if stream.random() < 0.75:
        chosen = stream.choice(pairs) if stream.random() < 0.8 else tuple(stream.sample(list(tastes), 2))
    tier = stream.choices((1, 2, 3), (4, 4, 3))[0]
    fitting = sorted(name for name, its in brands.items() if its == tier)
    return Shopper(
        id=id,
        tastes=tuple(tastes[name] for name in chosen),
        leaning=stream.choice(list(leanings.values())) if stream.random() < 0.45 else (),
        colours=frozenset(stream.choice(COLOUR_GROUPS)) if stream.random() < 0.7 else frozenset(),
        tier=tier,
        brands=frozenset(stream.sample(fitting, min(len(fitting), 8))),
        audience=stream.choice(("women", "men")),
        events=min(60, max(6, int(stream.lognormvariate(3.45, 0.5)))),
    )


def events(shopper: Shopper, shop: World, seed: int) -> list[Event]:
    """All that one shopper did, oldest first, each event with an id of its own.

    A persona makes the visits that are written for it, and buys; anyone else makes ``shopper.events`` events.
    """
    stream = random.Random(f"{seed}/events/{shopper.id}")
    visits: list[list[Event]] = []
    bought: set[str] = set()
    leaf, last = "", None
    for leaf, word in shopper.visits:
        visit, last = _visit(shopper, shop, leaf, last, bought, stream, word)
        visits.append(visit)
    while sum(len(visit) for visit in visits) < shopper.events:
        follows = [name for name in shop.then.get(leaf, ()) if name in shop.by_leaf]
        if follows and stream.random() < FOLLOW_UP:
            leaf = stream.choice(follows)
        elif stream.random() < WANDERING:
            leaf, last = stream.choice(list(shop.by_leaf)), None
        else:
            weights: dict[str, float] = {}
            for share, taste in zip((1.0, 0.7, 0.6), shopper.tastes, strict=False):
                for name, weight in taste.leaves.items():
                    weights[name] = weights.get(name, 0) + share * weight
            leaf, last = stream.choices(list(weights), list(weights.values()))[0], None
        visit, last = _visit(shopper, shop, leaf, last, bought, stream)
        visits.append(visit)
    if not visits:
        return _numbered(shopper, _glance(shop, stream))
    moments = sorted(stream.random() ** 0.8 for _ in visits)
    first = LAST_DAY.timestamp() - SPAN_DAYS * 86_400
    dated: list[Event] = []
    for moment, visit in zip(moments, visits, strict=True):
        now = first + int(moment * (SPAN_DAYS - 2)) * 86_400 + stream.randrange(0, 12 * 3600)
        now = max(now, dated[-1]["time"] + 60) if dated else now
        for event in visit:
            dated.append(event | {"time": float(now)})
            now += stream.randrange(15, 240)
    return _numbered(shopper, dated[-shopper.events :])


def _glance(shop: World, stream: random.Random) -> list[Event]:
    leaf = "Candles"
    item = stream.choice(shop.by_leaf[leaf])
    now = LAST_DAY.timestamp() - 5 * 86_400
    return [_event("search", query="candle") | {"time": now}, _event("view", item.id) | {"time": now + 40}]


def _numbered(shopper: Shopper, dated: Sequence[Event]) -> list[Event]:
    return [{"id": f"{shopper.id}-{n:03d}", "shopper_id": shopper.id} | event for n, event in enumerate(dated, 1)]


def _event(kind: str, item_id: str = "", query: str = "", rating: float | None = None) -> Event:
    return {"kind": kind, "item_id": item_id, "query": query, "rating": rating}


def _visit(
    shopper: Shopper,
    shop: World,
    leaf: str,
    last: Item | None,
    bought: set[str],
    stream: random.Random,
    word: str | None = None,
) -> tuple[list[Event], Item | None]:
    """One visit to one leaf, and the item that it ended with (None where nothing was taken).

    With a ``word`` only items that hold it are looked at, and one is bought.
    """
    shelf = [item for item in shop.by_leaf[leaf] if item.id not in bought or item.category[0] in CONSUMED]
    shelf = [item for item in shelf if (word or "") in shop.words[item.id]]
    if not shelf:
        return [], None
    liking = [_liking(shopper, shop, item, last) for item in shelf]
    weights = [like * ((item.rating_count or 0) + 4) ** 0.5 for like, item in zip(liking, shelf, strict=True)]
    done: list[Event] = []
    seen = _several(shelf, weights, stream.choice((1, 1, 2, 2, 3)), stream)
    if stream.random() < 0.4:
        done.append(_event("search", query=_query(seen[0], stream)))
    best = max(seen, key=lambda item: _liking(shopper, shop, item, last))
    middle = sorted(liking)[len(liking) // 2]
    for item in seen:
        done.append(_event("view" if stream.random() < 0.7 else "click", item.id))
        if item is not best and _liking(shopper, shop, item, last) < middle and stream.random() < 0.3:
            done.append(_event("dislike", item.id))
    fit = _liking(shopper, shop, best, last)
    if fit >= middle and stream.random() < 0.3:
        done.append(_event("like", best.id))
    if word is None and stream.random() > (0.72 if fit >= middle else 0.25):
        return done, None
    done.append(_event("cart", best.id))
    if word is not None or stream.random() < 0.85:
        done.append(_event("purchase", best.id))
        bought.add(best.id)
        if stream.random() < 0.3:
            score = (best.rating or 4.0) + (0.4 if fit >= middle else -0.9) + stream.gauss(0, 0.5)
            done.append(_event("rating", best.id, rating=float(min(5, max(1, round(score))))))
    return done, best


def _several(shelf: Sequence[Item], weights: Sequence[float], count: int, stream: random.Random) -> list[Item]:
    left = dict(zip((item.id for item in shelf), zip(shelf, weights, strict=True), strict=True))
    drawn: list[Item] = []
    while left and len(drawn) < count:
        id = stream.choices(list(left), [weight for _, weight in left.values()])[0]
        drawn.append(left.pop(id)[0])
    return drawn


def _liking(shopper: Shopper, shop: World, item: Item, last: Item | None) -> float:
    """How much the shopper likes the item, above 0; e-fold for each strong agreement."""
    words = shop.words[item.id]
    score = 0.0
    score += 1.3 * (item.brand in shopper.brands)
    score -= 0.8 * abs(shop.tiers[item.brand] - shopper.tier)
    score += 1.2 * bool(shopper.colours & set(item.attributes.get("colour", ())))
    score += 0.8 * min(2, sum(word in words for word in shopper.leaning))
    score += 0.9 * min(2, sum(word in words for taste in shopper.tastes for word in taste.words))
    for_ = set(item.attributes.get("for", ()))
    kids = any(taste.kids for taste in shopper.tastes)
    pets = {taste.pet for taste in shopper.tastes if taste.pet}
    if for_ & {"women", "men"} and shopper.audience not in for_:
        score -= 2.5
    if for_ & {"kids", "babies"} or "kids'" in words:
        score += 0.8 if kids else -2.5
    if for_ & {"dogs", "cats"} and pets and not for_ & pets:
        score -= 3.0
    if last is not None:
        score += 0.9 * (item.brand == last.brand)
        score += 0.9 * bool(set(item.attributes.get("colour", ())) & set(last.attributes.get("colour", ())))
    if item.rating is not None:
        score += 0.5 * (item.rating - 4.1)
    return math.exp(min(score * shopper.sharpness, 8.0))


def _query(item: Item, stream: random.Random) -> str:
    """What one types to find such an item: its noun, sometimes with one of its values."""
    leaf = item.category[-1].split(" & ")[0].lower()
    singular = leaf if leaf == "trousers" else re.sub(r"(?<=[^s])s$", "", leaf)
    named = ("colour", "material", "features", "scent", "type")
    values = [value for name in named for value in item.attributes.get(name, ()) if singular not in value]
    extra = stream.choice(values) if values and stream.random() < 0.55 else ""
    noun = stream.choice((leaf, singular, singular))
    return f"{extra} {noun}".strip() if stream.random() < 0.8 else f"{noun} {extra}".strip()
