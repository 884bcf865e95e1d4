import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from retrieval import tables
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.errors import FeedError
from retrieval.feeds import Feed, Read, Rejected
from retrieval.ingest import Ingest, Report
from retrieval.items import Item
from retrieval.staging import Counts, Held, Staging


class Shop:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connections = Connections(folder / "shop.sqlite3")
        self.catalog = Catalog(self.connections)

    def ingest(self, path: Path, *, replace: bool = False, feed: Feed | None = None) -> Report:
        return Ingest(self.catalog, self.connections, feed or Feed.open(path), self.folder / "rejected").run(
            replace=replace
        )

    def ids(self) -> list[str]:
        return [item.id for item in self.catalog.all()]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def feed_of(path: Path, ids: list[str], title: str = "Thing") -> Path:
    path.write_text("id,title\n" + "".join(f"{item_id},{title} {item_id}\n" for item_id in ids))
    return path


class Stopping(Feed):
    """A feed whose reading is interrupted after some rows, as by Ctrl-C."""

    rows = 0

    def after(self, rows: int) -> Iterator[Read | Rejected]:
        for number, entry in enumerate(super().after(rows)):
            if number == self.rows:
                raise KeyboardInterrupt
            yield entry


def test_new_then_same_then_changed(shop: Shop) -> None:
    path = feed_of(shop.folder / "feed.csv", ["a", "b"])
    assert shop.ingest(path) == Report(read=2, new=2)
    assert shop.ingest(path) == Report(read=2, same=2)
    path.write_text("id,title\na,Thing a\nb,Other b\nc,Thing c\n")
    assert shop.ingest(path) == Report(read=3, new=1, changed=1, same=1)


def test_replace_removes_what_is_gone_and_only_then(shop: Shop) -> None:
    shop.ingest(feed_of(shop.folder / "old.csv", ["a", "b", "c"]))
    newer = feed_of(shop.folder / "new.csv", ["b", "d"])
    assert shop.ingest(newer) == Report(read=2, new=1, same=1)
    assert shop.ids() == ["a", "b", "c", "d"]
    assert shop.ingest(newer, replace=True) == Report(read=2, same=2, removed=2)
    assert shop.ids() == ["b", "d"]


def test_replace_never_empties_the_catalogue(shop: Shop) -> None:
    shop.ingest(feed_of(shop.folder / "old.csv", ["a"]))
    with pytest.raises(FeedError, match="would empty the catalogue"):
        shop.ingest(feed_of(shop.folder / "new.csv", []), replace=True)
    assert shop.ids() == ["a"]


def priced(path: Path, rows: str) -> Path:
    path.write_text("id,title,price\n" + rows)
    return path


@pytest.mark.parametrize("many", [0, 3000])
def test_replace_leaves_the_items_of_rows_that_are_dropped(shop: Shop, many: int) -> None:
    """However they are committed: at once, or as a new generation."""
    others = "".join(f"o{n},Other,1\n" for n in range(many))
    shop.ingest(priced(shop.folder / "old.csv", "".join(f"{item_id},Thing {item_id},1\n" for item_id in "abcde")))
    broken = 'a,Thing a,-1\nb,"Thing b,1\nc,Thing, c,1\nd,,1\nd,Better d,1\nx,,1\n'
    path = priced(shop.folder / "new.csv", others + "f,Thing,1\ng,Thing,1\nh,Thing,1\ni,Thing,1\n" + broken)
    report = shop.ingest(path, replace=True)
    assert (report.new, report.changed, report.same, report.dropped) == (many + 4, 1, 0, 5)
    assert (report.spared, report.removed) == (3, 1)
    assert {item.id: item.title for item in shop.catalog.all() if item.id < "o"} == {
        "a": "Thing a", "b": "Thing b", "c": "Thing c", "d": "Better d",
        "f": "Thing", "g": "Thing", "h": "Thing", "i": "Thing",
    }  # fmt: skip
    assert shop.ingest(path).spared == 0


def test_replace_is_refused_where_most_rows_are_lost(shop: Shop) -> None:
    shop.ingest(feed_of(shop.folder / "old.csv", ["a", "b", "z"]))
    path = priced(shop.folder / "new.csv", "a,Thing,1\nb,Thing,1\nc,Thing,-1\nd,Thing,-1\ne,Thing,-1\n")
    with pytest.raises(FeedError, match=r"3 of the 5 rows of .* cannot be used"):
        shop.ingest(path, replace=True)
    assert shop.ids() == ["a", "b", "z"]
    assert (
        shop.ingest(feed_of(path, ["a", "a", "a", "a"]), replace=True).removed == 2
    )  # of rows said twice none is lost


def test_replace_removes_what_is_no_longer_sold(shop: Shop) -> None:
    shop.ingest(feed_of(shop.folder / "old.csv", ["a", "b"]))
    path = shop.folder / "new.csv"
    path.write_text(
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Status\n"
        "a,Thing,Title,Default Title,a,1,archived\nb,Thing,Title,Default Title,b,1,active\n"
        "c,Thing,Title,Default Title,c,1,draft\n"
    )
    assert shop.ingest(path, replace=True).removed == 1
    assert shop.ids() == ["b"]


@pytest.mark.parametrize("cut", ["gzip", "xml"])
def test_replace_removes_nothing_by_a_file_that_is_cut(shop: Shop, cut: str) -> None:
    shop.ingest(feed_of(shop.folder / "old.csv", ["a", "b", "z"]))
    path = feed_of(shop.folder / "feed", [f"i{n}" for n in range(20_000)])
    if cut == "gzip":
        path.write_bytes(gzip.compress(path.read_bytes())[:-5000])
    else:
        path.write_text("<rss><item><id>b</id><title>Thing b</title></item><item><id>z</id>")
    for _ in range(2):  # the second goes on where the first stopped
        with pytest.raises(FeedError, match="is cut or damaged, and --replace would remove"):
            shop.ingest(path, replace=True)
        assert shop.ids() == ["a", "b", "z"]
    assert shop.ingest(path).removed == 0
    assert {"a", "b", "z"} < set(shop.ids()) or cut == "xml"


def test_a_file_that_changes_while_it_is_read_changes_nothing(shop: Shop) -> None:
    shop.ingest(feed_of(shop.folder / "old.csv", ["a", "b"]))
    path = feed_of(shop.folder / "feed.csv", [f"i{n}" for n in range(600)])
    run = Ingest(shop.catalog, shop.connections, Feed.open(path), shop.folder / "rejected")
    with pytest.raises(FeedError, match="was changed while it was read"):
        run.run(replace=True, told=lambda done: feed_of(path, ["c"]) and None)
    assert shop.ids() == ["a", "b"]
    assert shop.ingest(path, replace=True) == Report(read=1, new=1, removed=2)


def test_the_database_is_for_its_owner_alone(shop: Shop) -> None:
    shop.ingest(feed_of(shop.folder / "old.csv", ["a"]))
    kept = [path for path in shop.folder.iterdir() if path.name.startswith("shop.sqlite3")]
    assert {path.name: path.stat().st_mode & 0o777 for path in kept} == {path.name: 0o600 for path in kept}


def test_dropped_rows_are_counted_and_kept_aside(shop: Shop) -> None:
    path = shop.folder / "feed.csv"
    path.write_text("id,title\na,Thing\n,No id\na,Again\nb,\n")
    report = shop.ingest(path)
    kept = Path(report.kept_aside)
    assert report == Report(
        read=4,
        new=1,
        dropped=3,
        first_dropped=[
            {"line": 3, "reason": "the id is missing"},
            {"line": 4, "reason": "the id 'a' stands in line 2 already"},
            {"line": 5, "reason": "the title is empty"},
        ],
        kept_aside=str(kept),
    )
    assert kept.parent == shop.folder / "rejected"
    assert [json.loads(line) for line in kept.read_text().splitlines()] == [
        {"line": 3, "reason": "the id is missing", "raw": ",No id"},
        {"line": 4, "reason": "the id 'a' stands in line 2 already", "raw": '{"id":"a","title":"Again"}'},
        {"line": 5, "reason": "the title is empty", "raw": "b,"},
    ]
    shop.ingest(path)
    assert len(kept.read_text().splitlines()) == 3


def test_interrupted_and_run_again_it_goes_on(shop: Shop) -> None:
    path = feed_of(shop.folder / "feed.csv", [f"i{n}" for n in range(1100)] + ["i0", ""])
    stopping = Stopping(Feed.open(path).source, Feed.open(path).mapping)
    stopping.rows = 700
    with pytest.raises(KeyboardInterrupt):
        shop.ingest(path, feed=stopping)
    assert shop.ids() == []
    report = shop.ingest(path, replace=True)
    assert (report.resumed_after, report.read, report.new, report.dropped) == (500, 1102, 1100, 2)
    assert len(Path(report.kept_aside).read_text().splitlines()) == 2
    assert len(shop.ids()) == 1100
    assert shop.ingest(path).resumed_after == 0


def test_a_file_that_changed_meanwhile_is_read_from_its_beginning(shop: Shop) -> None:
    path = feed_of(shop.folder / "feed.csv", [f"i{n}" for n in range(600)])
    stopping = Stopping(Feed.open(path).source, Feed.open(path).mapping)
    stopping.rows = 550
    with pytest.raises(KeyboardInterrupt):
        shop.ingest(path, feed=stopping)
    feed_of(path, [f"i{n}" for n in range(600)], title="Better")
    os.utime(path, (1, 1))
    report = shop.ingest(path)
    assert (report.resumed_after, report.changed, report.new) == (0, 0, 600)


XML = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Feed</title>
<item><g:id>a</g:id><g:title>Tea mug</g:title></item>
<item><g:id>a</g:id><g:title>Other mug</g:title></item>
<item><g:id></g:id><g:title>Nameless</g:title></item>
</channel></rss>
"""


def test_rows_of_xml_and_parquet_are_not_called_lines(shop: Shop) -> None:
    xml, parquet = shop.folder / "feed.xml", shop.folder / "feed.parquet"
    xml.write_text(XML)
    pq.write_table(pa.table({"id": ["a", "a", ""], "title": ["Tea mug", "Other mug", "Nameless"]}), parquet)
    for path, unit in ((xml, "item"), (parquet, "row")):
        report = shop.ingest(path)
        assert report.first_dropped == [
            {"line": 2, "reason": f"the id 'a' stands in {unit} 1 already"},
            {"line": 3, "reason": "the id is missing"},
        ]
        kept = [json.loads(one) for one in Path(report.kept_aside).read_text().splitlines()]
        assert [(one[unit], sorted(one)) for one in kept] == [
            (2, sorted([unit, "reason", "raw"])),
            (3, sorted([unit, "reason", "raw"])),
        ]


def test_counting_what_is_staged_reads_no_rows(shop: Shop) -> None:
    """It runs while other writers wait, and the rows of a million items are a gigabyte."""
    database, said = shop.connections.current, list[str]()
    with database.atomic():
        staging = Staging(database, "some", update=False)
        items = {one: (1, Item(id=one, title="Thing")) for one in ("a", "b", "c")}
        held = {one: Held(number, tables.hash_of(items[one][1]), None) for number, one in enumerate("ab", start=7)}
        staging.add(items, {"a": held["a"], "b": Held(8, "another", None)})
    database.conn.set_trace_callback(said.append)
    assert staging.counts() == Counts(new=1, changed=1, same=1, spared=0)
    database.conn.set_trace_callback(None)
    for sql in said:
        ((*_, plan),) = database.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()[:1]
        of_an_index = ("INDEX staged_some_differing", "COVERING INDEX staged_some_by_id", "_spared (line<?)")
        assert plan.endswith(of_an_index)
