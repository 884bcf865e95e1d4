"""The results of evaluations, kept by what they are of, so that a run that was cut off goes on where it stopped.

Owns the table ``prompt_results``. A result is of the versions of all prompts, the case, the model, and the rest that
decides how a case goes (``setting``): where one of them is another, it is another result.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlite_utils import Database, Migrations

from prompts.scores import Result
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

    def forget(self, source: str) -> int:
        """Take away what cases with this mark came to: it quotes them. How many there were."""
        database = self._databases.current
        with database.atomic():
            sql = "DELETE FROM prompt_results WHERE json_extract(result, '$.source') = ?"
            return int(database.execute(sql, [source]).rowcount)
