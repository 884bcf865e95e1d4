import io
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.feeds import Feed, Read, Rejected
from retrieval.ingest import Ingest
from retrieval.items import Item
from retrieval.preview import preview
from ui.cli import commands
from ui.feed_preview import show_preview

FEED = (
    "sku,name,price,Season,notes,stock\n"
    + "".join(f"{n},Tent {n},{n}9.50 EUR,{('summer', 'winter')[n % 2]},{'x' * 90},{n % 2}\n" for n in range(1, 5))
    + "5,,9 EUR,summer,,1\n1,Again,9 EUR,summer,,1\n6,Mug,ask,winter,,1\n"
)
SHOWN = """\
feed.csv: CSV parted by commas, UTF-8
Decimals of its prices stand after a point (1,299.00)
field         comes from
id            sku
title         name
description   —
category      —
brand         —
price         price
sale_price    —
sale_dates    —
currency      —
image_url     —
page_url      —
stock         stock
rating        —
rating_count  —
group_id      —
Columns not used: Season, notes
These look like attributes; to let shoppers find by them, add:
  --map attributes.season=Season
7  rows read
5  items
2  would be dropped
  1 ×  the title is empty, in line 6
  1 ×  the id '1' stands in line 2 already, in line 7
Of the items, left out or changed:
  1 ×  price not understood, left out, in line 8
As a shopper would see them:
"""


def test_a_dry_run_shows_what_an_ingest_would_do(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(FEED)
    shown = io.StringIO()
    show_preview(Console(file=shown, width=100), Feed.open(path))
    lines = [line.rstrip() for line in shown.getvalue().splitlines() if line.strip()]
    until = SHOWN.count("\n")
    assert lines[:until] == SHOWN.splitlines()
    card = [line.strip("│╭╮╰╯─ ") for line in lines[until : until + 4]]
    assert card == ["Tent 1", "€19.50", "no picture", "1"]
    assert sum(line.startswith("╭") for line in lines) == 5
    assert lines[-1] == "Nothing was written. The same command without --dry-run takes the file in."


@pytest.mark.parametrize(
    ("content", "currency", "said"),
    [
        ("id,title\n1,Mug\n", "", ["No column gives a price: --map price=COLUMN"]),
        ("id,title,price\n1,Mug,9\n2,Pan,9 EUR\n", "",
         ["1 prices without a currency: add one, such as --currency EUR"]),
        ("id,title,price\n1,Mug,9\n", "EUR", []),
        ("id,title,price\n" + "".join(f"{n},Mug,ask\n" for n in range(7)), "",
         ["  7 ×  price not understood, left out, in line 2, 3, 4, 5, 6, …"]),
    ],
)  # fmt: skip
def test_a_dry_run_says_what_is_wrong_with_prices(tmp_path: Path, content: str, currency: str, said: list[str]) -> None:
    (tmp_path / "feed.csv").write_text(content)
    shown = io.StringIO()
    show_preview(Console(file=shown, width=100), Feed.open(tmp_path / "feed.csv", currency=currency))
    found = [
        line.rstrip() for line in shown.getvalue().splitlines() if "pric" in line and ("--" in line or "×" in line)
    ]
    assert found == said


def test_an_ingest_says_where_a_price_was_not_understood(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text(FEED)
    connections = Connections(tmp_path / "shop.sqlite3")
    feed = Feed.open(tmp_path / "feed.csv")
    report = Ingest(Catalog(connections), connections, feed, tmp_path / "rejected").run()
    assert report.noted_lines == {"price not understood, left out": [8]}


def test_the_command_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text(FEED)
    home = tmp_path / "home"
    run = CliRunner().invoke(
        commands, ["ingest", "--dry-run", str(tmp_path / "feed.csv")], env={"SHOPTALK_HOME": str(home)}
    )
    assert (run.exit_code, home.exists()) == (0, False)
    assert "Nothing was written" in run.output


def test_what_a_terminal_would_obey_is_not_shown(tmp_path: Path) -> None:
    """Columns' names once reached the terminal with the escape sequences that were in them, and so did attributes'."""
    path = tmp_path / "feed.csv"
    path.write_text("sku,name,Se\x1b[2Jowned\x07ason,attributes.co\x1b[2Jlour\n" + "1,T\x1b[31ment,warm,red\n" * 3)
    shown = io.StringIO()
    preview = show_preview(Console(file=shown, width=100), Feed.open(path))
    assert [*preview.shown[0].attributes] == ["co[2jlour"]
    assert "Se[2Jowned" in shown.getvalue()
    path.write_text("Se\x1b[2Jowned\n1\n")
    command = [sys.executable, "-m", "ui.cli", "ingest", str(path)]
    environment = {**os.environ, "SHOPTALK_HOME": str(tmp_path / "home")}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert "Its columns: Se[2Jowned." in run.stderr
    assert not {"\x1b", "\x07"} & {*shown.getvalue(), *run.stdout, *run.stderr}


class Endless(Feed):
    """A feed of so many rows with ids, every tenth one's being an earlier row's."""

    rows = 50_000

    def __iter__(self) -> Iterator[Read | Rejected]:
        for row in range(self.rows):
            number = row // 2 if row % 10 == 9 else row
            fields = {"id": f"i{number}", "title": "Thing", "group_id": f"g{number // 2}"}
            yield Read(row, Item.model_construct(**fields))


def test_what_a_dry_run_holds_does_not_grow_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("id,title\na,Thing\n")
    opened = Feed.open(tmp_path / "feed.csv")
    feed = Endless(opened.source, opened.mapping)
    tracemalloc.start()
    result = preview(feed)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000
    again = sum(1 for row in range(9, feed.rows, 10) if (row // 2) % 10 != 9)
    assert (result.read, result.dropped, result.items) == (feed.rows, again, feed.rows - again)
