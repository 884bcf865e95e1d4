"""Merchants' text made plain: HTML, entities, invisible characters, category paths.

Pure functions over strings. Knows nothing of files, columns or items.
"""

import html
import json
import re
import unicodedata
from html.parser import HTMLParser

# What is between these is not text for a reader.
_HIDDEN = {"script", "style", "template", "noscript", "head", "title", "iframe", "object", "svg"}
# These part words; <b> and its like do not.
_BREAKS = {"p", "br", "div", "li", "ul", "ol", "tr", "td", "th", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
           "section", "article", "dt", "dd", "dl", "blockquote", "option", "img"}  # fmt: skip

_LOOKS_LIKE_TAG = re.compile(r"<\s*[/!?]?\s*[a-zA-Z!?]")
_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden.append(tag)
        elif tag in _BREAKS:
            self.parts.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]
        elif tag in _BREAKS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def plain(text: str) -> str:
    """One line of readable text: no HTML, no entities, no control or invisible characters, single spaces.

    >>> plain("<p>Warm &amp; dry</p><script>alert(1)</script><p>5 &lt; 6</p>")
    'Warm & dry 5 < 6'
    """
    # Twice: feeds hold entities of entities ("&amp;amp;"), and tags written as entities ("&lt;p&gt;").
    for _ in range(2):
        if _LOOKS_LIKE_TAG.search(text):
            reader = _Reader()
            reader.feed(text)
            reader.close()
            text = "".join(reader.parts)
        if not _ENTITY.search(text):
            break
        text = html.unescape(text)
    return re.sub(r"\s+", " ", visible(text)).strip()


def visible(text: str) -> str:
    """The text without control, format, private, unassigned and lone surrogate characters; breaks become spaces.

    The joiners that emoji and some scripts are written with are kept inside words. In composed form (NFC).
    """
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for at, character in enumerate(text):
        category = unicodedata.category(character)
        if character in "\u200c\u200d":
            if 0 < at < len(text) - 1 and not text[at - 1].isascii():
                kept.append(character)
        elif character.isspace() or category in ("Zl", "Zp"):
            kept.append(" ")
        elif category not in ("Cc", "Cf", "Cs", "Co", "Cn"):
            kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def paths_of(value: object) -> tuple[str, ...]:
    """A category path from what feeds write: "A > B", "A/B", ["A", "B"], [["A", "B"], …] (the longest), or a JSON list.

    >>> paths_of("Outdoor > Tents"), paths_of([["Beauty"], ["Beauty", "Nails"]])
    (('Outdoor', 'Tents'), ('Beauty', 'Nails'))
    """
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return _path(value)
    if isinstance(value, list):
        if any(isinstance(part, list) for part in value):
            return max((paths_of(part) for part in value if isinstance(part, list)), key=len, default=())
        parts = [path for part in value if part is not None for path in _path(str(part))]
        return tuple(parts)
    return _path("" if value is None else str(value))


def _path(text: object) -> tuple[str, ...]:
    parts = re.split(r"\s*(?:>|»|›|\||→|::|\s/\s)\s*", html.unescape(str(text)))
    if len(parts) == 1 and re.fullmatch(r"[^\s/]+(?:/[^\s/]+)+", parts[0]):
        parts = parts[0].split("/")
    return tuple(cleaned for part in parts if (cleaned := plain(part)))
