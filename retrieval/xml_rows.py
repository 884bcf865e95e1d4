"""Google Merchant Center's XML (RSS 2.0 or Atom) as rows, item by item, in bounded memory.

The text is parted at its items first, and each is parsed on its own: a broken item costs itself only, and a file may be
larger than memory. defusedxml refuses document types and entities. Knows nothing of what fields mean.
"""

import io
import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, fromstring

from retrieval.cleaning import paths_of
from retrieval.errors import FeedError
from retrieval.rows import Row

LONGEST_ITEM = 8_000_000  # characters; an item that is not closed by then never is
_BLOCK = 1 << 16
_LONGEST_TAG = 1000
_START = re.compile(r"<(?:\w+:)?(item|entry)(?:\s[^<>]*)?(/?)>")
_TOKEN = re.compile(rf"{_START.pattern}|</(?:\w+:)?(item|entry)\s*>|<!\[CDATA\[|<!--")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#[xX][0-9a-fA-F]+);)")
_PREFIX = re.compile(r"[</\s]([A-Za-z_][\w.-]*):[\w.-]+(?=[\s=/>])")


def xml_rows(text: io.TextIOWrapper) -> Iterator[Row]:
    """The items, as rows. Raises FeedError for a document type, entities, or a file without items."""
    number = 0
    for number, (raw, fault) in enumerate(_items(text), start=1):
        if fault:
            yield Row(number, raw, fault=fault, cut="the file ends" in fault)
            continue
        try:
            element = _parsed(raw)
        except (ParseError, DefusedXmlException, ValueError) as error:
            yield Row(number, raw, fault=f"not XML ({str(error).partition(':')[0]})")
        else:
            yield Row(number, raw, _values(element))
    if not number:
        raise FeedError("It has no <item> (RSS) and no <entry> (Atom), in which Google's products stand.")


def _items(text: io.TextIOWrapper) -> Iterator[tuple[str, str]]:
    """Each item's text, and what is wrong with it as a whole."""
    held, at, start = "", 0, -1  # start: where the present item begins in what is held; -1: between items
    inside = ""  # what must come before tags count again
    root = ""
    while True:
        block = text.read(_BLOCK)
        held += block
        sure = len(held) if not block else len(held) - _LONGEST_TAG  # beyond, a tag may be cut
        while True:
            if inside:
                end = held.find(inside, at)
                if end < 0:
                    at = max(at, len(held) - len(inside))
                    break
                at, inside = end + len(inside), ""
            token = _TOKEN.search(held, at)
            if token is None or token.start() >= sure:
                at = max(at, sure)
                break
            at = token.end()
            if token[0] == "<!--":
                inside = "-->"
            elif token[0] == "<![CDATA[":
                inside = "]]>"
            elif token[1]:
                root = root or _root(held[: token.start()])
                if start >= 0:
                    yield held[start : token.start()], "the item is not closed"
                start = token.start()
                if token[2]:
                    yield token[0], ""
                    start = -1
            elif start >= 0:
                yield held[start:at], ""
                start = -1
        if start >= 0 and (not block or len(held) - start > LONGEST_ITEM):
            # Not closed, or its CDATA is not: go on with the next item.
            inside = ""
            following = _START.search(held, start + 1)
            if following is None and not block:
                yield held[start:], "the item is not closed: the file ends in it"
                return
            end = following.start() if following else len(held)
            yield held[start:end], "the item is not closed"
            start, at = -1, end
            if not block:
                continue
        if not block:
            if root and not re.search(rf"</{root}\s*>", held):
                yield held[-200:].strip(), f"the file ends before </{root}>: items may be missing"
            return
        # Between items nothing is kept, but for the start, which says what the file is.
        if start >= 0 or root:
            cut = start if start >= 0 else at
            held, at, start = held[cut:], at - cut, 0 if start >= 0 else -1


def _root(prolog: str) -> str:
    """The name of the root element. Raises FeedError if the prolog declares a document type, or is no XML."""
    # forbid_dtd refuses at the declaration, before anything of it is read.
    parser = DefusedXMLParser(forbid_dtd=True)
    try:
        parser.feed(re.sub(r"^\s*<\?xml[^>]*\?>", "", prolog))
    except DefusedXmlException as error:
        raise FeedError(
            "It declares a document type or entities of its own, which can be used to attack the reader. "
            "A product feed needs none: export it again without <!DOCTYPE …>."
        ) from error
    except ParseError as error:
        raise FeedError(f"It is not XML ({error!s}).") from error
    found = re.search(r"<([A-Za-z_][\w.:-]*)", re.sub(r"<!--.*?-->|<\?.*?\?>", "", prolog, flags=re.DOTALL))
    return found[1] if found else ""


def _parsed(raw: str) -> Element:
    try:
        return _element(raw)
    except ParseError:  # as many shops write it: "&" alone, HTML's entities, control characters
        return _element(_BARE.sub("&amp;", _ILLEGAL.sub("", raw)))


def _element(raw: str) -> Element:
    prefixes = set(_PREFIX.findall(raw)) - {"xml", "xmlns"}
    declared = " ".join(f'xmlns:{prefix}="{prefix}"' for prefix in sorted(prefixes))
    element: Element = fromstring(f"<feed {declared}>{raw}</feed>", forbid_dtd=True)[0]
    return element


def _values(item: Element) -> dict[str, Any]:
    """The item's children by name, Google's own ("g:") before others of that name; several of one name as a list."""
    values: dict[str, Any] = {}
    own: set[str] = set()
    for child in item:
        space, _, name = child.tag.rpartition("}")
        ours = space not in ("", "{http://www.w3.org/2005/Atom")
        if name in values and name in own and not ours:
            continue
        value = _value(child)
        if name not in values or (ours and name not in own):
            values[name] = value
        elif value not in ("", {}):
            values[name] = [*values[name], value] if isinstance(values[name], list) else [values[name], value]
        if ours:
            own.add(name)
    if not values.get("product_type") and values.get("google_product_category"):
        values["product_type"] = values["google_product_category"]
    if isinstance(values.get("product_type"), list):
        values["product_type"] = [list(paths_of(one)) for one in values["product_type"]]
    return values


def _value(element: Element) -> Any:
    if len(element):
        return _values(element)
    return (element.text or "").strip() or element.get("href", "")
