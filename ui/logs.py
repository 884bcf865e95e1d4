"""What a line of the log may hold: causes and ids, as JSON; no word of a shopper, and no secret.

A traceback names files, lines and the kind of an error. What an error says of itself may quote what a shopper wrote, or
what the language model made of it: that is kept where only the catalogue or a model can be at fault, and elsewhere only
of errors whose words are ours or the system's.
"""

import logging
import re
import sqlite3
import traceback
from collections.abc import MutableMapping, Sequence
from typing import Any

import structlog
from pydantic import ValidationError

from chat.errors import ChatError, LLMError
from prompts.errors import PromptsError
from ranking.errors import RankingError
from retrieval.errors import RetrievalError

# Keys of all kinds as they are made here, and what a header of a request carries.
SECRETS = re.compile(r"\b(?:secret_[0-9a-f]{16,}|admin_[0-9a-f]{8,}_[0-9a-f]{16,})|(?<=Bearer )[^\s\"']+")
HIDDEN = "[secret]"
LEAST_SECRET = 8  # characters; a shorter one would hide words that are none

# Loggers of what has to do with no conversation: commands, the catalogue and its index, trainings, our own upkeep.
_NO_SHOPPERS = ("shoptalk", "retrieval", "ranking", "demo", "ui.writer", "ui.retention", "ui.health")
# What these say is written here or by the system, and quotes no shopper; a language model's server may quote a prompt.
_OURS = (ChatError, PromptsError, RankingError, RetrievalError, OSError, sqlite3.Error, MemoryError)

_CHATTY = ("httpx", "httpx2", "chromadb", "httpcore", "openai")  # a line for each request, with its address


def discreet(handler: logging.Handler, secrets: Sequence[str] = ()) -> logging.Handler:
    """The handler, made to write every line as JSON without shoppers' words in causes, and without these secrets."""
    hidden = [secret for secret in secrets if len(secret) >= LEAST_SECRET]

    def hide(logger: Any, name: str, line: str) -> str:
        for secret in hidden:
            line = line.replace(secret, HIDDEN)
        return SECRETS.sub(HIDDEN, line)

    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _cause,
                structlog.processors.JSONRenderer(),
                hide,  # type: ignore[list-item] # of the rendered line
            ],
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso"),
            ],
        )
    )
    return handler


def hush() -> None:
    """Have libraries log nothing below a warning."""
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def told(failure: BaseException, *, all_words: bool) -> str:
    """The traceback of a failure and of what led to it, with what errors say of themselves where that quotes nobody.

    ``all_words``: it has to do with no conversation.
    """
    return "".join(_lines(traceback.TracebackException.from_exception(failure), failure, all_words))


def _lines(whole: traceback.TracebackException, failure: BaseException, all_words: bool) -> list[str]:
    lines = []
    cause = failure.__cause__ or (None if failure.__suppress_context__ else failure.__context__)
    before = whole.__cause__ or whole.__context__
    if cause is not None and before is not None:
        lines += [*_lines(before, cause, all_words), "\nwhich led to:\n\n"]
    ours = isinstance(failure, _OURS) and not isinstance(failure, LLMError)
    quotes_none = ours or (all_words and not isinstance(failure, ValidationError))  # which quotes what it was given
    words = f": {failure}" if quotes_none else ""
    lines += [*whole.stack.format(), f"{type(failure).__module__}.{type(failure).__qualname__}{words}\n"]
    if isinstance(failure, BaseExceptionGroup) and whole.exceptions:
        for one, own in zip(failure.exceptions, whole.exceptions, strict=False):
            lines += ["of several:\n", *_lines(own, one, all_words)]
    return lines


def _cause(logger: Any, name: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The traceback in the place of the exception."""
    found = entry.pop("exc_info", None)
    failure = found[1] if isinstance(found, tuple) else found
    if isinstance(failure, BaseException):
        logged = str(entry.get("logger", ""))
        entry["exception"] = told(failure, all_words=logged.startswith(_NO_SHOPPERS))
    return entry
