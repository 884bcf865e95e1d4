"""The home folder has one owner at a time."""

import fcntl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from chat.errors import SetupError
from ui.home import LOCK, Home

HOLD = """
import sys
from pathlib import Path
from ui.home import Home
with Home(Path(sys.argv[1])).owned():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_who_holds_the_home(tmp_path: Path) -> None:
    """Chroma opened by two processes: chroma#3792."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(SetupError, match=f"open in another process \\(number {holder.pid}\\)"), Home(tmp_path).owned():
        pass
    holder.stdin.close()
    holder.wait(20)
    holder.stdout.close()
    with Home(tmp_path).owned():
        pass


def test_a_look_at_the_lock_does_not_keep_an_owner_out(tmp_path: Path) -> None:
    with Home(tmp_path).owned(serving=True):
        assert Home(tmp_path).served()
    assert not Home(tmp_path).served()
    with (tmp_path / LOCK).open() as look:
        fcntl.flock(look, fcntl.LOCK_SH)
        threading.Timer(0.1, fcntl.flock, (look, fcntl.LOCK_UN)).start()
        with Home(tmp_path).owned():
            assert not Home(tmp_path).served()


def test_a_home_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with home.owned():
        assert [path.stat().st_mode & 0o777 for path in (home.folder, home.logs, home.rejected)] == [0o700] * 3
    home.database.touch()
    home.database.chmod(0o644)
    with home.owned():
        assert home.database.stat().st_mode & 0o777 == 0o600
