"""Signing in: the two pages of an account, the cookie, and the door before pages that want an account.

Knows HTTP and cookies; who has an account, and how often one may try, is ``ui.accounts``'s. The pages work without any
script.
"""

import asyncio
from collections.abc import Sequence
from html import escape
from typing import Annotated
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import APIRouter, Cookie, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.accounts import SIGNED_IN_S, AccountError, Accounts, Role, SignInRefused

COOKIE = "shoptalk_account"
SIGN_IN, ACCOUNT = "/sign-in", "/account"
MOST_BYTES = 4096  # of a form
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}
STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:22rem;margin:12vh auto;padding:0 1rem}
label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}input{margin:.25rem 0 1rem;padding:.6rem}
button{padding:.7rem;border:0;border-radius:.5rem;background:#1f5c49;color:#fff;cursor:pointer}[role=alert]{color:#b3261e}
form+form{margin-top:2rem}
"""
Token = Annotated[str, Cookie(alias=COOKIE, max_length=200)]


class Door:
    """ASGI middleware before an application that wants an account, of one of these roles where any are named."""

    def __init__(self, app: ASGIApp, accounts: Accounts, roles: Sequence[Role] = ()) -> None:
        self._app, self._accounts, self._roles = app, accounts, roles

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        account = await asyncio.to_thread(self._accounts.who, asked.cookies.get(COOKIE, ""))
        if account is not None and (not self._roles or account.role in self._roles):
            scope.setdefault("state", {})["account"] = account
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._refusal(scope, asked, known=account is not None)(scope, receive, send)

    @staticmethod
    def _refusal(scope: Scope, asked: HTTPConnection, *, known: bool) -> Response:
        if known:
            return PlainTextResponse("This account may not see this page.", 403)
        if scope["method"] == "GET" and "text/html" in asked.headers.get("accept", ""):
            return RedirectResponse(f"{SIGN_IN}?next={quote(asked.url.path, safe='')}", 303, headers=HEADERS)
        return PlainTextResponse("Sign in first.", 401)


def sign_in_router(accounts: Accounts, shop_name: str) -> APIRouter:
    """The pages: signing in, and what an account may do with itself."""
    router = APIRouter(include_in_schema=False)

    @router.get(SIGN_IN)
    def form(next: str = "/") -> Response:
        return _page(shop_name, _sign_in_form(_local(next)))

    @router.post(SIGN_IN)
    async def sign_in(request: Request, next: str = "/") -> Response:
        fields, where = await _fields(request), _local(next)
        if fields is None:
            return _page(shop_name, _sign_in_form(where, "That could not be read. Try again."), 400)
        address = request.client.host if request.client else ""
        try:
            token = await asyncio.to_thread(
                accounts.sign_in, fields.get("name", ""), fields.get("password", ""), address
            )
        except SignInRefused as error:
            refused = _page(shop_name, _sign_in_form(where, str(error)), 429 if error.wait_s else 403)
            if error.wait_s:
                refused.headers["Retry-After"] = str(int(error.wait_s) + 1)
            return refused
        answer = RedirectResponse(where, 303, headers=HEADERS)
        answer.set_cookie(
            COOKIE,
            token,
            max_age=int(SIGNED_IN_S),
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer

    @router.get(ACCOUNT)
    def account(request: Request, token: Token = "") -> Response:
        who = accounts.who(token)
        if who is None:
            return RedirectResponse(f"{SIGN_IN}?next={quote(ACCOUNT, safe='')}", 303, headers=HEADERS)
        return _page(shop_name, _account_forms(who.name, who.role))

    @router.post(f"{ACCOUNT}/sign-out")
    async def sign_out(request: Request, token: Token = "") -> Response:
        if await _fields(request) is not None:
            await asyncio.to_thread(accounts.sign_out, token)
        answer = RedirectResponse(SIGN_IN, 303, headers=HEADERS)
        answer.delete_cookie(COOKIE)
        return answer

    @router.post(f"{ACCOUNT}/password")
    async def change_password(request: Request, token: Token = "") -> Response:
        fields, who = await _fields(request), await asyncio.to_thread(accounts.who, token)
        if fields is None or who is None:
            return RedirectResponse(SIGN_IN, 303, headers=HEADERS)
        address = request.client.host if request.client else ""
        try:
            # As a further sign-in, so that whoever finds a browser open cannot try passwords at any pace.
            await asyncio.to_thread(accounts.sign_in, who.name, fields.get("password", ""), address)
            await asyncio.to_thread(accounts.set_password, who.name, fields.get("new", ""))
        except (SignInRefused, AccountError) as error:
            return _page(shop_name, _account_forms(who.name, who.role, str(error)), 403)
        return RedirectResponse(f"{SIGN_IN}?next={quote(ACCOUNT, safe='')}", 303, headers=HEADERS)

    return router


async def _fields(request: Request) -> dict[str, str] | None:
    """The form's fields; None where another site sent it, or it is none."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    try:
        return {name: values[-1] for name, values in parse_qs(body.decode(), max_num_fields=10).items()}
    except ValueError:
        return None


def _local(path: str) -> str:
    """The path if it is one of this server's own, else the first page: a link must not lead elsewhere."""
    own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if own and not urlsplit(path).netloc else "/"


def _page(shop_name: str, body: str, status: int = 200) -> HTMLResponse:
    title = escape(f"{shop_name} · sign in")
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style><main>{body}</main></html>",
        status,
        headers=HEADERS,
    )


def _alert(trouble: str) -> str:
    return f'<p role="alert">{escape(trouble)}</p>' if trouble else ""


def _sign_in_form(where: str, trouble: str = "") -> str:
    return (
        f'<h1>Sign in</h1>{_alert(trouble)}<form method="post" action="{SIGN_IN}?next={quote(where, safe="")}">'
        '<label for="name">Name</label><input id="name" name="name" autocomplete="username" required autofocus>'
        '<label for="password">Password</label><input id="password" name="password" type="password" '
        'autocomplete="current-password" required><button>Sign in</button></form>'
    )


def _account_forms(name: str, role: str, trouble: str = "") -> str:
    return (
        f"<h1>{escape(name)}</h1><p>Signed in as {escape(role)}.</p>{_alert(trouble)}"
        f'<form method="post" action="{ACCOUNT}/password"><input type="hidden" name="name" autocomplete="username" '
        f'value="{escape(name, quote=True)}"><label for="password">Password</label><input id="password" '
        'name="password" type="password" autocomplete="current-password" required><label for="new">New password</label>'
        '<input id="new" name="new" type="password" autocomplete="new-password" required>'
        "<button>Change the password</button></form>"
        f'<form method="post" action="{ACCOUNT}/sign-out"><button>Sign out</button></form>'
    )
