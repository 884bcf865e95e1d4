"""How a shop's assistant hears messages in no known wording: as talk of some kind, or as a wish for a thing.

Protocol: the messages of ``talk.yaml``, each as the first of a conversation, and each after a want; as the whole
assistant takes them (``Turn.intent``), with the LLM and by the rules alone. The requests of ``by_use.yaml`` are wishes
too. The answer is not waited for.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import yaml

from bench.finding import BY_USE
from chat.assistant import Assistant
from chat.events import CardsEvent, SessionEvent, TextEvent
from chat.store import Turn

TALK = Path(__file__).parent / "talk.yaml"
WISH = "wish"
WANTED_BEFORE = "a 2-person tent under $200"
AT_ONCE = 4
SEARCHES = ("search", "refine", "more", "start_over")


def messages() -> list[tuple[str, str]]:
    """Each message with its kind; those by use at the end."""
    rows = yaml.safe_load(TALK.read_text(encoding="utf-8"))
    asked = yaml.safe_load(BY_USE.read_text(encoding="utf-8"))
    return [*((row["message"], row["kind"]) for row in rows), *((row["ask"], "use") for row in asked)]


async def heard(assistant: Assistant, texts: Sequence[str], before: str) -> list[str]:
    """As what kind of message each is taken, after the one ``before``; none where that is ""."""
    turns: dict[str, Turn] = {}
    assistant.watchers.append(lambda turn: turns.update({turn.id: turn}))
    room, done = asyncio.Semaphore(AT_ONCE), 0

    async def taken(text: str, session: str | None) -> tuple[str, str]:
        """The session, and the turn; left as soon as it is known what the message is taken for."""
        turn = ""
        async with aclosing(assistant.turn(text, session)) as events:
            async for event in events:
                if isinstance(event, SessionEvent):
                    session, turn = event.session_id, event.turn_id
                if isinstance(event, TextEvent) or (isinstance(event, CardsEvent) and event.stage == "final"):
                    break
        assert session is not None
        return session, turn

    async def one(text: str) -> str:
        nonlocal done
        async with room:
            session = (await taken(before, None))[0] if before else None
            _, turn = await taken(text, session)
        done += 1
        print(f"{done} of {len(texts)} messages", end="\r", flush=True)
        return turns[turn].intent

    return list(await asyncio.gather(*map(one, texts)))


def figures_of(name: str, assistant: Assistant, *, quick: bool) -> dict[str, float]:
    """Of talk, the share taken for its kind, and that taken for a wish; of wishes, the share taken for one."""
    held = messages()[:: 10 if quick else 1]
    made: dict[str, float] = {}

    async def both() -> dict[str, list[str]]:
        texts = [text for text, _ in held]
        return {
            "first": await heard(assistant, texts, ""),
            "later": await heard(assistant, texts, WANTED_BEFORE),
        }

    for place, intents in asyncio.run(both()).items():
        every = list(zip(held, intents, strict=True))
        talk = [(kind, intent) for (_, kind), intent in every if kind not in (WISH, "use")]
        made[f"talk.{place}.{name}.right"] = sum(kind == intent for kind, intent in talk) / len(talk)
        made[f"talk.{place}.{name}.searched"] = sum(intent in SEARCHES for _, intent in talk) / len(talk)
        for kind, figure in ((WISH, "wishes"), ("use", "by_use")):
            wishes = [intent in SEARCHES for (_, one), intent in every if one == kind]
            made[f"talk.{place}.{name}.{figure}"] = sum(wishes) / len(wishes)
        lost = Counter(intent for (_, kind), intent in every if kind in (WISH, "use") and intent not in SEARCHES)
        print(f"{name}, {place}: wishes taken for {', '.join(f'{what} {count}' for what, count in lost.most_common())}")
    return made
