"""Shoppers as a bench plays them over HTTP: a conversation each, on a connection of its own, and what they saw.

Knows the API's streams. Written on bare sockets, since it shares the processor with what is measured; knows nothing of
who measures what.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

LONGEST_S = 90.0  # a turn that is not over then is an error


@dataclass
class Answered:
    """One turn as it was seen; milliseconds since the message was sent."""

    first_cards_ms: float | None = None
    first_llm_ms: float | None = None
    whole_ms: float = 0.0
    llm_reached: bool = True
    error: str = ""  # what went wrong: a status, an error event, a connection
    raw: str = ""  # all that was sent


@dataclass
class Shopper:
    """One conversation. ``address`` stands for where they sit: the bench is their proxy."""

    host: str
    port: int
    site_key: str
    address: str
    messages: Sequence[str]
    session_id: str | None = None
    at: int = 0
    answers: list[Answered] = field(default_factory=list)
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None

    async def say_next(self) -> Answered:
        """The next message of the script; after the last one a new conversation begins."""
        if self.at == len(self.messages):
            self.at, self.session_id = 0, None
        message, self.at = self.messages[self.at], self.at + 1
        return await self.say(message)

    async def say(self, message: str) -> Answered:
        """One turn; whatever happens is in what is returned."""
        seen, begun = Answered(), time.perf_counter()
        body: dict[str, Any] = {"message": message} | ({"session_id": self.session_id} if self.session_id else {})
        try:
            async with asyncio.timeout(LONGEST_S):
                async for line in self._lines("POST", "/v1/chat", body, seen):
                    self._take(line, seen, begun)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            seen.error = seen.error or type(error).__name__
            self.close()
        if not seen.error and '"type":"done"' not in seen.raw:
            seen.error = "no end"
        seen.whole_ms = (time.perf_counter() - begun) * 1000
        return seen

    async def session(self) -> str:
        """What the shop has of the conversation, as it sends it."""
        seen = Answered()
        async for _ in self._lines("GET", f"/v1/sessions/{self.session_id}", None, seen):
            pass
        return seen.raw

    def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    def _take(self, line: str, seen: Answered, begun: float) -> None:
        if not line.startswith("data: "):
            return
        now = (time.perf_counter() - begun) * 1000
        # Most events are only looked at, since reading a card's JSON would cost what is measured.
        if line.startswith('data: {"type":"cards","stage":"first"'):
            seen.first_cards_ms = now
        elif line.startswith('data: {"type":"text"') and seen.first_llm_ms is None and line.endswith('"by":"llm"}'):
            seen.first_llm_ms = now
        elif line.startswith('data: {"type":"session"'):
            self.session_id = json.loads(line[6:])["session_id"]
        elif line.startswith('data: {"type":"done"'):
            seen.llm_reached = json.loads(line[6:])["llm_reached"]
        elif line.startswith('data: {"type":"error"'):
            seen.error = json.loads(line[6:])["message"]

    async def _lines(self, method: str, path: str, body: dict[str, Any] | None, seen: Answered) -> AsyncIterator[str]:
        """Lines of the answer's body as they come; the status is an error unless it is 200."""
        if self._reader is None or self._writer is None or self._reader.at_eof():  # idle ones are closed by the server
            self.close()
            self._reader, self._writer = await asyncio.open_connection(self.host, self.port)
        content = json.dumps(body).encode() if body is not None else b""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {self.site_key}\r\n"
            f"X-Forwarded-For: {self.address}\r\nIdempotency-Key: {_uuid()}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        self._writer.write(head.encode() + content)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        status = answer.split(" ", 2)[1]
        if status != "200":
            seen.error = status
        held = ""
        async for piece in _pieces(self._reader, answer):
            seen.raw += piece
            *lines, held = (held + piece).split("\n")
            for line in lines:
                yield line


async def _pieces(reader: asyncio.StreamReader, head: str) -> AsyncIterator[str]:
    """The body, whole characters at a time: of a stated length, or in chunks, which the server ends within an event."""
    if "content-length: " in head:
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        yield (await reader.readexactly(length)).decode()
        return
    while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
        yield (await reader.readexactly(size + 2))[:-2].decode()
    await reader.readexactly(2)


def _uuid() -> str:
    digits = f"{secrets.randbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
