"""What the API is asked that nobody would ask: made of its OpenAPI by schemathesis, and hostile bodies and bytes.

The longer form is ``python -m bench.fuzz``.
"""

import socket
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from api_server import Api, api_server

from bench.generated import ask, operations
from bench.hostile import SAMPLES, bodies, raw_requests, send
from chat.settings import Settings
from ranking.history import Events
from retrieval.encoder import MiniLMEncoder
from ui.api_gate import MOST_BYTES
from ui.home import Home
from ui.writer import Writer

pytestmark = pytest.mark.filterwarnings("ignore")  # of requests and schemathesis, about what is generated

EACH = 12  # requests of either sort for every operation
BODIES = SAMPLES | {"/v1/recommend": {"item_id": "tent-1", "limit": 5}}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[Api]:
    """A server of its own, with the catalogue's writer: what is generated changes the catalogue."""
    home = tmp_path_factory.mktemp("fuzz")
    with api_server(home, minilm) as api, Writer(api.shop, Home(home), Settings()).writing():
        yield api


@pytest.fixture(scope="module")
def admin(shop: Api) -> str:
    return shop.keys.make_admin("fuzz")[1]


def headers(shop: Api, admin: str, method: str, path: str) -> dict[str, str]:
    schemes = [name for one in shop.schema["paths"][path][method.lower()].get("security", []) for name in one]
    return {"Authorization": f"Bearer {admin}"} if "admin key" in schemes else shop.headers("fuzz")


@pytest.mark.parametrize("allowed", [True, False])
def test_every_answer_to_a_generated_request_is_as_the_openapi_says(shop: Api, admin: str, allowed: bool) -> None:
    seen: Counter[int] = Counter()
    for operation in operations(shop.schema):
        ask(
            shop.schema,
            operation,
            f"{shop.address}/v1",
            lambda method, path: headers(shop, admin, method, path),
            EACH,
            allowed=allowed,
            seen=seen,
        )
    assert sum(seen.values()) >= EACH * len(operations(shop.schema)) * 0.8
    assert seen[200] > 0 if allowed else seen[422] > 0


@pytest.mark.parametrize("path", BODIES)
def test_a_hostile_body_is_answered_plainly(shop: Api, path: str) -> None:
    accepted = {"Accept": "application/json, text/event-stream"}
    with httpx.Client(base_url=shop.address, headers=shop.headers("fuzz") | accepted, timeout=30) as client:
        assert client.post(path, json=BODIES[path]).status_code in (200, 404)
        for body in bodies(BODIES[path]):
            kind = {"Content-Type": body.kind} if body.kind else {}
            response = client.post(path, content=body.content, headers=kind)
            assert response.status_code < 500, (body.name, response.text)
            assert "Traceback" not in response.text
            if len(body.content) > MOST_BYTES and path != "/v1/chat/completions":
                assert response.status_code == 413, body.name


def test_bytes_that_are_no_request_harm_nobody(shop: Api) -> None:
    parts = urlsplit(shop.address)
    assert parts.hostname
    assert parts.port
    lets_in = [f"{name}: {value}" for name, value in shop.headers().items()]
    statuses = {
        raw.name: send(parts.hostname, parts.port, raw, patience_s=1.5) for raw in raw_requests("/v1/search", lets_in)
    }
    assert {name: status for name, status in statuses.items() if status.startswith("5")} == {}
    for name in ("chunks as they should be", "a slow body", "waiting for a nod", "three at once"):
        assert statuses[name] == "200", name
    for name in ("a negative length", "a length that is none", "two lengths", "a chunk of no size", "zeros"):
        assert statuses[name] == "400", (name, statuses[name])
    with shop.client() as client:
        assert client.post("/search", json={"query": "tent"}).status_code == 200


def test_half_a_body_is_not_taken_for_a_whole_one(shop: Api) -> None:
    parts = urlsplit(shop.address)
    body = b'{"events": [{"kind": "like", "item_id": "tent-1"}]}'
    lines = [f"{name}: {value}" for name, value in shop.headers("half").items()]
    head = "\r\n".join(["POST /v1/events HTTP/1.1", "Host: shop", *lines, "Content-Type: application/json"])
    events = Events(shop.shop.connections)
    for length, taken in ((len(body) + 1, 0), (len(body), 1)):
        with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=5) as connection:
            connection.sendall(f"{head}\r\nContent-Length: {length}\r\n\r\n".encode() + body)
            if not taken:
                connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(100)  # the end, or the answer
        assert (b" 200 " in answer) is bool(taken)
        assert events.count("half") == taken
