"""No broken feed ends the reading, and no row of one is lost silently: each is an item, or dropped with its reason."""

from pathlib import Path

import pytest
from dirty_feeds import CSV, FEEDS, Dirty

from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.errors import FeedError
from retrieval.feeds import Feed, Read, Rejected
from retrieval.ingest import Ingest
from retrieval.preview import preview

NAMES = [feed.name for feed in FEEDS]


def test_the_corpus_is_large() -> None:
    assert len(set(NAMES)) == len(FEEDS) >= 40


@pytest.mark.parametrize("feed", FEEDS, ids=NAMES)
def test_each_broken_feed_has_its_exact_outcome(tmp_path: Path, feed: Dirty) -> None:
    path = tmp_path / "feed.csv"  # whatever it is: names are not believed
    path.write_bytes(feed.content)
    if feed.refused:
        with pytest.raises(FeedError) as caught:
            Feed.open(path)
        assert str(caught.value).replace(str(path), "FEED") == feed.refused
        return
    opened = Feed.open(path)
    assert str(opened.source) == (feed.written or CSV)
    shown = preview(opened)
    connections = Connections(tmp_path / "shop.sqlite3")
    catalog = Catalog(connections)
    report = Ingest(catalog, connections, Feed.open(path), tmp_path / "rejected").run()

    expected = len(feed.items), len(feed.dropped), feed.notes
    assert (report.new, report.dropped, report.notes) == expected
    assert (shown.items, shown.dropped, shown.notes) == expected
    assert report.read == shown.read == len(feed.items) + len(feed.dropped)
    assert [(one["line"], one["reason"]) for one in report.first_dropped] == feed.dropped
    by_id = {item.id: item for item in catalog.all()}
    first = {entry.item.id: entry.item for entry in reversed(list(opened)) if isinstance(entry, Read)}
    assert by_id == first
    kept = list(first.values())[::-1]
    assert [item.title for item in kept] == feed.items
    if feed.prices is not None:
        assert [None if item.price is None else str(item.price) for item in kept] == feed.prices


@pytest.mark.parametrize("feed", [feed for feed in FEEDS if not feed.refused], ids=lambda feed: feed.name)
def test_reading_goes_on_after_any_row(tmp_path: Path, feed: Dirty) -> None:
    path = tmp_path / "feed"
    path.write_bytes(feed.content)
    opened = Feed.open(path)
    whole: list[Read | Rejected] = list(opened)
    for rows in {0, 1, len(whole) // 2, len(whole)}:
        assert list(opened.after(rows)) == whole[rows:]
