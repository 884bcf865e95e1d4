"""Conversations made into cases: the file that people edit and keep, and what an erasure must find again.

A saved case holds what was said, masked as ``chat.conversations`` does, and nothing of who said it: no id, no history.
Whose it was stands in the table ``saved_cases`` alone, under a mark that the case carries, so that it is found even in
a file that people renamed, or put together from several.
"""

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from chat.conversations import masked, private_words, without
from chat.need import Need
from chat.seen import plain_need
from chat.store import Store
from prompts import cases
from prompts.cases import OWN
from prompts.errors import CaseError
from prompts.results import Results
from retrieval.catalog import Catalog
from retrieval.database import Connections, wiping

ENDING = ".yaml"
CASE = "conversation"  # the name of the one case in a new file
MOST_TITLES = 3  # of the cards that a turn showed, of which a case wants one again
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_BOUNDS = ("price_min", "price_max", "rating_min")


def case_text(store: Store, catalog: Catalog, session_id: str, shop: str = OWN) -> str:
    """The stored conversation as the text of a file with one case, to be read, mended and given to ``SavedCases.save``.

    It wants what went well to go as well again: one of the first cards of each turn, the bounds of price and rating
    that were understood, and that all is grounded; nothing of a turn that has a thumb down, of which people must say
    what should have been. UnknownSession where the conversation is gone, CaseError where nothing was said in it.
    """
    whole = store.whole(session_id)
    private = {word for turn in whole["turns"] for word in private_words(turn["message"])}
    turns = list[dict[str, Any]]()
    disliked = list[str]()
    altered = False  # by a tag taken away, which no case can do: what was understood from then on is not checked
    for turn in whole["turns"]:
        if not turn["message"].strip():
            altered = True
            continue
        said = {"say": without(turn["message"], private)[:5_000]}
        if turn["thumb"] == -1:
            disliked.append(str(len(turns) + 1))
        elif not altered:
            said |= _went(turn, catalog, private)
        turns.append(said)
    if not turns:
        raise CaseError(CASE, 0, "nothing was said in this conversation")
    about = [f"From a conversation of {datetime.fromtimestamp(whole['started'], UTC):%Y-%m-%d}, without its history."]
    if disliked:
        about.append(f"Disliked: message {', '.join(disliked)}. Write what should hold there.")
    if altered:
        about.append("A tag was taken away in it, which a case cannot do; after that nothing is checked.")
    case = {"name": CASE, "about": " ".join(about), "shop": shop, "turns": turns}
    return _dump({"every": {"grounded": True}, "cases": [case]})


def new_path(folder: Path, name: str) -> Path:
    """Where a new file of cases of this name goes; CaseError where it is no name, or taken."""
    if not _NAME.fullmatch(name):
        raise CaseError(name, 0, "a case's name has small letters, digits and hyphens, at most 80")
    path = folder / f"{name}{ENDING}"
    if path.exists() or (cases.FOLDER / path.name).exists():
        raise CaseError(path.name, 0, "there is such a file of cases already. Give it another name")
    return path


class SavedCases:
    """Keeps cases that were made from conversations, in the folder of the shop's own. Safe to use from several threads.

    ``folder``: where they lie, beside cases that people wrote; made when the first is saved.
    """

    def __init__(self, connections: Connections, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._connections, self._folder, self._now = connections, folder, now
        self._store, self._results = Store(connections), Results(connections)

    def save(self, session_id: str, name: str, text: str, who: str) -> Path:
        """Keep the text, made from that conversation by ``case_text`` and mended by people, as the new file NAME.yaml.

        CaseError, with the line, where the text is not as a file of cases must be, or the name is none or taken;
        UnknownSession where the conversation is gone.
        """
        shopper_id = self._store.session(session_id).history_id
        path = new_path(self._folder, name)
        cases.read(text, path.name)
        raw, source = yaml.safe_load(text), secrets.token_hex(16)
        for case in raw["cases"]:
            case["source"] = source
        marked = _dump(raw)
        cases.read(marked, path.name)
        database = self._connections.current
        with database.atomic():
            # The mark first: a file that nobody can find again must never be.
            values = [source, session_id, shopper_id, who, self._now()]
            database.execute("INSERT INTO saved_cases VALUES (?, ?, ?, ?, ?)", values)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            path.chmod(0o600)
            file.write(marked)
        return path

    def sources(self, sessions: Sequence[str], shopper_id: str = "") -> list[str]:
        """The marks of cases that were made from these conversations, and from any of the shopper."""
        sql = (
            "SELECT source FROM saved_cases WHERE session_id IN (SELECT value FROM json_each(?))"
            " OR (shopper_id = ? AND shopper_id <> '') ORDER BY time, source"
        )
        rows = self._connections.current.execute(sql, [json.dumps(list(sessions)), shopper_id]).fetchall()
        return [str(row[0]) for row in rows]

    def texts(self, sources: Sequence[str]) -> list[str]:
        """The files' texts that cases with these marks stand in."""
        return [text for _, text in self._files() if any(source in text for source in sources)]

    def forget(self, sources: Sequence[str]) -> int:
        """Take the cases with these marks out of every file of the folder, and what they came to out of the results.

        How many cases there were. Whoever calls sees to the bytes of the database; see ``retrieval.database.settle``.
        """
        count = 0
        for source in sources:
            for path, text in self._files():
                if source not in text:
                    continue
                count += text.count(source)
                left = cases.without_source(text, source)
                aside = path.with_name(f".{path.name}.partial")
                aside.write_text(left, encoding="utf-8")
                aside.chmod(0o600)
                aside.replace(path)
                if not left:
                    path.unlink()
            with wiping(self._connections.current):
                self._results.forget(source)
                with self._connections.current.atomic():
                    self._connections.current.execute("DELETE FROM saved_cases WHERE source = ?", [source])
        return count

    def _files(self) -> Iterator[tuple[Path, str]]:
        """Every file of the folder, whatever it is called: people's editors leave copies."""
        for path in sorted(self._folder.rglob("*")):
            if path.is_file():
                yield path, path.read_text(encoding="utf-8", errors="replace")


def _went(turn: Mapping[str, Any], catalog: Catalog, private: set[str]) -> dict[str, Any]:
    """What a turn that nobody disliked showed and understood, as checks."""
    ids = [shown["item_id"] for shown in turn["shown"]][:MOST_TITLES]
    titles = [item.title for item in catalog.many(ids).values()]
    checks: dict[str, Any] = {"shows_any": titles} if titles else {}
    need = plain_need(Need.model_validate(turn["need"])) if turn["need"] else {}
    bounds = {name: _number(float(str(need[name]))) for name in _BOUNDS if need.get(name) is not None}
    for name in ("brands", "excluded"):
        held = [str(value) for value in _listed(need.get(name))]
        if held and all(without(value, private) == value == masked(value) for value in held):
            bounds[name] = held
    if "price_max" in bounds:
        checks["price_at_most"] = bounds["price_max"]
    return checks | ({"need": bounds} if bounds else {})


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _number(value: float) -> Any:
    return int(value) if value.is_integer() else value


def _dump(raw: object) -> str:
    return yaml.safe_dump(raw, sort_keys=False, allow_unicode=True, width=110)
