"""Two ``shoptalk serve`` processes over one home, for tests of what the one did and the other goes on with."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from api_server import until
from scripted_llm import ScriptedLLM, free_port, scripted_llm
from shops import ITEMS, open_small_shop

from retrieval.database import Connections
from retrieval.encoder import MiniLMEncoder
from ui.identity import Keys

BOOT_S = 240  # of two processes on a machine that may be busy


@dataclass
class Pair:
    """Two processes and what lies behind both."""

    first: str
    second: str
    headers: dict[str, str]
    llm: ScriptedLLM
    home: Path
    processes: list[subprocess.Popen[bytes]]

    def chat(self, address: str, body: dict[str, object], **headers: str) -> httpx.Response:
        return httpx.post(f"{address}/v1/chat", json=body, headers=self.headers | headers, timeout=60)


@contextmanager
def served_pair(home: Path, encoder: MiniLMEncoder) -> Iterator[Pair]:
    """The one that owns the home and the one beside it."""
    open_small_shop(home, ITEMS, with_encoder=encoder).close()
    connections = Connections(home / "shoptalk.sqlite3")
    site, _ = Keys(connections).make_site("pair", [])
    connections.close()
    ports = [free_port(), free_port()]
    addresses = [f"http://127.0.0.1:{port}" for port in ports]
    with scripted_llm() as script:
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for port, more in zip(ports, ([], ["--beside"]), strict=True):
                environment = os.environ | {"SHOPTALK_HOME": str(home), "SHOPTALK_LLM_URL": script.url}
                command = [sys.executable, "-m", "ui.cli", "serve", "--port", str(port), *more]
                processes.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
                until(lambda port=port: _answers(port, processes), BOOT_S)
            headers = {"Authorization": f"Bearer {site.id}"}
            yield Pair(addresses[0], addresses[1], headers, script, home, processes)
        finally:
            for process in reversed(processes):
                process.send_signal(signal.SIGINT)
                process.wait(40)


def _answers(port: int, processes: list[subprocess.Popen[bytes]]) -> bool:
    assert all(process.poll() is None for process in processes), "a server stopped"
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
