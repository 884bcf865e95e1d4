"""The audit as a page, for accounts with the role of an admin: who erased, exported, changed or copied what, and when.

Knows how lines look. Who may see it stands before it (``ui.sign_in.Door``).
"""

import asyncio
from datetime import UTC, datetime
from html import escape

from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from ui.audit import Audit, Line
from ui.sign_in import HEADERS

AUDIT = "/audit"
SHOWN = 500  # latest lines
STYLE = (
    ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .8rem;"
    "border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}"
)


class AuditPage:
    """ASGI application: the latest lines, newest first."""

    def __init__(self, audit: Audit, shop_name: str) -> None:
        self._audit, self._shop_name = audit, shop_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lines = await asyncio.to_thread(self._audit.lines, SHOWN)
        rows = "".join(map(_row, reversed(lines))) or '<tr><td colspan="4">Nothing was done yet.</td></tr>'
        title = escape(f"{self._shop_name} · audit")
        page = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
            f"<main><h1>{title}</h1><table><thead><tr><th>When (UTC)<th>Who<th>What<th>How many</tr></thead>"
            f"<tbody>{rows}</tbody></table></main></html>"
        )
        await HTMLResponse(page, headers=HEADERS)(scope, receive, send)


def _row(line: Line) -> str:
    counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in line.counts.items())
    when = f"{datetime.fromtimestamp(line.time, UTC):%Y-%m-%d %H:%M:%S}"
    return "<tr>" + "".join(f"<td>{escape(cell)}" for cell in (when, line.who, line.what, counts)) + "</tr>"
