"""Builds the demo shop into a home folder, step by step, and reads what the page shows of its shoppers.

Knows the order of building. What is already there is not built again: a stamp keeps the hash of the data that the shop
was built from, so that a changed demo is built anew and an unchanged one is not.
"""

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

import demo.__main__ as demo_data
from chat.settings import Settings
from chat.taught_llm import AUTO, SHIPPED, WEIGHTS
from ranking.history import Event, Events
from retrieval.catalog import Catalog
from ui.home import Home
from ui.shop_page import DemoShopper

SHOP_NAME = "Harbour & Pine"
HISTORY_LINES = 8  # latest events of a demo shopper that the page shows
VERBS = {"purchase": "bought", "cart": "put in the basket", "like": "liked", "dislike": "did not like",
         "rating": "rated", "search": "searched for", "click": "opened", "view": "looked at"}  # fmt: skip


def build_demo(home: Home, settings: Settings, console: Console) -> None:
    """Make the demo's data, take it into the shop and train the reranker; steps that are done are skipped."""
    # Imported here: they bring torch, which a second start has no use for.
    from ui.cli_catalogue import ingest_file
    from ui.cli_events import add_events
    from ui.cli_training import train_reranker

    load_policies(home)
    data = home.folder / "demo-data"
    console.print("Making the demo shop …")
    demo_data.write(data)
    stamp, digest = home.folder / "demo.sha256", _digest(data)
    if stamp.exists() and stamp.read_text() == digest:
        return
    ingest_file(home, settings, data / "catalogue.jsonl", replace=True)
    add_events(home, settings, data / "events.jsonl")
    train_reranker(home, settings)
    shutil.copytree(data / "pictures", home.pictures, dirs_exist_ok=True)
    for name in ("personas.json", "first_questions.json"):
        shutil.copy(data / name, home.folder / name)
    stamp.write_text(digest)


def load_shoppers(home: Home, catalog: Catalog, events: Events) -> list[DemoShopper]:
    """The shoppers that the page offers, each with the latest of their history; none where the shop names none."""
    return [
        DemoShopper(
            shopper_id=persona["shopper_id"],
            name=persona["name"],
            description=persona["description"],
            history=tuple(_history(events.of(persona["shopper_id"]), catalog)),
        )
        for persona in _read(home.folder / "personas.json")
    ]


def load_first_questions(home: Home) -> list[str]:
    """Questions for an empty conversation; none where the shop names none."""
    return [str(question) for question in _read(home.folder / "first_questions.json")]


def load_policies(home: Home) -> None:
    """The demo shop's policies, once: those that somebody loads afterwards stay, until ours change."""
    from ui.cli_policies import load

    file = Path(demo_data.__file__).parent / "policies.md"
    stamp, digest = home.folder / "demo-policies.sha256", hashlib.sha256(file.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    load(home, file)
    stamp.write_text(digest)


def taught_for_demo(settings: Settings, home: Home, shipped: Path = SHIPPED) -> Settings:
    """The settings with the adapter that comes with the program, which was taught on this very shop, as its LLM's.

    Not where the settings name another, or another model, or where the shop was taught since.
    """
    own = (home.adapter / WEIGHTS).exists()
    if (
        own
        or settings.llm_url
        or settings.llm_model
        or settings.llm_adapter != AUTO
        or not (shipped / WEIGHTS).exists()
    ):
        return settings
    return settings.model_copy(update={"llm_adapter": str(shipped)})


def _history(events: list[Event], catalog: Catalog) -> list[str]:
    latest = [event for event in reversed(events) if event.kind in VERBS][:HISTORY_LINES]
    items = catalog.many([event.item_id for event in latest])
    lines = []
    for event in latest:
        what = f"“{event.query}”" if event.kind == "search" else items[event.item_id].title
        lines.append(f"{VERBS[event.kind]} {what} · {datetime.fromtimestamp(event.time, UTC):%B %Y}")
    return lines


def _read(path: Path) -> list[dict[str, str]]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
