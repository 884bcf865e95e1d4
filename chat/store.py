"""The store of conversations: sessions and their turns, one transaction a turn.

Owns the tables of ``chat.tables``. What a shopper does with a shown item (like, not this, open) is an
event of theirs, with its turn and position: ``ranking.history`` owns those. Knows nothing of how a turn is made.
"""

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chat.errors import UnknownSession
from chat.tables import migrations
from retrieval.database import Connections, wiping

ANONYMOUS = "session:"  # before the id of a session: under which the events of its anonymous shopper are kept


@dataclass
class Session:
    """One conversation: whose it is and what is needed, as of its last turn."""

    id: str
    shopper_id: str  # "" for an anonymous shopper
    need: str = ""  # JSON of chat.need.Need; "" before the first turn
    turns: int = 0
    prompts: dict[str, str] = field(default_factory=dict)  # name -> version that it began with
    site: str = ""  # the key of the site that it began on
    holdout: float = 0.0  # share of conversations (0-1) that were not personalised when it began
    held_out: bool = False  # whether it is one of them

    @property
    def history_id(self) -> str:
        """Under which id this shopper's events are kept; an anonymous one's never outlive the session."""
        return self.shopper_id or f"{ANONYMOUS}{self.id}"


@dataclass(frozen=True)
class Shown:
    """One item as it was shown; later training and comparisons rest on these."""

    item_id: str
    position: int
    score: float
    relevance: float
    reason: str
    outside: tuple[str, ...] = ()


@dataclass
class Turn:
    """Everything that made one turn what it was."""

    id: str
    session_id: str
    message: str
    personalised: bool
    number: int = 0  # from 1; given when the turn is saved
    time: float = field(default_factory=time.time)
    need: str = ""
    intent: str = ""  # what kind of message it was: an Intent of chat.intents; "refine" for a tag taken away
    understanding: str = ""
    sentences: list[dict[str, str]] = field(default_factory=list)  # text, by, verdict
    shown: list[Shown] = field(default_factory=list)
    live: dict[str, str] = field(default_factory=dict)  # the session's versions of the prompts; stored with it
    prompts: dict[str, str] = field(default_factory=dict)  # name -> version, of those that were used
    llm: str = ""
    reranker: str = ""
    candidates: list[tuple[str, float]] = field(default_factory=list)  # item id, fused score
    timings_ms: dict[str, float] = field(default_factory=dict)
    usage: list[tuple[int, int]] = field(default_factory=list)  # input and output tokens of each call
    verdicts: list[str] = field(default_factory=list)  # of each sentence that the LLM wrote; not stored
    llm_reached: bool = True
    finished: bool = False  # False: the shopper stopped it, or it failed
    searched: bool = True  # False: it only spoke of items that were shown before, or of nothing
    compared: bool = False  # what it showed, it also set side by side

    @property
    def answer(self) -> str:
        """The text as the shopper saw it."""
        return " ".join(sentence["text"] for sentence in self.sentences)


class Store:
    """Reads and writes conversations. Safe to use from several threads."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        migrations.apply(connections.current)

    def begin(self, shopper_id: str = "") -> Session:
        """A new session with an unguessable id; nothing is written before its first turn."""
        return Session(id=secrets.token_urlsafe(18), shopper_id=shopper_id)

    def session(self, session_id: str) -> Session:
        """The session as of its last turn; UnknownSession if there is none."""
        row = self._connections.current.execute(
            "SELECT id, shopper_id, need, (SELECT COUNT(*) FROM turns WHERE session_id = sessions.id), prompts,"
            " holdout, held_out FROM sessions WHERE id = ?",
            [session_id],
        ).fetchone()
        if row is None:
            raise UnknownSession("This conversation is not known here. Start a new one.")
        known_as, shopper_id, need, turns, prompts, holdout, held_out = row
        return Session(known_as, shopper_id, need, turns, json.loads(prompts), holdout=holdout, held_out=bool(held_out))

    def save(self, session: Session, turn: Turn) -> None:
        """Write the turn and what it left in the session, in one transaction.

        A session that was deleted while the turn was answered stays deleted.
        """
        database = self._connections.current
        connection = database.conn
        with wiping(database), connection:
            connection.execute("BEGIN IMMEDIATE")
            held = "SELECT 1 FROM sessions WHERE id = ?"
            if session.turns and connection.execute(held, [session.id]).fetchone() is None:
                return
            begun = [session.id, session.shopper_id, turn.time, turn.time, turn.need]
            connection.execute(
                "INSERT INTO sessions (id, shopper_id, started, seen, need, prompts, site, holdout, held_out)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, need = excluded.need,"
                # Of a session that is older than the versions: it keeps from now on what it used now.
                " prompts = CASE prompts WHEN '{}' THEN excluded.prompts ELSE prompts END",
                [*begun, json.dumps(session.prompts), session.site, session.holdout, session.held_out],
            )
            # Numbered here, inside the transaction: two tabs of one conversation may finish at the same time.
            turn.number = connection.execute(
                "SELECT COALESCE(MAX(number), 0) + 1 FROM turns WHERE session_id = ?", [session.id]
            ).fetchone()[0]
            connection.execute(
                f"INSERT INTO turns VALUES ({', '.join('?' * 21)})",  # noqa: S608 - only question marks
                _row(turn),
            )
            connection.executemany(
                "INSERT INTO shown VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (turn.id, one.position, one.item_id, one.score, one.relevance, one.reason, json.dumps(one.outside))
                    for one in turn.shown
                ],
            )
        session.need = turn.need
        session.turns = turn.number

    def latest(self, session_id: str) -> str:
        """Id of the session's latest turn; "" if it has none."""
        row = self._connections.current.execute(
            "SELECT id FROM turns WHERE session_id = ? ORDER BY number DESC LIMIT 1", [session_id]
        ).fetchone()
        return "" if row is None else str(row[0])

    def fork(self, session_id: str, turn_id: str) -> Session:
        """A new session of the same shopper that begins with a copy of this one, up to and with that turn.

        What the shopper did stays where it was. UnknownSession if the session has no such turn.
        """
        connection = self._connections.current.conn
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            held = (
                "SELECT shopper_id, turns.need, number, sessions.prompts FROM turns"
                " JOIN sessions ON sessions.id = session_id"
            )
            row = connection.execute(f"{held} WHERE turns.id = ? AND session_id = ?", [turn_id, session_id]).fetchone()
            if row is None:
                raise UnknownSession("This conversation is not known here. Start a new one.")
            shopper_id, need, turns, prompts = row
            forked = Session(secrets.token_urlsafe(18), shopper_id, need, turns, json.loads(prompts))
            connection.execute(
                "INSERT INTO sessions SELECT ?, shopper_id, started, ?, ?, prompts, site, holdout, held_out"
                " FROM sessions WHERE id = ?",
                [forked.id, time.time(), forked.need, session_id],
            )
            former = connection.execute(
                "SELECT id FROM turns WHERE session_id = ? AND number <= ? ORDER BY number", [session_id, forked.turns]
            ).fetchall()
            for (old,) in former:
                new = secrets.token_urlsafe(12)
                connection.execute(
                    f"INSERT INTO turns SELECT ?, ?, {_COPIED} FROM turns WHERE id = ?",  # noqa: S608 - fixed names
                    [new, forked.id, old],
                )
                connection.execute(
                    "INSERT INTO shown SELECT ?, position, item_id, score, relevance, reason, outside FROM shown"
                    " WHERE turn_id = ?",
                    [new, old],
                )
                connection.execute("INSERT INTO copied_turns VALUES (?)", [new])
        return forked

    def last_shown(self, session_id: str) -> list[str]:
        """Ids of the items that the session's latest search showed, in their order: what "the third" points at.

        A turn that only spoke of some of them shows those again, and takes nothing away from what can be pointed at.
        """
        rows = self._connections.current.execute(
            "SELECT item_id FROM shown WHERE turn_id = (SELECT turns.id FROM turns JOIN shown ON turn_id = turns.id"
            " WHERE session_id = ? AND searched ORDER BY number DESC LIMIT 1) ORDER BY position",
            [session_id],
        ).fetchall()
        return [row[0] for row in rows]

    def spoken_of(self, session_id: str) -> list[str]:
        """Ids of the items that the session's latest turn spoke of, without looking for any; else none."""
        rows = self._connections.current.execute(
            "SELECT item_id FROM shown JOIN turns ON turns.id = turn_id WHERE NOT searched AND number ="
            " (SELECT MAX(number) FROM turns WHERE session_id = ?) AND session_id = ? ORDER BY position",
            [session_id, session_id],
        ).fetchall()
        return [row[0] for row in rows]

    def position(self, session_id: str, turn_id: str, item_id: str) -> int | None:
        """The position at which the session's turn showed the item, from 1; None if it did not."""
        row = self._connections.current.execute(
            "SELECT position FROM shown JOIN turns ON turns.id = turn_id"
            " WHERE session_id = ? AND turn_id = ? AND item_id = ?",
            [session_id, turn_id, item_id],
        ).fetchone()
        return None if row is None else int(row[0])

    def shown(self, session_id: str) -> dict[str, list[Shown]]:
        """What each of the session's turns showed, in its order, by turn."""
        found: dict[str, list[Shown]] = {}
        for turn_id, item_id, position, score, relevance, reason, outside in self._connections.current.execute(
            "SELECT turn_id, item_id, position, score, relevance, reason, outside FROM shown"
            " JOIN turns ON turns.id = turn_id WHERE session_id = ? ORDER BY number, position",
            [session_id],
        ).fetchall():
            one = Shown(item_id, position, score, relevance, reason, tuple(json.loads(outside)))
            found.setdefault(turn_id, []).append(one)
        return found

    def rate(self, session_id: str, turn_id: str, thumb: int | None) -> None:
        """Keep what the shopper thinks of an answer (1 up, -1 down, None: nothing any more); the latest counts.

        UnknownSession if the session has no such turn.
        """
        connection = self._connections.current.conn
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            held = "SELECT 1 FROM turns WHERE id = ? AND session_id = ?"
            if connection.execute(held, [turn_id, session_id]).fetchone() is None:
                raise UnknownSession("This answer is not known here, or is still being written.")
            connection.execute("DELETE FROM thumbs WHERE turn_id = ?", [turn_id])
            if thumb is not None:
                connection.execute("INSERT INTO thumbs VALUES (?, ?, ?)", [turn_id, thumb, time.time()])

    def thumbs(self, session_id: str) -> dict[str, int]:
        """The shopper's thumbs by turn: 1 up, -1 down."""
        rows = self._connections.current.execute(
            "SELECT turn_id, thumb FROM thumbs JOIN turns ON turns.id = turn_id WHERE session_id = ?", [session_id]
        )
        return {str(turn_id): int(thumb) for turn_id, thumb in rows.fetchall()}

    def delete(self, session_id: str) -> int:
        """Delete the session with all that was said and shown in it; returns how many turns it had."""
        database = self._connections.current
        connection = database.conn
        with wiping(database), connection:
            connection.execute("BEGIN IMMEDIATE")
            count = "SELECT COUNT(*) FROM turns WHERE session_id = ?"
            turns = int(connection.execute(count, [session_id]).fetchone()[0])
            connection.execute("DELETE FROM sessions WHERE id = ?", [session_id])
        return turns

    def of_shopper(self, shopper_id: str) -> list[str]:
        """Ids of every session of the shopper, oldest first; "" names no shopper, and has none."""
        sql = "SELECT id FROM sessions WHERE shopper_id = ? AND shopper_id <> '' ORDER BY started, id"
        return [str(row[0]) for row in self._connections.current.execute(sql, [shopper_id]).fetchall()]

    def idle_since(self, moment: float) -> list[str]:
        """Ids of the sessions in which nothing was said since that moment (unix seconds)."""
        sql = "SELECT id FROM sessions WHERE seen < ? ORDER BY seen, id"
        return [str(row[0]) for row in self._connections.current.execute(sql, [moment]).fetchall()]

    def known(self, session_id: str) -> bool:
        """Whether there is such a session."""
        sql = "SELECT 1 FROM sessions WHERE id = ?"
        return self._connections.current.execute(sql, [session_id]).fetchone() is not None

    def traces(self, session_id: str) -> list[str]:
        """Texts that stand in the file wherever a row of the session does: its id, and those of its turns."""
        sql = "SELECT id FROM turns WHERE session_id = ? ORDER BY number"
        rows = self._connections.current.execute(sql, [session_id]).fetchall()
        return [session_id, *(str(row[0]) for row in rows)]

    def whole(self, session_id: str) -> dict[str, Any]:
        """Everything that is held of the session: its turns, what they showed and what was thought of them, its labels.

        UnknownSession if there is none.
        """
        database = self._connections.current
        rows = list(database.query("SELECT * FROM sessions WHERE id = ?", [session_id]))
        if not rows:
            raise UnknownSession("This conversation is not known here.")
        thumbs, turns = self.thumbs(session_id), []
        for turn in self.turns(session_id):
            shown = list(database.query("SELECT * FROM shown WHERE turn_id = ? ORDER BY position", [turn["id"]]))
            for row in (turn, *shown):
                row.update({name: json.loads(row[name]) for name in _JSON if row.get(name)})
            turns.append(turn | {"shown": shown, "thumb": thumbs.get(turn["id"])})
        session = rows[0]
        held = {"need": json.loads(session["need"] or "null"), "prompts": json.loads(session["prompts"])}
        labels = database.execute("SELECT label FROM session_labels WHERE session_id = ? ORDER BY 1", [session_id])
        return session | held | {"labels": [row[0] for row in labels.fetchall()], "turns": turns}

    def impressions(self) -> Iterator[tuple[str, str, int, float]]:
        """Turn, item, position (from 1) and p(like) of every item that the reranker's order showed."""
        # What was sorted by the records instead ("the cheapest") carries no p(like): its score is its relevance.
        yield from self._connections.current.execute(
            "SELECT turn_id, item_id, position, score FROM shown JOIN turns ON turns.id = turn_id"
            " WHERE searched AND score <> relevance AND turn_id NOT IN (SELECT turn_id FROM copied_turns)"
            " ORDER BY turn_id, position"
        )

    def turns(self, session_id: str) -> list[dict[str, Any]]:
        """The session's turns as rows, oldest first; JSON columns stay text."""
        rows = self._connections.current.query("SELECT * FROM turns WHERE session_id = ? ORDER BY number", [session_id])
        return list(rows)


# Of a turn, all but its id and its session.
_COPIED = (
    "number, time, message, personalised, need, understanding, answer, sentences, prompts, llm, reranker, candidates,"
    " timings, usage, llm_reached, finished, searched, compared, intent"
)
# Columns that hold JSON.
_JSON = ("need", "understanding", "sentences", "prompts", "candidates", "timings", "usage", "outside")


def _row(turn: Turn) -> list[Any]:
    return [
        turn.id,
        turn.session_id,
        turn.number,
        turn.time,
        turn.message,
        turn.personalised,
        turn.need,
        turn.understanding,
        turn.answer,
        json.dumps(turn.sentences),
        json.dumps(turn.prompts),
        turn.llm,
        turn.reranker,
        json.dumps(turn.candidates),
        json.dumps(turn.timings_ms),
        json.dumps(turn.usage),
        turn.llm_reached,
        turn.finished,
        turn.searched,
        turn.compared,
        turn.intent,
    ]
