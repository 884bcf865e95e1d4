"""Erasing and exporting a shopper: everything that is held of them, wherever in the home it lies.

Knows who holds what: conversations and thumbs (``chat.store``), events (``ranking.history``), whose a session is and
the answers kept for repeated requests (``ui.sessions``), dropped rows of event files (``ranking.intake``), cases that
were made from conversations (``chat.saved_cases``), and the checkpoint of a training that was cut off. The rest of the
home holds nothing of any one shopper: vectors are of items alone, trained rerankers and trials are sums over all
shoppers without an id, and logs hold no text of theirs.
"""

import shutil
import time
from dataclasses import asdict, dataclass
from typing import Any

from chat.saved_cases import SavedCases
from chat.store import ANONYMOUS, Store
from ranking.history import Events
from ranking.intake import forget_kept, kept_of
from retrieval.database import Connections, settle
from ui.audit import Audit
from ui.home import Home
from ui.sessions import Sessions


@dataclass(frozen=True)
class Erased:
    """How much of what was removed."""

    sessions: int = 0
    turns: int = 0
    answers: int = 0  # that were kept for a repeated request
    events: int = 0
    kept_aside: int = 0  # dropped rows of event files
    checkpoints: int = 0  # of a training that was cut off, which had read the events
    cases: int = 0  # for scoring prompts, that were made from the conversations


class Erasure:
    """Erases and exports; every erasure is done to the byte when it returns. Safe to use from several threads."""

    def __init__(self, connections: Connections, home: Home) -> None:
        self._connections, self._home = connections, home
        self._store, self._events = Store(connections), Events(connections)
        self._sessions, self._audit = Sessions(connections), Audit(connections)
        self._cases = SavedCases(connections, home.cases)

    def sessions_of(self, shopper_id: str) -> list[str]:
        """Ids of the shopper's sessions; of an anonymous one, named as its events are, the one session."""
        if shopper_id.startswith(ANONYMOUS):
            return [shopper_id.removeprefix(ANONYMOUS)]
        return list(dict.fromkeys([*self._store.of_shopper(shopper_id), *self._sessions.of_shopper(shopper_id)]))

    def shopper(self, shopper_id: str, who: str) -> Erased:
        """Erase all that is held of the shopper; ``who`` asked is for the audit. Erasing again finds nothing left.

        sqlite3.OperationalError if the database is locked for long: what is not done then is done by erasing again.
        """
        ids = self.sessions_of(shopper_id)
        sources = self._cases.sources(ids, shopper_id)
        traces = [*self._traces(ids), *self._events.traces(shopper_id), *sources]
        done = self._sessions_erased(ids)
        done["cases"] = self._cases.forget(sources)
        done["events"] += self._events.forget(shopper_id)
        done["kept_aside"] = forget_kept(self._home.rejected, shopper_id)
        if done["events"]:
            # They could not be gone on with: they are of other data than there are now.
            for folder in (self._home.partial, self._home.teaching):
                if folder.exists():
                    shutil.rmtree(folder, ignore_errors=True)
                    done["checkpoints"] = done.get("checkpoints", 0) + 1
        return self._settled(Erased(**done), traces, who)

    def session(self, session_id: str, who: str) -> Erased:
        """Erase the session, and where its shopper is anonymous, what they did in it; errors as of ``shopper``."""
        sources = self._cases.sources([session_id])
        traces = [*self._traces([session_id]), *sources]
        done = self._sessions_erased([session_id])
        done["cases"] = self._cases.forget(sources)
        return self._settled(Erased(**done), traces, who)

    def export(self, shopper_id: str, who: str) -> dict[str, Any]:
        """All that is held of the shopper, as JSON has it; times are unix seconds."""
        found = []
        for session_id in self.sessions_of(shopper_id):
            whose = self._sessions.whose(session_id)
            held = self._store.whole(session_id) if self._store.known(session_id) else {"id": session_id, "turns": []}
            found.append(held | {"site_key": whose.site_id if whose else None})
        events = [event.model_dump(exclude_defaults=True) for event in self._events.of(shopper_id)]
        kept = kept_of(self._home.rejected, shopper_id)
        cases = self._cases.texts(self._cases.sources(self.sessions_of(shopper_id), shopper_id))
        counts = {"sessions": len(found), "events": len(events), "kept_aside": len(kept), "cases": len(cases)}
        self._audit.write(who, "export", counts)
        return {
            "shopper_id": shopper_id,
            "exported": time.time(),
            "sessions": found,
            "events": events,
            "kept_aside": kept,
            "cases": cases,
        }

    def _traces(self, ids: list[str]) -> list[str]:
        return [trace for session_id in ids for trace in self._store.traces(session_id)]

    def _sessions_erased(self, ids: list[str]) -> dict[str, int]:
        done = {"sessions": 0, "turns": 0, "answers": 0, "events": 0}
        for session_id in ids:
            known = self._store.known(session_id) or self._sessions.whose(session_id) is not None
            done["sessions"] += known
            done["turns"] += self._store.delete(session_id)
            done["answers"] += self._sessions.forget(session_id)
            done["events"] += self._events.forget(f"{ANONYMOUS}{session_id}")
        return done

    def _settled(self, done: Erased, traces: list[str], who: str) -> Erased:
        settle(self._connections, traces)
        self._audit.write(who, "erase", {name: count for name, count in asdict(done).items() if count})
        return done
