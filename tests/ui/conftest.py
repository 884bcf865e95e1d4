"""The web server that the tests of the API share; each test has a site key of its own."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from api_server import PAGE, Api, api_server, respond

from retrieval.encoder import MiniLMEncoder


@pytest.fixture(scope="session")
def running_api(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[Api]:
    with api_server(tmp_path_factory.mktemp("api"), minilm) as api:
        yield api


@pytest.fixture
def api(running_api: Api) -> Iterator[Api]:
    site, secret = running_api.keys.make_site("test", [PAGE])
    llm = running_api.llm
    llm.requests.clear()
    llm.closed_early = llm.finished = 0
    yield replace(running_api, site=site, secret=secret)
    llm.answers.clear()
    llm.respond = respond
