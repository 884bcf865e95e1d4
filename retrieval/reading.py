"""The rows of a recognised file, read by the reader of its format.

Knows which reader a format has. Knows nothing of items.
"""

import shutil
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from retrieval import shopify, woocommerce
from retrieval.charsets import BROKEN_GZIP, Stream, opened
from retrieval.csv_rows import csv_rows
from retrieval.errors import FeedError
from retrieval.json_ld import json_ld_rows
from retrieval.json_rows import json_rows
from retrieval.parquet_rows import parquet_rows
from retrieval.rows import Row, Source
from retrieval.shopify import shopify_rows
from retrieval.woocommerce import woocommerce_rows
from retrieval.xml_rows import xml_rows

MOST_UNPACKED = 20 * 10**9  # bytes of a packed Parquet file, which is unpacked into the temporary folder
LEFT_FREE = 10**9  # bytes of the disk that it leaves
_BLOCK = 1 << 20


class Reader:
    """Iterates over the rows of a source; ``position`` is how many bytes of the file were read.

    Each iteration reads the file from its beginning, and gives the same rows as long as the file is the same.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._stream: Stream | None = None
        self._done = 0

    @property
    def position(self) -> int:
        return self._done if self._stream is None else self._stream.position

    def __iter__(self) -> Iterator[Row]:
        source = self._source
        if source.format == "shopify":
            yield from shopify_rows(self._plain(), source.columns)
        elif source.format == "woocommerce":
            yield from woocommerce_rows(self._plain, source.columns)
        else:
            yield from self._plain()

    def _plain(self) -> Iterator[Row]:
        """The file's own rows; a last one says where a damaged gzip ends."""
        line = 0
        with opened(self._source.path) as self._stream:
            try:
                for row in self._rows(self._stream):
                    line = row.line
                    yield row
            except BROKEN_GZIP:
                fault = "the gzip file is cut or damaged: what follows here cannot be read"
                yield Row(line + 1, "", fault=fault, cut=True)
            finally:
                self._done = self._stream.position
                self._stream = None

    def _rows(self, stream: Stream) -> Iterator[Row]:
        source = self._source
        if source.format == "parquet":
            if not stream.packed:
                yield from parquet_rows(stream.data)
                return
            with tempfile.TemporaryFile() as unpacked:  # Parquet is read from its end
                _unpack(stream.data, unpacked, min(MOST_UNPACKED, _free()))
                yield from parquet_rows(unpacked)
            return
        text = stream.text(source.charset)
        try:
            if source.format == "jsonl":
                yield from json_rows(text)
            elif source.format == "json-ld":
                yield from json_ld_rows(text)
            elif source.format == "google-xml":
                yield from xml_rows(text)
            else:
                # Without the columns that are made after reading: no row of the file has those.
                made = {"shopify": shopify.MADE, "woocommerce": woocommerce.MADE}.get(source.format, {})
                written = source.columns[: len(source.columns) - len(made)]
                yield from csv_rows(text, source.delimiter, written)
        finally:
            text.detach()


def _free() -> int:
    return shutil.disk_usage(tempfile.gettempdir()).free - LEFT_FREE


def _unpack(packed: BinaryIO, into: BinaryIO, most: int) -> None:
    """Copy it all. Raises FeedError beyond ``most`` bytes."""
    while block := packed.read(_BLOCK):
        most -= len(block)
        if most < 0:
            raise FeedError(
                f"It needs more room than the temporary folder {tempfile.gettempdir()} has for it "
                f"({MOST_UNPACKED / 10**9:.0f} GB at most). Unpack it with gunzip where there is room, and name the "
                "unpacked file."
            )
        into.write(block)
