"""The shops that trainings are compared on: the beauty data and our own demo shop, as material for a training.

Knows where they come from. Knows nothing of what is trained.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import demo.__main__ as demo_data
from bench.beauty import beauty_items, kept_embeddings
from chat.settings import Settings
from ranking.behaviour import Split, split
from ranking.features import Features
from ranking.history import Events
from ranking.intake import take_in
from ranking.material import Material
from ranking.relations import Relations
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.embeddings import EmbeddingCache
from retrieval.encoder import MiniLMEncoder, ensure_encoder
from retrieval.items import Item


@dataclass(frozen=True)
class Ground:
    """A shop's material, its split, and features over relations of the training part."""

    material: Material
    parts: Split
    features: Features


@contextmanager
def beauty(data: Path) -> Iterator[Ground]:
    """The shop of ``items.jsonl`` and ``interactions.csv``."""
    with (
        tempfile.TemporaryDirectory() as name,
        _ground("beauty", beauty_items(data), data / "interactions.csv", Path(name) / "home") as ground,
    ):
        yield ground


@contextmanager
def demo() -> Iterator[Ground]:
    """Our own demo shop, which is synthetic."""
    with tempfile.TemporaryDirectory() as name:
        demo_data.write(Path(name) / "data")
        lines = (Path(name) / "data" / "catalogue.jsonl").read_text(encoding="utf-8").splitlines()
        items = [Item.model_validate_json(line) for line in lines]
        with _ground("demo", items, Path(name) / "data" / "events.jsonl", Path(name) / "home") as ground:
            yield ground


@contextmanager
def _ground(name: str, items: list[Item], events: Path, home: Path) -> Iterator[Ground]:
    settings = Settings.model_validate({})
    with kept_embeddings(settings, name, home):
        connections, cache = Connections(home / "shop.sqlite3"), EmbeddingCache(home / "embeddings.sqlite3")
        try:
            catalog, held = Catalog(connections), Events(connections)
            catalog.upsert(items)
            kind, order = ("purchase", "position") if events.suffix == ".csv" else (None, "")
            take_in(events, held, {item.id for item in items}, home, kind=kind, order_column=order)  # type: ignore[arg-type]
            material = Material.gather(catalog, held, MiniLMEncoder(ensure_encoder(settings.models)), cache)
            parts = split(material.tracks)
            relations = Relations.learn(list(parts.train.values()), material.table.vectors)
            yield Ground(material, parts, Features(material.table, relations))
        finally:
            cache.close()
            connections.close()
