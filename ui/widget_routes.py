"""Serves the widget: /widget.js, one script put together from the modules and the style sheet in ``ui/widget``.

Knows in which order they stand and how browsers are to keep the script. What the widget does is in those files.
"""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import rcssmin
import rjsmin
from fastapi import APIRouter, Request, Response

FOLDER = Path(__file__).parent / "widget"
MODULES = ("dom", "words", "wire", "memory", "card", "exchange", "panel", "talk", "widget")  # each after what it uses
# A page asks again after ten minutes, and shows meanwhile what it has: a new version is everywhere within the day.
CACHE = "public, max-age=600, stale-while-revalidate=86400"

_IMPORT = re.compile(r"^import .*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


@dataclass(frozen=True)
class Script:
    """The script as it is sent."""

    plain: bytes
    gzipped: bytes
    etag: str


@cache
def widget_script() -> Script:
    """The modules as one classic script, without comments and needless white space."""
    # A classic script knows its own tag, which a module does not: so the modules share one function's scope.
    style = rcssmin.cssmin((FOLDER / "style.css").read_text(encoding="utf-8"))
    parts = [f"const STYLE = {json.dumps(style, ensure_ascii=False)};"]
    for name in MODULES:
        source = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
        parts.append(_EXPORT.sub("", _IMPORT.sub("", source)))
    made = rjsmin.jsmin("(() => {\n'use strict';\n" + "\n".join(parts) + "\n})();").encode()
    # No time of making in it, so that every process of a shop sends the same bytes.
    return Script(made, gzip.compress(made, 9, mtime=0), f'W/"{hashlib.sha256(made).hexdigest()[:24]}"')


def widget_router() -> APIRouter:
    """The route of the script. It is public: any page may load it, and a site key says which may use it."""
    router = APIRouter()

    @router.api_route("/widget.js", methods=["GET", "HEAD"], include_in_schema=False)
    def script(request: Request) -> Response:
        held = widget_script()
        headers = {
            "Cache-Control": CACHE,
            "ETag": held.etag,
            "Vary": "Accept-Encoding",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        known = request.headers.get("if-none-match", "")
        if held.etag.removeprefix("W/") in known or known == "*":
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(held.gzipped, headers=headers, media_type="text/javascript; charset=utf-8")
        return Response(held.plain, headers=headers, media_type="text/javascript; charset=utf-8")

    return router
