"""One connection a thread: what each holds, and that it ends with its thread."""

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from retrieval.database import Connections, settle
from retrieval.traces import stands_in


def open_files(path: Path) -> int:
    """How often this process has the database's file open."""
    held = 0
    for one in Path("/proc/self/fd").iterdir():
        try:
            held += os.readlink(one) == str(path)
        except FileNotFoundError:  # the listing's own
            continue
    return held


def in_a_thread(connections: Connections) -> None:
    thread = threading.Thread(target=lambda: connections.current.execute("SELECT 1").fetchone())
    thread.start()
    thread.join()


def test_a_connection_ends_with_its_thread(tmp_path: Path) -> None:
    """A server's idle threads end after ten seconds: their connections stayed open, until there were no files left."""
    connections = Connections(tmp_path / "shop.sqlite3")
    connections.current.execute("CREATE TABLE words (word TEXT)")
    for _ in range(20):
        in_a_thread(connections)
    # SQLite keeps one closed file for the next to open it, since to close it would let go of the others' locks.
    assert open_files(connections.path) <= 2
    connections.close()
    assert open_files(connections.path) == 0


def test_closing_cuts_nothing_off_that_another_thread_runs_and_leaves_nothing_open_after_it(tmp_path: Path) -> None:
    """A connection that was closed under a running statement ended the whole process."""
    connections, opened, end = Connections(tmp_path / "shop.sqlite3"), threading.Event(), threading.Event()
    counted: list[int] = []

    def live() -> None:
        database = connections.current
        opened.set()
        end.wait()
        counted.append(database.execute("SELECT 1").fetchone()[0])

    thread = threading.Thread(target=live)
    thread.start()
    opened.wait()
    connections.close()
    end.set()
    thread.join()
    assert counted == [1]
    assert open_files(connections.path) == 0


def test_each_thread_has_its_own_and_one_that_was_released_opens_anew(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "shop.sqlite3")
    first = connections.current
    assert connections.current is first
    seen: list[bool] = []
    thread = threading.Thread(target=lambda: seen.append(connections.current is first))
    thread.start()
    thread.join()
    assert seen == [False]
    connections.release()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        first.execute("SELECT 1")
    assert connections.current.execute("SELECT 1").fetchone() == (1,)
    connections.close()


def test_a_write_is_whole_when_it_returns_and_tells_how_many_rows_it_was(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "shop.sqlite3")
    connections.write("CREATE TABLE words (word TEXT)")
    assert connections.write("INSERT INTO words VALUES (?), (?)", ["a", "b"]) == 2
    seen: list[int] = []
    thread = threading.Thread(
        target=lambda: seen.append(connections.current.execute("SELECT count(*) FROM words").fetchone()[0])
    )
    thread.start()
    thread.join()
    assert seen == [2]
    assert connections.write("DELETE FROM words WHERE word = ?", ["c"]) == 0
    connections.close()


OTHER_PROCESS = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1])
other.execute("SELECT * FROM words").fetchall()
other.close()
"""


def test_looking_for_traces_keeps_the_locks_that_others_go_by(tmp_path: Path) -> None:
    """Reading the file beside SQLite let go of its locks: the next process to end took the log from under the rest."""
    connections = Connections(tmp_path / "shop.sqlite3")
    connections.current.execute("CREATE TABLE words (word TEXT)")
    settle(connections, ["quince"])
    connections.write("INSERT INTO words VALUES ('lantern')")
    subprocess.run([sys.executable, "-c", OTHER_PROCESS, str(connections.path)], check=True)
    assert Path(f"{connections.path}-wal").exists(), "the other process believed itself the last"
    connections.write("INSERT INTO words VALUES ('trail')")
    assert [row[0] for row in connections.current.execute("SELECT word FROM words")] == ["lantern", "trail"]
    connections.close()


@pytest.mark.parametrize(("text", "stands"), [("quince", True), ("no such thing", False), ("", False)])
def test_traces_are_found_in_the_file(tmp_path: Path, text: str, stands: bool) -> None:
    file = tmp_path / "bytes"
    file.write_bytes(b"\0" * 100 + b"quince" + b"\0" * 100)
    assert stands_in(file, [text.encode()] if text else []) is stands


def test_what_could_not_be_looked_up_counts_as_found(tmp_path: Path) -> None:
    assert stands_in(tmp_path / "none", [b"quince"])
