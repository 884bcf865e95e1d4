"""A feed becomes the catalogue all at once: whatever interrupts it, whoever reads or writes meanwhile."""

import contextlib
import csv
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from retrieval.catalog import Catalog
from retrieval.columns import Columns
from retrieval.database import Connections
from retrieval.feeds import Feed
from retrieval.generation import ALWAYS_AT_ONCE
from retrieval.ingest import BATCH, Ingest, Report
from retrieval.items import Item

MANY = ALWAYS_AT_ONCE + 300  # changed items: more than one transaction takes


class Shop:
    """One home, opened as a process opens it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connections = Connections(folder / "shop.sqlite3")
        self.catalog = Catalog(self.connections)

    def ingest(
        self,
        path: Path,
        *,
        replace: bool = False,
        update: bool = False,
        written: Callable[[int, int], None] | None = None,
    ) -> Report:
        feed = Feed.open(path, update=update)
        run = Ingest(self.catalog, self.connections, feed, self.folder / "rejected")
        return run.run(replace=replace, written=written)

    def items(self) -> dict[str, Item]:
        return {item.id: item for item in self.catalog.all()}

    def tables(self) -> set[str]:
        rows = self.connections.current.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in rows}


def thing(item_id: str, title: str = "Thing", price: int = 1, stock: int = 5) -> Item:
    return Item(id=item_id, title=title, price=Decimal(price), stock=stock)


def feed_of(path: Path, items: list[Item]) -> Path:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "title", "price", "stock"])
        rows.writerows([item.id, item.title, item.price, item.stock] for item in items)
    return path


def check(shop: Shop, expected: dict[str, Item]) -> None:
    """The catalogue is exactly this, in every way of asking, and nothing is left over."""
    assert shop.items() == expected
    assert shop.catalog.many(list(expected)) == expected
    columns = shop.catalog.columns()
    assert sorted(columns.ids.tolist()) == sorted(expected)
    assert [columns.price_list[place] for place in columns.prices] == [expected[one].price for one in columns.ids]
    rest = sorted(shop.tables() - {"_sqlite_migrations", "sqlite_sequence"})
    assert rest == ["catalogue_state", "ingests", "items", "records", "removed_items"]
    whole = Catalog(Connections(shop.folder / "whole.sqlite3"))
    whole.remove([item.id for item in whole.all()])
    whole.upsert(expected.values())
    assert shop.catalog.generation() == whole.generation()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize("count", [30, MANY])
def test_a_replacement_small_or_large(shop: Shop, count: int) -> None:
    before = [thing(f"i{n}") for n in range(count)]
    assert shop.ingest(feed_of(shop.folder / "a.csv", before)) == Report(read=count, new=count)
    numbers, since = shop.catalog.numbers([item.id for item in before]), shop.catalog.sequence()
    shop.catalog.columns()
    after = [thing(f"i{n}", title="Other" if n % 10 else "Thing") for n in range(10, count + 10)]
    report = shop.ingest(feed_of(shop.folder / "b.csv", after), replace=True)
    same = sum(n % 10 == 0 for n in range(10, count))
    assert report == Report(read=count, new=10, changed=count - 10 - same, same=same, removed=10)
    check(shop, {item.id: item for item in after})
    # An item's number stays; what changed is told exactly, and nothing else.
    present = shop.catalog.numbers([item.id for item in after])
    assert {one: present[one] for one in present if one in numbers} == {
        one: number for one, number in numbers.items() if one in present
    }
    changes = shop.catalog.changes(since)
    assert not changes.everything
    assert {item.id for _, item in changes.upserted} == {
        item.id for item in after if item.title == "Other" or item.id not in numbers
    }
    assert changes.removed == sorted(numbers[f"i{n}"] for n in range(10))
    # The same file again changes nothing.
    assert shop.ingest(shop.folder / "b.csv", replace=True) == Report(read=count, same=count)
    assert shop.catalog.sequence() == changes.sequence


def test_later_changes_follow_a_new_generation(shop: Shop) -> None:
    shop.ingest(feed_of(shop.folder / "a.csv", [thing(f"i{n}") for n in range(MANY)]))
    since = shop.catalog.sequence()
    shop.catalog.upsert([thing("i3", price=9), thing("new")])
    shop.catalog.remove(["i4"])
    assert shop.catalog.sequence() > since
    changes = shop.catalog.changes(since)
    assert [item.id for _, item in changes.upserted] == ["i3", "new"]
    assert (len(changes.removed), changes.count) == (1, 3)


@pytest.mark.parametrize("count", [30, MANY])
def test_an_update_changes_what_the_file_states_of_items_that_exist(shop: Shop, count: int) -> None:
    full = [
        Item(
            id=f"i{n}", title=f"Thing {n}", brand="Acme", price=Decimal("9.50"), currency="EUR", stock=3,
            attributes={"Colour": ("red",), "size": ("L",)},
        )
        for n in range(count)
    ]  # fmt: skip
    shop.catalog.upsert(full)
    path = shop.folder / "stock.csv"
    rows = [f"i{n},{7 if n % 2 else '9.50'},{'' if n % 3 else 0},blue" for n in range(count)]
    path.write_text("\n".join(["sku,price,quantity,color", *rows, "nobody,5,5,blue"]))
    report = shop.ingest(path, update=True)
    assert (report.new, report.changed, report.removed, report.dropped) == (0, count, 0, 1)
    assert report.first_dropped == [
        {"line": count + 2, "reason": "no item has the id 'nobody': an update changes only those that exist"}
    ]
    assert Path(report.kept_aside).read_text().count("nobody") == 2
    expected = {
        item.id: item.model_copy(
            update={
                "price": Decimal(7) if n % 2 else item.price,
                "stock": item.stock if n % 3 else 0,
                "attributes": {"size": ("L",), "colour": ("blue",)},
            }
        )
        for n, item in enumerate(full)
    }
    check(shop, expected)
    assert shop.ingest(path, update=True).same == count


class Stopped(Exception):
    pass


def crash_after(connections: Connections, steps: int) -> Callable[[], int]:
    """From so many steps of SQLite's on, every statement of this thread fails; tells how many steps there were."""
    done = 0

    def step(*_: object) -> int:
        nonlocal done
        done += 1
        return sqlite3.SQLITE_DENY if done > steps else sqlite3.SQLITE_OK

    connections.current.conn.set_authorizer(step)
    return lambda: done


@pytest.mark.parametrize("count", [30, MANY])
def test_interrupted_anywhere_it_is_the_old_or_the_new_and_goes_on(tmp_path: Path, count: int) -> None:
    before = {f"i{n}": thing(f"i{n}") for n in range(count)}
    after = {f"i{n}": thing(f"i{n}", title="Other") for n in range(10, count + 10)}
    start = tmp_path / "start"
    shop = Shop(start)
    shop.catalog.upsert(before.values())
    shop.connections.close()
    path = feed_of(tmp_path / "b.csv", list(after.values()))

    def attempt(folder: Path, steps: int) -> tuple[int, bool]:
        """Run until the crash, then look at what a new process finds; steps done, and whether it is the new one."""
        shutil.copytree(start, folder)
        shop = Shop(folder)
        counted = crash_after(shop.connections, steps)
        with contextlib.suppress(sqlite3.DatabaseError):
            shop.ingest(path, replace=True)
        shop.connections.close()
        shop = Shop(folder)
        found = shop.items()
        assert found in (before, after)
        assert sorted(shop.catalog.columns().ids.tolist()) == sorted(found)
        shop.ingest(path, replace=True)
        check(shop, after)
        shop.connections.close()
        shutil.rmtree(folder)
        return counted(), found == after

    total, finished = attempt(tmp_path / "whole", 10**9)
    assert finished
    random.seed(count)
    places = sorted({*range(0, total, total // 10), *(total - n for n in (2, 20, 60, 120)), random.randrange(total)})
    outcomes = [attempt(tmp_path / f"crash-{steps}", steps)[1] for steps in places]
    assert outcomes == sorted(outcomes)  # once it is the new one, it stays the new one
    assert (outcomes[0], outcomes[-1]) == (False, True)


READER = """
import sys
from pathlib import Path
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.facts import facts_of

catalog = Catalog(Connections(Path(sys.argv[1])))
seen, rounds = set(), 0
print("ready", flush=True)
while not Path(sys.argv[2]).exists():
    titles = [item.title for item in catalog.all()]
    columns = catalog.columns()
    seen.add((len(titles), *sorted(set(titles))))
    seen.add((len(columns), *sorted({"Thing" if price == 1 else "Other" for price in
        (columns.price_list[place] for place in columns.prices)})))
    upserted = {item.title for _, item in catalog.changes(0).upserted}
    seen.add((catalog.size(), *sorted(upserted)) if rounds % 2 else (len(titles), *sorted(set(titles))))
    rounds += 1
print(sorted(seen), rounds)
"""


def test_a_reader_in_another_process_sees_the_old_or_the_new(shop: Shop) -> None:
    versions = {
        "Thing": [thing(f"i{n}") for n in range(MANY)],
        "Other": [thing(f"i{n}", title="Other", price=2) for n in range(MANY)],
    }
    shop.ingest(feed_of(shop.folder / "first.csv", versions["Thing"]))
    stop = shop.folder / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(shop.connections.path), str(stop)], stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout
    assert reader.stdout.readline() == "ready\n"
    for turn in range(4):
        title = "Other" if turn % 2 == 0 else "Thing"
        report = shop.ingest(feed_of(shop.folder / f"{turn}.csv", versions[title]), replace=True)
        assert report.changed == MANY
    stop.touch()
    said, _ = reader.communicate(timeout=60)
    assert reader.returncode == 0
    seen, rounds = said.rsplit(" ", 1)
    assert int(rounds) > 3
    assert seen == str([(MANY, "Other"), (MANY, "Thing")])


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("count", [40, MANY])
@pytest.mark.parametrize("seed", range(4))
def test_what_others_write_meanwhile_is_neither_lost_nor_half(shop: Shop, count: int, update: bool, seed: int) -> None:
    chance = random.Random(seed)
    replace = not update and chance.random() < 0.5
    held = {f"i{n}": thing(f"i{n}") for n in range(count)}
    shop.catalog.upsert(held.values())
    fed_ids = [f"i{n}" for n in range(5, count + 5)]
    fed = {one: thing(one, price=1 if chance.random() < 0.1 else 2) for one in fed_ids}
    path = shop.folder / "feed.csv"
    if update:
        path.write_text("\n".join(["id,price", *(f"{one.id},{one.price}" for one in fed.values())]))
    else:
        feed_of(path, list(fed.values()))
    others = dict(held)
    some = [f"i{n}" for n in (0, 1, 2, 6, 7, 8, 9, 10, 11, 12, count + 1, count + 2, count + 9)]

    def meddle() -> None:
        for one in chance.sample(some, 6):
            if chance.random() < 0.3:
                shop.catalog.remove([one])
                others.pop(one, None)
            else:
                others[one] = thing(one, title="By others", price=chance.choice([1, 2, 3]))
                shop.catalog.upsert([others[one]])

    batches = []

    def told(position: int) -> None:
        batches.append(position)
        if len(batches) == -(-count // BATCH):  # all of them are staged
            meddle()

    since = shop.catalog.sequence()
    before = {number: shop.catalog.get(one) for one, number in shop.catalog.numbers(list(held)).items()}
    run = Ingest(shop.catalog, shop.connections, Feed.open(path, update=update), shop.folder / "rejected")
    built = []
    run.run(replace=replace, told=told, written=lambda done, of: built.append(meddle()))
    assert bool(built) == (count == MANY)
    expected: dict[str, Item] = {}
    for one in held.keys() | fed.keys() | others.keys():
        other, new = others.get(one), fed.get(one)
        if update:  # applied to what the item is in the end, if it was there when it was read
            final = other and (other.model_copy(update={"price": new.price}) if new and one in held else other)
        elif new is None:
            final = None if replace else other
        else:  # the feed has the last word where it changes something
            final = new if new != held.get(one) else other
        if final:
            expected[one] = final
    check(shop, expected)
    # Whoever follows by numbers has the same, too.
    changes = shop.catalog.changes(since)
    derived = before | dict(changes.upserted)
    for number in changes.removed:
        derived.pop(number, None)
    assert derived == {number: expected[one] for one, number in shop.catalog.numbers(list(expected)).items()}


def test_another_writer_gets_its_turn_while_a_generation_is_built(shop: Shop) -> None:
    shop.catalog.upsert(thing(f"i{n}") for n in range(MANY))
    other = Shop(shop.folder)
    written = []

    def write(done: int, of: int) -> None:
        other.catalog.upsert([thing("by another connection", price=done)])
        written.append(done)

    shop.ingest(feed_of(shop.folder / "b.csv", [thing(f"i{n}", title="Other") for n in range(MANY)]), written=write)
    assert written
    item = shop.catalog.get("by another connection")
    assert item
    assert item.price == written[-1]


def test_columns_read_before_a_swap_stay_as_they_were(shop: Shop) -> None:
    shop.ingest(feed_of(shop.folder / "a.csv", [thing(f"i{n}") for n in range(MANY)]))
    before: Columns = shop.catalog.columns()
    shop.ingest(feed_of(shop.folder / "b.csv", [thing(f"i{n}", price=3) for n in range(MANY)]))
    assert before.price_list == [1]
    assert shop.catalog.columns().price_list == [3]
    assert shop.catalog.columns().numbers.tolist() == before.numbers.tolist()
