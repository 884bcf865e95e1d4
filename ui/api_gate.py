"""What stands before every route of the API: limits, origins, the size and kind of bodies, and whose request it is.

Knows headers. Knows nothing of conversations or items.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Header, Path, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.api_errors import Problem, answer_to
from ui.audit import SHOPPER
from ui.identity import ADMIN, LONGEST_SHOPPER, AdminKey, Keys, Refused
from ui.limits import Asker, Limits, TooMuch, household
from ui.sessions import Owner

MOST_BYTES = 64 * 1024  # of a body: the longest message, in four bytes a character and escaped, and some
MOST_BYTES_AT = {"/chat/completions": 1024 * 1024}  # a whole conversation, which is sent anew with every message
MOST_BULK_BYTES = 4 * 1024 * 1024  # of an operator's bulk change
BULK = "/items/bulk"
WITH_BODY = ("POST", "PUT", "PATCH")
PREFLIGHT_S = 600  # how long a browser may remember what it was allowed
METHODS = "GET, POST, DELETE"
HEADERS = "Authorization, Content-Type, Idempotency-Key, X-Shopper-Token"
EXPOSED = "Retry-After"

_bearer = HTTPBearer(auto_error=False, scheme_name="site key", description="The public key: site_…")
_admin = HTTPBearer(auto_error=False, scheme_name="admin key", description="The operator's key: admin_…")
_token = APIKeyHeader(
    name="X-Shopper-Token", auto_error=False, scheme_name="shopper", description="Signed by your server; optional."
)


class Access:
    """Says whose a request is; ``owner`` is a dependency of routes."""

    def __init__(self, keys: Keys, limits: Limits) -> None:
        self._keys = keys
        self._limits = limits

    def owner(
        self,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
        token: Annotated[str | None, Security(_token)],
        origin: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> Owner:
        """The site key and the shopper; Problem or Refused where these do not count, or not on this page."""
        if credentials is None:
            raise Problem(401, "no_key", "Send a site key: Authorization: Bearer site_…")
        site = self._keys.site(credentials.credentials)
        self._limits.take(Asker(key=site.id), "requests")
        if origin is not None and origin not in site.origins:
            raise Problem(403, "origin_not_allowed", "This site key is not for pages of this origin.")
        return Owner(site.id, self._keys.shopper(site, token) if token is not None else "")

    def admin(
        self,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_admin)],
        origin: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> AdminKey:
        """The operator's key; Problem or Refused where it does not count, or where a page sends it."""
        if credentials is None:
            raise Problem(401, "no_key", "Send an admin key: Authorization: Bearer admin_…")
        if origin is not None:
            raise Problem(403, "origin_not_allowed", "An admin key is for no page: whoever reads the page has it.")
        return self._keys.admin(credentials.credentials)

    def asker_about(
        self,
        shopper_id: Annotated[str, Path(min_length=1, max_length=LONGEST_SHOPPER)],
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
        operator: Annotated[HTTPAuthorizationCredentials | None, Security(_admin)],
        token: Annotated[str | None, Security(_token)],
        origin: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> str:
        """Who asks about this shopper, as the audit has it: an admin key's id, or the shopper by their own token."""
        if operator is not None and operator.credentials.startswith(ADMIN):
            return self.admin(operator, origin).id
        if self.owner(credentials, token, origin).shopper_id != shopper_id:
            raise Problem(403, "not_yours", "A shopper's token opens what is theirs alone; an admin key opens all.")
        return SHOPPER

    def is_admins(self, headers: Headers) -> bool:
        """Whether an admin key that counts came with these headers."""
        try:
            self._keys.admin(_key_in(headers))
        except Refused:
            return False
        return True

    def opens_to(self, origin: str, key: str) -> bool:
        """Whether a page of the origin may read answers: with this key, or, where it is none, with any."""
        in_use = [site for site in self._keys.sites() if site.revoked is None]
        mine = [site for site in in_use if site.id == key] or in_use
        return any(origin in site.origins for site in mine)


class Gate:
    """ASGI middleware: answers browsers' preflights, reads bodies up to their limit, and tells every error plainly."""

    def __init__(self, app: ASGIApp, access: Access, limits: Limits) -> None:
        self._app = app
        self._access = access
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, begun = Headers(scope=scope), False
        allowed: dict[str, str] = {}

        async def answer(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                MutableHeaders(scope=message).update({"Vary": "Origin"} | allowed)
            await send(message)

        try:
            if origin := headers.get("origin"):
                key = _key_in(headers)
                if await asyncio.to_thread(self._access.opens_to, origin, key):
                    allowed = {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED}
            self._limits.take(Asker(address=address_of(scope)), "requests")
            if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
                await _preflight(allowed)(scope, receive, answer)
                return
            if scope["method"] in WITH_BODY and not _key_in(headers):
                # Before the body is read or judged; the routes look only after its form.
                raise Problem(401, "no_key", "Send a key: Authorization: Bearer site_…, or admin_… for the operator's.")
            most = next((most for end, most in MOST_BYTES_AT.items() if scope["path"].endswith(end)), MOST_BYTES)
            if scope["path"].endswith(BULK) and await asyncio.to_thread(self._access.is_admins, headers):
                most = MOST_BULK_BYTES
            receive = await _read(scope, headers, receive, most)
            await self._app(scope, receive, answer)
        except Exception as error:
            response = answer_to(error)  # which also tells the log
            if not begun:
                await response(scope, receive, answer)


class PageGate:
    """ASGI middleware: what is sent to the pages beside the API counts as a request of its address too.

    What a page only loads (scripts, pictures) does not: one opening of it is some sixty requests.
    """

    def __init__(self, app: ASGIApp, limits: Limits, api: str) -> None:
        self._app = app
        self._limits = limits
        self._api = f"{api}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._counts(scope):
            try:
                self._limits.take(Asker(address=address_of(scope)), "requests")
            except TooMuch as error:
                await answer_to(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _counts(self, scope: Scope) -> bool:
        path: str = scope["path"]
        # /metrics may take an admin key, whose check is slow on purpose.
        return (scope["method"] == "POST" or path == "/metrics") and not path.startswith(self._api)


class Readable:
    """ASGI middleware before all routing: in these folders a path with a line's end in it is refused.

    The routing's patterns end where a line does, so that such a request would fall to the page, which is not asked.
    """

    def __init__(self, app: ASGIApp, folders: Sequence[str]) -> None:
        self._app = app
        self._folders = tuple(folders)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "\n" in scope["path"] and scope["path"].startswith(self._folders):
            await answer_to(Problem(400, "bad_request", "The path cannot be read."))(scope, receive, send)
            return
        await self._app(scope, receive, send)


def address_of(scope: Scope) -> str:
    """What is counted as the address of whoever asks; who is behind a trusted proxy was put there before."""
    client = scope.get("client")
    return household(client[0]) if client else ""


def asker_of(request: Request, owner: Owner) -> Asker:
    """Whose limits a request of this owner must keep."""
    return Asker(key=owner.site_id, address=address_of(request.scope))


def _key_in(headers: Headers) -> str:
    """The key that was sent, "" if there is none."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _preflight(allowed: Mapping[str, str]) -> Response:
    if not allowed:
        return answer_to(Problem(403, "origin_not_allowed", "No site key is for pages of this origin."))
    said = {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_S),
    }
    return Response(status_code=204, headers=said)


async def _read(scope: Scope, headers: Headers, receive: Receive, most: int) -> Receive:
    """The same receive, with the body read already; Problem where it is too large, or no JSON by its type."""
    stated = headers.get("content-length", "")
    if stated.isdigit() and int(stated[:12]) > most:
        raise Problem(413, "too_large", f"A body has at most {most:,} bytes.")
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Problem(499, "closed", "The connection was closed.")  # which nobody reads; half a body is none
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            raise Problem(413, "too_large", f"A body has at most {most:,} bytes.")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != "application/json":
        raise Problem(415, "not_json", "Send the body as JSON: Content-Type: application/json")
    held: list[dict[str, Any]] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def again() -> Message:
        return held.pop() if held else await receive()

    return again
