"""Changes of single items that an operator's program asks for: written down for the catalogue's one writer, and done.

Rows go the way of a feed: the same checks, a bad row kept aside and counted, the rest committed at once. Knows how a
change travels through the journal. Knows nothing of HTTP.
"""

import json
import os
import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from retrieval.catalog import Catalog
from retrieval.database import Connections
from ui.audit import Audit
from ui.home import Home
from ui.ingesting import Request, take_in
from ui.progress import Tell

KIND: Literal["change"] = "change"  # by which the journal's reader tells a change from a file of a merchant's

Row = Mapping[str, Any]


class Change(BaseModel):
    """What was asked: files of rows to put in place and to change in part, and ids to remove, in this order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["change"] = KIND
    who: str  # for the audit
    put: Path | None = None
    patch: Path | None = None
    remove: tuple[str, ...] = ()
    currency: str = ""  # of prices that name none

    def discard(self) -> None:
        """Delete the files, once nobody will read them any more."""
        for path in (self.put, self.patch):
            if path is not None:
                path.unlink(missing_ok=True)


@dataclass
class Changed:
    """What became of it."""

    new: int = 0
    changed: int = 0
    same: int = 0
    removed: int = 0
    unknown: int = 0  # ids to remove that no item has
    dropped: int = 0
    first_dropped: list[dict[str, Any]] = field(default_factory=list)  # list ("put" or "patch"), row (from 1), reason
    notes: dict[str, int] = field(default_factory=dict)  # what was left out of items, and how often


def written_down(
    home: Home, who: str, put: Sequence[Row] = (), patch: Sequence[Row] = (), remove: Sequence[str] = (), *,
    currency: str = "",
) -> Change:  # fmt: skip
    """The change, with its rows in files that any process of this home can read."""
    # Both columns are there in every row, so that one without is a bad row, and no unreadable file.
    return Change(
        who=who,
        put=_file(home, "put", [{"id": "", "title": "", **row} for row in put]),
        patch=_file(home, "patch", [{"id": "", **row} for row in patch]),
        remove=tuple(remove),
        currency=currency,
    )


def _file(home: Home, name: str, rows: Sequence[Row]) -> Path | None:
    if not rows:
        return None
    home.incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = home.incoming / f"api-{name}-{int(time.time())}-{secrets.token_hex(8)}.jsonl"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path.resolve()


def carry_out(connections: Connections, catalog: Catalog, home: Home, change: Change, tell: Tell) -> Changed:
    """Do it; the index is not touched. Done again after an interruption, it changes nothing. Raises RetrievalError."""
    made, notes = Changed(), Counter[str]()
    for name, path in (("put", change.put), ("patch", change.patch)):
        if path is None:
            continue
        # An update without a currency changes the amount alone.
        currency = change.currency if name == "put" else ""
        request = Request(path=path, format="jsonl", update=name == "patch", currency=currency)
        report = take_in(connections, catalog, home, request, tell)
        made.new += report.new
        made.changed += report.changed
        made.same += report.same
        made.dropped += report.dropped
        made.first_dropped += [
            {"list": name, "row": one["line"], "reason": one["reason"]} for one in report.first_dropped
        ]
        notes.update(report.notes)
    if change.remove:
        ids = set(change.remove)
        made.removed = catalog.remove(ids)
        made.unknown = len(ids) - made.removed
    made.notes = dict(notes)
    counts = {name: getattr(made, name) for name in ("new", "changed", "removed", "dropped")}
    Audit(connections).write(change.who, "catalogue", {name: count for name, count in counts.items() if count})
    return made
