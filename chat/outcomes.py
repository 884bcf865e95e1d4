"""What became of the conversations that used each version of a prompt.

Reads the tables of ``chat.store`` and what ``ranking.history`` tells of the turns; writes nothing. A conversation keeps
the version that it began with, so it counts whole for that one. What may be concluded, ``prompts.experiment`` says.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Literal, get_args

from ranking.history import Events
from retrieval.database import Connections

Success = Literal["engaged", "click", "like", "cart", "purchase", "thumb"]
SUCCESSES: tuple[str, ...] = get_args(Success)
_ENGAGED = frozenset({"click", "like", "cart", "purchase"})


@dataclass
class Outcome:
    """The conversations of one version."""

    version: str
    conversations: int = 0
    turns: int = 0
    unreached: int = 0  # turns that the LLM should have answered and could not
    written: int = 0  # turns that show a sentence of the LLM's
    repaired: int = 0  # sentences of the LLM's that were mended before they were shown
    thumbs_up: int = 0
    thumbs_down: int = 0
    successes: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # conversations with at least one
    turn_ms: list[float] = field(default_factory=list)

    def rate(self, success: str) -> float:
        """Which share of its conversations had such a success; 0 without any conversation."""
        return self.successes[success] / self.conversations if self.conversations else 0.0

    @property
    def turn_ms_p95(self) -> float | None:
        """Of all its turns, in milliseconds; None with less than two."""
        return quantiles(self.turn_ms, n=20, method="inclusive")[-1] if len(self.turn_ms) > 1 else None


class Outcomes:
    """Tells what became of conversations. Safe to use from several threads."""

    def __init__(self, connections: Connections, events: Events) -> None:
        self._connections = connections
        self._events = events

    def of(self, name: str, since: float = 0.0) -> dict[str, Outcome]:
        """By version of this prompt, of conversations that began since then (unix seconds)."""
        database = self._connections.current
        found: dict[str, Outcome] = {}
        versions: dict[str, str] = {}
        sql = "SELECT id, prompts FROM sessions WHERE started >= ?"
        for session, prompts in database.execute(sql, [since]):
            if version := json.loads(prompts).get(name, ""):
                versions[session] = version
                found.setdefault(version, Outcome(version)).conversations += 1
        done: dict[str, set[str]] = defaultdict(set)
        kinds = self._events.kinds_by_turn()
        sql = (
            "SELECT turns.id, session_id, sentences, timings, llm_reached, thumb FROM turns"
            " JOIN sessions ON sessions.id = session_id LEFT JOIN thumbs ON thumbs.turn_id = turns.id"
            " WHERE started >= ? AND turns.id NOT IN (SELECT turn_id FROM copied_turns)"
        )
        for turn, session, sentences, timings, reached, thumb in database.execute(sql, [since]):
            if session not in versions:
                continue
            outcome = found[versions[session]]
            outcome.turns += 1
            outcome.unreached += not reached
            said = [sentence for sentence in json.loads(sentences) if sentence["by"] == "llm"]
            outcome.written += bool(said)
            outcome.repaired += sum(sentence["verdict"] == "repaired" for sentence in said)
            if ms := json.loads(timings).get("turn"):
                outcome.turn_ms.append(ms)
            outcome.thumbs_up += thumb == 1
            outcome.thumbs_down += thumb == -1
            done[session] |= kinds.get(turn, set()) | ({"thumb"} if thumb == 1 else set())
        for session, kinds_done in done.items():
            for success in SUCCESSES:
                reached = success in kinds_done or (success == "engaged" and bool(kinds_done & _ENGAGED))
                found[versions[session]].successes[success] += reached
        return found
