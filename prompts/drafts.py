"""Drafts of prompts: texts that are being written, right or wrong, and that anyone of the team may go on with.

Knows the table ``prompt_drafts``. What makes a text a version, ``prompts.versions`` knows.
"""

import time
from collections.abc import Callable

from prompts.errors import VersionError
from prompts.tables import Databases, Draft, writing


class Drafts:
    """The drafts of a shop; a part of ``prompts.versions.Versions``, which makes the tables."""

    def __init__(self, databases: Databases, now: Callable[[], float] = time.time) -> None:
        self._databases = databases
        self._now = now

    def draft(
        self, content: str, author: str, number: int | None = None, was: str | None = None, note: str = ""
    ) -> int:
        """Keep a draft, as a new one or in place of the one with that number; returns its number.

        ``note``: where a new one came from, for people. ``was``: the text that its author began with; None:
        whatever it is. VersionError where that draft is gone, or somebody else has changed it meanwhile.
        """
        if content != content.encode(errors="ignore").decode():
            raise VersionError("The text has half a character, which nothing can hold. Write that anew.")
        database = self._databases.current
        with writing(database):
            if number is None:
                sql = "INSERT INTO prompt_drafts (content, author, time, note) VALUES (?, ?, ?, ?)"
                return int(database.execute(sql, [content, author, self._now(), note]).lastrowid or 0)
            held = database.execute("SELECT content, author FROM prompt_drafts WHERE number = ?", [number]).fetchone()
            if was is not None and held and held[0] not in (was, content):
                what = f"{held[1]} has changed draft {number} since you opened it"
                raise VersionError(f"{what}. Keep the text as a new one, or open the draft again.")
            sql = "UPDATE prompt_drafts SET content = ?, author = ?, time = ? WHERE number = ?"
            if database.execute(sql, [content, author, self._now(), number]).rowcount != 1:
                raise VersionError(f"There is no draft {number} any more. Keep the text as a new one.")
        return number

    def drafts(self) -> list[Draft]:
        """Every draft, the one that was last worked on first."""
        sql = "SELECT number, content, author, time, note FROM prompt_drafts ORDER BY time DESC, number DESC"
        return [Draft(*row) for row in self._databases.current.execute(sql).fetchall()]

    def discard(self, number: int) -> None:
        """Throw a draft away; VersionError if there is none."""
        database = self._databases.current
        with writing(database):
            if database.execute("DELETE FROM prompt_drafts WHERE number = ?", [number]).rowcount != 1:
                raise VersionError(f"There is no draft {number}.")
