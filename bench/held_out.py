"""Shops whose shoppers' last purchases are held out: made, indexed and trained once, and kept for later runs.

Every shopper's last event is taken away before anything is learned, so that neither the reranker's training nor its
counts have seen what a simulated shopper is going to want. Knows the order of building and when it is to be done anew.
"""

import csv
import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

import demo.__main__ as demo_data
from bench.beauty import beauty_items
from chat.held_out import Row as Event
from chat.held_out import parted
from chat.settings import Settings
from retrieval.items import Item
from ui.home import Home

KEPT = "simulate"  # under the folder of models, beside the embeddings that the benches keep
FORM = 1  # of how the shop is made; another number makes kept ones anew


@dataclass(frozen=True)
class HeldOut:
    """A shop to simulate in: its home, and of each shopper the item that was taken out of their history."""

    name: str
    home: Home
    targets: dict[str, str]  # shopper id → item id


def beauty_shop(data: Path, settings: Settings, console: Console) -> HeldOut:
    """The shop of a folder with ``items.jsonl`` and ``interactions.csv``."""
    with (data / "interactions.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            {"shopper_id": row["user_id"], "item_id": row["item_id"], "kind": "purchase", "position": row["position"]}
            for row in sorted(csv.DictReader(file), key=lambda row: int(row["position"]))
        ]
    kept, targets = parted(rows)
    return _shop(data.name, beauty_items(data), kept, "position", targets, settings, console)


def demo_shop(settings: Settings, console: Console) -> HeldOut:
    """The demo shop; of its shoppers who last bought something that is still sold."""
    folder = settings.models / "bench" / KEPT / "demo-data"
    demo_data.write(folder)
    items = [Item.model_validate_json(line) for line in _lines(folder / "catalogue.jsonl")]
    sold = {item.id for item in items if item.in_stock}
    kept, targets = parted([json.loads(line) for line in _lines(folder / "events.jsonl")], sold)
    return _shop("demo", items, kept, "", targets, settings, console)


def _shop(
    name: str,
    items: Sequence[Item],
    events: Sequence[Event],
    order_column: str,
    targets: dict[str, str],
    settings: Settings,
    console: Console,
) -> HeldOut:
    # Imported here: they bring torch, which a run over a kept shop has no use for.
    from ui.cli_catalogue import ingest_file
    from ui.cli_events import add_events
    from ui.cli_training import train_reranker

    folder = settings.models / "bench" / KEPT / name
    lines = [item.model_dump_json() for item in items]
    told = [json.dumps(event, ensure_ascii=False) for event in events]
    digest = hashlib.sha256("\n".join([str(FORM), *lines, *told]).encode()).hexdigest()
    home, stamp = Home(folder), folder / "held-out.sha256"
    if stamp.exists() and stamp.read_text() == digest:
        return HeldOut(name, home, targets)
    console.print(f"Making the shop {name} without its shoppers' last purchases; it is kept in {folder}.")
    if stamp.exists() or not (folder / "items.jsonl").exists():
        shutil.rmtree(folder, ignore_errors=True)
    with home.owned():
        embedded = settings.models / "bench" / f"{name}.sqlite3"  # bench.beauty keeps them
        if embedded.exists() and not home.embeddings.exists():
            shutil.copy(embedded, home.embeddings)
        _write(folder / "items.jsonl", lines)
        _write(folder / "events.jsonl", told)
        ingest_file(home, settings, folder / "items.jsonl", replace=True, console=console)
        add_events(home, settings, folder / "events.jsonl", kind="purchase", order_column=order_column)
        train_reranker(home, settings)
    stamp.write_text(digest)
    return HeldOut(name, home, targets)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def runs_folder(settings: Settings) -> Path:
    """Where runs over these shops are kept while they are not done."""
    return settings.models / "bench" / KEPT / "runs"
