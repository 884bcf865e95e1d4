"""Serves the widget: /widget.js, one script put together from the modules and the style sheet in ``ui/widget``, and its
words in each language.

Knows in which order they stand and how browsers are to keep them. What the widget does is in those files.
"""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import minify
from fastapi import APIRouter, HTTPException, Request, Response

from ui.words import FALLBACK, known, languages, words_in

FOLDER = Path(__file__).parent / "widget"
MODULES = ("dom", "words", "wire", "memory", "comparison", "card", "exchange", "panel", "talk", "widget")
"""Each after what it uses."""
# A page asks again after ten minutes, and shows meanwhile what it has: a new version is everywhere within the day.
CACHE = "public, max-age=600, stale-while-revalidate=86400"
FOR_GOOD = "public, max-age=31536000, immutable"  # what is asked for by its digest
SILENCE_S = 45.0

_IMPORT = re.compile(r"^import .*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


@dataclass(frozen=True)
class Packed:
    """A text as it is sent."""

    plain: bytes
    gzipped: bytes
    digest: str

    @classmethod
    def of(cls, text: str) -> "Packed":
        """The text, packed."""
        plain = text.encode()
        # No time of making in it, so that every process of a shop sends the same bytes.
        return cls(plain, gzip.compress(plain, 9, mtime=0), hashlib.sha256(plain).hexdigest()[:24])


@cache
def widget_words(language: str) -> Packed:
    """The widget's words in one of the languages, as JSON."""
    return Packed.of(json.dumps(words_in(language).of_widget(), ensure_ascii=False, separators=(",", ":")))


@cache
def widget_script(language: str = FALLBACK, silence_s: float = SILENCE_S) -> Packed:
    """The modules as one classic script, with short names and without white space, and the words of one language.

    ``silence_s``: how long a stream may say nothing before the widget takes it for lost.
    """
    style = minify.string("text/css", (FOLDER / "style.css").read_text(encoding="utf-8"))
    # Where the words of each language lie: by their digest, so that a script never meets words of another version.
    tongues = {name: f"/widget/{name}.json?{widget_words(name).digest[:8]}" for name in languages()}
    given = {"STYLE": style, "TONGUES": tongues, "PACKED": language, "WORDS": words_in(language).of_widget()}
    parts = [f"const {name} = {json.dumps(value, ensure_ascii=False)};" for name, value in given.items()]
    parts.append(f"const SILENT_MS = {round(silence_s * 1000)};")
    # A classic script knows its own tag, which a module does not: so the modules share one function's scope.
    for name in MODULES:
        source = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
        parts.append(_EXPORT.sub("", _IMPORT.sub("", source)))
    return Packed.of(minify.string("text/javascript", "(() => {\n'use strict';\n" + "\n".join(parts) + "\n})();"))


def widget_router(language: str = FALLBACK, silence_s: float = SILENCE_S) -> APIRouter:
    """The routes of script and words. They are public: any page may load them, and a site key says which may use them.

    ``language``: the shop's own, for pages and browsers that name none that there is.
    """
    router = APIRouter()

    @router.api_route("/widget.js", methods=["GET", "HEAD"], include_in_schema=False)
    def script(request: Request, lang: str = "") -> Response:
        return _answer(request, widget_script(known([lang]) or language, silence_s), "text/javascript", CACHE)

    @router.api_route("/widget/{language}.json", methods=["GET", "HEAD"], include_in_schema=False)
    def words(request: Request, language: str) -> Response:
        if language not in languages():
            raise HTTPException(404)
        held = widget_words(language)
        asked_by_digest = request.url.query == held.digest[:8]
        return _answer(request, held, "application/json", FOR_GOOD if asked_by_digest else CACHE)

    return router


def _answer(request: Request, held: Packed, kind: str, keep: str) -> Response:
    headers = {
        "Cache-Control": keep,
        "ETag": f'W/"{held.digest}"',
        "Vary": "Accept-Encoding",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    known_already = request.headers.get("if-none-match", "")
    if held.digest in known_already or known_already == "*":
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(held.gzipped, headers=headers, media_type=f"{kind}; charset=utf-8")
    return Response(held.plain, headers=headers, media_type=f"{kind}; charset=utf-8")
