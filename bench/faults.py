"""What befalls a shop while 20 shoppers talk, and what is lost by it: real processes, killed, stopped and starved.

``python -m bench.faults [--quick] [--kills N] [--json PATH]``. The demo shop is built in a home of the bench's own, or
in SHOPTALK_HOME where that is set; what is done is done to a copy of it, served by ``shoptalk serve``; the language
model is ``bench.stand_in``. Each shopper says a message, opens a card that was shown, rates the answer, and says the
next. Whatever fails is asked again in the same words; what was answered with 200, and every turn whose end was heard,
is acknowledged, and at the end looked for in the shop's database.

    acknowledged           events, thumbs and turns whose acknowledgement a shopper had
    lost                   how many of them the shop does not have
    broken_conversations   how many could not be gone on with by asking again, within 60 s after the cause had ended
    recovery_s_max         the longest of the following
    FAULT.recovery_s       from the end of the cause (of a kill: from it) to the first whole answer begun after it;
                           where it is the language model's, to the first that it wrote again
    FAULT.failed           what shoppers were refused or lost meanwhile, and asked again
    disk_full.on_a_full_disk   1: the home lay on a file system of its own that was filled; 0: the files of the server
                           were kept from growing instead (RLIMIT_FSIZE), where nothing may be mounted
"""

import asyncio
import contextlib
import os
import random
import resource
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console

from bench.home import demo_home
from bench.load import free_port, start, until_open
from bench.report import parser, report
from bench.talking import Shopper, Talk
from bench.turns import conversations
from chat.store import Store
from ranking.history import Events
from retrieval.database import Connections
from ui.home import Home
from ui.identity import Keys

SHOPPERS = 20
KILLS, QUICK_KILLS = 50, 3
MOST_BETWEEN_KILLS_S = 4.0
LASTS_S, QUICK_LASTS_S = 10.0, 3.0  # a fault that has an end
CALM_S, QUICK_CALM_S = 5.0, 1.5  # before each fault
MENDED_S = 60.0  # after a fault the shop must answer again
SEED = 20261128
NO_LIMITS = {
    "SHOPTALK_LIMIT_ADDRESS_REQUESTS": "",
    "SHOPTALK_LIMIT_ADDRESS_CHARACTERS": "",
    "SHOPTALK_LIMIT_ADDRESS_TOKENS": "",
    "SHOPTALK_LIMIT_ADDRESS_STREAMS": "0",
    "SHOPTALK_LIMIT_SESSION_REQUESTS": "",
    "SHOPTALK_LIMIT_SESSION_CHARACTERS": "",
    "SHOPTALK_LIMIT_SESSION_TOKENS": "",
}
console = Console(highlight=False)


class Site:
    """A shop that is served, its language model, and whoever talks there."""

    def __init__(self, folder: Path, talk: Talk) -> None:
        self.home, self.talk = Home(folder), talk
        connections = Connections(self.home.database)
        self.key = Keys(connections).make_site(f"bench {secrets.token_hex(3)}", [])[0].id
        connections.close()
        self.port, self.llm_port = free_port(), free_port()
        self._environment = os.environ | NO_LIMITS | {
            "SHOPTALK_HOME": str(folder),
            "SHOPTALK_PORT": str(self.port),
            "SHOPTALK_LLM_URL": f"http://127.0.0.1:{self.llm_port}/v1",
            "SHOPTALK_LLM_FIRST_TOKEN_TIMEOUT_S": "5",
            "SHOPTALK_LLM_TOKEN_TIMEOUT_S": "5",
        }  # fmt: skip
        self.llm = self._start_llm()
        try:
            self.server = self._start_server()
        except BaseException:
            self.llm.kill()
            raise

    def _start_llm(self) -> subprocess.Popen[bytes]:
        return start([sys.executable, "-m", "bench.stand_in", str(self.llm_port)], self._environment)

    def _start_server(self) -> subprocess.Popen[bytes]:
        process = start([sys.executable, "-m", "ui.cli", "serve"], self._environment)
        until_open(self.port, process)
        return process

    async def restart_llm(self) -> None:
        self.llm = await asyncio.to_thread(self._start_llm)

    async def restart(self) -> None:
        """A new server, once it answers."""
        self.server = await asyncio.to_thread(self._start_server)

    def close(self) -> None:
        for process in (self.server, self.llm):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


async def llm_killed(site: Site, lasts_s: float) -> None:
    site.llm.kill()
    await asyncio.to_thread(site.llm.wait)
    await asyncio.sleep(lasts_s)
    await site.restart_llm()


async def llm_hanging(site: Site, lasts_s: float) -> None:
    site.llm.send_signal(signal.SIGSTOP)
    await asyncio.sleep(max(lasts_s, 7.0))  # longer than what is waited for a first token
    site.llm.send_signal(signal.SIGCONT)


async def sqlite_locked(site: Site, lasts_s: float) -> None:
    with contextlib.closing(sqlite3.connect(site.home.database, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        await asyncio.sleep(lasts_s)
        connection.execute("ROLLBACK")


async def chroma_removed(site: Site, lasts_s: float) -> None:
    index = site.home.folder / "index"
    await asyncio.to_thread(shutil.rmtree, index, ignore_errors=True)
    deadline = time.monotonic() + MENDED_S
    while not list(index.glob("*/chroma/chroma.sqlite3")):
        if time.monotonic() > deadline:
            raise RuntimeError("the index was not built anew")
        await asyncio.sleep(0.1)


async def disk_full(site: Site, lasts_s: float) -> None:
    """All the room of the home's own file system is taken, to the last byte."""
    filler = site.home.folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    await asyncio.sleep(lasts_s)
    filler.unlink()


async def files_cannot_grow(site: Site, lasts_s: float) -> None:
    """No file of the server may be larger than it is now."""
    former = await asyncio.to_thread(_keep_from_growing, site)
    await asyncio.sleep(lasts_s)
    resource.prlimit(site.server.pid, resource.RLIMIT_FSIZE, former)


def _keep_from_growing(site: Site) -> tuple[int, int]:
    former = resource.prlimit(site.server.pid, resource.RLIMIT_FSIZE)
    largest = Path(f"{site.home.database}-wal").stat().st_size
    resource.prlimit(site.server.pid, resource.RLIMIT_FSIZE, (largest, former[1]))
    return former


FAULTS = {
    "llm_killed": llm_killed,
    "llm_hanging": llm_hanging,
    "sqlite_locked": sqlite_locked,
    "chroma_removed": chroma_removed,
    "disk_full": disk_full,
    "files_cannot_grow": files_cannot_grow,
}


async def befall(site: Site, name: str, *, calm_s: float, lasts_s: float) -> dict[str, float]:
    """One fault, and how long until all is well again."""
    talk = site.talk
    await asyncio.sleep(calm_s)
    failed = talk.failed
    talk.troubled()
    await FAULTS[name](site, lasts_s)
    recovery = await talk.recovered(by_llm=name.startswith("llm"), within_s=MENDED_S)
    console.print(f"{name}: {recovery:.1f} s, {talk.failed - failed} asked again")
    told = "disk_full" if name == "files_cannot_grow" else name
    return {f"{told}.recovery_s": recovery, f"{told}.failed": talk.failed - failed}


async def killed(site: Site, kills: int) -> dict[str, float]:
    """The server is killed at random moments, and started again at once."""
    talk, draw = site.talk, random.Random(SEED)
    failed, recoveries = talk.failed, []
    for _ in range(kills):
        await asyncio.sleep(draw.uniform(0.1, MOST_BETWEEN_KILLS_S))
        talk.troubled()
        begun = time.monotonic()
        site.server.kill()
        await asyncio.to_thread(site.server.wait)
        await site.restart()
        started = time.monotonic() - begun
        recoveries.append(started + await talk.recovered(by_llm=False, within_s=MENDED_S))
    console.print(f"killed {kills} times: {np.median(recoveries):.1f} s, {talk.failed - failed} asked again")
    return {
        "killed.times": kills,
        "killed.recovery_s": max(recoveries),
        "killed.recovery_s_p50": float(np.median(recoveries)),
        "killed.failed": talk.failed - failed,
    }


async def measure(folder: Path, names: list[str], *, kills: int, calm_s: float, lasts_s: float) -> dict[str, float]:
    """A shop in this folder, the shoppers, the faults, and then the count."""
    talk = Talk()
    site = await asyncio.to_thread(Site, folder, talk)
    scripts = [[turn.say for turn in one.turns] for one in conversations()]
    shoppers = [
        Shopper(talk, f"http://127.0.0.1:{site.port}", site.key, scripts[number % len(scripts)], number)
        for number in range(SHOPPERS)
    ]
    tasks = [asyncio.create_task(shopper.talk_on()) for shopper in shoppers]
    figures: dict[str, float] = {}
    try:
        await talk.recovered(by_llm=True, within_s=MENDED_S)
        for name in names:
            figures |= await befall(site, name, calm_s=calm_s, lasts_s=lasts_s)
        if kills:
            figures |= await killed(site, kills)
        talk.ending = True
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(site.close)
    lost = missing(site.home, talk)
    for one in lost[:10]:
        console.print(f"lost: {one}", style="red")
    return figures | {
        "acknowledged": len(talk.turns) + len(talk.events) + len(talk.thumbs),
        "lost": len(lost),
        "broken_conversations": talk.broken,
        "conversations": talk.conversations,
        "turns": len(talk.turns),
    }


def missing(home: Home, talk: Talk) -> list[str]:
    """What was acknowledged and is not in the shop."""
    connections = Connections(home.database)
    store, events = Store(connections), Events(connections)
    lost: list[str] = []
    sessions = {one[0] for one in talk.turns} | {one[0] for one in talk.events} | {one[0] for one in talk.thumbs}
    for session in sorted(sessions):
        rows = store.turns(session)
        turns = {row["id"] for row in rows if row["finished"]}
        done = {(event.turn_id, event.item_id, event.kind) for event in events.of(f"session:{session}")}
        thumbs = store.thumbs(session)
        lost += [f"turn {turn}" for of, turn in talk.turns if of == session and turn not in turns]
        lost += [f"event {event}" for of, event in talk.events if of == session and event not in done]
        lost += [f"thumb of {turn}" for of, turn, up in talk.thumbs if of == session and thumbs.get(turn) != up]
    connections.close()
    return lost


@contextlib.contextmanager
def copied(home: Home, *, own_disk: bool) -> Iterator[Path | None]:
    """A copy of the shop; ``own_disk``: on a file system of its own, None where none may be mounted."""
    with tempfile.TemporaryDirectory(prefix="shoptalk-faults-") as made:
        place = Path(made) / "disk"
        place.mkdir()
        if own_disk:
            size = sum(path.stat().st_size for path in home.folder.rglob("*") if path.is_file())
            command = ["mount", "-t", "tmpfs", "-o", f"size={size + 64 * 2**20}", "tmpfs", str(place)]
            if subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603 - our own command
                yield None
                return
        try:
            folder = place / "home"
            shutil.copytree(home.folder, folder, ignore=shutil.ignore_patterns("owner.lock", "logs"))
            yield folder
        finally:
            if own_disk:
                subprocess.run(["umount", "-l", str(place)], check=False)  # noqa: S603, S607 - our own mount


def main() -> None:
    """The command."""
    arguments = parser(__doc__)
    arguments.add_argument("--kills", type=int, default=None, help="how often the server is killed")
    options = arguments.parse_args()
    quick = options.quick
    kills = options.kills if options.kills is not None else QUICK_KILLS if quick else KILLS
    times = {"calm_s": QUICK_CALM_S if quick else CALM_S, "lasts_s": QUICK_LASTS_S if quick else LASTS_S}
    names = ["llm_killed", "llm_hanging", "sqlite_locked", "chroma_removed"]
    with demo_home(console) as settings:
        home = Home(settings.home)
        with copied(home, own_disk=False) as folder:
            assert folder is not None
            figures = asyncio.run(measure(folder, names, kills=kills, **times))
        with copied(home, own_disk=True) as own:
            if own is not None:
                full = asyncio.run(measure(own, ["disk_full"], kills=0, **times))
        if own is None:
            with copied(home, own_disk=False) as folder:
                assert folder is not None
                full = asyncio.run(measure(folder, ["files_cannot_grow"], kills=0, **times))
    for name in ("acknowledged", "lost", "broken_conversations", "conversations", "turns"):
        figures[name] += full.pop(name)
    figures |= full | {"disk_full.on_a_full_disk": int(own is not None)}
    figures["recovery_s_max"] = max(held for name, held in figures.items() if name.endswith(".recovery_s"))
    report("faults", figures, json_path=options.json, quick=quick)


if __name__ == "__main__":
    main()
