"""Runs cases through the assistant, with versions of the prompts of one's choice, and says how each went.

Knows how a case is held: its shop, its history, its messages in order. What must hold, ``prompts.checks`` says; what
may be concluded, ``prompts.scores``. Conversations are held beside the shop, in a database of their own: no shopper,
no figure of the shop's ever meets them.
"""

import hashlib
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from chat.assistant import Assistant
from chat.events import SessionEvent, TextEvent, TurnEvent
from chat.finding import Finder
from chat.llm import LLM
from chat.rubric import judged
from chat.seen import Records, seen_turn
from chat.store import Store, Turn
from chat.traced import Call, Traced
from prompts.cases import DEMO, OWN, Case
from prompts.checks import CONSTRAINTS, Finding, SeenTurn, hit, judge
from prompts.results import Key, Results, versions_key
from prompts.scores import Failure, Result
from prompts.serving import Pinned, Prompts
from prompts.tables import Version
from prompts.versions import PRODUCTION, Versions
from ranking.history import Event, Events
from ranking.reranker import Untrained
from retrieval.database import Connections
from retrieval.encoder import Encoder
from retrieval.items import Item
from retrieval.shop import Shop, open_shop

DAY_S = 86_400.0
PACKAGES = Path(__file__).parent.parent
DECIDING = ("chat", "prompts", "ranking", "retrieval")  # the packages whose code decides how a case goes


@dataclass(frozen=True)
class Stage:
    """A shop that cases are held in."""

    shop: Shop
    finder: Finder
    records: Records
    mark: str  # another one, another shop

    @classmethod
    def over(cls, shop: Shop, finder: Finder) -> "Stage":
        """Over a shop that is open, with all that is in it now."""
        digest = hashlib.sha256(finder.reranker_version.encode())
        items = list(shop.catalog.all())
        for item in items:
            digest.update(item.content_hash().encode())
        return cls(shop, finder, Records.of(items), digest.hexdigest()[:16])


@dataclass(frozen=True)
class Trial:
    """The versions that cases are run with, and what people call them."""

    title: str
    pins: Mapping[str, str]  # prompt -> hash

    @classmethod
    def of(cls, versions: Versions, version: Version) -> "Trial":
        """That version, with what is live of the other prompts."""
        live = {
            name: held for (name, label, site), held in versions.labels().items() if (label, site) == (PRODUCTION, "")
        }
        return cls(version.title, live | {version.name: version.hash})


class Stages:
    """The shops that cases name, each opened when it is first wanted, and closed at the end."""

    def __init__(
        self, folder: Path, models: Path, cards: int, opened: Mapping[str, Stage], encoder: Encoder | None = None
    ) -> None:
        self._folder = folder
        self._models = models
        self._cards = cards
        self._held = dict(opened)
        self._encoder = encoder or next((stage.shop.encoder for stage in opened.values()), None)
        self._small: list[Shop] = []

    def of(self, case: Case) -> Stage:
        """The shop of this case; KeyError where the demo's or one's own is wanted and was not opened."""
        if case.shop in (DEMO, OWN):
            return self._held[case.shop]
        content = "".join(item.model_dump_json() for item in case.catalogue)
        name = hashlib.sha256(content.encode()).hexdigest()[:16]
        if name not in self._held:
            self._held[name] = self._opened(self._folder / name, case)
        return self._held[name]

    def _opened(self, folder: Path, case: Case) -> Stage:
        folder.mkdir(parents=True)
        shop = open_shop(folder, self._models, encoder=self._encoder)
        self._encoder = shop.encoder
        self._small.append(shop)
        shop.catalog.upsert(_item(held.model_dump(exclude_none=True)) for held in case.catalogue)
        shop.index.refresh()
        reranker = Untrained(shop.catalog, shop.index.vectors)
        return Stage.over(shop, Finder(shop.catalog, shop.grounder, reranker, cards=self._cards))

    def close(self) -> None:
        """Close what was opened here."""
        for shop in self._small:
            shop.close()


@contextmanager
def staged(models: Path, cards: int, opened: Mapping[str, Stage], encoder: Encoder | None = None) -> Iterator[Stages]:
    """Stages over the shops that are open, and small ones in a folder that is gone at the end."""
    with TemporaryDirectory(prefix="shoptalk-cases-") as folder:
        stages = Stages(Path(folder), models, cards, opened, encoder)
        try:
            yield stages
        finally:
            stages.close()


@dataclass
class Evaluation:
    """Cases by versions. ``judge``: who answers rubrics; None: nobody, and they decide nothing."""

    stages: Stages
    prompts: Prompts
    llm: LLM
    results: Results
    judge: LLM | None = None
    turn_timeout_s: float = 40.0
    _numbers: Iterator[int] = field(default_factory=count)

    async def run(
        self, cases: Sequence[Case], trials: Sequence[Trial], *, anew: bool = False
    ) -> AsyncGenerator[tuple[Result, bool]]:
        """Each case with each version, one version after the other, so that a run that is cut off has pairs.

        Yields each result, and whether it was known from before. Closing the iterator stops the LLM; what is done is
        kept. A case in which the LLM was not reached is not kept.
        """
        pinned = {trial.title: Pinned(self.prompts, trial.pins) for trial in trials}
        for case in cases:
            for trial in trials:
                key = self.key(case, trial)
                held = None if anew else self.results.get(key)
                if held is not None:
                    yield held.model_copy(update={"case": case.id, "version": trial.title}), True
                    continue
                result = await self._held(case, trial, pinned[trial.title])
                if not result.unreached:
                    self.results.put(key, result)
                yield result, False

    def key(self, case: Case, trial: Trial) -> Key:
        """What a result of the case with these versions is kept under."""
        judge = self.judge.model if self.judge is not None and case.has_rubric else ""
        setting = f"{self.stages.of(case).mark}:{program()}:{judge}"
        return Key(versions_key(trial.pins), case.hash, self.llm.model, setting)

    async def _held(self, case: Case, trial: Trial, prompts: Pinned) -> Result:
        seen = await self.converse(case, prompts)
        findings: list[Finding] = []
        for number, turn in enumerate(case.turns, 1):
            findings += judge(case.every, turn, seen[:number])
            for rubric in (case.every.rubric, turn.rubric):
                if rubric is None:
                    continue
                if self.judge is None:
                    findings.append(Finding(number, "rubric", None, f"{rubric.asks}: there is no judge"))
                else:
                    findings.append(await judged(self.judge, rubric, number, seen[number - 1]))
        return scored(case, trial.title, seen, findings)

    async def converse(self, case: Case, prompts: Pinned) -> list[SeenTurn]:
        """The conversation, held by somebody new with the history that the case states."""
        stage = self.stages.of(case)
        shopper = f"case-{next(self._numbers)}"
        with TemporaryDirectory(prefix="shoptalk-case-") as folder, conversations(Path(folder)) as (events, store):
            events.add(_history(case, stage, shopper))
            calls: list[Call] = []
            llm = Traced(self.llm, calls)
            kept: list[Turn] = []
            assistant = Assistant(stage.shop.catalog, stage.finder, events, store, prompts, llm, self.turn_timeout_s)
            assistant.watchers.append(kept.append)
            session: str | None = None
            seen: list[SeenTurn] = []
            for turn in case.turns:
                kept.clear()
                calls.clear()
                told: list[TurnEvent] = []
                begun, first = time.perf_counter(), None
                async for event in assistant.turn(turn.say, session, shopper_id=shopper):
                    told.append(event)
                    if isinstance(event, TextEvent) and event.by == "llm" and first is None:
                        first = (time.perf_counter() - begun) * 1000
                    if isinstance(event, SessionEvent):
                        session = event.session_id
                written = [call.answer for call in calls if not call.structured]
                seen.append(seen_turn(turn.say, told, kept[0] if kept else None, written, stage.records, seen, first))
            return seen


def scored(case: Case, version: str, seen: Sequence[SeenTurn], findings: Sequence[Finding]) -> Result:
    """What became of the case, in figures: means over its turns, or shares of its checks."""
    sure = [finding for finding in findings if finding.passed is not None]
    of_constraints = [bool(finding.passed) for finding in sure if finding.check in CONSTRAINTS]
    hits = [found for turn, held in zip(case.turns, seen, strict=True) if (found := hit(turn, held)) is not None]
    first = [turn.first_word_ms for turn in seen if turn.first_word_ms is not None]
    columns: dict[str, list[float]] = {
        "constraints": [float(right) for right in of_constraints],
        "hit5": [float(found) for found in hits],
        "written": [float(turn.by_llm > 0) for turn in seen],
        "repaired": [float(turn.repaired) for turn in seen],
        "cut": [float(turn.cut) for turn in seen],
        "questions": [float(turn.questions) for turn in seen],
        "words": [float(len(turn.text.split())) for turn in seen],
        "tokens": [float(turn.tokens) for turn in seen],
        "first_word_ms": first,
    }
    return Result(
        case=case.id,
        version=version,
        checks=len(sure),
        passed=sum(bool(finding.passed) for finding in sure),
        failures=tuple(
            Failure(turn=finding.turn, check=finding.check, why=finding.why, unsure=finding.passed is None)
            for finding in findings
            if not finding.passed
        ),
        figures={name: sum(values) / len(values) for name, values in columns.items() if values},
        unreached=sum(not turn.llm_reached for turn in seen),
        texts=tuple(turn.text for turn in seen),
        source=case.source,
    )


@cache
def program() -> str:
    """The hash of the code that decides how a case goes: with other code, results are other results."""
    digest = hashlib.sha256()
    for path in sorted(path for package in DECIDING for path in (PACKAGES / package).rglob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _history(case: Case, stage: Stage, shopper: str) -> list[Event]:
    """What the shopper did before: what one of the shop's did, under another name, and what the case adds."""
    held = Events(stage.shop.connections).of(case.shopper) if case.shopper else []
    taken = [Event.model_validate(event.model_dump() | {"id": "", "shopper_id": shopper}) for event in held]
    now = time.time()
    return taken + [
        Event(
            shopper_id=shopper,
            kind=event.kind,
            item_id=event.item,
            query=event.query,
            rating=event.rating,
            time=now - event.days_ago * DAY_S,
        )
        for event in case.history
    ]


def _item(fields: dict[str, object]) -> Item:
    price = fields.get("price")
    return Item.model_validate(fields | ({"price": str(price)} if price is not None else {}))


@contextmanager
def conversations(folder: Path) -> Iterator[tuple[Events, Store]]:
    """Empty tables for one conversation, which are gone at the end."""
    connections = Connections(folder / "conversation.sqlite3")
    try:
        yield Events(connections), Store(connections)
    finally:
        connections.close()
