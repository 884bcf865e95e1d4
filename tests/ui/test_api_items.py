"""The catalogue without a conversation: items, search, recommendations."""

from typing import Any
from urllib.parse import quote

import pytest
from api_server import Api

from ranking.rules import Rule, Rules

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def found(api: Api, path: str, body: dict[str, Any], shopper: str = "") -> list[str]:
    with api.client(shopper) as client:
        answer = client.post(path, json=body)
        assert answer.status_code == 200
        return [card["item_id"] for card in answer.json()["cards"]]


def test_an_item_is_its_record(api: Api) -> None:
    with api.client() as client:
        assert client.get("/items/lamp-1").json() == {
            "item_id": "lamp-1",
            "title": "Fernhill Glow camping lantern",
            "description": "",
            "category": ["Outdoor", "Lamps"],
            "brand": "Fernhill",
            "price": "39.00",
            "currency": "USD",
            "price_text": "$39.00",
            "attributes": {},
            "picture_url": "",
            "page_url": "",
            "in_stock": True,
            "rating": 4.5,
            "rating_count": 20,
        }
        assert client.get("/items/lip-3").json()["in_stock"] is False
        assert client.get(f"/items/{quote('odd/1 ä', safe='')}").json()["title"] == "Fernhill odd kettle"
        assert client.get("/items/none").json()["error"]["code"] == "unknown_item"


def test_a_query_is_read_as_a_message_would_be(api: Api) -> None:
    with api.client() as client:
        answer = client.post("/search", json={"query": "a 2-person tent under $160"}).json()
    assert [card["item_id"] for card in answer["cards"]] == ["tent-1"]
    assert "under $160" in [tag["label"] for tag in answer["tags"]]
    assert answer["carried"] is True


@pytest.mark.parametrize(
    ("limits", "ids"),
    [
        ({"price_min": "150.00", "price_max": 200}, {"tent-2"}),
        ({"brands": ["osprey LANE"]}, {"tent-3"}),
        ({"excluded_brands": ["Osprey Lane"], "categories": [["Outdoor", "Tents"]]}, {"tent-1", "tent-2"}),
        ({"attributes": {"features": ["waterproof"]}}, {"tent-1", "tent-2"}),
    ],
)
def test_a_filter_holds_for_every_result(api: Api, limits: dict[str, Any], ids: set[str]) -> None:
    assert set(found(api, "/search", {"query": "tent", "filter": limits, "limit": 5})) == ids


def test_a_limit_counts_the_results(api: Api) -> None:
    assert len(found(api, "/search", {"query": "fernhill", "limit": 2})) == 2
    assert len(found(api, "/recommend", {"limit": 4})) == 4
    assert len(found(api, "/recommend", {"limit": 50})) > 5


def test_items_like_one_are_recommended_and_not_that_one(api: Api) -> None:
    assert set(found(api, "/recommend", {"item_id": "tent-1", "limit": 2})) == {"tent-2", "tent-3"}
    with api.client() as client:
        assert client.post("/recommend", json={"item_id": "none"}).json()["error"]["code"] == "unknown_item"


def test_what_the_merchant_excludes_is_nowhere(api: Api) -> None:
    rules = Rules(api.shop.connections)
    rule = rules.add(Rule(action="exclude", subject="item", value="tent-3"), "test", api.shop.catalog)
    try:
        assert "tent-3" not in found(api, "/search", {"query": "4-person tent", "limit": 20})
        assert "tent-3" not in found(api, "/recommend", {"limit": 50})
        with api.client() as client:
            assert client.get("/items/tent-3").status_code == 404
    finally:
        rules.remove(rule.number, "test")
    assert "tent-3" in found(api, "/search", {"query": "4-person tent", "limit": 20})
