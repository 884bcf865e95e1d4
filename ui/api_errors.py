"""How the API says that something is wrong: one JSON form, in plain words, never a stack trace.

Knows statuses and codes. The routes raise ``Problem``; whatever else is raised is told here as what it is.
"""

import logging
import secrets
import sqlite3
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException

from chat.errors import UnknownSession
from ui.admission import TooManyOpen
from ui.identity import Refused
from ui.limits import TooMuch
from ui.turns import AnsweredElsewhere, KeyUsed

BUSY_S = 2  # when to ask again, where the shop is full or its database locked
BUSY = (TooManyOpen, TooMuch, AnsweredElsewhere)
MOST_COMPLAINTS = 5  # of one body; the rest would follow from these

log = logging.getLogger(__name__)


class Complaint(BaseModel):
    """What is wrong."""

    code: str  # for programs; docs/api.md has the list
    message: str  # for whoever reads it
    error_id: str | None = None  # finds the cause in the log, where it is our fault


class ErrorAnswer(BaseModel):
    """The body of every answer with a status of 4xx or 5xx."""

    error: Complaint


class Problem(HTTPException):
    """An answer that is an error."""

    def __init__(
        self, status: int, code: str, message: str, *, error_id: str | None = None, retry_s: int = BUSY_S
    ) -> None:
        super().__init__(status, message, {"Retry-After": str(retry_s)} if status in (429, 503) else None)
        self.complaint = Complaint(code=code, message=message, error_id=error_id)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI of a route: the errors that any route has, and these."""
    return {
        status: {"model": ErrorAnswer} for status in sorted({400, 401, 403, 413, 415, 422, 429, 500, 503, *statuses})
    }


def problem_of(error: Exception) -> Problem:
    """What is said of any exception. One that was not foreseen goes to the log, and its id to whoever asked."""
    match error:
        case Problem():
            return error
        case Refused():
            return Problem(401, error.code, str(error))
        case UnknownSession():
            return Problem(404, "unknown_session", str(error))
        case KeyUsed():
            return Problem(409, "key_used", "This idempotency key named another request. Take a new one.")
        case TooManyOpen():
            return Problem(503, "busy", str(error), retry_s=error.retry_s)
        case TooMuch():
            return Problem(429, "too_much", str(error), retry_s=error.retry_s)
        case AnsweredElsewhere():
            return Problem(503, "busy", str(error), retry_s=BUSY_S)
        case RequestValidationError():
            return _invalid(error)
        case StarletteHTTPException():
            return _of_routing(error)
        case sqlite3.OperationalError() if "locked" in str(error) or "busy" in str(error):
            log.warning("the database is locked: %s", error)
            return Problem(503, "busy", "The shop is busy. Try again in a moment.")
        case sqlite3.OperationalError() if is_full(error):
            log.error("nothing can be written, the disk is full: %s", error)
            return Problem(503, "no_room", "The shop cannot keep anything now: its disk is full. Try again later.")
    error_id = secrets.token_hex(4)
    log.error("a request failed (error %s)", error_id, exc_info=error, extra={"error_id": error_id})
    return Problem(500, "failed", "Something went wrong on our side. Please try again.", error_id=error_id)


def is_full(error: BaseException) -> bool:
    """Whether a write failed for want of room, in SQLite's words."""
    return isinstance(error, sqlite3.OperationalError) and getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL


def answer_to(error: Exception) -> JSONResponse:
    """The error as a response."""
    problem = problem_of(error)
    body = ErrorAnswer(error=problem.complaint).model_dump(exclude_none=True)
    return JSONResponse(body, problem.status_code, headers=problem.headers)


def handle_errors(app: FastAPI) -> None:
    """Tell every error that a route or the routing raises in this form."""

    async def handled(request: Request, error: Exception) -> JSONResponse:
        return answer_to(error)

    for kind in (StarletteHTTPException, RequestValidationError, Refused, UnknownSession, KeyUsed, *BUSY):
        app.add_exception_handler(kind, handled)


def _invalid(error: RequestValidationError) -> Problem:
    complaints = error.errors()
    if any(complaint["type"] == "json_invalid" for complaint in complaints):
        return Problem(400, "bad_request", "The body is no JSON.")
    said = []
    for complaint in complaints[:MOST_COMPLAINTS]:
        # Where, and what is wrong there; never the value, which may be anything.
        place = ".".join(str(part)[:40] for part in complaint["loc"] if part != "body") or "the body"
        said.append(f"{place}: {str(complaint['msg']).removeprefix('Value error, ')}")
    return Problem(422, "invalid", f"{'; '.join(said)}.".encode("utf-8", "replace").decode())


def _of_routing(error: StarletteHTTPException) -> Problem:
    if error.status_code == 404:
        return Problem(404, "unknown_route", "There is no such route. Those that there are: /v1/openapi.json")
    if error.status_code == 405:
        problem = Problem(405, "wrong_method", "This route has no such method.")
        problem.headers = error.headers
        return problem
    if error.status_code == 400:
        return Problem(400, "bad_request", "The body cannot be read.")
    return Problem(error.status_code, "bad_request", "The request cannot be answered.")
