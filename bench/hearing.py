"""How a shop's assistant hears messages in no known wording: as talk of some kind, or as a wish for a thing.

Protocol: the messages of ``talk.yaml`` as the whole assistant takes them, with the LLM and by the rules alone: each as
the first of a conversation, and each after a want. Of talk, the share that is taken for its kind, and the share that is
answered with a search; of wishes, the share that is searched for: wishes by use, person or problem that were written to
sound like talk, those of ``by_use.yaml``, wishes for what the shop lacks, and refinements, each of a want of its own.
Of those of ``by_use.yaml`` also the share of the five cards that are right, and of refinements the share of the cards
that are in the aisle of the first one before. Some of the short messages ("thx") are forms that a model is taught on.
The answer is not waited for.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from bench.finding import BY_USE, CARDS, by_use
from chat.assistant import Assistant
from chat.events import CardsEvent, SessionEvent, TextEvent
from chat.store import Store, Turn
from retrieval.shop import Shop

TALK = Path(__file__).parent / "talk.yaml"
WISHES = ("wish", "by_use", "lacking", "refinement")
WANTED_BEFORE = "a 2-person tent under $200"
AT_ONCE = 4


@dataclass(frozen=True)
class Said:
    """A message, what it is, and the one that it refines ("": none)."""

    message: str
    kind: str
    before: str = ""


def messages() -> list[Said]:
    """All of them, those of ``by_use.yaml`` at the end."""
    rows = yaml.safe_load(TALK.read_text(encoding="utf-8"))
    asked = yaml.safe_load(BY_USE.read_text(encoding="utf-8"))
    return [*(Said(**row) for row in rows), *(Said(row["ask"], "by_use") for row in asked)]


async def heard(assistant: Assistant, store: Store, said: Sequence[tuple[str, str]]) -> list[tuple[Turn | None, Turn]]:
    """The turn of each message, left as soon as its last cards are known, and the whole turn before it ("": none)."""
    turns: dict[str, Turn] = {}
    room, done = asyncio.Semaphore(AT_ONCE), 0

    async def taken(text: str, session: str | None, *, whole: bool) -> tuple[str, str]:
        turn = ""
        async with room, aclosing(assistant.turn(text, session)) as events:
            async for event in events:
                if isinstance(event, SessionEvent):
                    session, turn = event.session_id, event.turn_id
                known = isinstance(event, TextEvent) or (isinstance(event, CardsEvent) and event.stage == "final")
                if known and not whole:
                    break
        assert session is not None
        return session, turn

    async def one(text: str, before: str) -> tuple[Turn | None, Turn]:
        nonlocal done
        session = store.fork(*begun[before]).id if before else None
        _, turn = await taken(text, session, whole=False)
        done += 1
        print(f"{done} of {len(said)} messages", end="\r", flush=True)
        return turns[begun[before][1]] if before else None, turns[turn]

    assistant.watchers.append(keep := lambda turn: turns.update({turn.id: turn}))
    try:
        openings = sorted({before for _, before in said if before})
        held = await asyncio.gather(*(taken(text, None, whole=True) for text in openings))
        begun = dict(zip(openings, held, strict=True))
        return list(await asyncio.gather(*(one(text, before) for text, before in said)))
    finally:
        assistant.watchers.remove(keep)


def figures_of(name: str, assistant: Assistant, shop: Shop, *, asks_a_model: bool, quick: bool) -> dict[str, float]:
    """The shares; RuntimeError where a model that was to be asked was not reached."""
    held = messages()[:: 10 if quick else 1]
    places = {
        "first": [(one, "") for one in held if one.kind != "refinement"],
        "later": [(one, one.before or WANTED_BEFORE) for one in held],
    }
    aisles = {item.id: item.category for item in shop.catalog.all()}
    right = {one.text: one.right for one in by_use(list(shop.catalog.all()))}
    keys = shop.catalog.variants(list(aisles))  # of one product one variant is shown
    products = {text: len({keys.get(item_id, item_id) for item_id in ids}) for text, ids in right.items()}
    made: dict[str, float] = {}

    async def everywhere() -> list[list[tuple[Turn | None, Turn]]]:
        store = Store(shop.connections)
        return [
            await heard(assistant, store, [(one.message, before) for one, before in said]) for said in places.values()
        ]

    for (place, said), pairs in zip(places.items(), asyncio.run(everywhere()), strict=True):
        if asks_a_model and not all(turn.llm_reached for _, turn in pairs):
            raise RuntimeError("The language model was not reached at every message: these are no figures of it.")
        every = [(one, before, turn) for (one, _), (before, turn) in zip(said, pairs, strict=True)]
        talk = [(one.kind, turn) for one, _, turn in every if one.kind not in WISHES]
        made[f"talk.{place}.{name}.right"] = float(np.mean([kind == turn.intent for kind, turn in talk]))
        made[f"talk.{place}.{name}.searched"] = float(np.mean([turn.searched for _, turn in talk]))
        for kind in sorted({one.kind for one, _, _ in every} & set(WISHES)):
            wishes = [turn for one, _, turn in every if one.kind == kind]
            made[f"talk.{place}.{name}.{kind}_searched"] = float(np.mean([turn.searched for turn in wishes]))
            lost = Counter(turn.intent for turn in wishes if not turn.searched)
            print(f"{name}, {place}, {kind}, taken for {', '.join(f'{what} {n}' for what, n in lost.most_common())}")
        shown = [([one.item_id for one in turn.shown], one, before) for one, before, turn in every]
        cards = [
            min(1.0, len(right[one.message] & set(ids)) / min(CARDS, products[one.message]))
            for ids, one, _ in shown
            if one.kind == "by_use"
        ]
        made[f"talk.{place}.{name}.by_use_right@{CARDS}"] = float(np.mean(cards))
        kept = [
            sum(aisles[item_id] == aisles[before.shown[0].item_id] for item_id in ids) / max(1, len(ids))
            for ids, one, before in shown
            if one.kind == "refinement" and before is not None and before.shown
        ]
        if kept:
            made[f"talk.{place}.{name}.refinement_in_its_aisle"] = float(np.mean(kept))
    return made
