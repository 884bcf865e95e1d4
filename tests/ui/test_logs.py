"""What stands in the log: causes and ids, no word of a shopper, no secret."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from chat.errors import LLMError, SetupError
from ui.logs import discreet

ADMIN = "admin_" + "0a" * 8 + "_" + "1b" * 24
SITE = "secret_" + "2c" * 32


class Form(BaseModel):
    count: int


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Any]:
    handler = discreet(logging.FileHandler(tmp_path / "log"), ["llm-key-of-ours", "none"])
    loggers: list[logging.Logger] = []

    def of(name: str) -> logging.Logger:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        loggers.append(logger)
        return logger

    of.lines = lambda: [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    yield of
    for logger in loggers:
        logger.removeHandler(handler)
    handler.close()


def failing(kind: str) -> None:
    if kind == "pydantic":
        Form.model_validate({"count": "my canary"})
    if kind == "of a number":
        int("my canary")
    if kind == "with a cause":
        try:
            raise KeyError("my canary")
        except KeyError as error:
            raise SetupError("The shop cannot be opened.") from error
    if kind == "of the language model":
        raise LLMError("refused: 400 my canary is too long")
    if kind == "several":
        raise ExceptionGroup("my canary", [ValueError("my canary"), SetupError("No room.")])


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        ("pydantic", "ValidationError\n"),
        ("of a number", "builtins.ValueError\n"),
        ("with a cause", "chat.errors.SetupError: The shop cannot be opened.\n"),
        ("of the language model", "chat.errors.LLMError\n"),
        ("several", "chat.errors.SetupError: No room.\n"),
    ],
)
def test_a_failure_of_a_conversation_names_its_place_and_quotes_nobody(log: Any, kind: str, kept: str) -> None:
    try:
        failing(kind)
    except Exception:
        log("chat.assistant").exception("turn failed", extra={"error_id": "7f"})
    (line,) = log.lines()
    assert (line["event"], line["error_id"], line["level"]) == ("turn failed", "7f", "error")
    assert "in failing" in line["exception"]
    assert line["exception"].endswith(kept)
    # The lines of source code are shown, and these here hold the word; what errors say of themselves does not.
    said = [one for one in line["exception"].splitlines() if not one.startswith(" ")]
    assert "canary" not in "\n".join(said)


def test_a_failure_of_a_command_says_all_but_what_a_form_was_given(log: Any) -> None:
    for kind in ("of a number", "pydantic"):
        try:
            failing(kind)
        except ValueError:
            log("shoptalk").exception("the command failed")
    plain, form = (line["exception"] for line in log.lines())
    assert plain.endswith("builtins.ValueError: invalid literal for int() with base 10: 'my canary'\n")
    assert form.endswith("ValidationError\n")


def test_secrets_are_hidden_wherever_they_come_from(log: Any) -> None:
    logger = log("ui.api_gate")
    logger.error("asked with %s by %s", ADMIN, SITE, extra={"headers": {"Authorization": "Bearer site_x"}})
    logger.error("llm-key-of-ours was refused; none is not hidden")
    first, second = log.lines()
    assert first["event"] == "asked with [secret] by [secret]"
    assert first["headers"] == {"Authorization": "Bearer [secret]"}
    assert second["event"] == "[secret] was refused; none is not hidden"
