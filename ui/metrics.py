"""What the operator's Prometheus reads: how fast, how full, how often without the language model, how often refused.

Knows names and meanings of the figures; whoever measures tells it. One process's figures: of several on one host each
is scraped at its own port. No figure carries what a shopper said, or who they are.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat.breaker import State
from chat.store import Turn
from ui.api_errors import Problem, answer_to
from ui.identity import Keys, Refused

# Seconds: cards are to come within 0.15 or 0.3, sentences within 4, a turn ends at 40.
STAGES_S = (0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 3, 4, 6, 10, 20, 40)
STAGES = ("rank", "first_cards", "understand", "final_cards", "first_llm_sentence", "first_template_sentence", "turn")
STATES: tuple[State, ...] = ("closed", "open", "trying")
PROXIED = ("x-forwarded-for", "forwarded", "x-real-ip")  # whoever sends one of these is not on this machine
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")  # others are anybody's invention
LOOPBACK = ("127.0.0.1", "::1")

Readers = Literal["loopback", "admin_key", "off"]


class Metrics:
    """The figures of one process. Safe to use from several threads."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._stages = Histogram(
            "shoptalk_stage_seconds", "Since a turn began, until it reached this stage; rank: the ranking alone.",
            ["stage"], buckets=STAGES_S, registry=registry,
        )  # fmt: skip
        self._turns = Counter("shoptalk_turns", "Turns by how they ended.", ["end"], registry=registry)
        self._acts = Counter(
            "shoptalk_acts", "Messages by the kind that they were read as.", ["act"], registry=registry
        )
        self._tokens = Counter("shoptalk_llm_tokens", "Tokens of the language model.", ["direction"], registry=registry)
        self._fallbacks = Counter(
            "shoptalk_llm_fallbacks", "Turns that were answered without the language model.", registry=registry
        )
        self._sentences = Counter(
            "shoptalk_llm_sentences", "Sentences that the model wrote, by what the check made of them.", ["verdict"],
            registry=registry,
        )  # fmt: skip
        self._rejected = Counter(
            "shoptalk_rejected", "Requests refused for limits or load.", ["reason"], registry=registry
        )
        self._requests = Counter(
            "shoptalk_http_requests", "HTTP requests.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "shoptalk_http_seconds", "Until the head of the answer was sent.", ["route"], buckets=STAGES_S,
            registry=registry,
        )  # fmt: skip

    def watch(self, name: str, what: str, value: Callable[[], float]) -> None:
        """A figure that is asked for at every reading."""
        Gauge(name, what, registry=self.registry).set_function(value)

    def watch_breaker(self, state: Callable[[], State]) -> None:
        """The state of the circuit breaker: 1 for what it is, 0 for what it is not."""
        gauge = Gauge(
            "shoptalk_llm_breaker", "Whether the language model is asked (closed), or left alone after failures.",
            ["state"], registry=self.registry,
        )  # fmt: skip
        for one in STATES:
            gauge.labels(one).set_function(partial(_is, state, one))

    def rejected(self, reason: str) -> None:
        """A request was refused."""
        self._rejected.labels(reason).inc()

    def ended(self, turn: Turn) -> None:
        """A turn has ended, however it did."""
        for stage in STAGES:
            if (reached := turn.timings_ms.get(stage)) is not None:
                self._stages.labels(stage).observe(reached / 1000)
        self._turns.labels("finished" if turn.finished else "stopped").inc()
        if turn.intent:
            self._acts.labels(turn.intent).inc()
        for read, written in turn.usage:
            self._tokens.labels("read").inc(read)
            self._tokens.labels("written").inc(written)
        if not turn.llm_reached:
            self._fallbacks.inc()
        for verdict in turn.verdicts:
            self._sentences.labels(verdict).inc()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """An HTTP request was answered; ``route`` is its pattern, never the path with what stood in it."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


def _is(state: Callable[[], State], one: State) -> float:
    return float(state() == one)


class Counting:
    """ASGI middleware that counts requests; what has no route of ours is counted by its folder."""

    def __init__(self, app: ASGIApp, metrics: Metrics, folders: tuple[str, ...]) -> None:
        self._app = app
        self._metrics = metrics
        self._folders = folders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                method = scope["method"] if scope["method"] in METHODS else "other"
                took = time.perf_counter() - begun
                self._metrics.answered(method, self._route(scope), message["status"], took)
            await send(message)

        await self._app(scope, receive, answer)

    def _route(self, scope: Scope) -> str:
        """The pattern of the route, with the folder that its application is mounted at."""
        path: str = scope["path"]
        folder = next((one for one in self._folders if path == one or path.startswith(f"{one}/")), "")
        pattern: str = getattr(scope.get("route"), "path", "")
        if not pattern:
            return f"{folder}/…"
        return pattern if pattern.startswith(folder) else f"{folder}{pattern}"


def metrics_router(metrics: Metrics, keys: Keys, readers: Readers) -> APIRouter:
    """The route, for whom the settings name."""
    router = APIRouter(tags=["operation"])

    @router.get("/metrics", response_class=Response)
    async def read_metrics(request: Request) -> Response:
        """The figures in Prometheus's text form."""
        try:
            await _admit(request, keys, readers)
        except (Problem, Refused) as error:
            return answer_to(error)
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router


async def _admit(request: Request, keys: Keys, readers: Readers) -> None:
    if readers == "admin_key":
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Problem(401, "no_key", "Send an admin key: Authorization: Bearer admin_…")
        await run_in_threadpool(keys.admin, key.strip())
        return
    here = request.client is not None and request.client.host in LOOPBACK
    if readers == "off" or not here or any(name in request.headers for name in PROXIED):
        # As if it were not there: whoever is not meant to read it need not know of it.
        raise Problem(404, "unknown_route", "There is no such route.")
