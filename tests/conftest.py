"""Fixtures that several packages' tests share."""

from collections.abc import Iterator

import pytest
from scripted_llm import ScriptedLLM, scripted_llm
from shops import encoder

from retrieval.encoder import MiniLMEncoder


@pytest.fixture
def llm_script() -> Iterator[ScriptedLLM]:
    """A scripted LLM on the wire, new for each test."""
    with scripted_llm() as script:
        yield script


@pytest.fixture(scope="session")
def minilm() -> MiniLMEncoder:
    """The built-in encoder, loaded once."""
    return encoder()
