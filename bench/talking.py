"""Shoppers who do not give up: what fails is asked again in the same words, and what was acknowledged is remembered.

Knows the API as a patient client does. Knows nothing of what befalls the shop.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

PATIENCE_S = 60.0  # after all is well again
PAUSE_S = 0.3  # before it is asked again
TIMEOUT_S = 30.0


@dataclass
class Talk:
    """All that the shoppers were told, and how it goes."""

    turns: list[tuple[str, str]] = field(default_factory=list)  # session, turn: those whose end was heard
    events: list[tuple[str, tuple[str, str, str]]] = field(default_factory=list)  # session; turn, item, kind
    thumbs: list[tuple[str, str, int]] = field(default_factory=list)  # session, turn, 1 or -1
    failed: int = 0
    broken: int = 0
    conversations: int = 0
    ending: bool = False
    well_since: float | None = 0.0  # None: something is the matter
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    by_llm: asyncio.Event = field(default_factory=asyncio.Event)

    def troubled(self) -> None:
        """Something befalls the shop from now on."""
        self.well_since = None

    async def recovered(self, *, by_llm: bool, within_s: float) -> float:
        """The cause has ended now: how many seconds until an answer that begins from now on is whole."""
        begun = self.well_since = time.monotonic()
        self.answered.clear()
        self.by_llm.clear()
        async with asyncio.timeout(within_s):
            await (self.by_llm if by_llm else self.answered).wait()
        return time.monotonic() - begun

    def gave_up(self, since: float) -> bool:
        """Whether one who has asked since then has been patient enough."""
        return self.well_since is not None and time.monotonic() - max(since, self.well_since) > PATIENCE_S


class Unanswered(Exception):
    """It failed, and may be asked again; ``anew``: under another name."""

    def __init__(self, anew: bool = False) -> None:
        self.anew = anew


class Gone(Exception):
    """The conversation is not known any more."""


class Shopper:
    """One conversation after another."""

    def __init__(
        self,
        talk: Talk,
        address: str,
        key: str,
        script: Sequence[str],
        number: int,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._talk, self._script, self._number = talk, script, number
        self._http = httpx.AsyncClient(
            base_url=f"{address}/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=TIMEOUT_S,
            transport=transport,
        )

    async def talk_on(self) -> None:
        """Until the talk is ending; what is under way then is brought to its end."""
        async with self._http:
            while not self._talk.ending:
                self._talk.conversations += 1
                try:
                    await self._converse()
                except Gone:
                    self._talk.broken += 1

    async def _converse(self) -> None:
        session: str | None = None
        for number, message in enumerate(self._script):
            if self._talk.ending:
                return
            body: dict[str, Any] = {"message": message} | ({"session_id": session} if session else {})
            events = await self.patiently(self._say, body)
            first, shown = events[0], [one["cards"] for one in events if one["type"] == "cards"]
            session, turn = str(first["session_id"]), str(first["turn_id"])
            self._talk.turns.append((session, turn))
            if shown and shown[-1]:
                item = str(shown[-1][0]["item_id"])
                done = {"kind": "click", "item_id": item, "turn_id": turn}
                await self.patiently(self.send, ("/events", {"session_id": session, "events": [done]}))
                self._talk.events.append((session, (turn, item, "click")))
            up = (number + self._number) % 2 == 0
            thumb = {"session_id": session, "turn_id": turn, "thumb": "up" if up else "down"}
            await self.patiently(self.send, ("/feedback", thumb))
            self._talk.thumbs.append((session, turn, 1 if up else -1))

    async def patiently(self, ask: Any, what: Any) -> Any:
        """The answer, whatever it takes. Gone where it does not come, or the conversation is not known."""
        since, name = time.monotonic(), str(uuid4())
        while True:
            try:
                return await ask(what, name)
            except (httpx.HTTPError, Unanswered) as error:
                self._talk.failed += 1
                if isinstance(error, Unanswered) and error.anew:
                    name = str(uuid4())
                if self._talk.gave_up(since):
                    raise Gone from error
                await asyncio.sleep(PAUSE_S)

    async def _say(self, body: dict[str, Any], name: str) -> list[dict[str, Any]]:
        begun, events = time.monotonic(), list[dict[str, Any]]()
        async with self._http.stream("POST", "/chat", json=body, headers={"Idempotency-Key": name}) as answer:
            if answer.status_code != 200:
                self._refuse(answer.status_code)
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    events.append(json.loads(line[6:]))
        if not events or events[-1]["type"] != "done":
            # What ended in an error is kept under its name, and would be told again.
            raise Unanswered(anew=bool(events) and events[-1]["type"] == "error")
        if self._talk.well_since is not None and begun >= self._talk.well_since:
            self._talk.answered.set()
            if any(event["type"] == "text" and event["by"] == "llm" for event in events):
                self._talk.by_llm.set()
        return events

    async def send(self, what: tuple[str, dict[str, Any]], name: str) -> None:
        """What the shopper did or thinks; it says by itself which it is, and needs no name."""
        answer = await self._http.post(what[0], json=what[1])
        if answer.status_code != 200:
            self._refuse(answer.status_code)

    def _refuse(self, status: int) -> None:
        if status == 404:
            raise Gone
        raise Unanswered(anew=status == 409)
