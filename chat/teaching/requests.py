"""What shoppers might say for an item: its own words, its description's, what others searched before they bought it.

Knows records, events, and the files of forms. Each request names the items that are right; how the wanted
item is described to the search, ``chat.teaching.choosing`` says. Randomness comes from the stream that is handed in.
"""

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from chat.errors import SetupError
from chat.simulated_words import Wording
from chat.teaching.records import Language, aisle, own_words, sentences
from chat.words import singular
from ranking.history import Event
from retrieval.items import Item

Sort = Literal["words", "use", "searched", "given", "history"]

FORMS = ("forms.yaml", "talk_forms.yaml")  # of every kind; and of talk, as people say it in words of their own
VISIT_S = 3600.0  # a search and what is bought after it belong together for so long
LIKED = ("purchase", "cart", "like")
LEAST_USE = 3  # words of a sentence that say what a thing is for
MOST_RIGHT = 60  # items of a request; of a word that half of the shop holds nothing is learned
DIGEST = 3  # things that the model is told of a shopper's history
OPEN = (
    "something for me", "what would I like?", "surprise me", "anything you think I'd like",
    "what do you suggest for me", "recommend me something", "show me something I might like", "what's good for me here",
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One message, and the ids of the items that it should find."""

    text: str
    right: tuple[str, ...]
    sort: Sort
    had: tuple[str, ...] = ()  # titles from the shopper's history, the latest first


@cache
def forms() -> Mapping[str, Sequence[str]]:
    """Messages with slots by what kind of message they are."""
    made: dict[str, list[str]] = {}
    for name in FORMS:
        held = yaml.safe_load((Path(__file__).parent / name).read_text(encoding="utf-8"))
        for act, texts in held.items():
            made.setdefault(act, []).extend(texts)
    return made


def of_words(items: Sequence[Item], language: Language, rng: random.Random, most: int) -> Iterator[Request]:
    """At most so many: an item's own words, one to four of them, terse, chatty or misspelt."""
    currency = next((item.currency for item in items if item.currency), "")
    holding: dict[str, set[str]] = defaultdict(set)
    for item in items:
        for word in own_words(f"{item.title} {aisle(item)}"):
            holding[singular(word)].add(item.id)
    for _ in range(most):
        item = rng.choice(items)
        words = own_words(f"{item.title} {aisle(item)}" if rng.random() < 0.3 else item.title)
        kept = sorted(rng.sample(range(len(words)), min(len(words), rng.choice((1, 2, 2, 3, 3, 4)))))
        asked = language.kind(item) if rng.random() < 0.3 else " ".join(words[at] for at in kept)
        if not (own := own_words(asked)):
            continue
        wording = Wording(rng.choice(("terse", "terse", "chatty", "misspelling", "changing")), rng, currency)
        text = asked if rng.random() < 0.4 else wording.message([wording.opening(asked, "")], first=True)
        # Whatever has all of these words is right.
        right = sorted(set.intersection(*(holding[singular(word)] for word in own)) or {item.id})
        yield Request(text, tuple(right if len(right) <= MOST_RIGHT else rng.sample(right, MOST_RIGHT)), "words")


def of_descriptions(items: Sequence[Item], rng: random.Random) -> list[Request]:
    """What descriptions say of use, person and problem, as a shopper would say it: "for camping in snow"."""
    holding: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        for sentence in sentences(item.description):
            holding[sentence].append(item)
    made = []
    for sentence, held in holding.items():
        words = own_words(sentence)
        if len(words) < LEAST_USE or len(held) > MOST_RIGHT:
            continue
        right = tuple(item.id for item in held)
        if match := re.match(r"(?:made |meant |ideal |perfect |great |good )?for (.+?)[.!]?$", sentence, re.IGNORECASE):
            made.append(
                Request(f"{rng.choice(('something for ', 'for ', 'I need something for '))}{match[1]}", right, "use")
            )
        some = sorted(rng.sample(range(len(words)), min(len(words), rng.choice((3, 4, 5)))))
        made.append(Request(" ".join(words[at] for at in some), right, "use"))
        made.append(Request(sentence.rstrip(".").lower(), right, "use"))
    return made


def of_events(events: Iterable[Event], items: Mapping[str, Item]) -> list[Request]:
    """Searches with what was liked or bought after them in the same visit; next likings after the history before."""
    made: list[Request] = []
    by_shopper: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_shopper[event.shopper_id].append(event)
    for held in by_shopper.values():
        held.sort(key=lambda event: event.time)
        for place, event in enumerate(held):
            if event.kind == "search" and event.query:
                right = {
                    later.item_id
                    for later in held[place + 1 :]
                    if later.kind in LIKED and later.item_id in items and later.time - event.time <= VISIT_S
                }
                if right:
                    made.append(Request(event.query, tuple(sorted(right)), "searched"))
        made += _next_likings([e.item_id for e in held if e.kind in LIKED and e.item_id in items], items)
    return made


def _next_likings(liked: Sequence[str], items: Mapping[str, Item]) -> Iterator[Request]:
    track = list(dict.fromkeys(liked))
    for place in range(1, len(track)):
        had = tuple(items[item_id].title for item_id in reversed(track[max(0, place - DIGEST) : place]))
        yield Request(OPEN[place % len(OPEN)], (track[place],), "history", had)


def given(path: Path, items: Mapping[str, Item]) -> list[Request]:
    """A file of the merchant's own requests, one a line: {"request": …, "items": [ids]}; gone ids do not count.

    SetupError names the line that cannot be read.
    """
    made = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row: Any = json.loads(line)
            text, ids = str(row["request"]), [str(one) for one in row["items"]]
        except (ValueError, KeyError, TypeError) as error:
            raise SetupError(
                f'{path.name}, line {number}: {line[:80]!r} is not as {{"request": "…", "items": ["id", …]}}'
            ) from error
        if right := tuple(one for one in ids if one in items):
            made.append(Request(text, right, "given"))
    return made
