"""Two real merchants' files, as they came; the folder is SHOPTALK_TEST_DATA or ../shared/data."""

import os
from decimal import Decimal
from pathlib import Path

import pytest

from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.feeds import Feed
from retrieval.filters import Filter
from retrieval.ingest import Ingest, Report

pytestmark = pytest.mark.real_data

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("SHOPTALK_TEST_DATA") or ROOT.parent / "shared" / "data")


def ingested(tmp_path: Path, file: Path, mapping: str) -> tuple[Catalog, Report]:
    if not file.exists():
        pytest.skip(f"no real data at {file}: set SHOPTALK_TEST_DATA to the folder that holds it")
    connections = Connections(tmp_path / "shop.sqlite3")
    catalog = Catalog(connections)
    feed = Feed.open(file, [str(ROOT / "docs" / mapping)])
    return catalog, Ingest(catalog, connections, feed, tmp_path / "rejected").run()


def test_a_fashion_merchants_csv(tmp_path: Path) -> None:
    catalog, report = ingested(tmp_path, DATA / "fashion" / "catalog.csv", "fashion-mapping.yaml")
    assert report == Report(read=12491, new=12491)
    vocabulary = catalog.vocabulary()
    assert (vocabulary.currency, vocabulary.price_range) == ("INR", (Decimal(90), Decimal(63090)))
    assert len(vocabulary.brands) == 677
    assert vocabulary.attributes["colour"][:3] == ("Blue", "Black", "Red")
    women_in_black = Filter(attributes={"gender": ("women",), "colour": ("black",)}, price_max=Decimal(1000))
    found = catalog.many(catalog.popular(women_in_black, 5))
    assert len(found) == 5
    assert all(women_in_black.matches(item) for item in found.values())


def test_a_beauty_merchants_json_lines(tmp_path: Path) -> None:
    catalog, report = ingested(tmp_path, DATA / "beauty" / "items.jsonl", "beauty-mapping.yaml")
    assert report == Report(read=12101, new=12101)
    nails = Filter(categories=(("Beauty", "Makeup", "Nails", "Nail Polish"),))
    assert 0 < catalog.count(nails) < 12101
    assert not any("&amp;" in item.title for item in catalog.all())
