"""Real conversations, as the team that runs the shop reads them: without who it was.

Reads the tables of ``chat.tables`` and writes labels, which go with their conversation. What was said is shown with
what could tell a person masked (addresses, numbers of telephones and cards, names that are told); whose conversation it
was is never given out.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from chat.errors import ChatError
from chat.words import singular
from retrieval.database import Connections

MOST = 200  # conversations in a list
LONGEST_LABEL = 60
MASK = "…"

_PERSONAL = re.compile(
    r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # e-mail
    r"|(?<![\w.,$€£])\+?\d(?:[ ()./-]{0,3}\d){6,}(?![\w])"  # telephone, card, order: seven digits and more
    r"|\b(?:my name is|i am called|i'm called)\s+[^\W\d_]+(?:\s+[A-Z][^\W\d_]+)?",
    re.IGNORECASE,
)


# Numbers of one or two digits, and these, tell nobody.
_SAID_BEFORE_A_NAME = {singular(word) for word in ("my", "name", "is", "i", "am", "m", "called", "and")} | {
    str(number) for number in range(100)
}


class LabelError(ChatError):
    """A label that cannot be put on a conversation."""


@dataclass(frozen=True)
class Said:
    """One turn."""

    message: str  # masked
    answer: str  # masked
    cards: tuple[str, ...]  # ids of the items that were shown
    thumb: int  # 1 up, -1 down, 0 none
    llm_reached: bool
    repaired: int  # sentences of the LLM's that were mended
    understood: str  # the need's words


@dataclass
class Conversation:
    """One conversation; ``id`` is for the program, and opens nothing to whoever reads it."""

    id: str
    began: float  # unix seconds
    site: str
    prompts: dict[str, str]  # prompt -> version
    labels: tuple[str, ...]
    turns: list[Said] = field(default_factory=list)

    @property
    def thumbs(self) -> str:
        """ "+1 -2"; "" for none."""
        up, down = (sum(turn.thumb == which for turn in self.turns) for which in (1, -1))
        return f"+{up} -{down}" if up or down else ""


class Conversations:
    """Lists and labels conversations. Safe to use from several threads."""

    def __init__(self, connections: Connections, now: Callable[[], float] = time.time) -> None:
        self._connections = connections
        self._now = now

    def latest(
        self,
        *,
        version: str = "",
        thumb: int = 0,
        without_llm: bool = False,
        repaired: bool = False,
        label: str = "",
        most: int = MOST,
    ) -> list[Conversation]:
        """The latest conversations of which all that is asked for holds, newest first.

        ``version``: hash of any prompt's version that it began with. ``thumb``: 1 or -1, of any of its answers.
        """
        where, values = ["1"], list[object]()
        if version:
            where.append("EXISTS (SELECT 1 FROM json_each(sessions.prompts) WHERE value = ?)")
            values.append(version)
        if thumb:
            where.append(f"id IN ({_OF_TURNS} JOIN thumbs ON turn_id = turns.id WHERE thumb = ?)")
            values.append(thumb)
        if without_llm:
            where.append(f"id IN ({_OF_TURNS} WHERE NOT llm_reached)")
        if repaired:
            where.append(f"id IN ({_OF_TURNS} WHERE sentences LIKE '%\"repaired\"%')")
        if label:
            where.append("id IN (SELECT session_id FROM session_labels WHERE label = ?)")
            values.append(label)
        sql = f"SELECT id FROM sessions WHERE {' AND '.join(where)} ORDER BY started DESC LIMIT ?"  # noqa: S608 - fixed texts
        rows = self._connections.current.execute(sql, [*values, most]).fetchall()
        return [found for row in rows if (found := self.one(row[0])) is not None]

    def one(self, session_id: str) -> Conversation | None:
        """The conversation; None where it is gone."""
        database = self._connections.current
        sql = "SELECT started, site, prompts FROM sessions WHERE id = ?"
        row = database.execute(sql, [session_id]).fetchone()
        if row is None:
            return None
        labels = database.execute("SELECT label FROM session_labels WHERE session_id = ? ORDER BY 1", [session_id])
        found = Conversation(session_id, row[0], row[1], json.loads(row[2]), tuple(one for (one,) in labels.fetchall()))
        cards: dict[str, list[str]] = {}
        private: set[str] = set()  # of all that was said so far: a want is carried from turn to turn
        shown = (
            "SELECT turn_id, item_id FROM shown JOIN turns ON turns.id = turn_id WHERE session_id = ? ORDER BY position"
        )
        for turn, item in database.execute(shown, [session_id]):
            cards.setdefault(turn, []).append(item)
        sql = (
            "SELECT id, message, answer, sentences, llm_reached, need, COALESCE(thumb, 0) FROM turns"
            " LEFT JOIN thumbs ON turn_id = id WHERE session_id = ? ORDER BY number"
        )
        for turn, message, answer, sentences, reached, need, thumb in database.execute(sql, [session_id]):
            private |= private_words(message)
            repaired = sum(sentence["verdict"] == "repaired" for sentence in json.loads(sentences))
            held = tuple(cards.get(turn, ()))
            found.turns.append(
                Said(
                    masked(message),
                    without(answer, private),
                    held,
                    thumb,
                    bool(reached),
                    repaired,
                    without(_wanted(need), private),
                )
            )
        return found

    def put_label(self, session_id: str, label: str, who: str) -> None:
        """Call the conversation so; LabelError where the label is none, or the conversation is gone."""
        label = " ".join(label.split())
        if not label or len(label) > LONGEST_LABEL:
            raise LabelError(f"A label has 1 to {LONGEST_LABEL} characters.")
        database = self._connections.current
        with database.conn:
            # Nobody may delete the conversation between the question and the label.
            database.conn.execute("BEGIN IMMEDIATE")
            if database.execute("SELECT 1 FROM sessions WHERE id = ?", [session_id]).fetchone() is None:
                raise LabelError("This conversation is gone: it was deleted, or is too old.")
            sql = "INSERT INTO session_labels VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
            database.execute(sql, [session_id, label, who, self._now()])

    def take_label(self, session_id: str, label: str) -> None:
        """Call it so no longer."""
        database = self._connections.current
        with database.atomic():
            database.execute("DELETE FROM session_labels WHERE session_id = ? AND label = ?", [session_id, label])

    def labels(self) -> list[str]:
        """Every label in use."""
        rows = self._connections.current.execute("SELECT DISTINCT label FROM session_labels ORDER BY 1").fetchall()
        return [str(row[0]) for row in rows]


_OF_TURNS = "SELECT session_id FROM turns"


def masked(text: str) -> str:
    """The text with what could tell a person replaced."""
    return _PERSONAL.sub(MASK, text)


def private_words(message: str) -> set[str]:
    """The words of what is masked in a message: what was made of it may hold them apart, where no mask would see."""
    found = {singular(word) for one in _PERSONAL.findall(message) for word in re.findall(r"\w+", one.lower())}
    return found - _SAID_BEFORE_A_NAME


def without(text: str, private: set[str]) -> str:
    """The text with what could tell a person replaced, also where only words of it are left."""

    def shown(word: re.Match[str]) -> str:
        return MASK if singular(word[0].lower()) in private else word[0]

    return re.sub(rf"{MASK}(?:\s+{MASK})+", MASK, re.sub(r"\w+", shown, masked(text)) if private else masked(text))


def _wanted(need: str) -> str:
    wants = json.loads(need).get("wants", []) if need else []
    return wants[-1].get("words", "") if wants else ""
