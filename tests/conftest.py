"""Fixtures that several packages' tests share."""

from collections.abc import Iterator

import pytest
from scripted_llm import ScriptedLLM, scripted_llm


@pytest.fixture
def llm_script() -> Iterator[ScriptedLLM]:
    """A scripted LLM on the wire, new for each test."""
    with scripted_llm() as script:
        yield script
