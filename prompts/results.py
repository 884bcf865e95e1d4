"""The results of evaluations, kept by what they are of, so that a run that was cut off goes on where it stopped.

Owns the table ``prompt_results``. A result is of the versions of all prompts, the case, the model, and the rest that
decides how a case goes (``setting``): where one of them is another, it is another result.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict
from sqlite_utils import Database, Migrations

from prompts.tables import Databases, migrate

migrations = Migrations("prompt_results")


@migrations()
def m001_results(database: Database) -> None:
    """Results of cases."""
    database.execute(
        "CREATE TABLE prompt_results (versions TEXT NOT NULL, case_hash TEXT NOT NULL, model TEXT NOT NULL,"
        " setting TEXT NOT NULL, result TEXT NOT NULL, time REAL NOT NULL,"
        " PRIMARY KEY (versions, case_hash, model, setting))"
    )


class Failure(BaseModel):
    """One check that did not pass, or of which it cannot be said (``unsure``)."""

    model_config = ConfigDict(frozen=True)

    turn: int
    check: str
    why: str
    unsure: bool = False


class Result(BaseModel):
    """One case with one version: what passed, what failed and why, and its figures; a figure may be missing."""

    model_config = ConfigDict(frozen=True)

    case: str
    version: str  # as people name it
    checks: int  # of which it can be said
    passed: int
    failures: tuple[Failure, ...] = ()
    figures: dict[str, float] = {}
    unreached: int = 0  # turns that the LLM did not answer in
    texts: tuple[str, ...] = ()  # what was said in each turn, to read
    source: str = ""  # the mark of the conversation that the case was made from
    simulated: bool = False  # a simulated shopper's conversation: it has a figure, and no checks

    @property
    def ok(self) -> bool:
        """Whether all of it passed."""
        return self.passed == self.checks

    @property
    def share(self) -> float:
        """Of the checks, those that passed; 1 where there are none."""
        return self.passed / self.checks if self.checks else 1.0


@dataclass(frozen=True)
class Key:
    """What a result is of."""

    versions: str  # see ``versions_key``
    case_hash: str
    model: str
    setting: str


def versions_key(pins: Mapping[str, str]) -> str:
    """One hash for the versions of several prompts: name to hash."""
    return hashlib.sha256(json.dumps(sorted(pins.items())).encode()).hexdigest()


class Results:
    """The table. Safe to use from several threads and processes."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        migrate(databases.current, migrations)

    def get(self, key: Key) -> Result | None:
        """The result that is kept; None if there is none, or it is of an older form."""
        sql = "SELECT result FROM prompt_results WHERE versions = ? AND case_hash = ? AND model = ? AND setting = ?"
        row = self._databases.current.execute(sql, [key.versions, key.case_hash, key.model, key.setting]).fetchone()
        try:
            return None if row is None else Result.model_validate_json(row[0])
        except ValueError:
            return None

    def put(self, key: Key, result: Result) -> None:
        """Keep it, in the place of what was kept under the key."""
        database = self._databases.current
        values = [key.versions, key.case_hash, key.model, key.setting, result.model_dump_json(), time.time()]
        with database.atomic():
            database.execute("INSERT OR REPLACE INTO prompt_results VALUES (?, ?, ?, ?, ?, ?)", values)

    def pairs(self, first: str, second: str) -> list[tuple[Result, Result]]:
        """The latest results of two versions (as ``versions_key``) on each case that both had under equal conditions:
        the same model, shop and program."""
        sql = (
            "SELECT case_hash, one.result, other.result FROM prompt_results AS one JOIN prompt_results AS other"
            " USING (case_hash, model, setting) WHERE one.versions = ? AND other.versions = ?"
            " ORDER BY max(one.time, other.time)"
        )
        found: dict[str, tuple[Result, Result]] = {}
        for case, *both in self._databases.current.execute(sql, [first, second]).fetchall():
            try:
                found[case] = (Result.model_validate_json(both[0]), Result.model_validate_json(both[1]))
            except ValueError:
                continue  # of an older form
        return list(found.values())

    def forget(self, source: str) -> int:
        """Take away what cases with this mark came to: it quotes them. How many there were."""
        database = self._databases.current
        with database.atomic():
            sql = "DELETE FROM prompt_results WHERE json_extract(result, '$.source') = ?"
            return int(database.execute(sql, [source]).rowcount)
