"""What may stand between a browser and the shop: a proxy that turns some requests back, or lets an answer hang."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from scripted_llm import serving

from ui.widget_routes import widget_router

OF_ONE_LEG = ("content-length", "date", "server", "transfer-encoding", "connection")
METHODS = ["GET", "POST", "DELETE", "OPTIONS"]


@dataclass
class Front:
    """Passes requests on, but for what a test wants of the next messages; serves the script itself."""

    shoptalk: str
    refuse: list[tuple[int, int]] = field(default_factory=list)  # status and Retry-After of the next messages
    silence_s: float = 45.0  # after which the widget that it serves takes an answer for lost
    hang_after: bytes = b""  # of the next answer: what comes after these bytes never arrives
    messages: int = 0
    address: str = ""

    def app(self) -> FastAPI:
        app = FastAPI()
        app.include_router(widget_router(silence_s=self.silence_s))
        app.api_route("/v1/{path:path}", methods=METHODS)(self._pass)
        return app

    async def _pass(self, request: Request, path: str) -> Response:
        hang_after = b""
        if path == "chat" and request.method == "POST":
            self.messages += 1
            hang_after, self.hang_after = self.hang_after, b""
            if self.refuse:
                status, wait_s = self.refuse.pop(0)
                allowed = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
                return Response(b"busy", status, {"Retry-After": str(wait_s)} | allowed)
        client = httpx.AsyncClient(base_url=f"{self.shoptalk}/v1", timeout=None)
        passed = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
        asked = client.build_request(
            request.method, path, params=request.query_params, headers=passed, content=await request.body()
        )
        answer = await client.send(asked, stream=True)
        back = {name: value for name, value in answer.headers.items() if name not in OF_ONE_LEG}
        return StreamingResponse(self._body(client, answer, hang_after), answer.status_code, back)

    @staticmethod
    async def _body(client: httpx.AsyncClient, answer: httpx.Response, hang_after: bytes) -> AsyncIterator[bytes]:
        seen = b""
        try:
            async for piece in answer.aiter_raw():
                before, seen = len(seen), seen + piece
                if hang_after and (at := seen.find(hang_after)) >= 0:
                    yield seen[before : at + len(hang_after)]
                    await asyncio.Event().wait()
                yield piece
        finally:
            await answer.aclose()
            await client.aclose()


@contextlib.contextmanager
def standing_before(shoptalk: str, silence_s: float = 45.0) -> Iterator[Front]:
    """The proxy, on a port of its own."""
    front = Front(shoptalk, silence_s=silence_s)
    with serving(front.app()) as front.address:
        yield front
