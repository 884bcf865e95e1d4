"""The home folder has one owner at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from chat.errors import SetupError
from ui.home import Home

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
