"""What the model says: which kind of message it takes a message for, and the sentences of its answers.

Knows the corpus of ``tests/chat/utterances``, whole turns over the demo shop, and the labels that people gave to
sentences (``taught_answers.yaml``). Where the model comes from, bench.teaching knows.
"""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import yaml
from jsonschema import Draft202012Validator

from bench import utterances
from bench.asking import Model
from bench.finding import BY_USE, asked_of, known_to
from chat.acts import read_acts
from chat.assistant import Assistant
from chat.events import CardsEvent, TextEvent
from chat.money import price_text
from chat.need import Need
from chat.telling import predicates, short_name
from prompts.library import Library
from retrieval.items import Item
from retrieval.shop import Shop

LABELS = Path(__file__).parent / "taught_answers.yaml"
TURNS = 300
COMPARED = 60
AT_ONCE = 6  # conversations; fewer than would make the LLM too late for its first word
SEED = 20261128
SIDE_BY_SIDE = """# Taught and untaught, side by side

Sixty turns over the demo shop, drawn by a seed from those of `python -m bench.teaching --part answers`, which
writes this with `--answers DIR`. Each line gives the first two items on show and the sentences of the model that the
check let stand. Which of the two is the taught model stands at the end, so that it can be read blind.
"""


def understanding(name: str, model: Model, held: Shop) -> dict[str, float]:
    """Share of the corpus's acts that the model's JSON names, the rules having no say; and share of valid JSON.

    The untaught model is asked in the taught one's form: its own prompt asks for no act.
    """
    shop, prompt = utterances.shop(), Library().get("understand_taught")
    cases = [case for part in utterances.HALVES for case in utterances.cases(part) if "act" in case]
    given, known = [], known_to(model, held)
    for case in cases:
        need = Need()
        for message in case["before"]:
            need = read_acts(message, need, shop.vocabulary, ()).need
        given.append(asked_of(held, known, case["message"], need))
    answers = model.ask(prompt, given)
    check, valid, right, missed = Draft202012Validator(prompt.output or {}), 0, 0, Counter[str]()
    for case, answer in zip(cases, answers, strict=True):
        try:
            fields = json.loads(answer)
        except ValueError:
            continue
        valid += check.is_valid(fields)
        act = fields.get("act", "") if isinstance(fields, dict) else ""
        if act in utterances.SAME_ACTS.get(case["act"], (case["act"],)):
            right += 1
        else:
            missed[f"{case['act']} as {act}"] += 1
    print(f"{name}: {', '.join(f'{what} {count}' for what, count in missed.most_common(12))}")
    return {
        f"intents.{name}": right / len(cases),
        f"valid_json.{name}": valid / len(cases),
        "intents.cases": float(len(cases)),
    }


@dataclass(frozen=True)
class Answer:
    """What one turn showed: the LLM's sentences, ours, what was cut of the LLM's, and of which items."""

    message: str
    sentences: tuple[str, ...]
    plain: tuple[str, ...]
    cut: int
    items: tuple[str, ...]  # ids, as the cards stood


async def answers(assistant: Assistant, messages: Sequence[str]) -> list[Answer]:
    """Each message as a conversation of its own, several at once."""
    cut: dict[str, int] = {}  # by message: how many sentences of the LLM's the check took out
    assistant.watchers.append(lambda turn: cut.update({turn.message: turn.verdicts.count("cut")}))
    room, done = asyncio.Semaphore(AT_ONCE), 0

    async def one(message: str) -> Answer:
        nonlocal done
        said: list[TextEvent] = []
        items: tuple[str, ...] = ()
        async with room:
            async for event in assistant.turn(message):
                if isinstance(event, TextEvent):
                    said.append(event)
                elif isinstance(event, CardsEvent):
                    items = tuple(card.item_id for card in event.cards)
        done += 1
        print(f"{done} of {len(messages)} turns", end="\r", flush=True)
        own = tuple(event.text for event in said if event.by == "llm")
        return Answer(message, own, tuple(event.text for event in said if event.by != "llm"), cut[message], items)

    return list(await asyncio.gather(*map(one, messages)))


def held_out_messages() -> list[str]:
    """The requests by use, and the corpus's wishes: nobody who wrote what is taught has seen either."""
    asked = [row["ask"] for row in yaml.safe_load(BY_USE.read_text(encoding="utf-8"))]
    wishes = [
        case["message"]
        for part in utterances.HALVES
        for case in utterances.cases(part)
        if case.get("act") == "search" and not case["before"]
    ]
    return list(dict.fromkeys([*asked, *wishes]))[:TURNS]


def figures_of(name: str, held: Sequence[Answer], records: dict[str, Item]) -> dict[str, float]:
    """Turns with a sentence of the LLM's, the most frequent frame of one, and the labels, as far as there are."""
    frames = Counter(frame for one in held for frame in {frame_of(text, one.items, records) for text in one.sentences})
    with_llm = [one for one in held if one.sentences]
    made = {
        f"answers.{name}.turns": float(len(held)),
        f"answers.{name}.with_llm": len(with_llm) / len(held),
        f"answers.{name}.sentences": float(np.mean([len(one.sentences) for one in held])),
        f"answers.{name}.cut": sum(one.cut for one in held) / max(1, sum(one.cut + len(one.sentences) for one in held)),
        f"answers.{name}.most_frequent_frame": (frames.most_common(1)[0][1] if frames else 0) / max(1, len(with_llm)),
    }
    labels = labelled()
    said = [labels[key] for one in held for text in one.sentences if (key := (one.message, text)) in labels]
    if 2 * len(said) > sum(len(one.sentences) for one in held):  # few others were said by chance
        made[f"answers.{name}.labelled"] = float(len(said))
        made[f"answers.{name}.true"] = sum(said) / len(said)
    return made


def frame_of(text: str, shown: Sequence[str], records: dict[str, Item]) -> str:
    """The sentence without what it takes from the records: names, facts, prices, numbers."""
    items = [records[item_id] for item_id in shown if item_id in records]
    for item in items:
        names = sorted({item.title, short_name(item, items)}, key=len, reverse=True)
        for name in names:
            text = re.sub(rf"\b(?:the )?{re.escape(name)}", "ITEM", text, flags=re.IGNORECASE)
        if item.price is not None:
            text = text.replace(price_text(item.price, item.currency), "PRICE")
    for item in items:
        for fact in [*predicates(item, Need()), *(v for held in item.attributes.values() for v in held)]:
            text = re.sub(rf"\b{re.escape(fact)}(?!\w)", "FACT", text, flags=re.IGNORECASE)
    text = re.sub(
        r"\b(?:is|are|has|have|comes?|runs?)(?: an?| made of| for| in| on)? (?:\w+ of )?FACT(?: and FACT)?(?: \w+)?",
        "FACT",
        text,
    )
    text = re.sub(r"\b(?:they|it)\b", "IT", text, flags=re.IGNORECASE)
    return re.sub(r"\bcosts?\b", "COST", re.sub(r"[\d.,]*\d", "N", text))


def labelled() -> dict[tuple[str, str], bool]:
    """Which sentence, in answer to which message, people found true."""
    if not LABELS.exists():
        return {}
    rows = yaml.safe_load(LABELS.read_text(encoding="utf-8"))
    return {(row["message"], one["text"]): one["true"] for row in rows for one in row["sentences"]}


def written(folder: Path, said: Mapping[str, Sequence[Answer]], records: Mapping[str, Item]) -> None:
    """The answers of each model as JSON Lines, for people to label; and side by side, once there are two."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, held in said.items():
        lines = "".join(f"{json.dumps(asdict(one), ensure_ascii=False)}\n" for one in held)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    if len(said) > 1:
        page = side_by_side(said["taught"], said["untaught"], records)
        (folder / "side_by_side.md").write_text(page, encoding="utf-8")


def side_by_side(taught: Sequence[Answer], untaught: Sequence[Answer], records: Mapping[str, Item]) -> str:
    """``COMPARED`` turns with the answers of both models as A and B, in an order drawn for each; the key at the end."""
    draw = random.Random(SEED)
    other = {one.message: one for one in untaught}
    chosen = draw.sample([one for one in taught if one.message in other], min(COMPARED, len(taught)))
    lines, first = [SIDE_BY_SIDE], []
    for number, one in enumerate(chosen, 1):
        pair = [one, other[one.message]]
        if draw.random() < 0.5:
            first.append(str(number))
        else:
            pair.reverse()
        lines += [f"### {number}. {one.message}", ""]
        for letter, held in zip("AB", pair, strict=True):
            shown = "; ".join(records[item_id].title for item_id in held.items[:2] if item_id in records)
            said = " ".join(held.sentences) or "*(none of its sentences was shown)*"
            lines += [f"- **{letter}** ({shown or 'no items'}): {said}"]
        lines.append("")
    return "\n".join([*lines, "## Key", "", f"A is the taught model in {', '.join(first)}; else B is.", ""])


def run(assistant: Assistant, messages: Sequence[str]) -> list[Answer]:
    """The answers to these messages."""
    return asyncio.run(answers(assistant, messages))
