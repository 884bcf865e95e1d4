"""Twenty conversations as they came out, for reading: ``python -m bench.transcripts [--seed N] [--out PATH]``.

A simulated shopper (``chat.simulator``) speaks with the assistant over the demo shop, with the language model of the
settings: by default the built-in one, on a vLLM that this starts. Shoppers and styles are drawn by the seed; nothing is
picked, changed or left out by hand. Writes Markdown with the commit, the date and the machine.
"""

import argparse
import asyncio
import re
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench.held_out import demo_shop
from bench.report import commit, machine
from bench.simulate import Stage, Task, own_copy, tasks
from chat.events import Card, DoneEvent, ErrorEvent, TextEvent
from chat.llm import LLM
from chat.settings import Settings
from chat.simulator import Heard, Shopper, converse
from ui.opening import language_model
from ui.progress import bars

SEED, CONVERSATIONS = 20, 20
OUT = Path(__file__).resolve().parents[1] / "docs" / "transcripts.md"
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~])")

console = Console(highlight=False)


def transcript(number: int, task: Task, who: Shopper, heard: Sequence[Heard]) -> str:
    """One conversation as Markdown."""
    ended = f"found in turn {len(heard)}" if who.found else f"not found in {len(heard)} turns"
    lines = [f"## {number}. {task.shopper_id}, {task.style}", "",
             f"Wants: {_plain(who.target.title)}. {ended.capitalize()}."]  # fmt: skip
    for turn in heard:
        lines += ["", f"**Shopper:** {_plain(turn.said.message)}", ""]
        lines += [_card(card, who.target.id) for card in turn.cards]
        lines += [""] if turn.cards else []
        for event in turn.events:
            if isinstance(event, TextEvent):
                lines.append(f"> {_plain(event.text)}" + (" *(model)*" if event.by == "llm" else ""))
            elif isinstance(event, ErrorEvent):
                lines.append(f"> {_plain(event.message)} *(error)*")
            elif isinstance(event, DoneEvent) and event.chips:
                lines += [">", f"> {' · '.join(f'[{_plain(chip)}]' for chip in event.chips)}"]
    return "\n".join(lines) + "\n"


def document(parts: Sequence[str], seed: int, model: str, found: int) -> str:
    """All of them with what they were made with."""
    return f"""# Conversations as they came out

Written by `python -m bench.transcripts --seed {seed}` at commit {commit()}, {datetime.now(UTC):%Y-%m-%d},
on {machine()}, with the language model {model}.

The shoppers are simulated: each wants what the shopper of that name bought last in the demo shop's invented histories,
which the shop has not learned of, and never says its title. Shoppers and styles were drawn by the seed; nothing was
picked or changed by hand. {found} of {len(parts)} found it: there the card is marked ★. What the language model wrote
is marked *(model)*, the rest is the shop's own.

""" + "\n".join(parts)


async def _hold(stage: Stage, drawn: Sequence[Task]) -> tuple[list[str], int]:
    parts, found = [], 0
    with bars(console) as tell:
        for number, task in enumerate(drawn, 1):
            who = stage.shopper(task)
            heard = await converse(stage.assistant(), who, task.shopper_id)
            parts.append(transcript(number, task, who, heard))
            found += who.found
            tell("conversations", number, len(drawn))
    return parts, found


def hold(settings: Settings, seed: int, conversations: int) -> str:
    """The document; a language model that the settings do not name an address of is started, and stopped again."""
    shop = demo_shop(settings, console)
    drawn = tasks(shop.targets, (seed,), conversations)
    with language_model(settings, shop.home) as model, own_copy(shop.home) as home, ExitStack() as opened:
        llm: LLM = model.llm
        stage = Stage(home, settings, llm, opened)
        if model.server is not None:
            model.server.wait_ready()
        parts, found = asyncio.run(_hold(stage, drawn))
        return document(parts, seed, llm.model, found)


def _card(card: Card, target: str) -> str:
    told = [
        _plain(part) for part in (card.price_text, card.reason, *(f"outside: {one}" for one in card.outside)) if part
    ]
    return f"{card.position}. {_plain(card.title)}{' ★' if card.item_id == target else ''} · {' · '.join(told)}"


def _plain(text: str) -> str:
    """The text with nothing in it that Markdown would read."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def main() -> None:
    """The command."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seed", type=int, default=SEED)
    arguments.add_argument("--conversations", type=int, default=CONVERSATIONS)
    arguments.add_argument("--out", type=Path, default=OUT, metavar="PATH")
    options = arguments.parse_args()
    text = hold(Settings.model_validate({}), options.seed, options.conversations)
    options.out.write_text(text, encoding="utf-8")
    console.print(f"Written: {options.out}")


if __name__ == "__main__":
    main()
