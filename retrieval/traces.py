"""Looks through a database's file for texts that must not stand in it, in a process of its own.

SQLite's locks are POSIX's, and a process loses all that it holds on a file when it closes any descriptor of it: whoever
reads the bytes of an open database beside SQLite takes its locks away, and the next process that closes the database
believes itself the last and deletes the log that the first still writes (https://sqlite.org/howtocorrupt.html, 2.2).
Hence nothing here but the standard library, for a quick start; it knows nothing of tables.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

BLOCK = 1 << 24  # bytes of the file that are looked through at once
FOUND, CLEAN = 3, 0  # the process's exit status; any other is a failure


def stands_in(path: Path, sought: Sequence[bytes]) -> bool:
    """Whether one of these stands in the file; True as well where that could not be looked up."""
    if not sought:
        return False
    # By stdin: what is looked for was a shopper's, and arguments are for everyone on the machine to read.
    asked = json.dumps({"path": str(path), "sought": [trace.hex() for trace in sought]})
    command = [sys.executable, "-I", "-S", __file__]
    ended = subprocess.run(command, input=asked.encode(), capture_output=True, check=False)  # noqa: S603 - this file
    return ended.returncode != CLEAN


def _look(path: Path, sought: Sequence[bytes]) -> bool:
    overlap = max(map(len, sought)) - 1
    tail = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            held = tail + block
            if any(trace in held for trace in sought):
                return True
            tail = held[-overlap:] if overlap else b""
    return False


if __name__ == "__main__":
    request = json.load(sys.stdin)
    sys.exit(FOUND if _look(Path(request["path"]), [bytes.fromhex(one) for one in request["sought"]]) else CLEAN)
