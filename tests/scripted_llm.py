"""An OpenAI-compatible server that answers from a script: stands in for vLLM on the wire in tests.

It speaks HTTP like the real one (streams server-sent events, honours nothing else), so that the client, its timeouts
and its closing are the real ones. ``enqueue`` sets the next answers; ``requests`` is what was asked.
"""

import asyncio
import json
import random
import socket
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


@dataclass
class Answer:
    """One scripted answer: pieces with a pause before each, or a refusal."""

    text: str
    pause_s: float = 0.0  # before every piece
    first_pause_s: float = 0.0
    status: int = 200
    break_after: int | None = None  # pieces after which the connection is cut

    def pieces(self) -> list[str]:
        words = self.text.split(" ")
        return [word if index == 0 else " " + word for index, word in enumerate(words)]


@dataclass
class ScriptedLLM:
    """The script and what was seen of it."""

    url: str = ""
    answers: deque[Answer] = field(default_factory=deque)
    respond: Callable[[dict[str, Any]], Answer] | None = None  # used when no answer is queued
    requests: list[dict[str, Any]] = field(default_factory=list)
    closed_early: int = 0  # streams whose reader left before the end
    finished: int = 0

    def enqueue(self, *answers: str | Answer) -> None:
        self.answers.extend(Answer(answer) if isinstance(answer, str) else answer for answer in answers)

    def _next(self, body: dict[str, Any]) -> Answer:
        if self.answers:
            return self.answers.popleft()
        if self.respond is not None:
            return self.respond(body)
        return Answer("{}" if "response_format" in body else "")

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        answer = self._next(body)
        if answer.status != 200:
            return JSONResponse({"error": {"message": answer.text}}, status_code=answer.status)
        return StreamingResponse(self._stream(answer), media_type="text/event-stream")

    async def _stream(self, answer: Answer) -> AsyncIterator[str]:
        done = False
        try:
            await asyncio.sleep(answer.first_pause_s)
            for number, piece in enumerate(answer.pieces()):
                if answer.break_after is not None and number >= answer.break_after:
                    raise ConnectionResetError("the script breaks here")
                await asyncio.sleep(answer.pause_s)
                yield _event({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
            usage = {"prompt_tokens": 100, "completion_tokens": len(answer.pieces()), "total_tokens": 0}
            yield _event({"choices": [], "usage": usage})
            yield "data: [DONE]\n\n"
            done = True
        finally:
            if done:
                self.finished += 1
            else:
                self.closed_early += 1

    async def _completions(self, request: Request) -> Response:
        """A choice for each prompt: the answer's text is JSON, a list of {word: log-likelihood}, in their order."""
        body = await request.json()
        self.requests.append(body)
        answer = self._next(body)
        await asyncio.sleep(answer.first_pause_s)
        if answer.status != 200:
            return JSONResponse({"error": {"message": answer.text}}, status_code=answer.status)
        choices = [
            {"index": number, "text": "", "finish_reason": "length", "logprobs": {"top_logprobs": [words]}}
            for number, words in enumerate(json.loads(answer.text or "[]"))
        ]
        self.finished += 1
        usage = {"prompt_tokens": 100 * len(body["prompt"]), "completion_tokens": len(choices), "total_tokens": 0}
        # Not in the order of the prompts: that is what the index is for.
        return JSONResponse({"id": "x", "object": "text_completion", "created": 0, "model": "scripted",
                             "choices": choices[::-1], "usage": usage})  # fmt: skip

    async def _models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": "scripted", "object": "model"}]})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/completions", self._completions, methods=["POST"]),
                Route("/v1/models", self._models),
                Route("/health", self._models),
            ]
        )


def _event(fields: dict[str, Any]) -> str:
    return (
        "data: "
        + json.dumps({"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "scripted"} | fields)
        + "\n\n"
    )


def free_port() -> int:
    """A port that nothing listens on now, below those that the system gives out by itself (RFC 6335): a process that is
    started before it is used, such as vLLM, would take one of those.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@contextmanager
def serving(app: Any, port: int | None = None) -> Iterator[str]:
    """Serve an ASGI app in a thread; yields its address and stops it at the end."""
    port = port or free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            log_level="critical",
            ws="none",
            timeout_graceful_shutdown=1,
            proxy_headers=False,  # as in ``shoptalk serve``
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise RuntimeError("the test server did not start")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@contextmanager
def scripted_llm() -> Iterator[ScriptedLLM]:
    """A running scripted LLM; its ``url`` ends in /v1."""
    script = ScriptedLLM()
    with serving(script.app()) as address:
        script.url = f"{address}/v1"
        yield script
