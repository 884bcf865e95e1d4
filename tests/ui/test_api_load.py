"""What the server says when too much is asked of it, and what it tells its operator."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_server import OPEN_ANSWERS, Api, a_uuid, events_of, until
from fastapi import FastAPI
from scripted_llm import Answer, free_port, scripted_llm, serving
from shops import open_small_shop

from chat.assistant import Assistant
from chat.breaker import Breaker
from chat.errors import SetupError
from chat.finding import Finder
from chat.llm import LLM, Timeouts
from chat.settings import Settings
from chat.store import Store
from prompts.library import Library
from ranking.history import Events
from ranking.reranker import Untrained
from retrieval.encoder import MiniLMEncoder
from retrieval.shop import Shop
from ui.identity import Keys
from ui.opening import Serving
from ui.server import create_app

TENT = {"message": "a 2-person tent"}
WHOLE = TENT | {"stream": False}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[Shop]:
    shop = open_small_shop(tmp_path_factory.mktemp("load"), with_encoder=minilm)
    yield shop
    shop.close()


def app_over(shop: Shop, llm_url: str, **settings: object) -> FastAPI:
    llm = LLM(llm_url, "scripted", timeouts=Timeouts(1, 5, 5), breaker=Breaker(failures=2, rest_s=600))
    finder = Finder(shop.catalog, shop.grounder, Untrained(shop.catalog, shop.index.vectors), cards=3)
    assistant = Assistant(shop.catalog, finder, Events(shop.connections), Store(shop.connections), Library(), llm, 20.0)
    pictures = Path(shop.connections.path).parent / "none"
    return create_app(Serving(shop, finder, assistant, llm), Settings.model_validate(settings), pictures=pictures)


def client_of(shop: Shop, address: str, client_address: str = "192.0.2.1") -> httpx.Client:
    site, _ = Keys(shop.connections).make_site("load", [])
    headers = {"Authorization": f"Bearer {site.id}", "X-Forwarded-For": client_address}
    return httpx.Client(base_url=address, headers=headers, timeout=20)


def figures(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"^(\w+(?:\{.*\})?) (\S+)$", text, re.MULTILINE)}


def refusal(answer: httpx.Response) -> tuple[int, str, str, int]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"].partition(". ")[0], int(answer.headers["retry-after"])


def test_every_limit_is_told_as_what_it_is_and_costs_nobody_else(shop: Shop) -> None:
    with (
        scripted_llm() as script,
        serving(
            app_over(
                shop,
                script.url,
                trusted_proxies="127.0.0.1",
                limit_address_requests="6/hour",
                limit_session_requests="1/hour",
                limit_session_characters="",
                limit_key_tokens="10/day",
            )
        ) as address,
        client_of(shop, address) as client,
        client_of(shop, address, "192.0.2.2") as other,
    ):
        script.respond = lambda body: Answer('{"items": []}' if "response_format" in body else "It is a tent.")
        first = client.post("/v1/chat", json=WHOLE).json()
        said = {"session_id": first["session_id"]}
        spent = client.post("/v1/chat", json=WHOLE | said)
        assert refusal(spent)[:3] == (
            429,
            "too_much",
            "This site used up what it may ask of the language model for now",
        )
        assert refusal(spent)[3] > 3600
        again = client.post("/v1/chat", json=WHOLE | said)
        assert refusal(again)[:3] == (429, "too_much", "This conversation sent too many requests in a short time")
        assert 3500 < refusal(again)[3] <= 3600
        for _ in range(3):
            assert client.get("/v1/items/tent-1").status_code == 200
        full = client.get("/v1/items/tent-1")
        assert refusal(full)[:3] == (429, "too_much", "This address sent too many requests in a short time")
        assert 500 < refusal(full)[3] <= 600
        assert refusal(client.post("/gradio_api/queue/join"))[0] == 429
        assert other.get("/v1/items/tent-1").status_code == 200
        rejected = {name: value for name, value in read(address).items() if "rejected_total" in name}
        assert rejected == {
            'shoptalk_rejected_total{reason="key_tokens"}': 1,
            'shoptalk_rejected_total{reason="session_requests"}': 1,
            'shoptalk_rejected_total{reason="address_requests"}': 2,
        }


def read(address: str) -> dict[str, float]:
    return figures(httpx.get(f"{address}/metrics").text)


def test_nobody_chooses_their_address_unless_a_trusted_proxy_says_it(shop: Shop) -> None:
    with (
        scripted_llm() as script,
        serving(app_over(shop, script.url, limit_address_requests="1/hour")) as address,
        client_of(shop, address, "192.0.2.1") as one,
        client_of(shop, address, "192.0.2.2") as other,
    ):
        assert one.get("/v1/items/tent-1").status_code == 200
        assert other.get("/v1/items/tent-1").status_code == 429


def test_a_page_of_another_origin_can_read_that_it_asked_too_much(shop: Shop) -> None:
    site, _ = Keys(shop.connections).make_site("page", ["https://shop.example"])
    headers = {"Authorization": f"Bearer {site.id}", "Origin": "https://shop.example"}
    with serving(app_over(shop, "http://127.0.0.1:1/v1", limit_address_requests="1/hour")) as address:
        httpx.get(f"{address}/v1/items/tent-1", headers=headers)
        answer = httpx.get(f"{address}/v1/items/tent-1", headers=headers)
    assert answer.status_code == 429
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]


def test_the_same_request_again_is_no_second_open_answer(api: Api) -> None:
    api.llm.respond = lambda body: Answer("never", first_pause_s=20)
    with api.client() as client:
        headers = {"Idempotency-Key": a_uuid()}
        streams = [client.stream("POST", "/chat", json=TENT, headers=headers) for _ in range(OPEN_ANSWERS + 2)]
        for stream in streams:
            assert stream.__enter__().status_code == 200
        for stream in streams:
            stream.__exit__(None, None, None)


def test_the_operator_reads_what_happened_and_whether_the_llm_is_asked(shop: Shop) -> None:
    with scripted_llm() as script, serving(app_over(shop, script.url)) as address, client_of(shop, address) as client:
        said = "The Fernhill Ridge 2-person tent is waterproof. It costs $99.00."
        script.respond = lambda body: Answer('{"items": []}' if "response_format" in body else said)
        events_of(client.post("/v1/chat", json=TENT))
        seen = read(address)
        assert seen['shoptalk_turns_total{end="finished"}'] == 1
        assert seen['shoptalk_acts_total{act="search"}'] == 1
        assert seen['shoptalk_stage_seconds_count{stage="first_cards"}'] == 1
        assert seen['shoptalk_llm_sentences_total{verdict="kept"}'] == 1
        assert seen['shoptalk_llm_sentences_total{verdict="repaired"}'] == 1
        assert seen['shoptalk_llm_tokens_total{direction="read"}'] == 200
        assert seen['shoptalk_http_requests_total{method="POST",route="/v1/chat",status="200"}'] == 1
        assert seen["shoptalk_answers_running"] == seen["shoptalk_open_streams"] == seen["shoptalk_llm_fallbacks_total"]
        assert seen['shoptalk_llm_breaker{state="closed"}'] == 1

        script.respond = lambda body: Answer("out of memory", status=500)
        for _ in range(2):
            client.post("/v1/chat", json=TENT)
        asked = len(script.requests)
        events = events_of(client.post("/v1/chat", json=TENT))
        assert (len(script.requests), events[-1]["llm_reached"]) == (asked, False)
        seen = read(address)
        assert (seen['shoptalk_llm_breaker{state="open"}'], seen["shoptalk_llm_fallbacks_total"]) == (1, 3)
        paused = "not asked for a moment, after repeated failures: answers are plain sentences"
        assert client.get("/readyz").json() == {"status": "degraded", "database": "ok", "index": "ok", "llm": paused}
        client.get("/v1/items/odd%2F1")
        client.get("/no/such/place")
        routes = {name for name in read(address) if "http_requests_total" in name}
        assert 'shoptalk_http_requests_total{method="GET",route="/v1/items/{item_id:path}",status="404"}' in routes
        assert not [name for name in routes if "odd" in name or "such" in name]


@pytest.mark.parametrize(
    ("setting", "headers", "status"),
    [
        ("loopback", {}, 200),
        ("loopback", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("loopback", {"Forwarded": "for=127.0.0.1"}, 404),
        ("off", {}, 404),
        ("admin_key", {}, 401),
        ("admin_key", {"Authorization": "Bearer admin_00_wrong"}, 401),
        ("admin_key", {"Authorization": "KEY", "X-Forwarded-For": "192.0.2.1"}, 200),
    ],
)
def test_who_may_read_the_figures(shop: Shop, setting: str, headers: dict[str, str], status: int) -> None:
    _, whole = Keys(shop.connections).make_admin("prometheus")
    headers = {name: f"Bearer {whole}" if value == "KEY" else value for name, value in headers.items()}
    with serving(app_over(shop, f"http://127.0.0.1:{free_port()}/v1", metrics=setting)) as address:
        answer = httpx.get(f"{address}/metrics", headers=headers)
        assert answer.status_code == status
        assert ("shoptalk_turns" in answer.text) == (status == 200)


def test_a_limit_that_is_none_stops_the_start(shop: Shop) -> None:
    with pytest.raises(SetupError, match="'lots' is no limit"):
        app_over(shop, "http://127.0.0.1:1/v1", limit_key_requests="lots")


def test_who_waits_for_a_place_is_answered_when_one_is_free(api: Api) -> None:
    api.llm.respond = lambda body: Answer("never", first_pause_s=20)
    with api.client() as client:
        streams = [client.stream("POST", "/chat", json=TENT) for _ in range(OPEN_ANSWERS)]
        for stream in streams:
            stream.__enter__()
        api.llm.respond = None
        streams[0].__exit__(None, None, None)
        assert client.post("/chat", json=WHOLE).status_code == 200
        for stream in streams[1:]:
            stream.__exit__(None, None, None)
        until(lambda: client.post("/chat", json=WHOLE).status_code == 200)
