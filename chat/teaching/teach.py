"""One teaching from a shop's records to an adapter with its card: examples, words, preference, a trial.

Knows the order of the steps and where each is kept, so that one that was cut off goes on. Which model, which shop and
where the result goes, is handed in.
"""

import hashlib
import json
import random
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chat.known_requests import KnownRequests
from chat.taught_llm import FACTS
from chat.teaching import card, examples
from chat.teaching.adapter import Adapter
from chat.teaching.lessons import Answers, Pair, Preference
from chat.teaching.packs import Tokens, packed, tokenised
from chat.teaching.records import Language
from chat.teaching.settings import TeachingSettings
from chat.teaching.source import Example, Made, Source, line_of, of_line
from chat.teaching.trial import DESCRIBED, Tried, tried
from chat.teaching.writing import AnswerWriter
from chat.understand import parse_understanding
from prompts.prompt import Prompt
from ranking import charts, curves
from ranking.checkpoints import Checkpoint
from ranking.descent import Outcome, descend

Progress = Callable[[str, int, int], None]
BY = {"words": "validation log-likelihood of a token", "preference": "validation log-likelihood of the better"}
LEAST_BETTER = 0.15  # nDCG between the two answers of a pair: less is chance
LEAST_PAIRS = 20
NOTED_EVERY_S = 30.0


@dataclass(frozen=True)
class Taught:
    """What came of it: the adapter's folder, and what its card tells."""

    folder: Path
    facts: Mapping[str, Any]
    interrupted: bool


def teach(
    base: Path,
    source: Source,
    prompts: tuple[Prompt, Prompt],
    settings: TeachingSettings,
    folder: Path,
    partial: Path,
    progress: Progress,
    notes: Mapping[str, Any] | None = None,
    writer: AnswerWriter | None = None,
) -> Taught:
    """Teach the model of folder ``base`` and write the adapter to ``folder``.

    ``prompts``: those that it is to answer to, for understanding and for the reply. ``writer``: a larger model, for
    answers that are taught beside ours.
    ``partial`` keeps what was reached, after each lap; the same shop, prompts and settings go on from there. Ctrl-C
    ends the step that is under way and keeps the best so far. ``notes`` go into the card. Raises Diverged,
    SettingError; SetupError where the writer does not answer.
    """
    understand, reply = prompts
    named = _named(source, understand, reply, settings, writer)
    watch = _Watch(partial / f"seconds-{named}", progress)
    progress = watch.progress
    made = _examples(source, understand, reply, settings, writer, partial / f"examples-{named}.jsonl", progress)
    torch.manual_seed(settings.seed)  # the new weights are drawn: the same, for a teaching that goes on
    module = Adapter(base, rank=settings.rank, alpha=settings.alpha)
    learned, held = (
        [tokenised(module.tokenizer, one.messages, one.answer) for one in part] for part in (made.learned, made.held)
    )
    data = _hash(made)

    rows = packed(learned, settings.pack)
    lesson = Answers(rows, packed(held, settings.pack), settings.laps)
    taught = descend(
        module, lesson, settings.supervised, on=settings.hardware, progress=progress, by=BY["words"],
        checkpoint=Checkpoint(partial / "words.pt", data), what="teaching the words",
    )  # fmt: skip
    outcomes = {"words": taught}
    interrupted, pairs, paired = taught.interrupted, list[Pair](), False
    if not interrupted:
        try:
            pairs = _pairs(module, made.learned, source, settings, partial, data, progress)
            paired = True
        except KeyboardInterrupt:
            interrupted = True
    if len(pairs) >= LEAST_PAIRS:
        aside = max(1, len(pairs) // 10)
        preference = Preference(module, pairs[aside:], pairs[:aside], settings.beta, settings.anchor)
        outcomes["preference"] = descend(
            module, preference, settings.preference, on=settings.hardware, progress=progress, by=BY["preference"],
            checkpoint=Checkpoint(partial / "preference.pt", f"{data}/{len(pairs)}"), what="teaching the preference",
        )  # fmt: skip
    interrupted = interrupted or any(outcome.interrupted for outcome in outcomes.values())
    found: tuple[Tried, ...] = ()
    if not interrupted:
        try:
            found = tried(module, made.held, source, settings.seed, progress)
        except KeyboardInterrupt:
            interrupted = True
    facts = {
        **(notes or {}),
        "settings": json.loads(settings.model_dump_json()),
        "prompts": {one.name: one.version for one in (understand, reply)},
        "examples": _counts(made.learned),
        "held_out": len(made.held),
        "answer_tokens": sum(len(one.answer) for one in learned),
        "rows": len(rows),
        "pairs": len(pairs),
        "paired": paired,
        "curves": {name: [asdict(epoch) for epoch in outcome.curve] for name, outcome in outcomes.items()},
        "seconds": round(watch.note()),
        "tried": [asdict(one) for one in found],
        "interrupted": interrupted,
    }
    _save(module, folder, facts, outcomes, examples.known_requests(source, Language(source.items)))
    return Taught(folder, facts, interrupted)


class _Watch:
    """Counts the seconds of a teaching over all its runs, also of those that were killed, to half a minute."""

    def __init__(self, file: Path, told: Progress) -> None:
        self._file, self._told = file, told
        self._before = float(file.read_text() or 0) if file.exists() else 0.0
        self._begun = self._noted = time.monotonic()

    def seconds(self) -> float:
        """Those of this run and of the ones before."""
        return self._before + time.monotonic() - self._begun

    def progress(self, what: str, done: int, of: int) -> None:
        """Tell how far it is, as before."""
        self._told(what, done, of)
        if time.monotonic() - self._noted >= NOTED_EVERY_S:
            self.note()

    def note(self) -> float:
        """Write the seconds down, and give them."""
        self._noted, seconds = time.monotonic(), self.seconds()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(f"{seconds:.0f}")
        return seconds


def _named(
    source: Source, understand: Prompt, reply: Prompt, settings: TeachingSettings, writer: AnswerWriter | None
) -> str:
    """The name of what a teaching keeps: the same for the same shop, prompts and settings."""
    held = [
        understand.version, reply.version, settings.model_dump(mode="json", exclude={"hardware"}),
        sorted(item.content_hash() for item in source.items), len(source.events), [one.text for one in source.given],
        writer.name if writer else "",
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(held).encode()).hexdigest()[:16]


def _examples(
    source: Source,
    understand: Prompt,
    reply: Prompt,
    settings: TeachingSettings,
    writer: AnswerWriter | None,
    kept: Path,
    progress: Progress,
) -> Made:
    """The examples, made once: their descriptions take minutes to be chosen."""
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        if writer:
            writer.check()  # before the minutes that the others take
        made = examples.made(source, understand, reply, settings, progress, writer)
        aside = kept.with_suffix(".partial")
        parts = ("".join(f"{line_of(one)}\n" for one in part) for part in (made.learned, made.held))
        aside.write_text("\n".join(parts), encoding="utf-8")
        aside.rename(kept)
    learned, _, held = kept.read_text(encoding="utf-8").partition("\n\n")
    # Not splitlines: an item's text may hold other ends of lines.
    return Made(*(tuple(of_line(line) for line in part.split("\n") if line) for part in (learned, held)))


def _pairs(
    module: Adapter,
    every: Sequence[Example],
    source: Source,
    settings: TeachingSettings,
    partial: Path,
    data: str,
    progress: Progress,
) -> list[Pair]:
    """The taught model's own descriptions of some requests, the best against the worst by what they find."""
    rng = random.Random(settings.seed)  # noqa: S311 - draws requests, no secrets
    open_ended = [one for one in every if one.request is not None and one.request.sort != "words"]
    some = rng.sample(open_ended, min(settings.asked, len(open_ended)))
    if not some:
        return []
    prompts = [tokenised(module.tokenizer, one.messages, "") for one in some]
    kept = partial / f"samples-{data[:16]}-{len(some)}.json"
    if kept.exists():
        drawn: list[list[str]] = json.loads(kept.read_text(encoding="utf-8"))
    else:
        of = len(prompts) * settings.samples
        texts = module.sampled(
            [prompt for prompt in prompts for _ in range(settings.samples)], DESCRIBED, settings.temperature,
            settings.seed, lambda done: progress("describing", done, of),
        )  # fmt: skip
        drawn = [texts[at : at + settings.samples] for at in range(0, of, settings.samples)]
        kept.write_text(json.dumps(drawn, ensure_ascii=False), encoding="utf-8")
    return list(_judged(some, prompts, drawn, source, module))


def _judged(
    some: Sequence[Example], prompts: Sequence[Tokens], drawn: Sequence[Sequence[str]], source: Source, module: Adapter
) -> Sequence[Pair]:
    language = Language(source.items)
    chooser = examples.chooser_of(source, language)
    answers = [list(dict.fromkeys([one.answer, *texts])) for one, texts in zip(some, drawn, strict=True)]
    described = {text: next(iter(parse_understanding(text).descriptions), "") for texts in answers for text in texts}
    every = sorted({*described.values(), *(one.request.text for one in some if one.request)} - {""})
    vectors = dict(zip(every, source.encode(every), strict=True))
    pairs = []
    for one, prompt, texts in zip(some, prompts, answers, strict=True):
        assert one.request is not None
        words = None if one.request.sort == "history" else vectors[one.request.text]
        of = [text for text in texts if described[text]]  # the first is from the records, and describes something
        found = chooser.values(words, np.stack([vectors[described[text]] for text in of]), one.request.right)
        values = dict.fromkeys(texts, 0.0) | dict(zip(of, found, strict=True))
        best, worst = max(texts, key=values.__getitem__), min(texts, key=values.__getitem__)
        if values[best] - values[worst] >= LEAST_BETTER:
            both = [
                Tokens(prompt.prompt, tokenised(module.tokenizer, one.messages, text).answer) for text in (best, worst)
            ]
            pairs.append(Pair(*both))
    return pairs


def _counts(every: Sequence[Example]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in every:
        name = one.skill if one.request is None else f"{one.skill}: {one.request.sort}"
        found[name] = found.get(name, 0) + 1
    return dict(sorted(found.items()))


def _save(
    module: Adapter, folder: Path, facts: Mapping[str, Any], outcomes: Mapping[str, Outcome], known: KnownRequests
) -> None:
    aside = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    module.save(aside)
    known.save(aside)
    (aside / FACTS).write_text(json.dumps(facts, indent=1, ensure_ascii=False), encoding="utf-8")
    charted = [curves.pair(name, outcome.curve, BY[name]) for name, outcome in outcomes.items()]
    (aside / "curve.svg").write_text(charts.stacked([chart for held in charted for chart in held]), encoding="utf-8")
    (aside / card.CARD).write_text(card.page(facts), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    aside.rename(folder)


def _hash(made: Made) -> str:
    digest = hashlib.sha256()
    for one in (*made.learned, *made.held):
        digest.update(line_of(one).encode())
    return digest.hexdigest()
