"""A merchant's synonyms: other words for the same thing, as the shop's own shoppers say them.

Owns the tables ``synonyms`` and ``synonyms_state``. Reads the merchant's text, keeps it, and hands out what it says;
a change is seen by a running server at its next question, and nothing is indexed anew. Knows no catalogue.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlite_utils import Database, Migrations

from retrieval.database import Connections
from retrieval.errors import SynonymsError
from retrieval.wording import folded, words

LONGEST_PHRASE = 4  # words
MOST_LINES = 20_000
ARROW = "=>"

migrations = Migrations("retrieval.synonyms")


@migrations()
def m001_initial(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE IF NOT EXISTS synonyms (position INTEGER PRIMARY KEY, said TEXT NOT NULL, meant TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS synonyms_state (
            only INTEGER PRIMARY KEY CHECK (only = 1), version INTEGER NOT NULL
        );
        INSERT OR IGNORE INTO synonyms_state VALUES (1, 0);
        """
    )


@dataclass(frozen=True)
class Synonyms:
    """What the merchant's lines say, ready for the lexical arm, for the encoder and for spelling."""

    terms: Mapping[tuple[str, ...], tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    texts: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)  # the same, as they were written
    words: frozenset[str] = frozenset()  # every word of theirs, folded: none of them is a misspelling

    @staticmethod
    def of(pairs: list[tuple[str, str]]) -> "Synonyms":
        """From pairs of what is said and what it means, in the merchant's order."""
        terms: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        texts: dict[tuple[str, ...], list[str]] = {}
        for said, meant in pairs:
            key, value = _terms(said), _terms(meant)
            if value not in terms.setdefault(key, []):
                terms[key].append(value)
                texts.setdefault(key, []).append(meant)
        return Synonyms(
            {key: tuple(values) for key, values in terms.items()},
            {key: tuple(values) for key, values in texts.items()},
            frozenset(folded(word.text) for pair in pairs for one in pair for word in words(one)),
        )

    def reworded(self, text: str, known: Callable[[str], bool]) -> str:
        """The text for the encoder: what the catalogue has no word for stands in the merchant's other words.

        ``known``: whether the catalogue has a word in any form. A word it has is left: the encoder does well with it.
        """
        if not self.texts:
            return text
        spoken = list(words(text))
        made: list[str] = []
        at = 0
        while at < len(spoken):
            for length in range(min(LONGEST_PHRASE, len(spoken) - at), 0, -1):
                span = spoken[at : at + length]
                others = self.texts.get(tuple(word.term for word in span), ())
                if others and not all(known(word.text) for word in span):
                    made.append(others[0])
                    break
            else:
                length = 1
                made.append(spoken[at].text)
            at += length
        return " ".join(made) if made != [word.text for word in spoken] else text


class SynonymStore:
    """The synonyms of one shop, in its database. Safe to ask from any thread."""

    def __init__(self, connections: Connections) -> None:
        """Create the tables where they are not there yet."""
        self._connections = connections
        self._held: tuple[int, Synonyms] = (-1, Synonyms())
        migrations.apply(connections.current)

    def current(self) -> Synonyms:
        """What holds now; read again only after a change."""
        held = self._held
        database = self._connections.current
        (version,) = database.execute("SELECT version FROM synonyms_state").fetchone()
        if held[0] == version:
            return held[1]
        self._held = held = (version, Synonyms.of(self.pairs()))
        return held[1]

    def pairs(self) -> list[tuple[str, str]]:
        """What is said and what it means, in the merchant's order."""
        rows = self._connections.current.execute("SELECT said, meant FROM synonyms ORDER BY position")
        return [(said, meant) for said, meant in rows]

    def replace(self, pairs: list[tuple[str, str]]) -> None:
        """Put these in the place of all there are."""
        database = self._connections.current
        with database.atomic():
            database.execute("UPDATE synonyms_state SET version = version + 1")
            database.execute("DELETE FROM synonyms")
            database.conn.executemany("INSERT INTO synonyms (said, meant) VALUES (?, ?)", pairs)


def read(file: Path) -> list[tuple[str, str]]:
    """The pairs of a merchant's file. Raises SynonymsError, which names the line."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SynonymsError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SynonymsError(f"{file} is not UTF-8 text (byte {error.start:,}). Save it as UTF-8.") from error
    return parse(text, file.name)


def parse(text: str, name: str) -> list[tuple[str, str]]:
    """Pairs of what is said and what it means, from lines of a file of this name.

    >>> parse("sofa, couch  # furniture\\ntelly => television", "synonyms.txt")
    [('sofa', 'couch'), ('couch', 'sofa'), ('telly', 'television')]
    """
    pairs: list[tuple[str, str]] = []
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise SynonymsError(f"{name} has {len(lines):,} lines; at most {MOST_LINES:,} are taken.")
    for number, line in enumerate(lines, start=1):
        where = f"{name}, line {number}"
        bare = re.sub(r"(^|\s)#.*", "", line).strip()
        if not bare:
            continue
        left, arrow, right = bare.partition(ARROW)
        said = _phrases(left, where)
        if arrow:
            pairs.extend((one, other) for one in said for other in _phrases(right, where) if one != other)
        elif len(said) < 2:
            raise SynonymsError(
                f"{where}: {bare!r} stands alone. Write words for the same thing with commas between them "
                f'("sofa, couch"), or what is said and what it means ("telly {ARROW} television").'
            )
        else:
            pairs.extend((one, other) for one in said for other in said if one != other)
    return pairs


def _phrases(text: str, where: str) -> list[str]:
    """The phrases between the commas, each of them sound."""
    if ARROW in text:
        raise SynonymsError(f"{where}: more than one {ARROW!r}. Write a line for each.")
    phrases = [" ".join(phrase.split()) for phrase in text.split(",")]
    for phrase in phrases:
        count = len(_terms(phrase))
        if not count:
            raise SynonymsError(f"{where}: a word is missing beside a comma or {ARROW!r}: {text.strip()!r}.")
        if count > LONGEST_PHRASE:
            raise SynonymsError(f"{where}: {phrase!r} has {count} words; at most {LONGEST_PHRASE} are understood.")
    return list(dict.fromkeys(phrases))


def _terms(phrase: str) -> tuple[str, ...]:
    """The phrase as the lexical arm sees it in a query."""
    return tuple(word.term for word in words(phrase) if word.telling)
