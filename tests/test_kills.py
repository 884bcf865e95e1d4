"""Killed with -9 at any moment of an ingest or of the index's swap, the shop is the old one or the new one, and works.

``SHOPTALK_TEST_KILLS`` sets how often (20): ``SHOPTALK_TEST_KILLS=200 pytest tests/test_kills.py`` is the longer form.
"""

import json
import os
import random
import time
from collections import Counter
from pathlib import Path

from kills import PROCESSES, Catalogue, catalogue, changed, opened, read_on, state_of, take_in

KILLS = int(os.environ.get("SHOPTALK_TEST_KILLS", "20"))
SIZE = 1200  # items; a new generation takes long enough to be hit in
PATIENCE_S = 120.0

FIRST = catalogue(SIZE, seed=1)
BIG = changed(FIRST, 0.4, seed=2)  # a new generation, and an index folder built aside
SMALL = changed(BIG, 0.03, seed=3)  # one transaction, and an index changed in place
STATES = {"first": FIRST, "big": BIG, "small": SMALL}
NEXT = {"first": "big", "big": "small", "small": "first"}


def ingested(home: Path, feed: Path, kill_after: float | None, *, serving: bool) -> tuple[bool, float]:
    """Run an ingest in a process of its own, killed after so many seconds; whether it was, and how long it ran."""
    begun = PROCESSES.Event()
    process = PROCESSES.Process(target=take_in, args=(home, feed, begun, serving))
    process.start()
    assert begun.wait(PATIENCE_S)
    start = time.perf_counter()
    process.join(PATIENCE_S if kill_after is None else kill_after)
    if process.is_alive():
        process.kill()
        process.join(PATIENCE_S)
    took = time.perf_counter() - start
    assert process.exitcode in (0, -9)
    return process.exitcode == -9, took


def feeds(folder: Path) -> dict[str, Path]:
    return {name: state.feed(folder / f"{name}.jsonl") for name, state in STATES.items()}


def test_killed_at_any_moment_it_is_the_old_catalogue_or_the_new_one(tmp_path: Path) -> None:
    home, stream, files = tmp_path / "home", random.Random(20261124), feeds(tmp_path)
    assert ingested(home, files["first"], None, serving=False)[0] is False
    now, outcomes, kills = "first", Counter[str](), 0
    longest: dict[tuple[str, bool], float] = {}
    while kills < KILLS:
        aim, serving = NEXT[now], stream.random() < 0.5
        usual = longest.setdefault((aim, serving), 2.0 if aim == "small" else 5.0)
        killed, took = ingested(home, files[aim], usual * stream.uniform(0.02, 1), serving=serving)
        if not killed:
            longest[aim, serving] = took
        shop = opened(home)
        try:
            found = state_of(shop, {now: STATES[now], aim: STATES[aim]}, stream)
        finally:
            shop.close()
        if killed:
            kills += 1
            outcomes["old" if found == now else "new"] += 1
        now = found
    assert outcomes["old"] > 0, outcomes
    print(outcomes)
    aim = NEXT[now]
    assert ingested(home, files[aim], None, serving=False)[0] is False  # resumed, it comes to its end
    shop = opened(home)
    try:
        assert state_of(shop, {now: STATES[now], aim: STATES[aim]}, stream) == aim
    finally:
        shop.close()
    assert len([folder for folder in (home / "index").iterdir() if folder.is_dir()]) == 1


def test_a_reader_beside_an_ingest_never_sees_half_a_catalogue(tmp_path: Path) -> None:
    home, files = tmp_path / "home", feeds(tmp_path)
    ingested(home, files["first"], None, serving=False)
    ready, done = PROCESSES.Event(), PROCESSES.Event()
    reader = PROCESSES.Process(target=read_on, args=(home, ready, done, tmp_path / "seen.json"))
    reader.start()
    assert ready.wait(PATIENCE_S)
    for name in ("big", "small"):
        ingested(home, files[name], None, serving=False)
    done.set()
    reader.join(PATIENCE_S)
    assert reader.exitcode == 0
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert set(seen) <= {*map(as_seen, STATES.values())} | {f"counts {json.dumps(sizes)}" for sizes in pairs_of_sizes()}
    assert {as_seen(FIRST), as_seen(SMALL)} <= set(seen)


def as_seen(state: Catalogue) -> str:
    return json.dumps(state.hashes, sort_keys=True)


def pairs_of_sizes() -> list[list[int]]:
    """Sizes of two states that follow one another."""
    return [sorted({len(STATES[name].items), len(STATES[after].items)}) for name, after in NEXT.items()]
