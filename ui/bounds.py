"""What may be sent to the shopper's page: a click or a message, and never a file.

Gradio takes files of any size from anyone, whether or not its page asks for any.
"""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MOST_BYTES = 64 * 1024  # of a body: a page's longest message in four bytes a character and escaped, and some
NEVER = ("/upload", "/upload_progress", "/process_recording")  # routes of Gradio's for files


class Bounded:
    """ASGI middleware before the page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refusal := _refusal(scope)):
            await PlainTextResponse(refusal[1], refusal[0])(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _refusal(scope: Scope) -> tuple[int, str] | None:
    """Status and words, where the request may not pass."""
    headers = Headers(scope=scope)
    if scope["path"].rstrip("/").endswith(NEVER):
        return 404, "Not found."
    if "transfer-encoding" in headers:
        return 411, "Say how long the body is."  # so that it is known before it is read
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length[:12]) > MOST_BYTES:
        return 413, f"A body has at most {MOST_BYTES:,} bytes."
    return None
