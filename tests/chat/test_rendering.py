"""A prompt that cannot be filled in is as an LLM that gives no answer."""

import logging

import pytest

from chat.errors import LLMError
from chat.rendering import rendered
from prompts.prompt import read

TEXT = """---
name: reply
description: Says hello.
author: tests
settings:
  max_tokens: 12
variables: [item]
---
user:
{{ item.%s }}
"""


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("prise.amount", "has no attribute 'prise'"),
        ("name / 2", "unsupported operand"),
        ("none + 1 / 0", "division by zero"),
        ("clear()", "attribute 'clear' of 'dict' object is unsafe"),
    ],
)
def test_a_prompt_that_cannot_be_filled_in(what: str, why: str, caplog: pytest.LogCaptureFixture) -> None:
    prompt = read(TEXT % what, "reply@7")
    with caplog.at_level(logging.ERROR), pytest.raises(LLMError, match=r"reply@7, line 10: cannot be rendered: "):
        rendered(prompt, item={"name": "a tent", "none": 0})
    assert why in caplog.text


def test_a_prompt_that_can_be() -> None:
    assert rendered(read(TEXT % "name", "reply@7"), item={"name": "a tent"})[0]["content"] == "a tent"
