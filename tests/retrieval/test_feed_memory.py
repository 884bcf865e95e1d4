"""Feeds are read in memory that neither the file's length nor one line's decides."""

import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from retrieval.feeds import Feed, Read, Rejected
from retrieval.reading import Reader
from retrieval.recognition import recognise


def csv_lines(rows: int) -> Iterator[str]:
    yield "id,title,description,price\n"
    yield from (f'{n},Thing {n},"<p>{"warm " * 1000}</p>",{n % 90}.50\n' for n in range(rows))


def xml_lines(rows: int) -> Iterator[str]:
    yield "<rss><channel>"
    yield from (f"<item><id>{n}</id><title>T {n}</title><description>{'warm ' * 1000}</description></item>"
                for n in range(rows))  # fmt: skip
    yield "</channel></rss>"


def shopify_lines(rows: int) -> Iterator[str]:
    yield "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Body\n"
    yield from (
        f"h{n // 3},{'Thing' if n % 3 == 0 else ''},Size,{n % 3},s{n},5,{'warm ' * 1000}\n" for n in range(rows)
    )


def woo_lines(rows: int) -> Iterator[str]:
    yield "ID,Type,SKU,Name,Published,Regular price,Parent,Description\n"
    yield from (
        f"{n},{'variation' if n % 3 else 'variable'},,T {n},1,5,{f'id:{n - n % 3}' if n % 3 else ''},{'warm ' * 1000}\n"
        for n in range(rows)
    )


def ld_lines(rows: int) -> Iterator[str]:
    yield from (json.dumps({"@type": "Product", "sku": n, "name": f"T {n}", "description": "warm " * 1000}) + "\n"
                for n in range(rows))  # fmt: skip


def json_lines(rows: int) -> Iterator[str]:
    yield from (json.dumps({"id": n, "title": f"T {n}", "description": "warm " * 1000}) + "\n" for n in range(rows))


@pytest.mark.parametrize("lines", [csv_lines, xml_lines, shopify_lines, woo_lines, ld_lines, json_lines])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, lines: Callable[[int], Iterator[str]]) -> None:
    peaks = []
    for rows in (600, 1_800):
        path = tmp_path / f"feed-{rows}"
        with gzip.open(path, "wt", compresslevel=1) as file:
            file.writelines(lines(rows))
        tracemalloc.start()
        count = sum(not row.fault for row in Reader(recognise(path)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count == (rows if lines is not woo_lines else rows * 2 // 3)
    assert peaks[1] < peaks[0] + 2_000_000  # three times the rows, 6 MB more of text


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_line_without_end_costs_itself_and_no_memory(tmp_path: Path, kind: str) -> None:
    """120 MB of one letter are a gzip of half a megabyte."""
    path = tmp_path / "feed"
    with gzip.open(path, "wt", compresslevel=1) as file:
        if kind == "csv":
            file.write(f"id,title,description\na,Before,{'x' * 1_000_000}\nb,")
            end = '\nc,"After\nit",\n'
        else:
            file.write(json.dumps({"id": "a", "title": "Before", "description": "x" * 1_000_000}) + '\n{"id": "')
            end = f'"}}\n{json.dumps({"id": "c", "title": "After it"})}\n'
        for _ in range(120):
            file.write("x" * 1_000_000)
        file.write(end)
    tracemalloc.start()
    entries = list(Feed.open(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [entry.item.title for entry in entries if isinstance(entry, Read)] == ["Before", "After it"]
    (broken,) = [entry for entry in entries if isinstance(entry, Rejected)]
    assert (broken.line, broken.reason) == (3 if kind == "csv" else 2, "the line has more than 20,000,000 characters")
    assert len(broken.raw) < 100_100
    assert "(cut here" in broken.raw
    assert peak < 100_000_000


def test_memory_of_parquet_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for rows in (5_000, 20_000):
        path = tmp_path / f"feed-{rows}"
        table = pa.table({"id": [str(n) for n in range(rows)], "title": [f"{n} " + "warm " * 200 for n in range(rows)]})
        pq.write_table(table, path, row_group_size=1000, compression="none", use_dictionary=False)
        before = pa.total_allocated_bytes()
        most = 0
        for at, _ in enumerate(Feed.open(path)):
            most = max(most, pa.total_allocated_bytes() - before) if at % 100 == 0 else most
        peaks.append(most)
        assert at == rows - 1
    assert peaks[1] < peaks[0] + 2_000_000  # 15 MB more of text
