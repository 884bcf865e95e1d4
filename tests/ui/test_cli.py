"""The command line as a process: each failure is one sentence and an exit code, never a stack trace."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ui.cli import disk_is_full


def run(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"SHOPTALK_HOME": str(home), "COLUMNS": "200"} | settings
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *arguments], env=environment, capture_output=True, text=True, timeout=120
    )


def test_a_busy_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = run(tmp_path, "serve", SHOPTALK_PORT=str(port))
    assert done.returncode == 2
    assert done.stderr == f"Port {port} is in use. Stop what listens there, or set SHOPTALK_PORT to another port.\n"


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "ingest", str(tmp_path / "missing.csv"))
    assert done.returncode == 2
    assert "missing.csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_training_without_events_is_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "train")
    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr


def test_what_nobody_foresaw_is_one_sentence_and_its_cause_is_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "shoptalk.sqlite3").write_text("this is no database " * 100)
    done = run(tmp_path, "train")
    assert done.returncode == 1
    log = tmp_path / "logs" / "shoptalk.log"
    assert done.stderr == f"Something went wrong that Shoptalk did not foresee. Its log has the cause: {log}\n"
    assert "file is not a database" in log.read_text()


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (RuntimeError("database or disk is full"), True),
        (RuntimeError("something else"), False),
    ],
)
def test_a_full_disk_is_told_from_other_failures(tmp_path: Path, error: Exception, full: bool) -> None:
    assert disk_is_full(error, tmp_path) is full
