"""Lives: which of the trained models is live, which others are kept, what was live before, and why.

Knows model folders and the journal ``lives.jsonl`` beside them. Knows nothing of how models are compared.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ranking.errors import NoModel
from ranking.folder import current, go_live

JOURNAL = "lives.jsonl"


@dataclass(frozen=True)
class Life:
    """One line of the journal: a model goes live in place of ``former`` ("" where there was none)."""

    time: str  # ISO 8601, UTC
    version: str
    former: str
    reason: str


def succeed(folder: Path, reason: str) -> Life:
    """Make the model in the folder the live one, and write down why."""
    former = current(folder.parent)
    life = Life(datetime.now(UTC).isoformat(timespec="seconds"), folder.name, former.name if former else "", reason)
    if former:
        former.touch()  # the latest touched are kept, and this is the one to go back to
    go_live(folder)
    with (folder.parent / JOURNAL).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(life)) + "\n")
    return life


def lives(rerankers: Path) -> list[Life]:
    """The journal, oldest first; a line that a power cut left unfinished is passed over."""
    made = []
    path = rerankers / JOURNAL
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            made.append(Life(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return made


@dataclass(frozen=True)
class Kept:
    """A model that is kept: its folder, its facts, whether it is live, and why it last became so."""

    folder: Path
    facts: dict[str, Any]
    live: bool
    reason: str


def kept(rerankers: Path) -> list[Kept]:
    """Every model that is kept, the latest trained first."""
    live, reasons = current(rerankers), {life.version: life.reason for life in lives(rerankers)}
    made = []
    for path in rerankers.glob("*/model.json"):
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        made.append(Kept(path.parent, facts, path.parent == live, reasons.get(path.parent.name, "")))
    return sorted(made, key=lambda one: str(one.facts.get("trained_at")), reverse=True)


def chosen(rerankers: Path, version: str) -> Path:
    """Folder of the kept model whose version begins so; NoModel, with those there are, if it is none or several."""
    held = [one.folder for one in kept(rerankers)]
    found = [folder for folder in held if folder.name.startswith(version)]
    if len(found) != 1 or not version:
        there = ", ".join(folder.name for folder in held) or "none; run: shoptalk train"
        how = "Several rerankers have" if len(found) > 1 else "No reranker that is kept has"
        raise NoModel(f"{how} the version {version!r}. There are: {there}")
    return found[0]


def before(rerankers: Path) -> Path:
    """Folder of the model that was live before the present one; NoModel if there was none or it is not kept."""
    live = current(rerankers)
    there = {one.folder.name: one.folder for one in kept(rerankers)}
    for life in reversed(lives(rerankers)):
        if live and life.version == live.name and life.former in there and life.former != live.name:
            return there[life.former]
    raise NoModel("No former reranker is kept to go back to. Those there are: shoptalk rerankers")
