"""How a file's bytes are read as text: gzip unpacked as it streams, the encoding found out, stray bytes tolerated.

Knows bytes and encodings. Knows nothing of formats or rows. Nothing is held in memory beyond a block.
"""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

from charset_normalizer import from_bytes

GZIP = b"\x1f\x8b"
BROKEN_GZIP = (EOFError, zlib.error, gzip.BadGzipFile)  # what reading a damaged or cut gzip raises

_BLOCK = 1 << 20
_SAMPLE = 32 * 1024  # bytes of lines that are not UTF-8, from which their encoding is guessed
# What merchants' programs write. The order breaks ties.
_SINGLE_BYTE = ("cp1252", "cp1250", "iso8859_2", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256")
_SEVERAL_BYTES = ("cp932", "euc_jp", "gb18030", "big5", "cp949")
_FEW_LETTERS = 8  # with fewer letters than this beyond ASCII, a guess of the language says nothing
_LEAST_COHERENCE = 0.1  # by which another encoding must read more like a language than the Western one
_CENTRAL_SHARE = 0.1  # of the letters beyond ASCII
_LEAST_CHAOS = 0.05  # or by which the Western one must look less like words
_BEYOND_ASCII = bytes(range(0x80, 0x100))
_NAMES = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16",
    "utf-32": "UTF-32", "cp1252": "Windows-1252 (Western)", "cp1250": "Windows-1250 (Central European)",
    "iso8859_2": "ISO 8859-2 (Central European)", "cp1251": "Windows-1251 (Cyrillic)", "koi8_r": "KOI8-R (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)", "cp1254": "Windows-1254 (Turkish)", "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)", "cp932": "Shift-JIS (Japanese)", "euc_jp": "EUC-JP (Japanese)",
    "gb18030": "GBK (Chinese)", "big5": "Big5 (Chinese)", "cp949": "EUC-KR (Korean)",
}  # fmt: skip


@dataclass(frozen=True)
class Charset:
    """The encoding of a file, and of those bytes in it that the first one does not explain ("": none such)."""

    encoding: str = "utf-8"
    second: str = ""

    def __str__(self) -> str:
        name = _NAMES.get(self.encoding) or _NAMES.get(self.encoding.replace("-", "_"), self.encoding)
        return f"{name}, in places {_NAMES.get(self.second, self.second)}" if self.second else name


class NotText(Exception):
    """The bytes are of no text file."""


class Stream:
    """A file's bytes, unpacked; ``position``: bytes read of the file as it lies on the disk."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        packed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        self.data = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
        self.packed = packed

    @property
    def position(self) -> int:
        return self._file.tell()

    def head(self, size: int) -> bytes:
        """The first bytes; fewer where the file, or what is whole of its gzip, ends."""
        return b"".join(_blocks(self.data, size))

    def text(self, charset: Charset) -> io.TextIOWrapper:
        """The bytes as text, line ends as they are. What no encoding explains becomes "�": it does not cost the row."""
        errors = f"shoptalk-{charset.second}" if charset.second else "replace"
        return io.TextIOWrapper(self.data, charset.encoding, errors=errors, newline="")


@contextmanager
def opened(path: Path) -> Iterator[Stream]:
    """The file, read as it is wanted."""
    with path.open("rb") as file:
        yield Stream(file)


def detect(data: BinaryIO) -> Charset:
    """The encoding of all the bytes, which are read to their end. Raises NotText."""
    start = b"".join(_blocks(data, 4096))
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return Charset("utf-32")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Charset("utf-16")
    if b"\0" in start:
        even, odd = start[::2].count(0), start[1::2].count(0)
        if max(even, odd) >= len(start) / 4:
            return Charset("utf-16-le" if odd > even else "utf-16-be")
        if re.search(rb"[\x01-\x06\x0e-\x1a]", start):
            raise NotText
    utf8 = "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"
    good, strange, sample = _lines_told_apart(data, start)
    if not strange:
        return Charset(utf8)
    other = guess(sample)
    # Bytes of one encoding are hardly ever UTF-8 by chance, where each letter is one byte. Where letters are two,
    # it happens.
    if good > (0 if other in _SINGLE_BYTE else strange):
        return Charset(utf8, other)
    return Charset(other)


def guess(sample: bytes) -> str:
    """The encoding of text that is not UTF-8: the one in which it reads most like a language, Western where unsure."""
    letters = sum(byte >= 0x80 for byte in sample)
    if letters < _FEW_LETTERS:
        return "cp1252"
    found = from_bytes(sample, cp_isolation=list(_SINGLE_BYTE + _SEVERAL_BYTES), threshold=0.4)
    best = found.best()
    if best is None:
        return "cp1252"
    western = next((match for match in found if "cp1252" in match.could_be_from_charset), None)
    if (
        western is not None
        and best.encoding in _SINGLE_BYTE
        and best.coherence - western.coherence < _LEAST_COHERENCE
        and western.chaos - best.chaos < _LEAST_CHAOS
    ):
        # Czech, Slovak and Croatian look like Western words too, but for letters that Western languages hardly use.
        central = sum(sample.count(letter) for letter in "šžýŠŽÝ".encode("cp1250"))
        return "cp1250" if central > letters * _CENTRAL_SHARE else "cp1252"
    return best.encoding


def _blocks(data: BinaryIO, size: float = float("inf")) -> Iterator[bytes]:
    """The bytes, up to ``size``; of a damaged gzip, those before the damage."""
    while size > 0:
        try:
            block = data.read1(int(min(size, _BLOCK)))  # type: ignore[attr-defined]
        except BROKEN_GZIP:
            return
        if not block:
            return
        size -= len(block)
        yield block


def _lines_told_apart(data: BinaryIO, start: bytes) -> tuple[int, int, bytes]:
    """Lines that hold UTF-8 beyond ASCII, lines that are not UTF-8, and some of the latter."""
    good = strange = 0
    sample = bytearray()
    rest = start
    for block in chain(_blocks(data), [b""]):
        whole, end, rest = (rest + block).rpartition(b"\n") if block else (rest, b"", b"")
        if len(rest) > _BLOCK:
            # No line ends, e.g. XML in one line: cut where no letter is.
            letters = len(rest) - len(rest.rstrip(_BEYOND_ASCII)) if not rest.isascii() else 0
            cut = len(rest) - letters or len(rest)
            whole, rest = whole + end + rest[:cut], rest[cut:]
        if whole.isascii():
            continue
        try:
            whole.decode("utf-8")
            good += 1
            continue
        except UnicodeDecodeError:
            pass
        for line in re.split(rb"[\r\n]+", whole):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                strange += 1
                if len(sample) < _SAMPLE:
                    sample += line[:_SAMPLE] + b"\n"
    return good, strange, bytes(sample)


def _second(encoding: str) -> None:
    """Let ``errors="shoptalk-<encoding>"`` read the bytes that are not UTF-8 in that encoding."""

    def read(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        end = error.end
        if encoding in _SEVERAL_BYTES:  # a letter's second byte may be ASCII: to the end of the cell
            found = re.compile(rb'[\r\n,;\t"<|]').search(error.object, error.end)
            end = found.start() if found else len(error.object)
        return error.object[error.start : end].decode(encoding, "replace"), end

    codecs.register_error(f"shoptalk-{encoding}", read)


for _encoding in _SINGLE_BYTE + _SEVERAL_BYTES:
    _second(_encoding)
