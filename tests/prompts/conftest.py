"""A database with the versions of two small prompts, which came as files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from wordings import JSON, TEXT, put

from prompts.library import Library
from prompts.versions import Versions
from retrieval.database import Connections


@pytest.fixture
def files(tmp_path: Path) -> Library:
    put(tmp_path / "files", "greet", 1, TEXT)
    put(tmp_path / "files", "guess", 1, JSON)
    return Library(tmp_path / "files")


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    connections = Connections(tmp_path / "shop.db")
    yield connections
    connections.close()


@pytest.fixture
def versions(connections: Connections, files: Library) -> Versions:
    versions = Versions(connections, files)
    assert versions.adopt(files) == 2
    return versions
