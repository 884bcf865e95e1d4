"""Items put, changed and removed over the API, through the one writer, and seen by the next search."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import Api, api_server

from chat.settings import Settings
from retrieval.encoder import MiniLMEncoder
from ui.audit import Audit
from ui.home import Home
from ui.writer import Writer

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CANOE = {"title": "Inflatable canoe for lakes", "price": "349.00 USD", "category": ["Outdoor", "Boats"],
         "attributes": {"colour": ["blue", "grey"], "weight": "14 kg"}, "picture_url": "https://shop.example/c.jpg",
         "rating": 4.5, "rating_count": 12}  # fmt: skip
NONE = {"new": 0, "changed": 0, "same": 0, "removed": 0, "unknown": 0, "dropped": 0, "first_dropped": [], "notes": {}}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("catalogue")


@pytest.fixture(scope="module")
def own(home: Path, minilm: MiniLMEncoder) -> Iterator[Api]:
    with api_server(home, minilm) as api, Writer(api.shop, Home(home), Settings()).writing():
        yield api


@pytest.fixture
def operator(own: Api) -> Iterator[httpx.Client]:
    _, admin = own.keys.make_admin("ops")
    with own.client(Authorization=f"Bearer {admin}") as client:
        client.timeout = 60
        yield client


def outcome(response: httpx.Response) -> dict[str, Any]:
    """What became of a change, without its number and what is zero or empty."""
    assert response.status_code == 200, response.text
    answer = response.json()
    assert (answer.pop("state"), answer.pop("number") > 0) == ("done", True)
    return {name: value for name, value in answer.items() if value != NONE[name]}


def found(own: Api, query: str) -> list[str]:
    with own.client() as shopper:
        return [card["item_id"] for card in shopper.post("/search", json={"query": query}).json()["cards"]]


def test_an_item_is_put_changed_and_removed_and_the_next_search_sees_it(own: Api, operator: httpx.Client) -> None:
    assert outcome(operator.put("/items/canoe%2F1", json=CANOE)) == {"new": 1}
    assert found(own, "a canoe")[0] == "canoe/1"
    with own.client() as shopper:
        item = shopper.get("/items/canoe%2F1").json()
    assert (item["title"], item["price"], item["currency"]) == (CANOE["title"], "349.00", "USD")
    assert (item["attributes"], item["picture_url"]) == (
        {"colour": ["blue", "grey"], "weight": ["14 kg"]}, "https://shop.example/c.jpg",
    )  # fmt: skip
    assert outcome(operator.put("/items/canoe%2F1", json=CANOE)) == {"same": 1}
    assert outcome(operator.patch("/items/canoe%2F1", json={"price": 299, "in_stock": True})) == {"changed": 1}
    with own.client() as shopper:
        changed = shopper.get("/items/canoe%2F1").json()
    assert changed == item | {"price": changed["price"], "price_text": changed["price_text"]}
    assert float(changed["price"]) == 299
    assert outcome(operator.patch("/items/canoe%2F1", json={"stock": 0})) == {"changed": 1}
    assert "canoe/1" not in found(own, "a canoe")
    assert outcome(operator.delete("/items/canoe%2F1")) == {"removed": 1}
    with own.client() as shopper:
        assert shopper.get("/items/canoe%2F1").status_code == 404
    for gone in (operator.delete("/items/canoe%2F1"), operator.patch("/items/canoe%2F1", json={"stock": 1})):
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "unknown_item")


def test_a_bad_row_of_many_is_told_and_kept_aside_and_the_rest_is_done(
    own: Api, operator: httpx.Client, home: Path
) -> None:
    rows = [{"id": f"oar-{number}", "title": f"Ash oar, {number} cm", "price": number} for number in range(1, 600)]
    rows[4] = {"id": "oar-5", "price": 5}
    rows[7] = {"title": "Nameless oar"}
    rows[9] = {"id": "oar-10", "title": "Ash oar", "price": -3}
    patch = [{"id": "tent-1", "price": "140.00"}, {"id": "gone", "price": 1}]
    answer = outcome(operator.post("/items/bulk", json={"put": rows, "patch": patch, "delete": ["lip-3", "nothing"]}))
    assert answer == {
        "new": 596,
        "changed": 1,
        "removed": 1,
        "unknown": 1,
        "dropped": 4,
        "first_dropped": [
            {"list": "put", "row": 5, "reason": "the title is empty"},
            {"list": "put", "row": 8, "reason": "the id is missing"},
            {"list": "put", "row": 10, "reason": "the price -3 is negative"},
            {"list": "patch", "row": 2,
             "reason": "no item has the id 'gone': an update changes only those that exist"},
        ],
    }  # fmt: skip
    kept = [json.loads(line) for path in sorted((home / "rejected").iterdir()) for line in path.open()]
    assert {row["reason"] for row in kept} >= {one["reason"] for one in answer["first_dropped"]}
    assert list((home / "incoming").iterdir()) == []
    assert found(own, "an ash oar of 77 cm")[0].startswith("oar-")
    assert own.shop.catalog.get("lip-3") is None
    (line,) = Audit(own.shop.connections).lines(1)
    assert (line.who.startswith("admin_"), line.what) == (True, "catalogue")
    assert line.counts == {"new": 596, "changed": 1, "removed": 1, "dropped": 4}
    ids = [row["id"] for row in rows if "id" in row]
    assert outcome(operator.post("/items/bulk", json={"delete": ids}))["removed"] == 596


def test_what_a_row_may_not_be_is_said(own: Api, operator: httpx.Client) -> None:
    wrong: list[tuple[str, str, Any]] = [
        ("PUT", "/items/x", {}),
        ("PUT", "/items/x", {"title": "A", "colour": "red"}),
        ("PUT", "/items/x", {"title": " "}),
        ("PUT", "/items/%20x", {"title": "A"}),
        ("PATCH", "/items/tent-1", {"price": -1}),
        ("POST", "/items/bulk", {}),
        ("POST", "/items/bulk", {"put": [1]}),
        ("POST", "/items/bulk", {"put": [{"id": "x", "title": "A"}] * 1001}),
    ]
    for method, path, body in wrong:
        refused = operator.request(method, path, json=body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid"), (method, path, body)
    unknown = operator.get("/changes/999999")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_change")


def test_a_change_is_told_later_too_and_a_merchants_file_is_none(own: Api, operator: httpx.Client) -> None:
    done = operator.patch("/items/tent-2", json={"price": "185.00"}).json()
    assert operator.get(f"/changes/{done['number']}").json() == done


def test_only_an_operator_changes_items_and_only_an_operators_body_may_be_large(own: Api) -> None:
    requests: list[tuple[str, str, Any]] = [
        ("PUT", "/items/tent-1", CANOE),
        ("PATCH", "/items/tent-1", {"stock": 0}),
        ("DELETE", "/items/tent-1", None),
        ("POST", "/items/bulk", {"delete": ["tent-1"]}),
        ("GET", "/changes/1", None),
    ]
    with own.client("ada") as client:
        for method, path, body in requests:
            refused = client.request(method, path, json=body)
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unknown_key")
        large = client.post("/items/bulk", json={"delete": ["x" * 100] * 1000})
        assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")
    assert own.shop.catalog.get("tent-1") is not None


def test_a_bulk_run_verifies_its_key_once_a_minute_and_heeds_its_end_at_once(own: Api, operator: httpx.Client) -> None:
    made, admin = own.keys.make_admin("second")
    with own.client(Authorization=f"Bearer {admin}") as client:
        for _ in range(3):
            assert client.get("/changes/999999").status_code == 404
        own.keys.revoke(made.id)
        assert client.get("/changes/999999").status_code == 401
