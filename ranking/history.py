"""The shopper's history: what shoppers did, as events, kept in the table ``events`` that this module owns.

Knows how events are stored, what each kind says of a shopper's liking (view < click < like < cart < purchase), and what
a time and a rating mean. Knows nothing of files, of item texts or of models.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlite_utils import Database, Migrations

from retrieval.database import Connections, wiping

Kind = Literal["search", "view", "click", "like", "dislike", "cart", "purchase", "rating"]

# How much each kind says of a liking, against a purchase. A rating is weighed by its value, see ``liking``.
KIND_WEIGHTS: dict[Kind, float] = {
    "search": 0.0,
    "view": 0.2,
    "click": 0.3,
    "like": 0.7,
    "dislike": -1.0,
    "cart": 0.8,
    "purchase": 1.0,
    "rating": 0.0,
}
BATCH_EVENTS = 5_000  # events between two reports of progress

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC).timestamp()  # no shop sold online before
ORDER_STEP_S = 60.0  # where a file has an order and no times, number n is stored as n minutes after EARLIEST
LONGEST_ORDER = 5_000_000
TELLING = 8  # characters of an id that stand nowhere by chance
SESSION_GAP_S = 1_800.0  # after half an hour of nothing, what a shopper does is another visit

TYPICAL_RATING = 4.0  # stars that shoppers mostly give
RATING_PRIOR = 5.0  # a shopper's habit counts as if they had also given this many typical ratings
MOST_LENIENT = 1.0  # stars of habit that are believed: whoever gives one star to everything does not like it

migrations = Migrations("ranking")


@migrations()
def m001_events(database: Database) -> None:
    """Create the table of events, read by shopper in the order of time."""
    database.execute(
        """
        CREATE TABLE events (
            number INTEGER PRIMARY KEY,  -- order of arrival: settles equal times
            id TEXT NOT NULL UNIQUE,
            shopper_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            item_id TEXT NOT NULL,
            query TEXT NOT NULL,
            rating REAL,
            time REAL NOT NULL,
            turn_id TEXT NOT NULL,
            position INTEGER
        )
        """
    )
    database.execute("CREATE INDEX events_of_shopper ON events (shopper_id, time, number)")


class Event(BaseModel):
    """One thing that a shopper did; without an ``id`` it is named by the hash of its content.

    ``time`` is in unix seconds. ``position`` is the place that the item was shown at, from 1, and ``turn_id`` the turn
    that showed it, where the event comes from a conversation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(max_length=200)] = ""
    shopper_id: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Kind
    item_id: Annotated[str, Field(max_length=200)] = ""
    query: Annotated[str, Field(max_length=2000)] = ""
    rating: Annotated[float, Field(ge=0, le=5)] | None = None
    time: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    turn_id: str = ""
    position: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_by_content(cls, values: object) -> object:
        if isinstance(values, dict) and not values.get("id"):
            return {**values, "id": content_id(values)}
        return values


_HASHED = ("shopper_id", "kind", "item_id", "query", "rating", "time", "turn_id")


def content_id(values: dict[str, object]) -> str:
    """Name of an event that has none: the same shopper, kind, item, query, rating, time and turn give the same name."""
    parts = [
        str(values.get(name) or "") if name not in ("rating", "time") else _number(values, name) for name in _HASHED
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _number(values: dict[str, object], name: str) -> str:
    value = values.get(name)
    return "" if value is None else repr(float(value)) if isinstance(value, int | float) else str(value)


def liking(kind: Kind, rating: float | None, lenience: float = 0.0) -> float:
    """What an event says of the shopper's liking for its item: 1 for a purchase, -1 for a dislike, 0 for nothing.

    A rating counts from -1 (1 star and less) over 0 (2.5 stars) to 1 (4 stars and more), after ``lenience``, the stars
    that this shopper gives above others, is taken off.
    """
    if rating is not None and kind in ("rating", "purchase"):
        return max(-1.0, min(1.0, (rating - lenience - 2.5) / 1.5))
    return KIND_WEIGHTS[kind]


def lenience(others: float, count: int) -> float:
    """Stars that a shopper gives above TYPICAL_RATING, from the sum and number of their other ratings.

    Drawn towards 0 where these are few (RATING_PRIOR), and at most MOST_LENIENT either way.
    """
    habit = (others + RATING_PRIOR * TYPICAL_RATING) / (count + RATING_PRIOR) - TYPICAL_RATING
    return max(-MOST_LENIENT, min(MOST_LENIENT, habit))


def timed(time: float) -> bool:
    """Whether a stored time is one of the clock; before mid-2004 it stands for an order, see ORDER_STEP_S."""
    return time > EARLIEST + LONGEST_ORDER * ORDER_STEP_S


class Events:
    """The table of events; opening it brings the table up to date."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        migrations.apply(connections.current)

    def add(self, events: Iterable[Event], progress: Callable[[int], None] | None = None) -> int:
        """Store the events that are not yet stored (by id), all or none, and return how many were new.

        Acknowledged events survive a power cut (``synchronous=FULL``), unless the caller already has a transaction
        open: then they are part of it. ``progress`` is called with the number of events handled since its last call.
        """
        database = self._connections.current
        within = database.conn.in_transaction
        if not within:
            database.execute("PRAGMA synchronous=FULL")
        try:
            with database.atomic():
                before = database.conn.total_changes
                rows = iter(events)
                while batch := list(islice(rows, BATCH_EVENTS)):
                    database.conn.executemany(_INSERT, [_row(event) for event in batch])
                    if progress:
                        progress(len(batch))
                return database.conn.total_changes - before
        finally:
            if not within:
                database.execute("PRAGMA synchronous=NORMAL")

    def of(self, shopper_id: str) -> list[Event]:
        """Every event of the shopper, oldest first; empty for a shopper who is not known."""
        return list(self._select("WHERE shopper_id = ? ORDER BY time, number", [shopper_id]))

    def forget(self, shopper_id: str) -> int:
        """Delete every event of the shopper, overwriting it; returns how many there were."""
        return self._delete("shopper_id = ?", [shopper_id])

    def traces(self, shopper_id: str) -> list[str]:
        """Texts that stand in the file wherever an event of the shopper does, and seldom elsewhere."""
        if len(shopper_id) >= TELLING:
            return [shopper_id]
        # SQLite writes the columns of a row one after the other, so that the kind follows.
        return [f"{shopper_id}{kind}" for kind in KIND_WEIGHTS]

    def expire(self, before: float, of: str = "") -> int:
        """Delete what shoppers did before that moment (unix seconds), overwriting it; returns how many events.

        ``of``: only of shoppers whose id begins so. An event that has an order and no time does not expire.
        """
        oldest = EARLIEST + LONGEST_ORDER * ORDER_STEP_S  # as of ``timed``
        return self._delete("time < ? AND time > ? AND substr(shopper_id, 1, ?) = ?", [before, oldest, len(of), of])

    def _delete(self, where: str, values: Sequence[object]) -> int:
        database = self._connections.current
        with wiping(database), database.atomic():
            return int(database.execute(f"DELETE FROM events WHERE {where}", list(values)).rowcount)  # noqa: S608 -- fixed texts

    def all(self) -> Iterator[Event]:
        """Every event, by shopper and then oldest first."""
        return self._select("ORDER BY shopper_id, time, number", [])

    def rows(self) -> Iterator[tuple[str, str, str, float | None, str, float, int | None]]:
        """As ``all``, but bare: shopper, kind, item, rating, query, time, position. For training: millions are read."""
        cursor = self._connections.current.execute(
            "SELECT shopper_id, kind, item_id, rating, query, time, position FROM events"
            " ORDER BY shopper_id, time, number"
        )
        yield from cursor

    def kinds_by_turn(self) -> dict[str, set[str]]:
        """What shoppers did with items that a turn of a conversation showed; turns with nothing are left out."""
        found: dict[str, set[str]] = {}
        sql = "SELECT DISTINCT turn_id, kind FROM events WHERE turn_id <> ''"
        for turn_id, kind in self._connections.current.execute(sql):
            found.setdefault(turn_id, set()).add(kind)
        return found

    def of_turns(self, kind: Kind) -> list[tuple[str, str]]:
        """Turn and item of every event of this kind with an item that a conversation showed."""
        sql = "SELECT turn_id, item_id FROM events WHERE kind = ? AND turn_id <> ''"
        return [(turn_id, item_id) for turn_id, item_id in self._connections.current.execute(sql, [kind])]

    def count(self, shopper_id: str | None = None) -> int:
        """Number of events, of one shopper or of all."""
        where, values = ("WHERE shopper_id = ?", [shopper_id]) if shopper_id is not None else ("", [])
        return int(self._connections.current.execute(f"SELECT count(*) FROM events {where}", values).fetchone()[0])  # noqa: S608 -- two fixed texts

    def counts(self) -> dict[str, int]:
        """Number of events of each kind that occurs, in the order of the kinds' names."""
        cursor = self._connections.current.execute("SELECT kind, count(*) FROM events GROUP BY kind ORDER BY kind")
        return {str(kind): int(count) for kind, count in cursor}

    def shoppers(self) -> list[str]:
        """Every shopper with an event, in the order of their ids."""
        cursor = self._connections.current.execute("SELECT DISTINCT shopper_id FROM events ORDER BY shopper_id")
        return [str(row[0]) for row in cursor]

    def _select(self, clause: str, values: Sequence[str]) -> Iterator[Event]:
        cursor = self._connections.current.execute(f"SELECT {', '.join(_COLUMNS)} FROM events {clause}", values)  # noqa: S608 -- fixed texts
        for row in cursor:
            # Stored rows were validated when they came in; validating again would triple the time of reading.
            yield Event.model_construct(**dict(zip(_COLUMNS, row, strict=True)))


_COLUMNS = ("id", "shopper_id", "kind", "item_id", "query", "rating", "time", "turn_id", "position")
_INSERT = f"INSERT OR IGNORE INTO events ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 -- fixed names


def _row(event: Event) -> tuple[object, ...]:
    return tuple(getattr(event, name) for name in _COLUMNS)
