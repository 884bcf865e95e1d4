"""How true the answers are: the grounding check against labels made by hand, and hostile texts against the whole shop.

The labelled sentences (tests/chat/truth/sentences.yaml) are given to the check as the LLM would write them, each on
its own, over the items that its group shows. Parts: ``seen``, by which the check was improved; ``later``, written to
widen it; and ``held_out`` (tests/chat/truth/held_out.yaml), which nobody improves it by, once somebody has written it.

    errors_caught     planted errors that are not shown: the sentence was cut, or mended so that the error is gone
    true_cut          true sentences of which nothing true is shown
    check_cpu_ms_p95      what one sentence costs
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
import yaml
from rich.console import Console

from bench import injection, latency
from bench.report import parser, report
from bench.turns import conversations
from chat.need import Need
from chat.reply import Splitter, Writer
from chat.settings import Settings
from demo import assortment, catalogue
from demo.__main__ import SEED
from retrieval.items import Item
from ui.demo_shop import build_demo, taught_for_demo
from ui.home import Home
from ui.opening import language_model, opened_assistant

_FOLDER = Path(__file__).resolve().parents[1] / "tests" / "chat" / "truth"
LABELLED = _FOLDER / "sentences.yaml"
LATER = _FOLDER / "later.yaml"  # written to widen the check: a part of its own, in none of the figures that have a bar
HELD_OUT = _FOLDER / "held_out.yaml"  # by a writer who has read nothing of the check; absent until then
console = Console(highlight=False)
NEED = Need(currency=catalogue.CURRENCY)
Part = Literal["seen", "held_out", "later"]


@dataclass(frozen=True)
class Labelled:
    """One sentence with its label, and the items that it was written about."""

    group: int
    says: str
    kind: str  # of the planted error; "" where the sentence is true
    wrong: tuple[str, ...]  # the words that make it false
    shown: tuple[Item, ...]
    part: Part  # whether the check was improved by it


@dataclass(frozen=True)
class Judged:
    """What the shopper would have read of it."""

    labelled: Labelled
    text: str
    ms: float

    @property
    def right(self) -> bool:
        """True if something true is left of a true sentence, or nothing wrong of a planted one."""
        if self.labelled.kind:
            return not self.text or not any(_says(self.text, wrong) for wrong in self.labelled.wrong)
        return bool(self.text) and not _added(self.text, self.labelled)


@lru_cache(maxsize=1)
def labelled() -> tuple[Labelled, ...]:
    """Every labelled sentence in the file's order. Raises KeyError for a title that the demo shop lacks."""
    by_title = {item.title: item for item in catalogue.items(assortment.departments(), SEED)}
    found: list[Labelled] = []
    parts: tuple[tuple[Path, Part], ...] = ((LABELLED, "seen"), (LATER, "later"), (HELD_OUT, "held_out"))
    for path, part in parts:
        if not path.exists():
            continue
        groups: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
        for group in groups:
            number, shown = group["group"], tuple(by_title[title] for title in group["shown"])
            found += [Labelled(number, says, "", (), shown, part) for says in group["carried"]]
            for one in group["planted"]:
                found.append(Labelled(number, one["says"], one["kind"], tuple(one["wrong"]), shown, part))
    return tuple(found)


def judge(sentence: Labelled) -> Judged:
    """Give it to the check as an answer of the LLM's, and keep what is shown."""
    splitter, writer = Splitter(item.title for item in sentence.shown), Writer(sentence.shown, NEED)
    begun = time.process_time()
    said = [writer.take(text) for text in (*splitter.feed(sentence.says), *splitter.finish())]
    shown = " ".join(one.text for one in said if one is not None)
    return Judged(sentence, shown, (time.process_time() - begun) * 1000)


def _says(text: str, words: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE))


def _added(text: str, sentence: Labelled) -> set[str]:
    """The words and numbers that the check put in and that no title has: a true sentence was made another one."""
    # "It's" is written out where the item is named in its place.
    says = re.sub(r"'(s|re)\b", lambda match: {"s": "'s is", "re": "'re are"}[match[1]], sentence.says)
    given = " ".join((says, *(item.title for item in sentence.shown)))
    return set(re.findall(r"\w+", text.lower())) - set(re.findall(r"\w+", given.lower()))


def figures(judged: Sequence[Judged]) -> dict[str, float]:
    """The shares over all and by part, and the caught ones by kind."""
    blind = [one for one in judged if one.labelled.part != "later"]
    found: dict[str, float] = {"sentences": len(blind)} | _shares(blind, "")
    for part in ("seen", "held_out", "later"):
        if of_part := [one for one in judged if one.labelled.part == part]:
            found |= _shares(of_part, f"{part}.")
    kinds = Counter(one.labelled.kind for one in blind if one.labelled.kind)
    for kind in sorted(kinds):
        caught = sum(one.right for one in blind if one.labelled.kind == kind)
        found[f"caught.{kind.replace(' ', '_')}"] = caught / kinds[kind]
    return found | {"check_cpu_ms_p95": float(np.percentile([one.ms for one in judged], 95))}


def _shares(judged: Sequence[Judged], prefix: str) -> dict[str, float]:
    planted = [one for one in judged if one.labelled.kind]
    true = [one for one in judged if not one.labelled.kind]
    return {
        f"{prefix}errors_caught": sum(one.right for one in planted) / len(planted),
        f"{prefix}true_cut": sum(not one.right for one in true) / len(true),
        f"{prefix}true_unchanged": sum(one.text == one.labelled.says for one in true) / len(true),
    }


def llm_sentences_kept(console: Console, *, quick: bool) -> dict[str, float]:
    """The share of scripted turns that show a sentence of the settings' LLM; counted as ``bench.latency`` does."""
    settings = Settings()
    home = Home(settings.home)
    settings = taught_for_demo(settings, home)
    script = list(islice(conversations(), latency.QUICK_CONVERSATIONS if quick else None))
    with home.owned(), language_model(settings, home) as model:
        build_demo(home, settings, console)
        with opened_assistant(settings, home, model.llm, console) as (assistant, shop):
            if model.server is not None:
                model.server.wait_ready()
            turns = asyncio.run(latency.measure(assistant, shop, script))
    kept = sum(seen.first_llm_sentence_ms is not None for seen in turns)
    return {"llm_turns": float(len(turns)), "llm_sentences_kept": kept / len(turns)}


def wrongly_judged(judged: Sequence[Judged], parts: Sequence[Part] = ("seen", "later")) -> Iterator[str]:
    """For those who improve the check: what it did wrong, of the parts that may be looked at."""
    for one in judged:
        if not one.right and one.labelled.part in parts:
            yield f"{one.labelled.kind or 'true'}: {one.labelled.says} → {one.text or '(cut)'}"


def main() -> None:
    """The command."""
    arguments = parser(__doc__)
    arguments.add_argument(
        "--check-only", action="store_true", help="without the shops that hostile texts are put into"
    )
    arguments.add_argument("--llm", action="store_true", help="count the sentences kept of the settings' LLM as well")
    options = arguments.parse_args()
    judged = [judge(sentence) for sentence in labelled()]
    for line in wrongly_judged(judged):
        print(line)
    found = figures(judged)
    if not options.check_only:
        with TemporaryDirectory() as folder:
            found |= injection.measure(Path(folder), console, quick=options.quick)
    if options.llm:
        found |= llm_sentences_kept(console, quick=options.quick)
    report("truth", found, json_path=options.json, quick=options.quick)


if __name__ == "__main__":
    main()
