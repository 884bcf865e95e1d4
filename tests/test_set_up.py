"""The set-up's progress, while an installer writes and removes files in the folder that is measured."""

import threading
from pathlib import Path

from bootstrap import size


def test_files_that_go_while_they_are_counted_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"x" * 5000)
    ended = threading.Event()

    def install() -> None:
        number = 0
        while not ended.is_set():
            number = (number + 1) % 50
            folder = tmp_path / f"package-{number}"
            folder.mkdir(exist_ok=True)
            for name in "abcdefgh":
                (folder / name).write_text("compiled")
            for name in "abcdefgh":
                (folder / name).unlink()
            folder.rmdir()

    installer = threading.Thread(target=install)
    installer.start()
    try:
        sizes = [size(tmp_path) for _ in range(600)]
    finally:
        ended.set()
        installer.join()
    assert min(sizes) >= 5000 / 1e9
    assert size(tmp_path) == 5000 / 1e9
