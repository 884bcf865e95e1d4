"""The headers that every answer carries, so that a browser does with it what it is for and nothing else.

Knows the policy of each kind of answer. A route that sets a header of its own keeps it.
"""

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PLAIN = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
# Gradio's page begins with scripts and styles that stand in it, and makes functions of text (its own, never a
# shopper's: those are escaped). Items' pictures lie wherever the merchant's do.
PAGE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' https: data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'"
)
# Data, and pictures that may be drawings with scripts in them: nothing of it runs.
DATA = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
HTTPS_ONLY_S = 365 * 24 * 3600


class SecurityHeaders:
    """ASGI middleware that adds the headers where an answer has none of its own; streams pass through as they are.

    ``framed_by``: origins whose pages may show the page in a frame, beside its own.
    """

    def __init__(self, app: ASGIApp, framed_by: Sequence[str] = ()) -> None:
        self._app = app
        self._page = " ".join([f"{PAGE}; frame-ancestors 'self'", *framed_by])
        # The older header knows no list of origins, and browsers that read the newer one pass it over.
        self._framing = {} if framed_by else {"X-Frame-Options": "SAMEORIGIN"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                kind = headers.get("content-type", "").partition(";")[0]
                data = kind in ("application/json", "text/event-stream") or kind.startswith("image/")
                policy = f"{DATA}; frame-ancestors 'none'" if data else self._page
                said = PLAIN | self._framing | {"Content-Security-Policy": policy}
                if scope["scheme"] == "https":
                    said["Strict-Transport-Security"] = f"max-age={HTTPS_ONLY_S}"
                for name, value in said.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, answer if scope["type"] == "http" else send)
