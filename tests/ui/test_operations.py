"""The files of docs/ops, as far as this machine can try them: nginx before a running shop."""

import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_server import Api, until
from scripted_llm import Answer, free_port

from chat.settings import Settings

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

OPS = Path(__file__).parents[2] / "docs" / "ops"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
TENT = {"message": "a 2-person tent under $160"}


@pytest.fixture
def proxied(api: Api, tmp_path: Path) -> Iterator[str]:
    """The address of an nginx with our file before the shop; only names, ports and paths are others."""
    if NGINX is None or shutil.which("openssl") is None:
        pytest.skip("there is no nginx, or no openssl, on this machine")
    subject = ["-subj", "/CN=talk.shop.example", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"]
    subprocess.run(["openssl", "req", "-x509", *made, "-days", "2", *subject], check=True, capture_output=True)
    port, plain = free_port(), free_port()
    text = (OPS / "nginx.conf").read_text(encoding="utf-8")
    for pattern, put in {
        r"^user .*$": "daemon off;",
        r"/etc/ssl/shoptalk/": f"{tmp_path}/",
        r"/var/log/nginx/": f"{tmp_path}/",
        r"/run/nginx.pid": f"{tmp_path}/pid",
        r"^\s*listen \[::\].*$": "",
        r"listen 80;": f"listen 127.0.0.1:{plain};",
        r"listen 443 ": f"listen 127.0.0.1:{port} ",
        r"server 127\.0\.0\.1:7860": f"server {api.address.removeprefix('http://')}",
    }.items():
        text, found = re.subn(pattern, put, text, flags=re.MULTILINE)
        assert found, pattern
    (tmp_path / "nginx.conf").write_text(text, encoding="utf-8")
    process = subprocess.Popen(
        [NGINX, "-e", tmp_path / "error.log", "-c", tmp_path / "nginx.conf"], stderr=subprocess.PIPE, text=True
    )
    try:
        until(lambda: process.poll() is not None or _answers(port, tmp_path))
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "fullchain.pem"))


def _answers(port: int, folder: Path) -> bool:
    try:
        return httpx.get(f"https://127.0.0.1:{port}/healthz", verify=_trusting(folder)).status_code == 200
    except httpx.HTTPError:
        return False


def test_a_stream_comes_through_the_proxy_as_it_is_written_and_closing_it_is_noticed(
    api: Api, proxied: str, tmp_path: Path
) -> None:
    api.llm.enqueue('{"items": []}', Answer("It is a tent. " * 200, pause_s=0.05))
    with (
        httpx.Client(base_url=proxied, headers=api.headers(), verify=_trusting(tmp_path), timeout=20) as client,
        client.stream("POST", "/v1/chat", json=TENT) as answer,
    ):
        assert answer.status_code == 200
        assert "strict-transport-security" in answer.headers
        seen: list[str] = []
        for line in answer.iter_lines():
            if line.startswith("event: "):
                seen.append(line.removeprefix("event: "))
            if "text" in seen:
                break
        assert api.llm.finished == 1  # of the two calls: it is still writing
    assert seen[:4] == ["session", "need", "cards", "cards"]
    until(lambda: api.llm.closed_early == 1)


def test_the_proxy_keeps_the_figures_and_large_bodies_from_the_shop(api: Api, proxied: str, tmp_path: Path) -> None:
    with httpx.Client(base_url=proxied, headers=api.headers(), verify=_trusting(tmp_path), timeout=20) as client:
        assert client.get("/metrics").status_code == 404
        whole = client.post("/v1/chat", json=TENT | {"stream": False})
        assert whole.json()["cards"][0]["item_id"] == "tent-1"
        assert client.post("/v1/chat", content=b" " * 6_000_000).status_code == 413


def test_a_proxys_patience_is_longer_than_a_turn() -> None:
    told = re.search(r"proxy_read_timeout (\d+)s;", (OPS / "nginx.conf").read_text(encoding="utf-8"))
    fields = Settings.model_fields
    assert told is not None
    assert int(told[1]) > max(fields["turn_timeout_s"].default + 10, 2 * fields["api_heartbeat_s"].default)


def test_the_unit_starts_what_is_there() -> None:
    unit = (OPS / "shoptalk.service").read_text(encoding="utf-8")
    assert re.search(r"^ExecStart=\S+/shoptalk serve$", unit, re.MULTILINE)
    named = re.findall(r"SHOPTALK_(\w+)=", unit + (OPS / "Containerfile").read_text(encoding="utf-8"))
    assert {name.lower() for name in named} <= set(Settings.model_fields)
