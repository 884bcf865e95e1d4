"""The whole web server over a small shop and a scripted LLM, for tests that ask it over HTTP.

Every answer that the client of ``Api`` gets is held against the served OpenAPI: its status must be documented, and its
body must be of the documented form.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jsonschema
from scripted_llm import Answer, ScriptedLLM, scripted_llm, serving
from shops import ITEMS, item, open_small_shop

from chat.assistant import Assistant
from chat.finding import Finder
from chat.llm import LLM, Timeouts
from chat.settings import Settings
from chat.store import Store
from prompts.serving import released
from ranking.history import Events
from ranking.reranker import Reranker, Untrained
from ranking.rules import Rules
from retrieval.encoder import MiniLMEncoder
from retrieval.items import Item
from retrieval.shop import Shop
from ui.identity import Keys, SiteKey, sign_shopper
from ui.opening import Serving
from ui.server import create_app

PAGE = "https://shop.example"  # the origin that site keys of tests open the shop to
HEARTBEAT_S = 0.3
OPEN_ANSWERS = 8
ANY_PATH = re.compile("item|shopper")  # ids that may have slashes in them
# The tests are one address, in a hurry; what a limit does is tested with keys and conversations of the test's own.
LIMITS: dict[str, Any] = {
    "api_waiting_answers": 1,
    "api_waiting_s": 1.0,
    "limit_address_requests": "",
    "limit_address_tokens": "",
    "limit_address_characters": "",
    "limit_address_streams": 0,
    "trusted_proxies": "127.0.0.1",
}
ODD = item("odd/1 ä", "Fernhill odd kettle", "9.00", ("Kitchen", "Kettles"))  # an id that a path must quote


def respond(body: dict[str, Any]) -> Answer:
    """What the LLM says where a test does not script it."""
    return Answer('{"items": []}' if "response_format" in body else "It is a tent.")


@dataclass
class Api:
    """A running server, what is behind it, and a site key of the test's own."""

    address: str
    shop: Shop
    llm: ScriptedLLM
    schema: dict[str, Any]
    keys: Keys
    site: SiteKey
    secret: str

    def headers(self, shopper: str = "", **more: str) -> dict[str, str]:
        """Those of a request with this test's key, for a shopper that its server has signed."""
        made = {"Authorization": f"Bearer {self.site.id}"}
        if shopper:
            made["X-Shopper-Token"] = self.token(shopper, self.secret)
        return made | {name.replace("_", "-"): value for name, value in more.items()}

    @staticmethod
    def token(shopper: str, secret: str) -> str:
        """What a shop's server signs for its shopper."""
        return sign_shopper(secret, shopper, int(time.time()) + 60)

    def client(self, shopper: str = "", **more: str) -> httpx.Client:
        """A client whose every answer is held against the OpenAPI; its paths are those under /v1."""
        return httpx.Client(
            base_url=f"{self.address}/v1",
            headers=self.headers(shopper, **more),
            event_hooks={"response": [self.check]},
            timeout=120,
        )

    def check(self, response: httpx.Response) -> None:
        """AssertionError or ValidationError where the answer is not as the OpenAPI says."""
        path, method = response.request.url.path.removeprefix("/v1"), response.request.method.lower()
        matching = [route for route in self.schema["paths"] if _matches(route, path)]
        route = next((route for route in matching if method in self.schema["paths"][route]), None)
        if route is None:
            assert response.status_code in (204, 403, 404, 405, 413, 415, 422), (method, path, response.status_code)
            return
        documented = self.schema["paths"][route][method]["responses"]
        assert str(response.status_code) in documented, (method, path, response.status_code)
        kind = response.headers["content-type"].partition(";")[0]
        content = documented[str(response.status_code)]["content"]
        assert kind in content
        if kind == "application/json":
            response.read()
            form = content[kind]["schema"] | {"components": self.schema["components"]}
            jsonschema.validate(response.json(), form)


def _matches(route: str, path: str) -> bool:
    pattern = re.sub(
        r"\\\{\w+(:path)?\\\}", lambda found: ".+" if ANY_PATH.search(found[0]) else "[^/]+", re.escape(route)
    )
    return re.fullmatch(pattern, path) is not None


def untrained(shop: Shop) -> Untrained:
    """The reranker of a shop before its first training."""
    return Untrained(shop.catalog, shop.index.vectors)


@contextmanager
def api_server(
    home: Path,
    encoder: MiniLMEncoder,
    items: Sequence[Item] = (*ITEMS, ODD),
    reranker: Callable[[Shop], Reranker | Untrained] = untrained,
    **changed: Any,
) -> Iterator[Api]:
    """The server; the site key and its secret are given anew for each test by the fixture ``api``.

    ``changed``: settings of its own.
    """
    with scripted_llm() as script:
        script.respond = respond
        shop = open_small_shop(home, list(items), with_encoder=encoder)
        rules, llm = Rules(shop.connections), LLM(script.url, "scripted", timeouts=Timeouts(20, 20, 20))
        prompts = released(shop.connections)[1]
        finder = Finder(shop.catalog, shop.grounder, reranker(shop), cards=3, rules=rules.in_force)
        assistant = Assistant(
            shop.catalog, finder, Events(shop.connections), Store(shop.connections), prompts, llm, 20.0
        )
        usual = {
            "home": home,
            "shop_name": "Test & Shop",
            "api_heartbeat_s": HEARTBEAT_S,
            "api_open_answers": OPEN_ANSWERS,
        }
        settings = Settings.model_validate(usual | LIMITS | changed)
        (home / "pictures").mkdir()
        (home / "pictures" / "tent.svg").write_text("<svg/>")
        app = create_app(Serving(shop, finder, assistant, llm), settings, pictures=home / "pictures")
        with serving(app) as address:
            schema = httpx.get(f"{address}/v1/openapi.json", timeout=120).json()
            keys = Keys(shop.connections)
            yield Api(address, shop, script, schema, keys, *keys.make_site("first", [PAGE]))
        shop.close()


def events_of(response: httpx.Response) -> list[dict[str, Any]]:
    """The events of a stream, each under the name that its data has; comments are left out."""
    events = []
    for block in response.read().decode().split("\n\n"):
        if block and not block.startswith(":"):
            name, data = block.split("\n")
            event = json.loads(data.removeprefix("data: "))
            assert name == f"event: {event['type']}"
            events.append(event)
    return events


def kinds(events: list[dict[str, Any]]) -> list[str]:
    """What came, in its order: "session", "cards first" …"""
    return [f"{event['type']} {event['stage']}" if event["type"] == "cards" else event["type"] for event in events]


def a_uuid() -> str:
    """A new idempotency key."""
    return str(uuid4())


def until(what: Any, seconds: float = 30.0) -> None:
    """Return once it is true; AssertionError where it does not become so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)
