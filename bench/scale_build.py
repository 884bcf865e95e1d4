"""A synthetic shop of a given size, built step by step through the product's own code; each step is done once.

Feed, ingest, encoding, mixed vectors for what is not encoded, index: an interrupted build goes on where it stopped.
How long each step took is kept in ``built.json`` beside the shop. Run alone, ``python -m bench.scale --build-only``.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

from bench.mixing import Mixer
from bench.synthetic import Assortment
from chat.settings import Settings
from retrieval.catalog import Catalog
from retrieval.embeddings import EmbeddingCache, Progress
from retrieval.encoder import MiniLMEncoder, ensure_encoder
from retrieval.feeds import Feed
from retrieval.ingest import Ingest
from retrieval.shop import open_catalogue, open_shop

WINDOW = 5000  # items encoded between two notes of how long it took so far

Told = dict[str, float]


class Build:
    """One shop on its way."""

    def __init__(self, home: Path, items: int, encoded: int, assortment: Assortment, progress: Progress) -> None:
        """``encoded``: how many of the items, from the first on, are really encoded."""
        self.home, self.items, self.encoded = home, items, min(items, encoded)
        self._assortment, self._progress = assortment, progress
        home.mkdir(parents=True, exist_ok=True)
        notes = home / "built.json"
        self.seconds: Told = json.loads(notes.read_text()) if notes.exists() else {}

    def run(self, settings: Settings) -> Told:
        """Do what is not done yet; returns how long every step took, in seconds, and what the mixing found."""
        feed = self.home / f"feed-{self.items}.jsonl"
        if "ingest_s" not in self.seconds:
            if not feed.exists():  # written anew it would be another file, and its ingest begin anew
                self._step("feed_s", lambda: self._write_feed(feed))
            self._step("ingest_s", lambda: self._ingest(feed))
            feed.unlink()
        if "index_s" not in self.seconds:
            encoder = MiniLMEncoder(ensure_encoder(settings.models))
            with open_catalogue(self.home) as (_, catalog):
                cache = EmbeddingCache(self.home / "embeddings.sqlite3")
                try:
                    self._vectors(catalog, cache, encoder)
                finally:
                    cache.close()
            self._step("index_s", lambda: open_shop(self.home, settings.models, self._progress).close())
        return self.seconds

    def _vectors(self, catalog: Catalog, cache: EmbeddingCache, encoder: MiniLMEncoder) -> None:
        base = list(self._assortment.items(self.encoded))
        for start in range(0, self.encoded, WINDOW):
            window = base[start : start + WINDOW]
            texts = [item.title for item in window] + [item.encoder_text() for item in window]
            lacking = len(cache.missing(texts, encoder.name))
            began = time.perf_counter()
            cache.encode(texts, encoder)
            self._note("encode_s", time.perf_counter() - began if lacking else 0.0)
            self._note("encode_texts", lacking)
            self._progress("encoding", min(start + WINDOW, self.encoded), self.encoded)
        if self.encoded < self.items:
            mixer = Mixer(base, cache, encoder)
            self.seconds |= mixer.facts
            self._step("mix_s", lambda: mixer.fill(catalog.all(), self.items, self._progress))

    def _write_feed(self, path: Path) -> None:
        partial = path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            for done, item in enumerate(self._assortment.items(self.items), 1):
                file.write(item.model_dump_json() + "\n")
                if done % WINDOW == 0:
                    self._progress("writing the feed", done, self.items)
        partial.rename(path)

    def _ingest(self, path: Path) -> None:
        feed = Feed.open(path)
        with open_catalogue(self.home) as (connections, catalog):
            ingest = Ingest(catalog, connections, feed, self.home / "rejected")
            ingest.run(told=lambda done: self._progress("ingesting", done, feed.source.size))
            assert catalog.size() == self.items, f"{catalog.size()} items after the ingest, {self.items} wanted"

    def _step(self, name: str, work: Callable[[], None]) -> None:
        began = time.perf_counter()
        work()
        self._note(name, time.perf_counter() - began)

    def _note(self, name: str, value: float) -> None:
        """Add to what is noted, across interruptions."""
        self.seconds[name] = self.seconds.get(name, 0.0) + value
        (self.home / "built.json").write_text(json.dumps(self.seconds, indent=2), encoding="utf-8")


def disk_gib(home: Path) -> dict[str, float]:
    """Disk taken by the parts of a shop, in GiB."""

    def size(*names: str) -> float:
        files = (file for name in names for file in [*home.glob(name), *home.glob(f"{name}/**/*")] if file.is_file())
        return sum(file.stat().st_size for file in files) / 2**30

    return {
        "disk_gib": size("shoptalk.sqlite3*", "index", "embeddings.sqlite3*"),
        "disk_catalogue_gib": size("shoptalk.sqlite3*"),
        "disk_index_gib": size("index"),
        "disk_embeddings_gib": size("embeddings.sqlite3*"),
    }
