"""The web server's own routes, around a page and an API that are tested elsewhere."""

from pathlib import Path

import httpx
import pytest
from api_server import Api
from fastapi import FastAPI
from scripted_llm import ScriptedLLM, free_port
from shops import open_small_shop

from chat.llm import LLM
from retrieval.encoder import MiniLMEncoder
from ui.health import health_router

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_health_pictures_page_and_headers(api: Api) -> None:
    with httpx.Client(base_url=api.address) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/readyz").json() == {"status": "ready", "database": "ok", "index": "ok", "llm": "ok"}
        picture = client.get("/pictures/tent.svg")
        assert (picture.status_code, picture.headers["x-content-type-options"]) == (200, "nosniff")
        assert client.get("/pictures/../secret").status_code == 404
        page = client.get("/")
        assert (page.status_code, page.headers["x-frame-options"]) == (200, "SAMEORIGIN")


def test_the_page_takes_no_files_and_nothing_large(api: Api) -> None:
    with httpx.Client(base_url=api.address, timeout=120) as client:
        assert client.post("/gradio_api/upload", files={"files": b"x"}).status_code == 404
        assert client.post("/gradio_api/upload/", files={"files": b"x"}).status_code == 404
        large = client.post("/gradio_api/queue/join", content=b"[" + b" " * 70_000 + b"]")
        assert (large.status_code, large.text) == (413, "A body has at most 65,536 bytes.")
        assert client.post("/gradio_api/queue/join", content=iter([b"[", b"]"])).status_code == 411
        assert client.post("/gradio_api/queue/join", json={}).status_code == 422


async def test_readiness_tells_the_true_state_of_each_part(
    tmp_path: Path, minilm: MiniLMEncoder, llm_script: ScriptedLLM
) -> None:
    shop = open_small_shop(tmp_path, with_encoder=minilm)

    async def ready(url: str) -> tuple[int, dict[str, str]]:
        app = FastAPI()
        llm = LLM(url, "scripted")
        app.include_router(health_router(shop.catalog, shop.index, llm))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
            answer = await client.get("/readyz")
            await llm.close()
            return answer.status_code, answer.json()

    assert await ready(llm_script.url) == (200, {"status": "ready", "database": "ok", "index": "ok", "llm": "ok"})
    unreachable = "not reachable: answers are plain sentences"
    assert await ready(f"http://127.0.0.1:{free_port()}/v1") == (
        200,
        {"status": "degraded", "database": "ok", "index": "ok", "llm": unreachable},
    )
    shop.connections.current.execute("PRAGMA foreign_keys=OFF")
    shop.connections.current.execute("DROP TABLE items")
    assert await ready(llm_script.url) == (
        503,
        {"status": "unready", "database": "cannot be read", "index": "not asked", "llm": "ok"},
    )
    shop.close()
