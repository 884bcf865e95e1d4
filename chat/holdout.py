"""What the shopper's history brings: conversations that used it against the share that, by lot, did not.

Reads the tables of ``chat.tables`` and what ``ranking.history`` tells of the turns; writes nothing. Of anonymous
shoppers nothing is known before the conversation, so only those of known ones are compared. Which conversation is held
out, ``chat.keeping`` decides.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from prompts.experiment import Arm, Difference, difference
from ranking.history import Events
from retrieval.catalog import Catalog
from retrieval.database import Connections

SUCCESSES = ("click", "like", "cart", "purchase", "thumb")  # in the order in which they are shown


@dataclass
class Side:
    """The conversations with personalisation, or those without."""

    conversations: int = 0
    successes: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # conversations with at least one
    revenue: Decimal = Decimal(0)  # of items that were shown and then bought, at the price of today's record

    def arm(self, success: str) -> Arm:
        """What the comparison counts."""
        return Arm(self.conversations, self.successes[success])


@dataclass
class Compared:
    """Both sides, of the conversations that began while this share was held out."""

    share: float
    personalised: Side = field(default_factory=Side)
    held_out: Side = field(default_factory=Side)

    def gain(self, success: str) -> Difference | None:
        """By how much the personalised rate is above the other, however often one looks; None: too few yet."""
        return difference(self.held_out.arm(success), self.personalised.arm(success))


class Holdout:
    """Compares them. Safe to use from several threads."""

    def __init__(self, connections: Connections, events: Events, catalog: Catalog) -> None:
        self._connections = connections
        self._events = events
        self._catalog = catalog

    def since(self, moment: float) -> Compared | None:
        """Of the conversations that began since then (unix seconds); None where none was held out.

        Only of the share that is held out now: with another one, other days weigh on either side.
        """
        database = self._connections.current
        latest = "SELECT holdout FROM sessions WHERE started >= ? ORDER BY started DESC LIMIT 1"
        row = database.execute(latest, [moment]).fetchone()
        if row is None or not row[0]:
            return None
        compared = Compared(float(row[0]))
        of: dict[str, Side] = {}
        sql = (
            "SELECT id, held_out FROM sessions WHERE started >= ? AND holdout = ? AND shopper_id <> ''"
            " AND id NOT IN (SELECT session_id FROM turns JOIN copied_turns ON turn_id = turns.id)"
        )
        for session, held_out in database.execute(sql, [moment, compared.share]):
            of[session] = compared.held_out if held_out else compared.personalised
            of[session].conversations += 1
        kinds, sessions = self._events.kinds_by_turn(), dict[str, str]()
        done = defaultdict[str, set[str]](set)
        sql = (
            "SELECT turns.id, session_id, COALESCE(thumb, 0) FROM turns JOIN sessions ON sessions.id = session_id"
            " LEFT JOIN thumbs ON turn_id = turns.id WHERE started >= ?"
        )
        for turn, session, thumb in database.execute(sql, [moment]):
            if session in of:
                sessions[turn] = session
                done[session] |= kinds.get(turn, set()) | ({"thumb"} if thumb == 1 else set())
        for session, kinds_done in done.items():
            for success in SUCCESSES:
                of[session].successes[success] += success in kinds_done
        bought = [(sessions[turn], item) for turn, item in self._events.of_turns("purchase") if turn in sessions]
        records = self._catalog.many([item for _, item in bought])
        for session, item in bought:
            if item in records:
                of[session].revenue += records[item].price or 0
        return compared
