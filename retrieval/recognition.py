"""How a merchant's file is written: format, encoding, delimiter and columns, found out from the file itself.

Knows what each format looks like from outside, and says in words why a file cannot be read. Reads no items.
"""

import codecs
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from retrieval import shopify, woocommerce
from retrieval.charsets import Charset, NotText, detect, opened
from retrieval.csv_rows import csv_columns, delimiter_of
from retrieval.errors import FeedError
from retrieval.json_ld import is_json_ld
from retrieval.mapping import folded
from retrieval.parquet_rows import MAGIC, parquet_columns
from retrieval.reading import Reader
from retrieval.rows import TABLES, Format, Source, columns_of

SNIFFED = 64 * 1024  # bytes that format and delimiter are recognised from
SAMPLED_ROWS = 1000  # rows whose keys make the columns, where no header names them

_WANTED = (
    "Name a file of one of these kinds: CSV, JSON Lines, Google Merchant Center's XML or text, Shopify's or "
    "WooCommerce's product CSV, schema.org JSON-LD, Parquet; each may be packed with gzip."
)
_REFUSED = (
    (b"PK\x03\x04", "is a zip archive. Unpack it, and name the file that is in it."),
    (b"BZh", "is packed with bzip2. Unpack it first: bunzip2 -k {name}"),
    (b"\xfd7zXZ", "is packed with xz. Unpack it first: unxz -k {name}"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive. Unpack it, and name the file that is in it."),
    (b"Rar!", "is a rar archive. Unpack it, and name the file that is in it."),
    (b"\x28\xb5\x2f\xfd", "is packed with zstd. Unpack it first: unzstd -k {name}"),
    (b"\xd0\xcf\x11\xe0", "is an Excel workbook. Save it as CSV first (File, Save as, CSV UTF-8)."),
    (b"%PDF", "is a PDF document. " + _WANTED),
    (b"SQLite format 3", "is a database. " + _WANTED),
)
_WORKBOOK = "is an Excel workbook. Save it as CSV first (File, Save as, CSV UTF-8)."
_GOOGLE = {"link", "imagelink", "availability", "itemgroupid", "googleproductcategory", "condition", "gtin", "mpn"}
_ADDRESS = re.compile(r"(https?|ftp|sftp|s3|gs):/+(.+)", re.IGNORECASE)


def recognise(path: Path, format: Format | None = None) -> Source:
    """Find out how the file is written. Raises FeedError if it cannot be a catalogue."""
    if address := _ADDRESS.fullmatch(str(path)):
        whole = f"{address[1]}://{address[2]}"
        raise FeedError(
            f"{whole} is an address on the web; Shoptalk reads files. Download it first, then name the file: "
            f"curl -L -o feed '{whole}'"
        )
    try:
        if path.is_dir():
            raise FeedError(f"{path} is a folder. {_WANTED}")
        size = path.stat().st_size
        return _recognised(path, size, format)
    except FileNotFoundError as error:
        raise FeedError(f"There is no file {path}.") from error
    except PermissionError as error:
        raise FeedError(f"The file {path} may not be read by this user.") from error


def _recognised(path: Path, size: int, format: Format | None) -> Source:
    with opened(path) as stream:
        head = stream.head(SNIFFED)
        packed = stream.packed
        if packed and not head:
            raise FeedError(f"{path} is a gzip file that is empty, cut or damaged. Export or copy it again.")
        _refuse(path, head)
        if head.startswith(MAGIC):
            return _with_columns(Source(path, "parquet", Charset(), "", (), size, packed), path)
        stream.data.seek(0)
        try:
            charset = detect(stream.data)
        except NotText:
            raise FeedError(f"{path} is not a text file. {_WANTED}") from None
    text = codecs.getincrementaldecoder(charset.encoding)("replace").decode(head).lstrip("\ufeff")
    start = text.lstrip()[:1]
    if not start:
        raise FeedError(f"The file {path} is empty.")
    if format is None:
        format = _format(path, text, start)
    if format == "google-xml":
        charset = _declared(text, charset)
    delimiter = delimiter_of(text, complete=len(head) < SNIFFED) if format in TABLES else ""
    return _with_columns(Source(path, format, charset, delimiter, (), size, packed), path)


def _refuse(path: Path, head: bytes) -> None:
    for magic, reason in _REFUSED:
        if head.startswith(magic):
            workbook = magic.startswith(b"PK") and (b"[Content_Types].xml" in head or b"xl/" in head)
            raise FeedError(f"{path} {_WORKBOOK if workbook else reason.format(name=path.name)}")


def _format(path: Path, text: str, start: str) -> Format:
    """The format, but for what kind of table it is."""
    if start == "<":
        if re.search(r"<(?:\w+:)?(rss|feed|item|entry|channel)\b", text):
            return "google-xml"
        if re.search(r"<(!doctype\s+html|html|head|body)\b", text, re.IGNORECASE):
            raise FeedError(
                f"{path} is a web page, perhaps the one that leads to the feed, or that asks for a password. {_WANTED}"
            )
        raise FeedError(
            f"{path} is XML of a kind that is not known. Google Merchant Center's can be read: RSS with <item>, or "
            "Atom with <entry>."
        )
    lines = [line for line in text.splitlines() if line.strip()][:5]
    if any(_is_ld(line) for line in lines):
        return "json-ld"
    if re.match(r"\s*\[\s*[\[{\]]", text):
        raise FeedError(
            f"{path} is one JSON list. JSON Lines is wanted, one object a line: jq -c '.[]' {path.name} > lines.jsonl"
        )
    if re.fullmatch(r"\s*\{\s*", lines[0]):
        raise FeedError(
            f"{path} is JSON of several lines. JSON Lines is wanted, one object a line: "
            f"jq -c . {path.name} > lines.jsonl"
        )
    return "jsonl" if start == "{" else "csv"


def _is_ld(line: str) -> bool:
    try:
        return is_json_ld(json.loads(line))
    except (ValueError, RecursionError):
        return False


def _declared(text: str, charset: Charset) -> Charset:
    """The encoding that XML declares, where its bytes do not show that they are UTF-8 or UTF-16."""
    stated = re.match(r"\s*<\?xml[^>]*encoding=[\"']([\w.:-]+)[\"']", text)
    if stated is None or charset.encoding.startswith("utf"):
        return charset
    try:
        return Charset(codecs.lookup(stated[1]).name)
    except LookupError:
        return charset


def _with_columns(source: Source, path: Path) -> Source:
    try:
        if source.format == "parquet":
            columns: Iterable[str] = _parquet_columns(source)
        elif source.format in TABLES:
            with opened(source.path) as stream:
                text = stream.text(source.charset)
                columns = csv_columns(text, source.delimiter)
                text.detach()
        else:
            columns = columns_of(islice(Reader(source), SAMPLED_ROWS))
    except FeedError as error:
        raise FeedError(f"{path} cannot be read. {error}") from error
    columns = tuple(columns)
    if not columns:
        kind = {"csv": "CSV", "jsonl": "JSON Lines"}.get(source.format, source.format)
        raise FeedError(f"{path} has no row that can be read as {kind}.")
    return _table(replace(source, columns=columns))


def _table(source: Source) -> Source:
    """What kind of table it is, by its columns; with the columns that its reader makes."""
    format, columns = source.format, source.columns
    if format == "csv":
        if shopify.is_shopify(columns):
            format = "shopify"
        elif woocommerce.is_woocommerce(columns):
            format = "woocommerce"
        elif source.delimiter == "\t" and len(_GOOGLE & {folded(column) for column in columns}) >= 3:
            format = "google-tsv"
    made = {"shopify": shopify.MADE, "woocommerce": woocommerce.MADE}.get(format, {})
    return replace(source, format=format, columns=(*columns, *made))


def _parquet_columns(source: Source) -> tuple[str, ...]:
    if source.packed:
        return columns_of(islice(Reader(source), SAMPLED_ROWS))
    with opened(source.path) as stream:
        return parquet_columns(stream.data)
