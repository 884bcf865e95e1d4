"""What shoppers want of the shop, by day and by site: for the merchant, who reads figures and no conversations.

Reads the tables of ``chat.tables`` and what ``ranking.history`` tells of the turns; writes nothing. Words that fewer
than LEAST_SHOPPERS used are not given out: they could be one shopper's own.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from chat.conversations import private_words, without
from ranking.history import Events
from retrieval.catalog import Catalog
from retrieval.database import Connections

LEAST_SHOPPERS = 2
MOST_WORDS = 50


@dataclass
class Day:
    """One day's conversations on one site."""

    day: str  # year-month-day, by the clock of this machine
    site: str
    conversations: int = 0
    turns: int = 0
    thumbs_up: int = 0
    thumbs_down: int = 0
    clicks: int = 0  # conversations with at least one, as the next two
    carts: int = 0
    purchases: int = 0
    revenue: Decimal = Decimal(0)  # of items that were shown and then bought, at the price of today's record


@dataclass(frozen=True)
class Unmet:
    """Words that shoppers searched with, and that led to nothing, or only to what lies outside their limits."""

    words: str
    conversations: int
    nothing: int  # of these, those where no card was shown at all


@dataclass
class Demand:
    """Of all days together, newest day first."""

    days: list[Day] = field(default_factory=list)
    unmet: list[Unmet] = field(default_factory=list)  # most wanted first


class DemandFigures:
    """Counts it. Safe to use from several threads."""

    def __init__(self, connections: Connections, events: Events, catalog: Catalog) -> None:
        self._connections = connections
        self._events = events
        self._catalog = catalog

    def since(self, moment: float) -> Demand:
        """Of the conversations that began since then (unix seconds)."""
        database = self._connections.current
        days: dict[tuple[str, str], Day] = {}
        of: dict[str, Day] = {}
        whose: dict[str, str] = {}
        for session, started, site, shopper in database.execute(
            "SELECT id, started, site, shopper_id FROM sessions WHERE started >= ?", [moment]
        ):
            whose[session] = shopper or session  # of anonymous ones nobody knows better
            key = (f"{datetime.fromtimestamp(started):%Y-%m-%d}", site)
            of[session] = days.setdefault(key, Day(*key))
            of[session].conversations += 1
        outside: dict[str, bool] = {}
        sql = (
            "SELECT turn_id, MIN(outside <> '[]') FROM shown JOIN turns ON turns.id = turn_id"
            " JOIN sessions ON sessions.id = session_id WHERE started >= ? GROUP BY turn_id"
        )
        for turn, all_outside in database.execute(sql, [moment]):
            outside[turn] = bool(all_outside)
        done, wanting = defaultdict[str, set[str]](set), defaultdict[str, dict[str, bool]](dict)
        kinds = self._events.kinds_by_turn()
        sql = (
            "SELECT turns.id, session_id, message, turns.need, searched, COALESCE(thumb, 0) FROM turns"
            " JOIN sessions ON sessions.id = session_id LEFT JOIN thumbs ON turn_id = turns.id"
            " WHERE started >= ? AND finished AND turns.id NOT IN (SELECT turn_id FROM copied_turns)"
            " ORDER BY session_id, number"
        )
        private = defaultdict[str, set[str]](set)
        for turn, session, message, need, searched, thumb in database.execute(sql, [moment]):
            day = of[session]
            day.turns += 1
            private[session] |= private_words(message)
            day.thumbs_up += thumb == 1
            day.thumbs_down += thumb == -1
            done[session] |= kinds.get(turn, set())
            if searched and outside.get(turn, True) and (words := _words(need, private[session])):
                wanting[words][session] = wanting[words].get(session, False) or turn not in outside
        for session, kinds_done in done.items():
            of[session].clicks += "click" in kinds_done
            of[session].carts += "cart" in kinds_done
            of[session].purchases += "purchase" in kinds_done
        bought = self._events.of_turns("purchase")
        prices = self._catalog.many([item for _, item in bought])
        sessions = dict(database.execute("SELECT turns.id, session_id FROM turns").fetchall())
        for turn, item in bought:
            day_of = of.get(sessions.get(turn, ""))
            if day_of is not None and item in prices and prices[item].price is not None:
                day_of.revenue += prices[item].price or 0
        unmet = [
            Unmet(words, len(by), sum(by.values()))
            for words, by in wanting.items()
            if len({whose[session] for session in by}) >= LEAST_SHOPPERS
        ]
        return Demand(
            sorted(days.values(), key=lambda day: (day.day, day.site), reverse=True),
            sorted(unmet, key=lambda one: (-one.conversations, one.words))[:MOST_WORDS],
        )


def _words(need: str, private: set[str]) -> str:
    """What the turn looked for: the words of its latest want, masked and in lower case."""
    wants = json.loads(need).get("wants", []) if need else []
    return without(wants[-1].get("words") or wants[-1].get("topic") or "", private).strip().lower() if wants else ""
