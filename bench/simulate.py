"""Conversations with simulated shoppers: ``python -m bench.simulate [--data DIR] [--llm] [--json PATH]``.

Each of 1,000 shoppers of a real shop wants what they really bought last, which nothing of the shop has learned of (see
``bench.held_out`` and ``chat.simulator``), by rules alone and five cards a turn; then 100 of the demo shop, which has
prices and attributes. With ``--llm`` only these, with the language model of the settings. Three seeds draw shoppers,
styles and words; a figure is the mean of the three, and its ``_spread`` the widest apart of them.

    success@N             the wanted item was among the cards within N turns
    one_shot_same_cards   it is among the cards of ONE message with the first two things that the shopper knows of it,
                          answered by the same assistant with the same history, and as many cards as the conversation
                          showed different ones within five turns
    no_history.…          the same shoppers, unknown to the shop
    violations            share of turns with a card that breaks what the shopper had stated outright and does not say
                          so, judged by what the simulated shopper knows
    misspelt_broken       share of turns with a card that breaks what the shopper meant to state, but misspelt
    marked                share of turns with a card that says that it lies outside of what was asked
    ungrounded            share of turns with a name, price, rating or count that no record carries (``bench.judge``)
    repeated              share of turns with a card that an earlier turn had shown
    llm_sentences_kept    share of turns that show a sentence of the language model's; 0 by rules alone
    llm_reached           share of turns that did not have to do without it; by rules alone, those that ask for none

A run that was cut off goes on where it was, as long as the commit is the same.
"""

import asyncio
import json
import multiprocessing
import random
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.held_out import HeldOut, beauty_shop, demo_shop, runs_folder
from bench.judge import Records, card_differs, text_differs, texts
from bench.report import commit, parser, report
from chat.assistant import Assistant
from chat.events import CardsEvent, DoneEvent, ErrorEvent, TextEvent
from chat.finding import Finder
from chat.known_requests import KnownRequests
from chat.llm import LLM
from chat.settings import Settings
from chat.simulated_words import STYLES, Style
from chat.simulator import PATIENCE, Heard, Shopper, Surroundings, converse, shopper
from chat.store import Store
from prompts.library import Library
from ranking.history import Events
from ranking.reranker import open_reranker
from ranking.rules import Rules
from retrieval.items import Item
from retrieval.shop import open_shop
from ui.home import Home
from ui.opening import language_model, taught_on
from ui.progress import bars

SHOPPERS, DEMO_SHOPPERS, QUICK_SHOPPERS = 1_000, 100, 30
SEEDS = (1, 2, 3)
WITHIN = (1, 3, 5, 8)
COMPARED = 5  # turns after which a conversation is held against a single search
AT_ONCE = 8  # shoppers who talk with a language model at the same time
NOWHERE = "http://127.0.0.1:9/v1"  # no language model answers there

Row = dict[str, Any]
console = Console(highlight=False)


@dataclass(frozen=True)
class Task:
    """One simulated shopper; its name tells it from every other of a run."""

    seed: int
    shopper_id: str
    target: str
    style: Style

    @property
    def name(self) -> str:
        return f"{self.seed} {self.shopper_id}"


def tasks(targets: Mapping[str, str], seeds: Sequence[int], shoppers: int) -> list[Task]:
    """The shoppers of a run: as many of those with a held-out purchase as there are to be, drawn anew by each seed."""
    made = []
    for seed in seeds:
        rng = random.Random(seed)
        drawn = rng.sample(sorted(targets), min(shoppers, len(targets)))
        made += [Task(seed, who, targets[who], STYLES[n % len(STYLES)]) for n, who in enumerate(drawn)]
    return made


class Stage:
    """One shop, open, with an assistant for any number of cards."""

    def __init__(self, home: Home, settings: Settings, llm: LLM, opened: ExitStack) -> None:
        shop = open_shop(home.folder, settings.models)
        opened.callback(shop.close)
        self.records = Records((item.id, item) for item in shop.catalog.all())
        self.around = Surroundings.of(self.records.values())
        self._shop, self._settings, self._llm = shop, settings, llm
        self._reranker = open_reranker(home.rerankers, shop.catalog, shop.index.vectors)
        self._library, self._store = Library(), Store(shop.connections)
        self._known = KnownRequests.load(taught_on(settings, home), shop.encoder.encode)

    def assistant(self, cards: int = 0) -> Assistant:
        """The assistant, showing so many cards; 0: as many as the settings say."""
        finder = Finder(
            self._shop.catalog, self._shop.grounder, self._reranker,
            candidates=self._settings.candidates, cards=cards or self._settings.cards,
            diversity=self._settings.diversity, rules=Rules(self._shop.connections).in_force, known=self._known,
        )  # fmt: skip
        return Assistant(self._shop.catalog, finder, Events(self._shop.connections), self._store, self._library,
                         self._llm, self._settings.turn_timeout_s)  # fmt: skip

    def shopper(self, task: Task) -> Shopper:
        return shopper(self.records[task.target], task.style, str(task.seed), self.around)

    async def play(self, task: Task) -> Row:
        """The shopper's conversation with their history and without, and the single search beside it."""
        assistant = self.assistant()
        who = self.shopper(task)
        heard = await converse(assistant, who, task.shopper_id)
        row = {"name": task.name, "seed": task.seed, "style": task.style, "turns": self._judged(who, heard)}
        unknown = self.shopper(task)
        row["no_history"] = self._judged(unknown, await converse(assistant, unknown, None))
        shown = {card.item_id for turn in heard[:COMPARED] for card in turn.cards}
        once = [event async for event in self.assistant(len(shown)).turn(
            self.shopper(task).one_shot(), shopper_id=task.shopper_id)]  # fmt: skip
        cards = [event.cards for event in once if isinstance(event, CardsEvent)][-1:]
        row["one_shot"] = any(card.item_id == task.target for shown_once in cards for card in shown_once)
        return row

    def _judged(self, who: Shopper, heard: Sequence[Heard]) -> list[Row]:
        """What is kept of each turn: all that the figures and a look at single cases need."""
        judged: list[Row] = []
        seen: dict[str, Item] = {}
        amounts: set[Decimal] = set()
        said = ""
        for turn in heard:
            limits, said = turn.said.limits, f"{said}\n{turn.said.message}"
            amounts |= {Decimal(limit.value) for limit in limits if limit.field in ("price_max", "price_below")}
            cards = [card for event in turn.events if isinstance(event, CardsEvent) for card in event.cards]
            here = {card.item_id: self.records[card.item_id] for card in cards if card.item_id in self.records}
            wrong = [line for card in cards for line in card_differs(self.records, card)]
            text = "\n".join(texts(turn.events))
            prices = {item.price for item in (seen | here).values() if item.price is not None}
            if re.search(r"\b(?:cheaper|dearer|more|less) than\b", text):
                amounts |= {abs(one - other) for one in prices for other in prices}  # "is $12.45 cheaper than"
            wrong += text_differs(self.records, text, list((seen | here).values()), amounts, said)
            broken = {f"{card.item_id} {card.title}": [str(limit) for limit in found] for card in cards
                      if card.item_id in here and (found := who.breaks(card, here[card.item_id], limits))}  # fmt: skip
            misspelt = [card.item_id for card in turn.cards if not card.outside and card.item_id in here
                        and any(limit.broken_by(here[card.item_id]) for limit in turn.said.misspelt)]  # fmt: skip
            done = next((event for event in turn.events if isinstance(event, DoneEvent)), None)
            judged.append({
                "say": turn.said.message, "answered": turn.said.answered, "text": text,
                "broken": broken, "wrong": wrong, "misspelt": len(misspelt),
                "cards": [f"{card.item_id} {card.title}" for card in turn.cards],
                "asked": done.question if done else "",
                "marked": sum(bool(card.outside) for card in turn.cards),
                "repeated": sum(card.item_id in seen for card in turn.cards),
                "found": any(card.item_id == who.target.id for card in turn.cards),
                "failed": any(isinstance(event, ErrorEvent) for event in turn.events),
                "kept": any(isinstance(event, TextEvent) and event.by == "llm" for event in turn.events),
                "reached": done is not None and done.llm_reached,
            })  # fmt: skip
            seen |= {card.item_id: here[card.item_id] for card in turn.cards if card.item_id in here}
        return judged


_stage: Stage | None = None
_opened = ExitStack()
_runner: asyncio.Runner | None = None  # one loop for all: the language model's connections belong to it


@contextmanager
def own_copy(home: Home) -> Iterator[Home]:
    """A copy of the home: an index has one owner, and what is said in a simulation is not kept."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "home"
        shutil.copytree(home.folder, copy, ignore=shutil.ignore_patterns("*.lock", "*.jsonl", "partial"))
        yield Home(copy)


def _open(home: Home, settings: Settings) -> None:
    global _stage, _runner
    _runner = _opened.enter_context(asyncio.Runner())
    model = _opened.enter_context(language_model(settings, home))
    _stage = Stage(_opened.enter_context(own_copy(home)), settings, model.llm, _opened)
    if model.server is not None:
        model.server.wait_ready()


def _play(task: Task) -> Row:
    assert _stage is not None  # the pool's processes have opened both
    assert _runner is not None
    return _runner.run(_stage.play(task))


def played(shop: HeldOut, settings: Settings, wanted: Sequence[Task], file: Path, processes: int) -> list[Row]:
    """The rows of all tasks; what the file holds already is not played again, and each row is added to it at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    held = {row["name"]: row for row in map(json.loads, whole_lines(file))}
    missing = [task for task in wanted if task.name not in held]
    if len(missing) < len(wanted):
        console.print(f"{len(wanted) - len(missing)} of {len(wanted)} shoppers are in {file} already.")
    with file.open("a", encoding="utf-8") as out, bars(console) as tell, ExitStack() as pool:
        for n, row in enumerate(_rows(shop, settings, missing, processes, pool), 1):
            held[row["name"]] = row
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            out.flush()
            tell(f"simulated shoppers of {shop.name}", n, len(missing))
    return [held[task.name] for task in wanted]


def _rows(shop: HeldOut, settings: Settings, missing: Sequence[Task], processes: int, pool: ExitStack) -> Iterable[Row]:
    if not missing:
        return
    if processes <= 1:
        pool.callback(_opened.close)
        _open(shop.home, settings)
        yield from _together(missing)
        return
    executor = ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), initializer=_open, initargs=(shop.home, settings)
    )
    pool.callback(executor.shutdown, wait=True, cancel_futures=True)
    yield from executor.map(_play, missing)


def _together(missing: Sequence[Task]) -> Iterator[Row]:
    """The rows as they end: several shoppers talk at once, as a language model serves them best."""
    assert _runner is not None  # _open was called
    places = asyncio.Semaphore(AT_ONCE)

    async def play(task: Task) -> Row:
        assert _stage is not None
        async with places:
            return await _stage.play(task)

    loop = _runner.get_loop()
    pending = {loop.create_task(play(task)) for task in missing}
    while pending:
        done, pending = _runner.run(_first(pending))
        yield from (one.result() for one in done)


async def _first(pending: set[asyncio.Task[Row]]) -> tuple[set[asyncio.Task[Row]], set[asyncio.Task[Row]]]:
    return await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)


def whole_lines(file: Path) -> list[str]:
    """The lines of the file; what a cut-off run left of a last one is taken away."""
    if not file.exists():
        return []
    text = file.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, encoding="utf-8")
    return whole.splitlines()


def figures(rows: Sequence[Row]) -> dict[str, float]:
    """The figures of one seed's rows, all styles together and each for itself."""
    made = _figures(rows)
    unknown = [row | {"turns": row["no_history"]} for row in rows]
    made |= {f"no_history.{name}": value for name, value in _figures(unknown).items()}
    made["one_shot_same_cards"] = _mean(row["one_shot"] for row in rows)
    made["over_one_shot"] = made[f"success@{COMPARED}"] / max(made["one_shot_same_cards"], 1e-9) - 1
    made["history_adds"] = made[f"success@{COMPARED}"] / max(made[f"no_history.success@{COMPARED}"], 1e-9) - 1
    for style in STYLES:
        own = [row for row in rows if row["style"] == style]
        made |= {f"style.{style}.{name}": value for name, value in _figures(own).items()} if own else {}
    return made


def _figures(rows: Sequence[Row]) -> dict[str, float]:
    turns = [turn for row in rows for turn in row["turns"]]
    took = [len(row["turns"]) for row in rows if row["turns"][-1]["found"]]
    asked = sum(bool(turn["asked"]) for turn in turns)
    made = {f"success@{n}": _mean(any(turn["found"] for turn in row["turns"][:n]) for row in rows) for n in WITHIN}
    return made | {
        "turns_to_success": _mean(took),
        "questions_per_dialogue": asked / len(rows),
        "questions_wasted": _mean(t["answered"] == "indifferent" for t in turns if t["answered"]),
        "violations": _mean(bool(turn["broken"]) for turn in turns),
        "misspelt_broken": _mean(bool(turn["misspelt"]) for turn in turns),
        "marked": _mean(bool(turn["marked"]) for turn in turns),
        "ungrounded": _mean(bool(turn["wrong"]) for turn in turns),
        "repeated": _mean(bool(turn["repeated"]) for turn in turns),
        "without_cards": _mean(not turn["cards"] for turn in turns),
        "failed": _mean(turn["failed"] for turn in turns),
        "llm_sentences_kept": _mean(turn["kept"] for turn in turns),
        "llm_reached": _mean(turn["reached"] for turn in turns),
        "turns": float(len(turns)),
    }


def over_seeds(rows: Sequence[Row]) -> dict[str, float]:
    """Each figure's mean over the seeds, and how far apart the seeds are."""
    by_seed = [figures([row for row in rows if row["seed"] == seed]) for seed in sorted({row["seed"] for row in rows})]
    made: dict[str, float] = {}
    for name in by_seed[0]:
        values = [one[name] for one in by_seed if name in one]
        made[name] = sum(values) / len(values)
        made[f"{name}_spread"] = max(values) - min(values)
    return made


def _mean(values: Iterable[float]) -> float:
    held = list(values)
    return sum(held) / len(held) if held else float("nan")


def main() -> None:
    """The command."""
    arguments = parser(__doc__, data="beauty")
    arguments.add_argument("--llm", action="store_true", help="the demo shop, with the language model of the settings")
    arguments.add_argument("--shop", choices=("all", "data", "demo"), default="all", help="only one of the two shops")
    arguments.add_argument("--shoppers", type=int, default=0, help="so many of each seed")
    arguments.add_argument("--seeds", type=int, default=len(SEEDS), help="the first so many of the seeds")
    arguments.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    arguments.add_argument("--run", type=Path, metavar="FOLDER", help="where the run is kept, whatever the commit")
    options = arguments.parse_args()
    settings = Settings.model_validate({})
    if not options.llm:
        settings = settings.model_copy(update={"llm_url": NOWHERE})
    seeds = SEEDS[:1] if options.quick else SEEDS[: options.seeds]
    folder = options.run or runs_folder(settings) / commit()
    if options.run is None and (options.quick or "+" in commit()):
        shutil.rmtree(folder, ignore_errors=True)  # of other code, perhaps
    measured: dict[str, float] = {}
    if not options.llm and options.shop != "demo":
        if options.data is not None and (options.data / "items.jsonl").exists():
            shop = beauty_shop(options.data, settings, console)
            wanted = tasks(shop.targets, seeds, options.shoppers or (QUICK_SHOPPERS if options.quick else SHOPPERS))
            rows = played(shop, settings, wanted, folder / f"{shop.name}.jsonl", options.processes)
            measured |= over_seeds(rows)
        else:
            console.print(f"No items.jsonl in {options.data}: only the demo shop is measured.")
    if options.llm or options.shop != "data":
        shop = demo_shop(settings, console)
        wanted = tasks(shop.targets, seeds, options.shoppers or (QUICK_SHOPPERS if options.quick else DEMO_SHOPPERS))
        name = "llm" if options.llm else "demo"
        rows = played(shop, settings, wanted, folder / f"{name}.jsonl", 1 if options.llm else options.processes)
        measured |= {f"{name}.{figure}": value for figure, value in over_seeds(rows).items()}
    report("simulate", measured | {"seeds": float(len(seeds)), "patience": float(PATIENCE)},
           json_path=options.json, quick=options.quick)  # fmt: skip


if __name__ == "__main__":
    main()
