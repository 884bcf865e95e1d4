"""The merchant's rules: which items are to be pinned, buried or excluded, from when to when; kept in tables of its own.

Owns the tables ``merchant_rules`` and ``merchant_rules_journal`` (who added or removed what, and when). What the rules
do to a list of items is pure: ``InForce``. Knows nothing of how items are scored, nor of the command line.

- exclude: the item is never shown.
- bury: the item comes after everything else that fits.
- pin: the item comes first, at most MOST_PINNED of a list, and only where it is among the candidates that answer the
  request; what a shopper's limits leave out is no candidate.

Exclude wins over the others; between pin and bury the rule on the item wins over one on its brand, that over one on its
category, a longer category path over a shorter one, and of equals the later.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlite_utils import Database, Migrations

from ranking.errors import RuleError
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.filters import Filter
from retrieval.items import Item

Action = Literal["pin", "bury", "exclude"]
Subject = Literal["item", "brand", "category"]

MOST_PINNED = 2  # of one list: the rest of it is the shopper's
SPONSORED = "sponsored"  # the mark on a card
PATH = " > "  # between the parts of a category

migrations = Migrations("ranking-rules")


@migrations()
def m001_rules(database: Database) -> None:
    """Create the rules and the journal of what was done to them."""
    database.execute(
        "CREATE TABLE merchant_rules (number INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL,"
        " subject TEXT NOT NULL, value TEXT NOT NULL, starts TEXT NOT NULL, ends TEXT NOT NULL,"
        " sponsored INTEGER NOT NULL)"
    )
    database.execute(
        "CREATE TABLE merchant_rules_journal (number INTEGER PRIMARY KEY, time REAL NOT NULL, who TEXT NOT NULL,"
        " done TEXT NOT NULL, rule_number INTEGER NOT NULL, rule TEXT NOT NULL)"
    )


class Rule(BaseModel):
    """One rule; ``value`` is an item's id, a brand, or a category path with " > " between its parts.

    It holds on the days from ``starts`` to ``ends``, both included, by the clock of this machine; None: without end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = 0  # given when it is added
    action: Action
    subject: Subject
    value: str
    starts: date | None = None
    ends: date | None = None
    sponsored: bool = False  # someone pays for it: its items are marked

    @property
    def path(self) -> tuple[str, ...]:
        """The parts of a category, in lower case."""
        return _path(self.value)

    @property
    def rank(self) -> tuple[int, int, int]:
        """The greater wins."""
        depth = len(self.path) if self.subject == "category" else 0
        return ({"category": 0, "brand": 1, "item": 2}[self.subject], depth, self.number)

    def holds_on(self, day: date) -> bool:
        """Whether the day is one of its days."""
        return (self.starts is None or self.starts <= day) and (self.ends is None or day <= self.ends)

    def speaks_of(self, item: Item) -> bool:
        """Whether the item is its subject."""
        if self.subject == "item":
            return item.id == self.value
        if self.subject == "brand":
            return item.brand.casefold() == self.value.casefold()
        return tuple(part.casefold() for part in item.category)[: len(self.path)] == self.path


@dataclass(frozen=True)
class Entry:
    """One line of the journal."""

    time: float  # unix seconds
    who: str
    done: Literal["added", "removed"]
    rule: Rule


class InForce:
    """The rules of one day, as they apply to items."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._excluding = [rule for rule in rules if rule.action == "exclude"]
        self._ordering = sorted(
            (rule for rule in rules if rule.action != "exclude"), key=lambda rule: rule.rank, reverse=True
        )
        self._sponsored = [rule for rule in rules if rule.sponsored]

    @property
    def excluding(self) -> bool:
        """Whether anything is excluded."""
        return bool(self._excluding)

    @property
    def ordering(self) -> bool:
        """Whether anything is pinned or buried."""
        return bool(self._ordering)

    def narrowed(self, asked: Filter) -> Filter:
        """The filter, leaving out excluded items, brands and categories too."""
        paths = tuple(
            tuple(part.strip() for part in rule.value.split(PATH.strip()))
            for rule in self._excluding
            if rule.subject == "category"
        )
        brands = tuple(rule.value for rule in self._excluding if rule.subject == "brand")
        ids = tuple(rule.value for rule in self._excluding if rule.subject == "item")
        if not self._excluding:
            return asked
        return asked.model_copy(
            update={
                "excluded_brands": asked.excluded_brands + brands,
                "excluded_categories": asked.excluded_categories + paths,
                "excluded_ids": asked.excluded_ids + ids,
            }
        )

    def allows(self, item: Item) -> bool:
        """False for an excluded item."""
        return not any(rule.speaks_of(item) for rule in self._excluding)

    def mark(self, item: Item) -> str:
        """What the item's card must say of a rule: "sponsored", or nothing."""
        return SPONSORED if any(rule.speaks_of(item) for rule in self._sponsored) else ""

    def arranged(
        self,
        items: Sequence[Item | None],
        answers: Sequence[bool],
        order: Sequence[int],
        k: int,
        choose: Callable[[Sequence[int], int], list[int]],
    ) -> list[int]:
        """Places of the k items to show: pinned, then chosen, then buried where the others do not suffice.

        ``items`` are the candidates (None: no longer in the catalogue), ``answers`` whether each answers the request
        well enough to be pinned, ``order`` their places by score, best first; ``choose`` picks so many of some places.
        """
        actions = {place: self._action(items[place]) for place in order}
        pinned = [place for place in order if actions[place] == "pin" and answers[place]][: min(MOST_PINNED, k)]
        free = [place for place in order if actions[place] != "bury" and place not in pinned]
        chosen = [*pinned, *choose(free, k - len(pinned))]
        buried = [place for place in order if actions[place] == "bury"]
        return [*chosen, *choose(buried, k - len(chosen))]

    def _action(self, item: Item | None) -> Action | None:
        if item is None:
            return None
        return next((rule.action for rule in self._ordering if rule.speaks_of(item)), None)


class Rules:
    """The table of rules; opening it brings the tables up to date. A change counts from the next turn on."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        migrations.apply(connections.current)

    def add(self, rule: Rule, who: str, catalog: Catalog, today: date | None = None) -> Rule:
        """Keep the rule, as the catalogue spells its subject, and return it with its number.

        RuleError for a subject that the catalogue has not, dates that make no sense, or a rule that is there already.
        """
        rule = rule.model_copy(update={"value": _known(rule, catalog)})
        if rule.starts and rule.ends and rule.starts > rule.ends:
            raise RuleError(f"The rule would end on {rule.ends}, before it begins on {rule.starts}. Swap the dates.")
        if rule.ends and rule.ends < (today or date.today()):
            raise RuleError(f"The rule would have ended on {rule.ends} already. Give a later date with --to.")
        if rule.sponsored and rule.action != "pin":
            raise RuleError(f"Only a pin can be sponsored, not {_article(rule.action)}. Leave --sponsored out.")
        values = rule.model_dump(mode="json", exclude={"number"})
        values = {name: "" if value is None else value for name, value in values.items()}
        for other in self.all():
            if other.model_copy(update={"number": 0}) == rule:
                raise RuleError(f"Rule {other.number} says the same already.")
        database = self._connections.current
        with database.atomic():
            database.execute(
                "INSERT INTO merchant_rules (action, subject, value, starts, ends, sponsored)"
                " VALUES (:action, :subject, :value, :starts, :ends, :sponsored)",
                values,
            )
            number = int(database.execute("SELECT last_insert_rowid()").fetchone()[0])
            added = rule.model_copy(update={"number": number})
            self._note(database, who, "added", added)
        return added

    def remove(self, number: int, who: str) -> Rule:
        """Take the rule away and return it; RuleError if there is none of this number."""
        held = next((rule for rule in self.all() if rule.number == number), None)
        if held is None:
            raise RuleError(f"There is no rule {number}. Those that there are: shoptalk rules list")
        database = self._connections.current
        with database.atomic():
            database.execute("DELETE FROM merchant_rules WHERE number = ?", [number])
            self._note(database, who, "removed", held)
        return held

    def all(self) -> list[Rule]:
        """Every rule, in the order in which they were added, those that have ended among them."""
        rows = self._connections.current.query("SELECT * FROM merchant_rules ORDER BY number")
        return [_rule(row) for row in rows]

    def in_force(self, today: date | None = None) -> InForce:
        """The rules of this day."""
        day = today or date.today()
        return InForce([rule for rule in self.all() if rule.holds_on(day)])

    def journal(self) -> list[Entry]:
        """What was done to the rules, oldest first."""
        rows = self._connections.current.execute(
            "SELECT time, who, done, rule FROM merchant_rules_journal ORDER BY number"
        )
        return [Entry(when, who, done, Rule.model_validate_json(rule)) for when, who, done, rule in rows]

    @staticmethod
    def _note(database: Database, who: str, done: str, rule: Rule) -> None:
        database.execute(
            "INSERT INTO merchant_rules_journal (time, who, done, rule_number, rule) VALUES (?, ?, ?, ?, ?)",
            [time.time(), who, done, rule.number, json.dumps(rule.model_dump(mode="json"), ensure_ascii=False)],
        )


def _rule(row: Mapping[str, object]) -> Rule:
    dates = {name: row[name] or None for name in ("starts", "ends")}
    return Rule.model_validate({**row, **dates, "sponsored": bool(row["sponsored"])})


def _known(rule: Rule, catalog: Catalog) -> str:
    """The rule's value as the catalogue spells it; RuleError if the catalogue has no such thing."""
    value = rule.value.strip()
    if rule.subject == "item":
        if catalog.get(value) is None:
            raise RuleError(f"The catalogue has no item {value!r}.")
        return value
    vocabulary = catalog.vocabulary()
    if rule.subject == "brand":
        known = next((brand for brand in vocabulary.brands if brand.casefold() == value.casefold()), None)
        if known is None:
            raise RuleError(f"The catalogue has no brand {value!r}.{_nearest(value, vocabulary.brands)}")
        return known
    wanted = _path(value)
    for path in vocabulary.categories:
        if wanted and tuple(part.casefold() for part in path[: len(wanted)]) == wanted:
            return PATH.join(path[: len(wanted)])
    paths = [PATH.join(path) for path in vocabulary.categories]
    raise RuleError(f"No category of the catalogue begins with {value!r}.{_nearest(value, paths)}")


def _path(value: str) -> tuple[str, ...]:
    return tuple(part.strip().casefold() for part in value.split(PATH.strip()) if part.strip())


def _nearest(value: str, names: Iterable[str]) -> str:
    held = [name for name in names if value.casefold() in name.casefold()][:3]
    return f" Did you mean: {', '.join(held)}?" if held else ""


def _article(action: Action) -> str:
    return "an exclusion" if action == "exclude" else "a burial" if action == "bury" else "a pin"
