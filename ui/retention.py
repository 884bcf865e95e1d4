"""Retention: what is erased when it has been held for long enough, by a command or every day beside the shoppers.

Knows the ages of the settings. What is held where is ``ui.erasure``'s; what a backup is, ``ui.backup``'s.
"""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from chat.settings import Settings
from chat.store import ANONYMOUS, Store
from ranking.history import Events
from retrieval.database import Connections, settle
from ui.audit import SERVER, Audit
from ui.backup import backups_in
from ui.home import Home
from ui.sessions import Sessions

DAY_S = 86_400.0
LOOKS_EVERY_S = 600.0  # in which a server asks whether a day has passed
FIRST_LOOK_S = 60.0  # after the opening, which shoppers wait for

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retained:
    """How much of what was erased for its age."""

    sessions: int
    turns: int
    answers: int
    events: int
    kept_aside: int  # files of dropped rows
    backups: int


class Retention:
    """Erases what is too old, overwriting it. Safe to use from several threads and processes."""

    def __init__(
        self, connections: Connections, home: Home, settings: Settings, now: Callable[[], float] = time.time
    ) -> None:
        self._connections, self._home, self._settings, self._now = connections, home, settings, now
        self._store, self._events = Store(connections), Events(connections)
        self._sessions, self._audit = Sessions(connections, now), Audit(connections, now)

    def run(self, who: str) -> Retained:
        """Erase everything that is too old now; ``who`` asked is for the audit."""
        settings = self._settings
        ids = self._old_sessions()
        turns = answers = events = 0
        for session_id in ids:
            turns += self._store.delete(session_id)
            answers += self._sessions.forget(session_id)
            events += self._events.forget(f"{ANONYMOUS}{session_id}")
        answers += self._sessions.expire()
        if settings.keep_conversations_days:
            # Also of sessions that are gone already.
            events += self._events.expire(self._before(settings.keep_conversations_days), ANONYMOUS)
        if settings.keep_events_days:
            events += self._events.expire(self._before(settings.keep_events_days))
        if events:
            shutil.rmtree(self._home.teaching, ignore_errors=True)  # it holds what they searched for
        kept_aside = 0
        if settings.keep_rejected_days:
            kept_aside = _delete(sorted(self._home.rejected.glob("*.jsonl")), self._before(settings.keep_rejected_days))
        made = Retained(len(ids), turns, answers, events, kept_aside, self._old_backups())
        settle(self._connections, [])  # without a search, which for so many would end in writing the whole file anew
        self._audit.write(who, "retain", {name: count for name, count in asdict(made).items() if count})
        return made

    def due(self) -> bool:
        """Whether a day has passed since this was last done, by whomever."""
        last = self._audit.last("retain")
        return last is None or self._now() - last >= DAY_S

    def _before(self, days: float) -> float:
        return self._now() - days * DAY_S

    def _old_sessions(self) -> list[str]:
        days = self._settings.keep_conversations_days
        if not days:
            return []
        before = self._before(days)
        begun = self._sessions.begun_before(before)  # of these, those in which nothing was saved
        return [*self._store.idle_since(before), *(one for one in begun if not self._store.known(one))]

    def _old_backups(self) -> int:
        settings = self._settings
        if settings.backups is None or not settings.keep_backups_days:
            return 0
        return _delete(backups_in(settings.backups), self._before(settings.keep_backups_days))


def _delete(files: list[Path], before: float) -> int:
    """Delete those of the files that were last written before that moment; how many."""
    old = [file for file in files if file.stat().st_mtime < before]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


@contextmanager
def daily(home: Home, settings: Settings, first_look_s: float = FIRST_LOOK_S) -> Iterator[None]:
    """Meanwhile a thread erases what is too old, at its first look if that is due, and then once a day."""
    stop, connections = threading.Event(), Connections(home.database)
    retention = Retention(connections, home, settings)

    def run() -> None:
        pause = first_look_s
        while not stop.wait(pause):
            pause = LOOKS_EVERY_S
            try:
                if retention.due():
                    log.info("erased for its age: %s", asdict(retention.run(SERVER)))
            except Exception:
                # A full disk or a locked database: the shop goes on, and the next look tries again.
                log.exception("what is too old could not be erased; it is tried again")

    thread = threading.Thread(target=run, name="retention", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        connections.close()
