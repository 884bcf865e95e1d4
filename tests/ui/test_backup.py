"""Backups of a shop that is open and being written to, and their restoring, over the real databases and index."""

import json
import os
import shutil
import sqlite3
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from shops import ITEMS, open_small_shop
from typer.testing import CliRunner

from chat.errors import SetupError
from chat.settings import Settings
from ranking.history import Event, Events
from retrieval.encoder import MiniLMEncoder
from retrieval.filters import Filter
from retrieval.shop import Shop, open_shop
from ui.backup import MANIFEST, BackupError, make, restore
from ui.cli import commands
from ui.home import Home


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLMEncoder) -> Iterator[Shop]:
    shop = open_small_shop(tmp_path_factory.mktemp("served") / "home", with_encoder=minilm)
    home = shop.connections.path.parent
    for name, text in {
        "reranker/current": "a1\n", "reranker/a1/model.json": "{}", "reranker/a1/network.safetensors": "weights",
        "reranker/partial/network.pt": "checkpoint", "reranker/partial-x/model.json": "{}",
        "pictures/tent.svg": "<svg/>", "training.json": "{}", "cases/ours.yaml": "cases: []",
        "logs/shoptalk.log": "", "rejected/events-x.jsonl": "",
    }.items():  # fmt: skip
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    yield shop
    shop.close()


@pytest.fixture
def made(shop: Shop, tmp_path: Path) -> Path:
    return make(Home(shop.connections.path.parent), tmp_path / "shop.zip").file


def liked(number: int) -> Event:
    return Event(shopper_id="ann", kind="like", item_id="tent-1", time=1.7e9 + number)


def test_a_backup_of_a_shop_that_is_written_to_is_of_one_moment_and_opens_as_that_shop(
    shop: Shop, tmp_path: Path, minilm: MiniLMEncoder
) -> None:
    events, home = Events(shop.connections), Home(shop.connections.path.parent)
    acknowledged, stop = [0], threading.Event()

    def write() -> None:
        while not stop.is_set():
            events.add([liked(2 * acknowledged[0]), liked(2 * acknowledged[0] + 1)])  # two in one transaction
            acknowledged[0] += 1
        shop.connections.release()

    writer = threading.Thread(target=write)
    writer.start()
    while acknowledged[0] < 5:
        time.sleep(0.01)
    before = acknowledged[0]
    with home.owned(serving=True):
        backup = make(home, tmp_path / "deep" / "shop.zip")
    after = acknowledged[0] + 1
    stop.set()
    writer.join()
    assert (backup.file.stat().st_mode & 0o777, backup.size) == (0o600, backup.file.stat().st_size)
    assert [path.name for path in backup.file.parent.iterdir()] == ["shop.zip"]
    with zipfile.ZipFile(backup.file) as archive:
        assert sorted(archive.namelist()) == sorted(
            ["cases/ours.yaml", "embeddings.sqlite3", "pictures/tent.svg", "reranker/a1/model.json",
             "reranker/a1/network.safetensors", "reranker/current", MANIFEST, "shoptalk.sqlite3", "training.json"]
        )  # fmt: skip

    other = Home(tmp_path / "other")
    restore(other, backup.file)
    assert (other.rerankers / "current").read_text() == "a1\n"
    assert other.database.stat().st_mode & 0o777 == 0o600
    restored = open_shop(other.folder, Settings().models, encoder=minilm)
    held = Events(restored.connections).count()
    assert (held % 2, 2 * before <= held <= 2 * after) == (0, True)
    found = restored.grounder.ground([], "a tent for two", Filter(), k=1).candidates
    assert (restored.catalog.size(), found[0].item_id[:4]) == (len(ITEMS), "tent")
    restored.close()


def test_a_shop_is_taken_back_in_the_place_of_another_only_when_that_is_said(
    shop: Shop, made: Path, tmp_path: Path, minilm: MiniLMEncoder
) -> None:
    target = Home(tmp_path / "home")
    later = open_small_shop(target.folder, [ITEMS[0].model_copy(update={"title": "Another"})], minilm)
    later.close()
    with pytest.raises(BackupError, match="There is a shop in"):
        restore(target, made)
    restore(target, made, replace=True)
    again = open_shop(target.folder, Settings().models, encoder=minilm)
    assert (again.catalog.size(), len(again.index)) == (len(ITEMS), len(ITEMS))
    found = again.grounder.ground([], "camping lantern", Filter(), k=1).candidates
    assert found[0].item_id == "lamp-1"
    again.close()


def test_no_shop_is_taken_back_beneath_a_server(made: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with home.owned(serving=True), pytest.raises(SetupError, match="is open in another process"):
        restore(home, made)
    assert not home.database.exists()


def damaged(change: Callable[[zipfile.ZipFile, zipfile.ZipFile], None], made: Path, to: Path) -> Path:
    with zipfile.ZipFile(made) as whole, zipfile.ZipFile(to, "w") as broken:
        change(whole, broken)
    return to


def test_what_is_wrong_with_a_backup_is_said_and_nothing_is_touched(made: Path, tmp_path: Path) -> None:
    home, file = Home(tmp_path / "home"), tmp_path / "wrong.zip"
    restore(home, made)
    kept = {path: path.stat().st_mtime_ns for path in sorted(home.folder.rglob("*")) if path.is_file()}

    def other_form(whole: zipfile.ZipFile, broken: zipfile.ZipFile) -> None:
        broken.writestr(MANIFEST, json.dumps(json.loads(whole.read(MANIFEST)) | {"form": 99}))

    def outside(whole: zipfile.ZipFile, broken: zipfile.ZipFile) -> None:
        broken.writestr(MANIFEST, json.dumps({"form": 1, "made": 0, "files": ["../evil"]}))
        broken.writestr("../evil", "x")

    def torn_database(whole: zipfile.ZipFile, broken: zipfile.ZipFile) -> None:
        for name in whole.namelist():
            held = whole.read(name)
            broken.writestr(name, held[:8192] + b"\xff" * 8192 + held[16384:] if name == "shoptalk.sqlite3" else held)

    for change, words in (
        (other_form, "another version"), (outside, "no backup of Shoptalk"), (torn_database, "is damaged"),
        (lambda whole, broken: None, "no backup of Shoptalk"),
    ):  # fmt: skip
        with pytest.raises(BackupError, match=words):
            restore(home, damaged(change, made, file), replace=True)
    with zipfile.ZipFile(made) as whole:
        largest = max(whole.infolist(), key=lambda one: one.compress_size)
    flipped = bytearray(made.read_bytes())
    # Amid the data of a file: a date between two files may be anything, and no reader looks at it.
    flipped[largest.header_offset + 30 + len(largest.filename) + largest.compress_size // 2] ^= 0xFF
    file.write_bytes(flipped)
    with pytest.raises(BackupError, match="damaged"):
        restore(home, file, replace=True)
    file.write_text("no archive")
    with pytest.raises(BackupError, match="no backup of Shoptalk"):
        restore(home, file, replace=True)
    with pytest.raises(BackupError, match="There is no file"):
        restore(home, tmp_path / "none.zip", replace=True)
    now = {path: path.stat().st_mtime_ns for path in sorted(home.folder.rglob("*")) if path.is_file()}
    assert {path: when for path, when in now.items() if path.name != "owner.lock"} == {
        path: when for path, when in kept.items() if path.name != "owner.lock"
    }
    assert not (tmp_path / "evil").exists()


def test_a_backup_lies_outside_the_home_and_replaces_nothing(shop: Shop, made: Path, tmp_path: Path) -> None:
    home = Home(shop.connections.path.parent)
    with pytest.raises(BackupError, match="own folder"):
        make(home, home.folder / "deep" / "b.zip")
    with pytest.raises(BackupError, match="is there already"):
        make(home, made)
    with pytest.raises(BackupError, match="no shop"):
        make(Home(tmp_path / "nothing"), tmp_path / "b.zip")
    assert not (tmp_path / "nothing").exists()


def test_the_commands_say_what_they_did_and_who_is_back_after_a_restore(shop: Shop, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(shop.connections.path.parent, home, ignore=shutil.ignore_patterns("index", "*-wal", "*-shm"))
    with closing(sqlite3.connect(home / "shoptalk.sqlite3")) as copy:
        shop.connections.current.conn.backup(copy)
    environment = {"SHOPTALK_HOME": str(home), "COLUMNS": "200", "SHOPTALK_BACKUPS": str(tmp_path / "backups")}

    def run(*arguments: str) -> str:
        ran = CliRunner().invoke(commands, arguments, env=environment, catch_exceptions=False)
        assert ran.exit_code == 0
        return ran.output

    assert run("audit") == "Nothing was done yet that the audit tells of.\n"
    assert run("backup").startswith("8 files, ")
    (file,) = (tmp_path / "backups").iterdir()
    exported = json.loads(run("export", "ann"))
    assert (exported["shopper_id"], exported["sessions"]) == ("ann", [])
    run("export", "ann", "--to", str(tmp_path / "ann.json"))
    assert json.loads((tmp_path / "ann.json").read_text())["events"] == exported["events"]
    count = len(exported["events"])
    told = f"Erased: {count:,} events" if count else "Nothing is held of this shopper."
    assert run("erase", "ann").startswith(told)
    assert run("erase", "ann") == "Nothing is held of this shopper.\n"
    assert run("retain") == "Nothing is older than it may be.\n"
    listed = run("audit")
    assert [what for what in ("backup", "export", "erase", "retain") if what in listed] == [
        "backup", "export", "erase", "retain",
    ]  # fmt: skip
    assert "ann" not in listed.replace("command line", "")
    os.utime(file)
    output = run("restore", str(file), "--replace")
    assert "Since that backup 2 erasures had been asked for" in output
    assert len(json.loads(run("export", "ann"))["events"]) == count
