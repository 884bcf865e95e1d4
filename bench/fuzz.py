"""10,000 requests that nobody would send, against a real ``shoptalk serve``: what comes back, by status.

``python -m bench.fuzz [--quick] [--requests N] [--json PATH]``. The demo shop is built in a home of the bench's own, or
in SHOPTALK_HOME where that is set; the requests go to a copy of it, since some change the catalogue. First come
``bench.hostile``'s bodies for every route that takes one, and its bytes on a bare socket; the rest is made by
schemathesis of the served OpenAPI, half such as it allows, half such as it does not, the same every time. An operation
of which there are few different requests is asked them, and the others make up for it. No language model is reached:
the answers are the shop's own.

    requests          how many were sent
    status_N          how many of them with this status; status_closed: ended without one; status_silent: half a
                      request, whose rest the server still waited for
    server_errors     5xx but the honest 503 (one that says when to come back)
    not_as_documented answers that break the OpenAPI; the first of each operation is printed, and ends its turn
    alive             1: the shop still answered a search after all of them
"""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console

from bench.faults import NO_LIMITS, copied
from bench.generated import Broken, ask, operations
from bench.home import demo_home
from bench.hostile import SAMPLES, bodies, raw_requests, send
from bench.load import free_port, serving
from bench.report import parser, report
from retrieval.database import Connections
from ui.home import Home
from ui.identity import Keys

REQUESTS, QUICK_REQUESTS = 10_000, 1_400  # of which the hostile ones are some 1,100
FREE = {"SHOPTALK_LIMIT_KEY_REQUESTS": "", "SHOPTALK_LIMIT_KEY_CHARACTERS": ""}
Kind = tuple[tuple[str, str], bool]  # an operation, and whether its requests are such as the OpenAPI allows
console = Console(highlight=False)


@dataclass
class Seen:
    """What came back."""

    statuses: Counter[str]
    broken: list[str]

    def note(self, status: int | str) -> None:
        self.statuses[str(status)] += 1


def hostile(address: str, key: str, seen: Seen) -> None:
    """Bodies and bytes that are none."""
    accepted = {"Authorization": f"Bearer {key}", "Accept": "application/json, text/event-stream"}
    with httpx.Client(base_url=address, headers=accepted, timeout=60) as client:
        for path, sample in SAMPLES.items():
            for body in bodies(sample):
                answer = client.post(
                    path, content=body.content, headers={"Content-Type": body.kind} if body.kind else {}
                )
                honest = answer.status_code == 503 and "retry-after" in answer.headers
                seen.note("503 honest" if honest else answer.status_code)
                if answer.status_code >= 500 and not honest:
                    seen.broken.append(f"{path}, {body.name}: {answer.status_code} {answer.text[:200]}")
    host, port = address.removeprefix("http://").split(":")
    for path in SAMPLES:
        for raw in raw_requests(path, [f"Authorization: Bearer {key}"]):
            # Silence is waiting for the rest of a request that never comes: the client's to end.
            seen.note(send(host, int(port), raw, patience_s=2.0))


def generated(address: str, key: str, admin: str, count: int, seen: Seen) -> None:
    """So many requests, an equal share for every operation that has so many different ones; one of each at least."""
    schema = httpx.get(f"{address}/v1/openapi.json", timeout=30).json()

    def headers(method: str, path: str) -> dict[str, str]:
        needed = [name for one in schema["paths"][path][method.lower()].get("security", []) for name in one]
        return {"Authorization": f"Bearer {admin if 'admin key' in needed else key}"}

    def some(kind: Kind, share: int, seed: int) -> int:
        operation, allowed = kind
        statuses: Counter[int] = Counter()
        try:
            ask(schema, operation, f"{address}/v1", headers, share, allowed=allowed, seed=seed, seen=statuses)
        except Broken as error:
            seen.broken.append(str(error))
            console.print(str(error)[:1000], style="red", markup=False)
            raise
        finally:
            for status, times in statuses.items():
                seen.statuses["503 honest" if status == 503 else str(status)] += times
            sort = "as it is allowed" if allowed else "as it is not"
            console.print(f"{' '.join(operation)}, {sort}: {sum(seen.statuses.values())} so far", markup=False)
        return sum(statuses.values())

    kinds = [(operation, allowed) for operation in operations(schema) for allowed in (True, False)]
    in_rounds(kinds, max(count, len(kinds)), some)


def in_rounds(kinds: Sequence[Kind], count: int, some: Callable[[Kind, int, int], int]) -> int:
    """Have ``count`` requests sent, an equal share for every kind; how many were.

    ``some`` sends up to so many of a kind, others for another seed, and says how many those were; one that ends with
    Broken is asked no more. Ends sooner only where no kind has anything to send.
    """
    sent, seed, left = 0, 0, list(kinds)
    while sent < count and left:
        before, share = sent, -(-(count - sent) // len(left))
        for kind in tuple(left):
            if sent == count:
                break
            try:
                sent += some(kind, min(share, count - sent), seed)
            except Broken:
                left.remove(kind)
        if sent == before:
            break
        seed += 1
    return sent


@contextlib.contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """The process's environment with these meanwhile; servers that are started take it."""
    former = {name: os.environ.get(name) for name in values}
    os.environ |= values
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def measure(folder: Path, count: int) -> dict[str, float]:
    """All of it against a shop in this folder."""
    connections = Connections(Home(folder).database)
    admin = Keys(connections).make_admin("bench")[1]
    connections.close()
    nobody = f"http://127.0.0.1:{free_port()}/v1"
    seen = Seen(Counter(), [])
    with (
        environment(NO_LIMITS | FREE),
        serving(folder, nobody) as shop,
    ):
        address = f"http://127.0.0.1:{shop.port}"
        hostile(address, shop.site_key, seen)
        generated(address, shop.site_key, admin, count - sum(seen.statuses.values()), seen)
        alive = asyncio.run(_answers(address, shop.site_key))
    errors = sum(times for status, times in seen.statuses.items() if status.startswith("5") and "honest" not in status)
    figures: dict[str, float] = {
        "requests": sum(seen.statuses.values()),
        "server_errors": errors,
        "not_as_documented": len(seen.broken),
        "alive": int(alive),
    }
    return figures | {f"status_{status.replace(' ', '_')}": times for status, times in sorted(seen.statuses.items())}


async def _answers(address: str, key: str) -> bool:
    async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
        return (await client.post("/v1/search", json={"query": "tent"})).status_code == 200


def main() -> None:
    """The command."""
    arguments = parser(__doc__)
    arguments.add_argument("--requests", type=int, default=None, help="how many")
    options = arguments.parse_args()
    count = options.requests or (QUICK_REQUESTS if options.quick else REQUESTS)
    with demo_home(console) as settings, copied(Home(settings.home), own_disk=False) as folder:
        assert folder is not None
        figures = measure(folder, count)
    report("fuzz", figures, json_path=options.json, quick=options.quick)


if __name__ == "__main__":
    main()
